// The daemon's side of the control protocol: checks the arguments, asks the parts of the daemon, masks the
// answer. It keeps no state. The caller is a user on this machine who can open the leader's socket; the
// arguments may still be invalid.

import { realPath } from "../../config/paths.ts";
import type { Json } from "../../contract.ts";
import { readAccessRequest } from "../../control/access-arguments.ts";
import { type Args, readCount, readFlag, readHeaderArgs, readText } from "../../control/arguments.ts";
import type { ControlCommand, ControlProtocol, SilenceAnswer } from "../../control/protocol.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { ConnectorError, configConsentRequired, UsageError } from "../../errors.ts";
import { createMask, maskAll } from "../../host/secret-mask.ts";
import { asObject } from "../../json.ts";
import { version } from "../../version.ts";
import type { ChatService } from "../chat/chat-service.ts";
import { type DaemonState, waitsForUse } from "../state.ts";
import { sessionReports, statusReport } from "../status.ts";
import { serveRings } from "../wake/serve-rings.ts";
import { followEvents, listEvents, maxListed } from "./event-list.ts";
import { askedPowers } from "./power-answers.ts";
import { emitPayload, keptEvent, replayEvent } from "./replay.ts";
import { explainEvent } from "./timeline.ts";

/** The same shape as the leader's: see cluster/calls.ts. */
export type ControlHandler = (
  command: string,
  args: Json,
  send: (part: Json) => Promise<void>,
  signal: AbortSignal,
) => Promise<Json>;

type Send = (part: unknown) => Promise<void>;
type Answers = {
  readonly [C in ControlCommand]: (
    args: Args,
    send: Send,
    signal: AbortSignal,
  ) => Promise<ControlProtocol[C]["answer"]>;
};

/** The longest silence: a channel that is unwanted for longer should be removed from the config. */
export const maxSilenceMs = 30 * 24 * 60 * 60 * 1_000;

export function createControl(state: DaemonState): ControlHandler {
  const answers: Answers = {
    status: async () => statusReport(state),
    sessions: async () => ({ sessions: sessionReports(state) }),
    async events(args, send, signal) {
      const limit = readCount(args, "limit", maxListed);
      const latest = { limit, ...(args.since === undefined ? {} : { since: readText(args, "since") }) };
      if (readFlag(args, "follow")) await followEvents(state, latest, send, signal);
      else return { events: await listEvents(state, limit) };
      return { events: [] };
    },
    recall: (args) => keptEvent(state, readText(args, "event_id")),
    why: async (args) => explainEvent(state, readText(args, "event_id")),
    replay: async (args) => replayEvent(state, readText(args, "event_id"), readFlag(args, "dry_run")),
    send: async (args) =>
      emitPayload(state, readText(args, "source"), readText(args, "data"), readHeaderArgs(args)),
    silence: async (args) => silence(state, args),
    access: async (args) => chatOf(state).administer(readAccessRequest(args)),
    ask_access: async (args) =>
      chatOf(state).askAccess(
        readAccessRequest(args),
        args.session === undefined ? undefined : readText(args, "session"),
      ),
    rings: (args, send, signal) => serveRings(state, args, send, signal),
    async powers() {
      await state.look();
      return { asked: askedPowers(state) };
    },
    async console(args) {
      const opened = await state.consoleReady();
      if (opened !== undefined) return opened.command(args);
      if (waitsForUse(state)) throw configConsentRequired();
      throw new UsageError("E_USAGE", "this router serves no console");
    },
    async reload() {
      const { timeMs, ...verdict } = await state.reload();
      return { time: new Date(timeMs).toISOString(), ...verdict };
    },
    async down() {
      const { background, end } = state.options;
      const { pid } = process;
      if (!background) {
        const { file, tried } = state.found();
        const config = realPath(file ?? (tried[0] as string));
        throw new ConnectorError(
          "E_CONTROL",
          `the router of ${config} belongs to a Claude session (pid ${pid})`,
          { hint: "it ends with that session" },
        );
      }
      // After this answer was sent.
      setImmediate(end);
      return { pid };
    },
  };

  return async (command, args, send, signal) => {
    if (!Object.hasOwn(answers, command)) {
      throw new UsageError("E_USAGE", `unknown command "${command}"`, {
        hint:
          didYouMeanHint(command, Object.keys(answers)) ??
          `the running router is version ${version}, which may be older than yours`,
      });
    }
    const masked = (value: unknown) => keepPowers(value, maskAll(value, createMask(state.secrets())));
    const answer = answers[command as ControlCommand];
    return masked(await answer(asObject(args), (part) => send(masked(part)), signal));
  };
}

/** Powers are shown as everywhere else: inserted values are hidden already, and nothing else may be. */
function keepPowers(value: unknown, masked: Json): Json {
  const { powers, asked } = (value ?? {}) as { readonly powers?: Json; readonly asked?: Json };
  if (typeof masked !== "object" || masked === null) return masked;
  return {
    ...masked,
    ...(powers === undefined ? {} : { powers }),
    ...(asked === undefined ? {} : { asked }),
  } as Json;
}

async function silence(state: DaemonState, args: Args): Promise<SilenceAnswer> {
  const channel = readText(args, "channel");
  const forMs = readCount(args, "for_ms", maxSilenceMs);
  const reason = args.reason === undefined ? undefined : readText(args, "reason").slice(0, 300);
  const by = args.by === "tool" ? "tool" : "person";
  const running = state.running();
  const channels = running?.config.plan.channels ?? [];
  const silences = running?.dispatcher.report().silences ?? [];
  const known = channels.find(({ name }) => name === channel);
  if (known === undefined && !silences.some((one) => one.channel === channel)) {
    const names = channels.map(({ name }) => name);
    throw new UsageError("E_USAGE", `no channel named ${channel}`, {
      hint: didYouMeanHint(channel, names) ?? `there are: ${names.join(", ") || "none"}`,
    });
  }
  const priority = known === undefined ? {} : { priority: known.priority };
  const untilMs = state.clock.now() + forMs;
  await running?.dispatcher.silence({ channel, forMs, reason: reason ?? "", by, ...priority });
  if (forMs === 0) return { channel };
  return {
    channel,
    until: new Date(untilMs).toISOString(),
    ...(reason === undefined ? {} : { reason }),
  };
}

function chatOf(state: DaemonState): ChatService {
  const chat = state.chat();
  if (chat !== undefined) return chat;
  if (waitsForUse(state)) throw configConsentRequired();
  throw new UsageError("E_USAGE", "this config has no chat source");
}
