// The router's side of the control commands: checks the arguments, asks the ports, masks the answer. It does
// no I/O of its own and keeps no state. The caller is a user on this machine who can open the leader's
// socket; the arguments may still be invalid.

import type { Json } from "../../contract.ts";
import { readAccessRequest } from "../../control/access-arguments.ts";
import { type Args, readCount, readFlag, readHeaderArgs, readText } from "../../control/arguments.ts";
import type { ControlCommand, ControlProtocol, SilenceAnswer } from "../../control/protocol.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { ConnectorError, UsageError } from "../../errors.ts";
import { createMask, maskAll } from "../../host/secret-mask.ts";
import type { ControlPorts } from "./control-ports.ts";
import { followEvents, listEvents, maxListed } from "./event-list.ts";
import { emitPayload, keptEvent, replayEvent } from "./replay.ts";
import { sessionAnswers, statusAnswer } from "./router-status.ts";
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

export function createControl(ports: ControlPorts): ControlHandler {
  const answers: Answers = {
    status: async () => statusAnswer(ports),
    sessions: async () => ({ sessions: sessionAnswers(ports) }),
    async events(args, send, signal) {
      const limit = readCount(args, "limit", maxListed);
      const latest = { limit, ...(args.since === undefined ? {} : { since: readText(args, "since") }) };
      if (readFlag(args, "follow")) await followEvents(ports, latest, send, signal);
      else return { events: await listEvents(ports, limit) };
      return { events: [] };
    },
    recall: (args) => keptEvent(ports, readText(args, "event_id")),
    why: async (args) => explainEvent(ports, readText(args, "event_id")),
    replay: async (args) => replayEvent(ports, readText(args, "event_id"), readFlag(args, "dry_run")),
    send: async (args) =>
      emitPayload(ports, readText(args, "source"), readText(args, "data"), readHeaderArgs(args)),
    silence: async (args) => silence(ports, args),
    access: async (args) => ports.access(readAccessRequest(args)),
    ask_access: async (args) =>
      ports.askAccess(
        readAccessRequest(args),
        args.session === undefined ? undefined : readText(args, "session"),
      ),
    powers: async () => ({ asked: await ports.askedPowers() }),
    async reload() {
      const { timeMs, ...verdict } = await ports.reload();
      return { time: new Date(timeMs).toISOString(), ...verdict };
    },
    async down() {
      const { pid, background, config } = ports.about;
      if (!background) {
        throw new ConnectorError(
          "E_CONTROL",
          `the router of ${config} belongs to a Claude session (pid ${pid})`,
          { hint: "it ends with that session" },
        );
      }
      // After this answer was sent.
      setImmediate(() => ports.end());
      return { pid };
    },
  };

  return async (command, args, send, signal) => {
    if (!Object.hasOwn(answers, command)) {
      throw new UsageError("E_USAGE", `unknown command "${command}"`, {
        hint:
          didYouMeanHint(command, Object.keys(answers)) ??
          `the running router is version ${ports.about.version}, which may be older than yours`,
      });
    }
    const masked = (value: unknown) => keepPowers(value, maskAll(value, createMask(ports.secrets())));
    const answer = answers[command as ControlCommand];
    return masked(await answer(asArgs(args), (part) => send(masked(part)), signal));
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

async function silence(ports: ControlPorts, args: Args): Promise<SilenceAnswer> {
  const channel = readText(args, "channel");
  const forMs = readCount(args, "for_ms", maxSilenceMs);
  const reason = args.reason === undefined ? undefined : readText(args, "reason").slice(0, 300);
  const by = args.by === "tool" ? "tool" : "person";
  const names = (ports.plan()?.channels ?? []).map(({ name }) => name);
  const isKnown =
    names.includes(channel) || ports.deliveries.silences().some((one) => one.channel === channel);
  if (!isKnown) {
    throw new UsageError("E_USAGE", `no channel named ${channel}`, {
      hint: didYouMeanHint(channel, names) ?? `there are: ${names.join(", ") || "none"}`,
    });
  }
  if (forMs === 0) {
    await ports.deliveries.unsilence(channel, by);
    return { channel };
  }
  const untilMs = ports.clock.now() + forMs;
  await ports.deliveries.silence({ channel, untilMs, reason, by });
  return {
    channel,
    until: new Date(untilMs).toISOString(),
    ...(reason === undefined ? {} : { reason }),
  };
}

function asArgs(args: Json): Args {
  return typeof args === "object" && args !== null && !Array.isArray(args) ? args : {};
}
