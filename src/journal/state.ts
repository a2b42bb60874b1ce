// Everything that the journal knows in RAM, and what each line does to it. Recovery and commits use the same
// functions, so that what was written and what is read back cannot differ. Applying a line again changes
// nothing.

import type { Json, Mark, MemoryWrite } from "../contract.ts";
import { isUnproven } from "../key-parts.ts";
import { OpenEntries } from "./open-entries.ts";
import {
  type Delivery,
  type DigestRecord,
  isFinal,
  type Line,
  type LineSpan,
  type MoveRecord,
  type NoteLine,
  type StateChange,
} from "./records.ts";
import { createSegments, type Segments } from "./segments.ts";
import { type CursorTable, createCursorTable } from "./table/cursor-table.ts";
import { createFilterTable, type FilterTable } from "./table/filter-table.ts";
import { createKeyedTable, type KeyedTable } from "./table/keyed-table.ts";

/** Each kind has its own bound; this is far beyond what the existing kinds reach. */
const maxNotes = 200_000;
const maxNotesOfKind = 1_000;

export interface JournalState {
  readonly segments: Segments;
  readonly entries: OpenEntries;
  readonly memory: FilterTable;
  /** Notes. */
  readonly kept: KeyedTable;
  readonly cursors: CursorTable;
  apply(line: Line, span: LineSpan): void;
  accept(
    id: string,
    deliveries: readonly Delivery[],
    memory: readonly MemoryWrite[],
    timeMs: number,
    span: LineSpan,
  ): void;
  fold(digest: DigestRecord, timeMs: number, span: LineSpan): void;
  /** The line of these open entries was written again. */
  move(id: string, moved: MoveRecord, span: LineSpan): void;
  /** Returns how far the entry had got; undefined when it is not open: it has ended before. */
  change(change: StateChange, timeMs: number): Mark | undefined;
  setCursor(name: string, value: Json): void;
  setNote(note: Pick<NoteLine, "kind" | "key" | "value" | "untilMs">): void;
}

export function noteScope(kind: string): string {
  return `note/${kind}`;
}

export function createState(): JournalState {
  const segments = createSegments();
  const entries = new OpenEntries(segments.countOpen);
  const memory = createFilterTable();
  const kept = createKeyedTable(maxNotes);
  const cursors = createCursorTable();

  function open(
    id: string,
    { channel, priority, untilMs, meta }: Delivery,
    timeMs: number,
    span: LineSpan,
    position?: number,
  ): void {
    const unproven = isUnproven(meta.trust);
    entries.add({ id, channel, priority, unproven, untilMs, timeMs, span }, position);
  }

  /** As `move`, but adds entries that are unknown because earlier segments and the snapshots are gone. */
  function readMoved(id: string, deliveries: readonly Delivery[], moved: MoveRecord, span: LineSpan): void {
    const unknown = moved.entries.filter(({ channel }) => !entries.has(id, channel));
    state.move(id, moved, span);
    for (const { state, ...entry } of unknown) {
      const delivery = deliveries.find(({ channel }) => channel === entry.channel);
      if (delivery === undefined) continue;
      open(id, delivery, moved.acceptedMs, span);
      if (state !== "accepted" && state !== "folded")
        entries.change({ id, ...entry, state }, moved.acceptedMs);
      entries.prove({ id, ...entry });
    }
  }

  const state: JournalState = {
    segments,
    entries,
    memory,
    kept,
    cursors,
    apply(line, span) {
      switch (line.type) {
        case "event":
          if (line.moved !== undefined) readMoved(line.event.id, line.deliveries, line.moved, span);
          else state.accept(line.event.id, line.deliveries, line.memory, line.timeMs, span);
          break;
        case "digest":
          if (line.moved !== undefined) readMoved(line.id, [line.delivery], line.moved, span);
          else state.fold(line, line.timeMs, span);
          break;
        case "state":
          state.change(line, line.timeMs);
          break;
        case "cursor":
          state.setCursor(line.source, line.value);
          break;
        case "note":
          state.setNote(line);
          break;
        case "call":
          if (line.id !== undefined) entries.prove({ id: line.id, read: true });
          break;
        case "proof":
          entries.prove(line);
          break;
        case "segment":
          break;
      }
    },
    accept(id, deliveries, writes, timeMs, span) {
      segments.hold(span.segment, id);
      for (const delivery of deliveries) open(id, delivery, timeMs, span);
      for (const { scope, key, value, untilMs, limit } of writes)
        memory.set(scope, key, untilMs === undefined ? { value } : { value, untilMs }, limit, timeMs);
    },
    fold({ id, delivery, members }, timeMs, span) {
      segments.hold(span.segment, id);
      let position: number | undefined;
      for (const member of members) {
        const folded = entries.remove(member.id, member.channel);
        if (folded !== undefined) position = Math.max(position ?? 0, folded.position);
      }
      open(id, delivery, timeMs, span, position);
    },
    move(id, moved, span) {
      segments.hold(span.segment, id);
      for (const { channel } of moved.entries) entries.move(id, channel, span);
    },
    change(change, timeMs) {
      if (!isFinal(change)) return entries.change(change, timeMs);
      const ended = entries.remove(change.id, change.channel);
      return ended && (ended.mark ?? "accepted");
    },
    setCursor(name, value) {
      if (value === null) cursors.delete(name);
      else cursors.set(name, value);
    },
    setNote({ kind, key, value, untilMs }) {
      if (value === null) kept.delete(noteScope(kind), key);
      else
        kept.set(
          noteScope(kind),
          key,
          untilMs === undefined ? { value } : { value, untilMs },
          maxNotesOfKind,
        );
    },
  };
  return state;
}
