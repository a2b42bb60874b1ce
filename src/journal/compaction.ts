// Empties segments in which most events have ended: the entries that still wait there are written again at the
// end of the journal, so that a few waiting events do not keep a whole segment on disk.

import { setImmediate } from "node:timers/promises";
import type { Clock } from "../contract.ts";
import { isRouterError } from "../errors.ts";
import { runInSlices } from "../yield-to-event-loop.ts";
import type { Bodies } from "./bodies.ts";
import type { Commit } from "./commit-queue.ts";
import { encodeEventSteps, encodeLine, restoreEvent } from "./line-format.ts";
import type { OpenEntry } from "./open-entries.ts";
import type { DigestLine, EventLine, MoveRecord } from "./records.ts";
import type { Segment } from "./segments.ts";
import type { JournalState } from "./state.ts";

/** Entries that are read and written in one step. */
const entriesPerStep = 64;

export interface CompactionOptions {
  readonly state: JournalState;
  readonly bodies: Pick<Bodies, "lines">;
  readonly clock: Pick<Clock, "now">;
  push(commit: Commit): Promise<void>;
  /** True when nothing may be written any more. */
  isStopped(): boolean;
}

/**
 * Settles when each waiting entry of the segment that could be moved is durable in a later one. False when the disk takes nothing more or
 * the journal has ended: what was not moved stays where it is.
 */
export async function emptySegment(segment: Segment, options: CompactionOptions): Promise<boolean> {
  const { entries } = options.state;
  for (let from: number | undefined = 0; from !== undefined; ) {
    const found = entries.inSegment(segment.number, entriesPerStep, from);
    from = found.next;
    if (options.isStopped() || !(await moveAll(found.entries, options))) return false;
    await setImmediate();
  }
  return true;
}

async function moveAll(found: readonly OpenEntry[], options: CompactionOptions): Promise<boolean> {
  // An event with several channels has one line.
  const byLine = new Map<number, OpenEntry[]>();
  for (const entry of found) {
    const others = byLine.get(entry.span.offset);
    if (others === undefined) byLine.set(entry.span.offset, [entry]);
    else others.push(entry);
  }
  const all = [...byLine.values()];
  const lines = await options.bodies.lines(all.map(([first]) => (first as OpenEntry).span));
  const moved = await Promise.all(all.map((entries, index) => move(entries, lines[index], options)));
  return moved.every(Boolean);
}

/** False when the journal does not accept it. */
async function move(
  entries: readonly OpenEntry[],
  line: EventLine | DigestLine | undefined,
  { state, clock, push }: CompactionOptions,
): Promise<boolean> {
  if (line === undefined) return true; // Unreadable: delivery finds that out and reports it.
  const moved = {
    acceptedMs: line.moved?.acceptedMs ?? line.timeMs,
    entries: entries.map(({ channel, state, session, attempt, mark }) => ({
      channel,
      state,
      attempt,
      ...(session === undefined ? {} : { session }),
      ...(mark === "shown" ? { shown: true as const } : {}),
      ...(mark === "read" ? { read: true as const } : {}),
    })),
  };
  // Checked when the line is about to be written: it must not come after the end of what it moves.
  const signal = {
    get aborted() {
      return !entries.every((entry) => isSame(state.entries.get(entry.id, entry.channel), entry));
    },
  };
  const { id } = entries[0] as OpenEntry;
  const bytes = await encodeMoved(line, moved, clock.now());
  try {
    await push({
      bytes,
      fact: false,
      lasting: true,
      afterOthers: true,
      signal,
      apply: (span) => state.move(id, moved, span),
    });
  } catch (error) {
    if (!isRouterError(error)) throw error;
    return signal.aborted; // It changed meanwhile; the others can still be moved.
  }
  return true;
}

function isSame(now: OpenEntry | undefined, then: OpenEntry): boolean {
  return (
    now?.state === then.state &&
    now.attempt === then.attempt &&
    now.session === then.session &&
    now.mark === then.mark &&
    now.span.segment === then.span.segment &&
    now.span.offset === then.span.offset
  );
}

async function encodeMoved(line: EventLine | DigestLine, moved: MoveRecord, timeMs: number): Promise<Buffer> {
  if (line.type === "digest") {
    const { type, id, delivery, members } = line;
    return encodeLine({ type, timeMs, id, delivery, members, moved });
  }
  const event = restoreEvent(line.event);
  // What its filters remembered was committed when it was accepted.
  return runInSlices(encodeEventSteps({ event, deliveries: line.deliveries, memory: [] }, timeMs, moved));
}
