// The journal: accepted events, their outcomes, and whatever must survive its leader. Once `append` settles
// an event cannot be lost; everything downstream reads from here. One process writes at a time: the one with
// the highest term (`epoch`).

import type { Clock, Json, Log } from "../contract.ts";
import { type Disk, realDisk } from "../files/disk.ts";
import { isUnproven } from "../key-parts.ts";
import { runInSlices } from "../yield-to-event-loop.ts";
import { createBodies } from "./bodies.ts";
import { Checkpoints } from "./checkpoints.ts";
import { type Cancellation, type Commit, CommitQueue } from "./commit-queue.ts";
import { emptySegment } from "./compaction.ts";
import type { DeliveryMarks } from "./delivery-marks.ts";
import { createFactQueue } from "./fact-queue.ts";
import { encodeEvent, encodeEventSteps, encodeLine, isLarge } from "./line-format.ts";
import type { Deadlines, ExpiredEntry, OpenEntry, PageQuery } from "./open-entries.ts";
import {
  type CallLine,
  type Delivery,
  type DigestRecord,
  type EventRecord,
  isFinal,
  type Line,
  type NoteLine,
  type ProofRecord,
  type State,
  type StateChange,
  type StateLine,
} from "./records.ts";
import { type RecoveryReport, recover } from "./recovery.ts";
import { type End, refusal, tooMuchUnproven } from "./refusal.ts";
import { createReserve } from "./reserve.ts";
import { findEvent, findHistory, findMarks, findRecent, type KeptRecord, toKept } from "./search.ts";
import { SegmentWriter } from "./segment-writer.ts";
import { type JournalState, noteScope } from "./state.ts";
import { checkEventId } from "./table/entry-records.ts";
import type { KeyedEntry } from "./table/keyed-table.ts";

export interface JournalOptions {
  /**
   * Its own folder, created with mode 0700 on the first write. Missing or read-only is not an error before
   * something is appended.
   */
  readonly folder: string;
  /** Higher than that of every earlier leader; the same one may open again after it closed. */
  readonly term: number;
  /**
   * Identifies the boot of the machine, so that recovery distinguishes a power cut from the end of a process. Absent:
   * there was no power cut.
   */
  readonly boot?: string | undefined;
  /**
   * False once a higher term was acquired. Checked at every group commit: reading one file name is cheap
   * enough.
   */
  isCurrent(): boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** How long ended events are kept. Default 7 days. */
  readonly keepMs?: number;
  /**
   * The size above which ended events are dropped earlier, and segments with few waiting events are emptied.
   * Default 256 MiB. Open events are never dropped.
   */
  readonly maxBytes?: number;
  /** When a segment is full. Default 16 MiB, an eighth of `maxBytes` if that is less. */
  readonly segmentBytes?: number;
  /** For tests that make a disk fail. */
  readonly disk?: Disk;
  /** Called with the scope of each filter memory entry that was evicted before its time. */
  onForgotten?(scope: string): void;
}

export interface Note extends KeyedEntry {
  readonly key: string;
}

export interface JournalStats {
  readonly open: number;
  readonly counts: { readonly channel: string; readonly state: State; readonly count: number }[];
  readonly segments: number;
  readonly bytes: number;
  /** Why the last write failed; absent while there is no failure. */
  readonly failure?: string;
}

export interface Journal {
  /** What was found on the disk at the start. */
  readonly recovery: RecoveryReport;
  /**
   * Settles once: `superseded` when a higher term was seen. Everything after it is rejected with
   * E_JOURNAL_CLOSED.
   */
  readonly ended: Promise<End>;

  /**
   * Commits an event or a digest. Settles after fdatasync: its entries are open (`accepted`), its filter
   * memory is final, its members are folded. Rejects with a retryable DeliveryError (E_JOURNAL_FULL,
   * E_JOURNAL_WRITE, E_JOURNAL_CLOSED) when nothing of it was stored. A signal that aborts before the commit
   * starts cancels it.
   */
  append(record: EventRecord | DigestRecord, signal?: Cancellation): Promise<void>;
  /**
   * Records facts: `page` and `entries` show them at once, and they are written in order as soon as the disk
   * takes them. Settles when written, which on a full disk can be much later: then they survive this process,
   * and a second later a power failure. Rejects when the journal ended before that, or when 64 MiB are
   * already queued: then they count here, but the next leader will not know them. Changes to entries that are
   * not open are ignored.
   */
  mark(...changes: readonly StateChange[]): Promise<void>;
  /**
   * Settles when durable; null removes it. Call it when the events before the cursor have settled. The name
   * begins with its source's, up to a slash. Rejects as `append` does, and with E_STORE_FULL when the source,
   * or all of them, store too many: stored cursors are never evicted for a new one.
   */
  moveCursor(name: string, value: Json): Promise<void>;
  /** The sources of the config: cursors of other sources are removed first where room is needed. */
  knowSources(names: readonly string[]): void;
  cursor(source: string): Json | undefined;
  /** Cursors with this prefix, the least recently moved first. */
  cursors(prefix: string): readonly (readonly [name: string, value: Json])[];
  /** Stores a value under (kind, key), at most 1,000 of a kind; null removes it. Rejects as `append` does. */
  note(kind: string, key: string, value: Json, untilMs?: number): Promise<void>;
  /**
   * As `note`, for values that mean little after a power failure: settles when it survives this process,
   * without waiting for the disk.
   */
  jot(kind: string, key: string, value: Json): Promise<void>;
  /**
   * Records what a call did, for `history`; the event that it names counts as read from now on. Settles when it survives this
   * process, which on a full disk can be later.
   */
  call(call: Omit<CallLine, "type" | "timeMs">): Promise<void>;
  /** Records how far an event got, whether it is open or has ended. Settles as `call` does. */
  prove(proof: ProofRecord): Promise<void>;
  /** Live notes of a kind, oldest first. */
  notes(kind: string): Note[];
  /** Filter memory of committed events; the caller tracks what is still being committed. */
  readonly memory: {
    get(scope: string, key: string): Json | undefined;
    size(): number;
  };

  /** Open entries in order. The cost depends on the page, not the backlog, when pages are read in order. */
  page(query: PageQuery): OpenEntry[];
  /** The open entries of one event. */
  entries(eventId: string): OpenEntry[];
  /** Open entries whose `untilMs` has passed, some at a time: see `OpenEntries.expired`. */
  expired(limit: number, after?: number): ExpiredEntry;
  /** Entries that were accepted since then and not touched, some at a time: see `OpenEntries.untouched`. */
  untouched(sinceMs: number, limit: number, after?: number): ExpiredEntry;
  /** When open entries expire, some at a time: see `OpenEntries.deadlines`. */
  deadlines(after?: number): Deadlines;
  /**
   * What a session receives, one for each entry, in their order; undefined when it is no longer readable
   * (then it is dead).
   */
  deliveries(entries: readonly OpenEntry[]): Promise<(Delivery | undefined)[]>;

  /** Any event or digest that is still stored. For an id that was committed twice, the later one. */
  read(eventId: string): Promise<KeptRecord | undefined>;
  /** Every stored line about one event, in order. For `why`: reads all segments since. */
  history(eventId: string): Promise<Line[]>;
  /** The latest events and digests, newest first. */
  recent(limit: number): Promise<KeptRecord[]>;
  /** How far these events got, including those that have ended. Reads all segments since the first of them. */
  marks(eventIds: readonly string[]): Promise<DeliveryMarks>;

  stats(): JournalStats;
  /** Settles when nothing is being written and nothing is queued that the disk takes, snapshots included. */
  idle(): Promise<void>;
  /** Writes what is queued, then ends. Idempotent. */
  close(): Promise<void>;
}

const defaults = {
  keepMs: 7 * 24 * 60 * 60 * 1_000,
  maxBytes: 256 * 1024 * 1024,
  segmentBytes: 16 * 1024 * 1024,
};

/**
 * Settles when the state matches the disk. Rejects with a DeliveryError: E_JOURNAL_CLOSED when a higher term
 * wrote here, E_JOURNAL_WRITE when the folder exists but is unreadable.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { folder, term, clock, log, disk = realDisk } = options;
  const maxBytes = options.maxBytes ?? defaults.maxBytes;
  const recovered = await recover(folder, term, { clock, log, boot: options.boot }).catch(
    (error: unknown) => {
      throw refusal(error, folder);
    },
  );
  const { state } = recovered;
  if (options.onForgotten !== undefined) state.memory.onForgotten(options.onForgotten);
  const bodies = createBodies(state.segments, (id, channel) => state.entries.get(id, channel)?.span);
  let end: End | undefined;
  let resolveEnd = (_: End) => {};
  const ended = new Promise<End>((resolve) => {
    resolveEnd = resolve;
  });

  const reserve = createReserve({
    folder,
    disk,
    clock,
    segments: state.segments,
    found: recovered.reserved,
  });
  const writer = new SegmentWriter({
    folder,
    term,
    firstSeq: recovered.nextSeq,
    disk,
    clock,
    log,
    state,
    reserve,
    boot: options.boot,
    isCurrent: () => options.isCurrent(),
    onFolderGone() {
      checkpoints.want();
      bodies.forget();
    },
  });
  const checkpoints = new Checkpoints({
    folder,
    disk,
    clock,
    log,
    state,
    writer,
    snapshots: recovered.snapshots,
    segmentBytes: options.segmentBytes ?? Math.min(defaults.segmentBytes, Math.ceil(maxBytes / 8)),
    keepMs: options.keepMs ?? defaults.keepMs,
    maxBytes,
    factsWritten() {
      facts.flush();
      return queue.factsWritten();
    },
    empty: (segment, isStopped) =>
      emptySegment(segment, { state, bodies, clock, isStopped, push: (commit) => queue.push(commit) }),
  });
  const queue = new CommitQueue({
    folder,
    clock,
    log,
    writer,
    afterGroup(lasting) {
      const last = state.segments.last();
      if (lasting && last !== undefined) {
        const { epoch, seq, bytes, events } = last;
        reserve.reached({ epoch, seq, bytes, events });
      }
      return checkpoints.afterGroup();
    },
    onSuperseded: () => finish("superseded"),
    onFull: () => checkpoints.onFull(),
  });
  checkpoints.begin(recovered.report);
  // After a rejection the next leader finds it where it is.
  if (recovered.reserved !== undefined && recovered.reserved.bytes.length > 0)
    queue
      .push({ bytes: recovered.reserved.bytes, fact: true, lasting: false, isReserved: true })
      .catch(() => undefined);

  function finish(why: End): void {
    if (end !== undefined) return;
    end = why;
    queue.end(why);
    checkpoints.stop();
    resolveEnd(why);
  }

  const facts = createFactQueue((bytes) => queue.push({ bytes, fact: true, lasting: false }));
  return journalOf({
    report: recovered.report,
    ended,
    clock,
    maxBytes,
    state,
    bodies,
    facts,
    queue,
    checkpoints,
    reserve,
    finish,
    endedAs: () => end,
  });
}

/** The parts of an open journal. */
interface JournalParts {
  readonly report: RecoveryReport;
  readonly ended: Promise<End>;
  readonly clock: Clock;
  readonly maxBytes: number;
  readonly state: JournalState;
  readonly bodies: ReturnType<typeof createBodies>;
  readonly facts: ReturnType<typeof createFactQueue>;
  readonly queue: CommitQueue;
  readonly checkpoints: Checkpoints;
  readonly reserve: ReturnType<typeof createReserve>;
  finish(why: End): void;
  endedAs(): End | undefined;
}

/** What is pushed to the commit queue as one line. */
function createCommits({ clock, maxBytes, state, bodies, facts, queue }: JournalParts) {
  /** Facts that were recorded earlier come earlier in the journal, too. */
  const push = (commit: Commit) => {
    facts.flush();
    return queue.push(commit);
  };
  const commitLine = (line: Line, more: Partial<Commit> = {}) =>
    push({ bytes: encodeLine(line), fact: false, lasting: true, ...more });
  const commitNote = (note: Pick<NoteLine, "kind" | "key" | "value" | "untilMs">, lasting: boolean) =>
    commitLine({ type: "note", timeMs: clock.now(), ...note }, { lasting, apply: () => state.setNote(note) });
  const append: Journal["append"] = async (record, signal) => {
    const timeMs = clock.now();
    if ("event" in record) {
      const { event, deliveries, memory } = record;
      checkEventId(event.id);
      const unproven = isUnproven(event.trust);
      // Queued events are never dropped, so without this bound anybody could fill the disk and keep out all
      // others.
      if (unproven && state.entries.unprovenBytes() >= maxBytes) throw tooMuchUnproven();
      const bytes = isLarge(record)
        ? await runInSlices(encodeEventSteps(record, timeMs))
        : encodeEvent(record, timeMs);
      return push({
        bytes,
        fact: false,
        lasting: true,
        unproven,
        signal,
        apply(span) {
          state.accept(event.id, deliveries, memory, timeMs, span);
          bodies.remember(span, deliveries);
        },
      });
    }
    checkEventId(record.id);
    return commitLine(
      { type: "digest", timeMs, ...record },
      {
        signal,
        apply(span) {
          state.fold(record, timeMs, span);
          bodies.remember(span, [record.delivery]);
        },
      },
    );
  };
  return { append, commitLine, commitNote };
}

function journalOf(parts: JournalParts): Journal {
  const { append, commitLine, commitNote } = createCommits(parts);
  const { report, ended, clock, state, bodies, facts, queue, checkpoints, reserve, finish, endedAs } = parts;
  return {
    recovery: report,
    ended,
    append,
    async mark(...changes) {
      const timeMs = clock.now();
      const lines = changes.flatMap((change): StateLine[] => {
        const before = state.change(change, timeMs);
        if (before === undefined) return [];
        const final = isFinal(change);
        const mark = final && before !== "accepted" ? { mark: before } : {};
        return [{ type: "state", timeMs, ...change, final, ...mark }];
      });
      if (lines.length > 0) await facts.add(lines);
    },
    async moveCursor(name, value) {
      const refused = value === null ? undefined : state.cursors.refusal(name);
      if (refused !== undefined) throw refused;
      const line = { type: "cursor", timeMs: clock.now(), source: name, value } as const;
      await commitLine(line, { apply: () => state.setCursor(name, value) });
    },
    cursor: state.cursors.get,
    cursors: state.cursors.entries,
    knowSources: state.cursors.know,
    note: (kind, key, value, untilMs) =>
      commitNote({ kind, key, value, ...(untilMs === undefined ? {} : { untilMs }) }, true),
    jot: (kind, key, value) => commitNote({ kind, key, value }, false),
    call(call) {
      if (call.id !== undefined) state.entries.prove({ id: call.id, read: true });
      return commitLine({ type: "call", timeMs: clock.now(), ...call }, { fact: true, lasting: false });
    },
    prove(proof) {
      state.entries.prove(proof);
      return commitLine({ type: "proof", timeMs: clock.now(), ...proof }, { fact: true, lasting: false });
    },
    notes: (kind) =>
      state.kept.entries(noteScope(kind), clock.now()).map(([key, entry]) => ({ key, ...entry })),
    memory: {
      get: (scope, key) => state.memory.get(scope, key, clock.now())?.value,
      size: () => state.memory.size(),
    },
    page: (query) => state.entries.page(query),
    entries: (eventId) => state.entries.of(eventId),
    deadlines: (after) => state.entries.deadlines(after),
    untouched: (sinceMs, limit, after) => state.entries.untouched(sinceMs, limit, after),
    expired: (limit, after) => state.entries.expired(clock.now(), limit, after),
    deliveries: (entries) => bodies.deliveries(entries),
    async read(eventId) {
      const [entry] = state.entries.of(eventId);
      const line = entry === undefined ? undefined : await bodies.line(entry.span);
      const found = line ?? (await findEvent(state.segments, eventId))?.line;
      return found === undefined ? undefined : toKept(found);
    },
    history: (eventId) => findHistory(state.segments, eventId),
    recent: (limit) => findRecent(state.segments, limit),
    async marks(eventIds) {
      const found = await findMarks(state.segments, eventIds);
      // The lines that gave an open entry its mark may be gone.
      for (const id of [...eventIds, ...found.digests()])
        for (const { channel, mark = "accepted" } of state.entries.of(id)) found.raise(id, channel, mark);
      return found;
    },
    stats() {
      const segments = state.segments.all();
      const failure = queue.failure();
      return {
        open: state.entries.count(),
        counts: state.entries.counts(),
        segments: segments.length,
        bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
        ...(failure === undefined ? {} : { failure }),
      };
    },
    async idle() {
      facts.flush();
      await queue.idle();
      await checkpoints.idle();
    },
    async close() {
      if (endedAs() === undefined) {
        facts.flush();
        await queue.idle();
        finish("closed");
      }
      await queue.idle();
      const last = state.segments.last();
      await checkpoints.close(endedAs() === "closed");
      if (endedAs() === "closed" && last !== undefined)
        reserve.reached({
          epoch: last.epoch,
          seq: last.seq,
          bytes: last.bytes,
          events: last.events,
          closed: true,
        });
      await reserve.close(endedAs() === "closed");
    },
  };
}
