// The status tool's report for one session, collected from the rooms.

import type { PowerAnswer } from "../control/protocol.ts";
import { describeRefusals } from "../http/refusals.ts";
import type { StatusReport } from "../session/status.ts";
import { version } from "../version.ts";
import { stuckSessions } from "./commands/commands.ts";
import { channelFlows, describeFlow } from "./commands/flow.ts";
import { daemonPowers } from "./commands/power-answers.ts";
import type { DaemonSession } from "./sessions.ts";
import { type DaemonState, waitsForUse } from "./state.ts";

export function statusReport(state: DaemonState, member: DaemonSession): StatusReport {
  const { role } = state.options;
  const config = state.config();
  const running = state.running();
  const router = running?.router.report();
  const stuck = stuckSessions(state);
  const none = { accepted: 0, unmatched: 0, dropped: 0, duplicate: 0, refused: 0 };
  return {
    version,
    config: {
      ...(config === undefined ? {} : { file: config.loaded.file }),
      searched: state.found().tried,
      ...(state.found().inPlaceOf === undefined ? {} : { inPlaceOf: state.found().inPlaceOf }),
    },
    ...reloadOf(state, member),
    problems: state.problems(),
    ...(router?.address === undefined
      ? {}
      : {
          listener: {
            address: router.address,
            ...(router.unrouted === undefined ? {} : { refused: describeRefusals(router.unrouted) }),
          },
        }),
    powers: powersForModel(state),
    sources: (router?.sources ?? []).map(({ invitation, refused, ...source }) => ({
      ...source,
      ...(invitation === undefined ? {} : { address: invitation.address }),
      ...(invitation?.tryIt === undefined ? {} : { tryIt: invitation.tryIt }),
      ...(refused === undefined ? {} : { refused: describeRefusals(refused) }),
    })),
    channels: (state.used()?.plan.channels ?? []).map(({ name, from, receipt, answers, sinks }) => ({
      name,
      sources: from,
      receipt: receipt !== undefined,
      answerable: answers.length > 0,
      sinks,
    })),
    ...(running === undefined ? {} : { sinks: running.sinks.report() }),
    unanswered: state.chat()?.unanswered() ?? [],
    counts: { ...none, ...router?.counts, delivered: state.tally.sent() },
    owner: {
      pid: process.pid,
      isThis: member.attached.local,
      ...(role.reason === undefined ? {} : { note: `works alone, without sources: ${role.reason}` }),
    },
    sessions: state.members.list().map((other) => {
      const { project, label } = other.attached.facts();
      const { state: listening, reason } = other.listening();
      return {
        id: other.id,
        isThis: other === member,
        listening,
        reason,
        project,
        ...(stuck.has(other.id) ? { isStuck: true } : {}),
        ...(label === undefined ? {} : { label }),
      };
    }),
    ...(running === undefined ? {} : delivery(running, state, member)),
    next: [...state.options.notes, ...adviseConsent(state)],
  };
}

/** Of a file that nobody agreed to use, only that it waits: its requests are text of its author. */
function powersForModel(state: DaemonState): PowerAnswer[] {
  const powers = daemonPowers(state);
  if (waitsForUse(state)) return powers.filter(({ power }) => power === "use");
  return powers.map((one) =>
    one.power === "instruct" && !one.trusted ? { ...one, value: `(${one.value.length} characters)` } : one,
  );
}

function adviseConsent(state: DaemonState): string[] {
  if (!waitsForUse(state)) return [];
  const count = daemonPowers(state).length - 1;
  const more = count === 0 ? "" : `, and asks for ${count} more ${count === 1 ? "thing" : "things"}`;
  return [`the config was found here, not chosen${more}: nothing of it is used before the user agrees to it`];
}

function reloadOf(state: DaemonState, member: DaemonSession): Pick<StatusReport, "reload" | "instructions"> {
  const verdict = state.verdict();
  const greeted = member.greeting()?.instructions;
  const { instructions } = state.greeting() ?? {};
  return {
    ...(verdict === undefined ? {} : { reload: verdict.text }),
    ...(instructions === undefined || instructions === greeted ? {} : { instructions }),
  };
}

function delivery(
  { journal, dispatcher, shaping }: NonNullable<ReturnType<DaemonState["running"]>>,
  { tally }: DaemonState,
  member: DaemonSession,
): Pick<StatusReport, "waiting" | "journal" | "dead" | "flow" | "silences"> {
  const { counts, bytes, failure } = journal.stats();
  const open: Record<string, number> = {};
  for (const { state, count } of counts) open[state] = (open[state] ?? 0) + count;
  return {
    waiting: dispatcher.waiting(member.id),
    journal: { open, bytes, ...(failure === undefined ? {} : { failure }) },
    dead: { count: tally.dead(), latest: tally.deadLetters() },
    flow: channelFlows(shaping.report(), tally.dropped()).map(describeFlow),
    silences: dispatcher.report().silences,
  };
}
