// The commands of the command line, answered by the leader.

import { realPath } from "../../config/paths.ts";
import { configConsentRequired, UsageError } from "../../errors.ts";
import { systemClock } from "../../host/clock.ts";
import { describeHold } from "../../shaping/describe.ts";
import { line } from "../../text.ts";
import { version } from "../../version.ts";
import type { ChatService } from "../chat/chat-service.ts";
import { type DaemonState, waitsForUse } from "../state.ts";
import { type ControlHandler, createControl } from "./control.ts";
import type { ControlPorts } from "./control-ports.ts";
import { channelFlows } from "./flow.ts";
import { askedPowers, daemonPowers } from "./power-answers.ts";

/** Since when the clients of these sessions have taken nothing, by session id. */
export function stuckSessions(state: DaemonState): ReadonlyMap<string, number> {
  const sessions = state.running()?.dispatcher.report().sessions ?? [];
  return new Map(
    sessions.flatMap(({ id, stuckSinceMs }) => (stuckSinceMs === undefined ? [] : [[id, stuckSinceMs]])),
  );
}

export function createCommands(state: DaemonState): ControlHandler {
  const { options, tally } = state;
  const file = options.found.file ?? (options.found.tried[0] as string);
  const silenceOf = (channel: string, forMs: number, by: "tool" | "person", reason = "") => {
    const priority = state.running()?.config.plan.channels.find(({ name }) => name === channel)?.priority;
    return { channel, forMs, reason, by, ...(priority === undefined ? {} : { priority }) };
  };
  const ports: ControlPorts = {
    about: {
      version,
      pid: process.pid,
      epoch: options.role.epoch,
      background: options.background,
      config: realPath(file),
      ...(options.found.inPlaceOf === undefined ? {} : { in_place_of: options.found.inPlaceOf }),
      folder: options.folder,
      startedMs: state.startedMs,
    },
    clock: systemClock,
    plan: () => state.running()?.config.plan,
    serverName: () => state.used()?.loaded.values.server.name ?? "router",
    active() {
      if (state.running() === undefined) return "none";
      const isBroken = (state.config()?.issues.length ?? 1) > 0 || state.verdict()?.ok === false;
      return isBroken ? "previous" : "file";
    },
    problems: () =>
      state.config() === undefined
        ? [line`no config file; looked for ${state.found().tried.join(", ")}`]
        : state.problems(),
    powers() {
      return daemonPowers(state);
    },
    async askedPowers() {
      await state.look();
      return askedPowers(state);
    },
    reload: () => state.reload(),
    verdict: () => state.verdict(),
    router: () => state.running()?.router,
    sinks: () => state.running()?.sinks.report() ?? [],
    sessions() {
      const stuck = stuckSessions(state);
      return state.members.list().map((member) => ({
        id: member.id,
        pid: member.attached.pid,
        project: member.attached.facts().project,
        label: member.attached.facts().label,
        client: member.client(),
        listening: member.listening(),
        sinceMs: member.startedMs,
        sent: member.sent(),
        stuckSinceMs: stuck.get(member.id),
      }));
    },
    journal: {
      read: async (id) => state.running()?.journal.read(id),
      history: async (id) => state.running()?.journal.history(id) ?? [],
      recent: async (limit) => state.running()?.journal.recent(limit) ?? [],
      entries: (id) => state.running()?.journal.entries(id) ?? [],
      stats: () => state.running()?.journal.stats() ?? { open: 0, bytes: 0 },
    },
    decisions: state.decisions,
    deliveries: {
      heldBy(member) {
        const hold = state.running()?.shaping.holdOf(member);
        return hold === undefined ? undefined : describeHold(hold);
      },
      shaping() {
        const report = state.running()?.shaping.report();
        return report === undefined ? [] : channelFlows(report, tally.dropped());
      },
      report: () => ({ sent: tally.sent(), dead: tally.dead() }),
      silences: () => state.running()?.dispatcher.report().silences ?? [],
      async silence({ channel, untilMs, reason, by }) {
        const forMs = untilMs - systemClock.now();
        await state.running()?.dispatcher.silence(silenceOf(channel, forMs, by, reason));
      },
      async unsilence(channel, by) {
        await state.running()?.dispatcher.silence(silenceOf(channel, 0, by));
      },
    },
    access: async (request) => chatOf(state).administer(request),
    askAccess: async (request, session) => chatOf(state).askAccess(request, session),
    unanswered: () => state.chat()?.unanswered() ?? [],
    secrets: () => state.secrets(),
    end: options.end,
  };
  return createControl(ports);
}

function chatOf(state: DaemonState): ChatService {
  const chat = state.chat();
  if (chat !== undefined) return chat;
  if (waitsForUse(state)) throw configConsentRequired();
  throw new UsageError("E_USAGE", "this config has no chat source");
}
