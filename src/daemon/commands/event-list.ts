// The latest events for `events`: accepted ones from the journal, the others from the trace ring, in one
// order; and the live stream of `events -f`, where a slow reader never costs memory.

import type { EventAnswer, SkippedEvents } from "../../control/protocol.ts";
import type { DeliveryMarks } from "../../journal/delivery-marks.ts";
import type { Journal } from "../../journal/journal.ts";
import type { KeptRecord } from "../../journal/search.ts";
import type { TracedEvent } from "../../router/trace-ring.ts";
import type { DaemonState } from "../state.ts";

export const maxListed = 1_000;
const maxUnsent = 1_000;
/** More than are accepted during a change of leader. */
const maxResumed = 5_000;
const maxNote = 100;

/** Oldest first. */
export async function listEvents(
  { running, decisions }: Pick<DaemonState, "running" | "decisions">,
  limit: number,
): Promise<EventAnswer[]> {
  const journal = running()?.journal;
  const kept = limit === 0 || journal === undefined ? [] : await journal.recent(limit);
  const answers = new Map<string, EventAnswer>();
  for (const traced of decisions.latest(limit)) answers.set(traced.eventId, ofTraced(traced));
  const marks = kept.length === 0 ? undefined : await journal?.marks(kept.map(idOf));
  for (const line of kept) {
    const answer = ofKept(line, running()?.journal, marks);
    answers.set(answer.event_id, answer);
  }
  return limit === 0 ? [] : [...answers.values()].sort(byTime).slice(-limit);
}

/** `since`: RFC 3339; everything known from then on, even beyond `limit`. */
interface Latest {
  readonly limit: number;
  readonly since?: string;
}

/** Sends the latest, then each as it is decided. Settles when the signal fires. */
export async function followEvents(
  state: Pick<DaemonState, "running" | "decisions">,
  latest: Latest,
  send: (part: EventAnswer | SkippedEvents) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const unsent: EventAnswer[] = [];
  let leftOut = 0;
  let wake = () => {};
  // Watched before the list is read, so that no event is missed between the two.
  const unwatch = state.decisions.watch((traced) => {
    if (unsent.length < maxUnsent) unsent.push(ofTraced(traced));
    else leftOut += 1;
    wake();
  });
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const listed = await listLatest(state, latest);
    const sent = new Set(listed.map(({ event_id }) => event_id));
    for (const event of listed) await send(event);
    while (!signal.aborted) {
      for (let event = unsent.shift(); event !== undefined && !signal.aborted; event = unsent.shift()) {
        if (!sent.delete(event.event_id)) await send(event);
      }
      if (leftOut > 0) {
        const count = leftOut;
        leftOut = 0;
        await send({ left_out: count });
      }
      if (unsent.length === 0 && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    unwatch();
    signal.removeEventListener("abort", onAbort);
  }
}

async function listLatest(
  state: Pick<DaemonState, "running" | "decisions">,
  { limit, since }: Latest,
): Promise<EventAnswer[]> {
  if (since === undefined) return listEvents(state, limit);
  return (await listEvents(state, maxResumed)).filter(({ time }) => time >= since);
}

/** As it was decided; what happened to it since is not in it. */
export function ofTraced({ eventId, timeMs, source, outcome, channels, trace }: TracedEvent): EventAnswer {
  const no = trace.findLast(({ pass }) => !pass);
  const reason =
    no === undefined ? undefined : `${no.channel}: ${no.filter}${no.detail ? `: ${no.detail}` : ""}`;
  const note = outcome === "accepted" ? undefined : (reason ?? "its delivery id was seen before");
  return {
    event_id: eventId,
    time: new Date(timeMs).toISOString(),
    outcome,
    source,
    channels: channels.map((name) => ({ name })),
    ...(note === undefined || (outcome === "unmatched" && no === undefined) ? {} : { note: clip(note) }),
  };
}

function idOf(line: KeptRecord): string {
  return line.type === "event" ? line.event.id : line.id;
}

function ofKept(
  line: KeptRecord,
  journal: Pick<Journal, "entries"> | undefined,
  marks: DeliveryMarks | undefined,
): EventAnswer {
  const id = idOf(line);
  const deliveries = line.type === "event" ? line.deliveries : [line.delivery];
  const open = new Map((journal?.entries(id) ?? []).map(({ channel, state }) => [channel, state]));
  return {
    event_id: id,
    time: new Date(line.type === "event" ? line.event.timeMs : line.timeMs).toISOString(),
    ...(line.type === "event"
      ? { outcome: "accepted" as const, source: line.event.source }
      : { outcome: "digest" as const }),
    channels: deliveries.map(({ channel }) => {
      const mark = marks?.of(id, channel);
      return { name: channel, state: open.get(channel) ?? "done", ...(mark === undefined ? {} : { mark }) };
    }),
    note: clip(deliveries[0]?.content ?? ""),
  };
}

/** The start of a text, on one line. */
export function clip(text: string): string {
  // On one line: the first line of a JSON payload is only a bracket.
  const line = text
    .slice(0, 4 * maxNote)
    .trim()
    .replaceAll(/\s+/g, " ");
  return line.length > maxNote ? `${line.slice(0, maxNote - 1).toWellFormed()}…` : line;
}

/** Ids sort by time of arrival, so they order events of the same millisecond. */
function byTime(a: EventAnswer, b: EventAnswer): number {
  return a.time === b.time ? (a.event_id < b.event_id ? -1 : 1) : a.time < b.time ? -1 : 1;
}
