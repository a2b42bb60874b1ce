// `event`: everything that is known about one event.

import { readText } from "../../control/arguments.ts";
import type { WhyAnswer } from "../../control/protocol.ts";
import { keptEvent } from "../../daemon/commands/replay.ts";
import { explainEvent } from "../../daemon/commands/timeline.ts";
import type { DaemonState } from "../../daemon/state.ts";
import type { Delivery, Line } from "../../journal/records.ts";
import { renderBlock } from "../../templates/budget.ts";
import type { AnsweringCall, EventDetail, ShownBlock } from "../protocol.ts";
import type { OwnCommands } from "./own-commands.ts";
import { stateOf } from "./running.ts";

/** Of each list, the latest. */
const maxListed = 200;

export const eventCommands: OwnCommands = {
  async event(args, { host }) {
    const state = stateOf(host);
    const id = readText(args, "event_id");
    const why = await explainEvent(state, id);
    const lines = (await state.running()?.journal.history(id)) ?? [];
    const deliveries = lines.flatMap((line): readonly Delivery[] => {
      if (line.type === "event") return line.deliveries;
      return line.type === "digest" && line.id === id ? [line.delivery] : [];
    });
    const isStored = lines.some((line) => line.type === "event");
    return {
      ...(isStored ? { event: await keptEvent(state, id) } : {}),
      why,
      shown: deliveries.flatMap((delivery) => blocksOf(delivery, lines, state)).slice(-maxListed),
      answers: lines.flatMap(answersOf).slice(-maxListed),
      deliveries: deliveries.map((delivery) => detailOf(delivery, lines, why, state, id)),
    };
  },
};

/** One for each session that received it; one without a session while none did. */
function blocksOf(
  { channel, meta, content, tokens }: Delivery,
  lines: readonly Line[],
  state: DaemonState,
): ShownBlock[] {
  const server = state.used()?.loaded.values.server.name ?? "router";
  const block = renderBlock(meta, content, server);
  const sessions = new Set(
    lines.flatMap((line) =>
      line.type === "state" && line.channel === channel && line.state === "sent" && line.session !== undefined
        ? [line.session]
        : [],
    ),
  );
  if (sessions.size === 0) return [{ channel, block, tokens }];
  return [...sessions].map((session) => ({ channel, session, block, tokens }));
}

function answersOf(line: Line): AnsweringCall[] {
  if (line.type !== "call") return [];
  const tool = /^([a-z][a-z0-9_]*)\b/.exec(line.text)?.[1];
  return [
    {
      time: new Date(line.timeMs).toISOString(),
      session: line.session,
      ...(tool === undefined ? {} : { tool }),
      text: line.text,
    },
  ];
}

function detailOf(
  { channel, tokens }: Delivery,
  lines: readonly Line[],
  why: WhyAnswer,
  state: DaemonState,
  id: string,
): EventDetail["deliveries"][number] {
  const changes = lines.flatMap((line) => (line.type === "state" && line.channel === channel ? [line] : []));
  const folded = lines.some((line) => line.type === "digest" && line.id !== id);
  const open = state
    .running()
    ?.journal.entries(id)
    .find((entry) => entry.channel === channel);
  const last = changes.at(-1);
  const mark = why.marks?.find((one) => one.channel === channel)?.mark;
  return {
    channel,
    state: open?.state ?? last?.state ?? (folded ? "folded" : "accepted"),
    ...(mark === undefined ? {} : { mark }),
    tokens,
    attempts: Math.max(0, ...changes.map(({ attempt = 0 }) => attempt), open?.attempt ?? 0),
  };
}
