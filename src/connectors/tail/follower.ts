// Follows one file, whatever its name is by now: reads what is new, finds out that it was emptied, and hands over its lines.

import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { TextNeeds } from "../../contract/emit-all.ts";
import type { Arrival, Clock } from "../../contract.ts";
import { openFound } from "../../files/open-file.ts";
import type { FoundFile } from "../../files/search.ts";
import { mayHoldEscapes, withoutEscapes } from "../../intake/terminal-escapes.ts";
import { withBuffer } from "./buffers.ts";
import { type ContainerFormat, createUnwrapper, longestPieceBytes, type Unwrapper } from "./container.ts";
import type { Cursor } from "./cursors.ts";
import { type Fingerprint, isComplete, isCompressed, noFingerprint, readHead } from "./fingerprint.ts";
import type { DataOf } from "./format.ts";
import type { HandOver } from "./hand-over.ts";
import { holdFile } from "./held-files.ts";
import {
  byteOrderMark,
  createLineReader,
  type Encoding,
  type Line,
  type LineReader,
  unitOf,
} from "./lines.ts";
import type { Records } from "./records.ts";
import { createSettled, type Settled } from "./settled.ts";

/** What all followers of a source share. */
export interface Following {
  readonly clock: Clock;
  readonly encoding: Encoding;
  readonly maxLineBytes: number;
  /** By how a file begins: whether a container runtime wrote it. */
  containerOf(head: string): ContainerFormat | undefined;
  readonly partialMs: number;
  readonly dataOf: DataOf;
  readonly handOver: HandOver;
  /** What a line must hold for a channel to want it; undefined when each line is to be handed over. */
  needs(): TextNeeds | undefined;
  createRecords(): Records;
  /** Settles when the cursor is durable. */
  save(follower: Follower): Promise<void>;
}

export interface Follower {
  readonly id: string;
  /** As last found. */
  found(): FoundFile;
  /** It stands here now. */
  see(found: FoundFile): void;
  /** No pattern reaches it any more. */
  miss(sinceMs?: number): void;
  missingSinceMs(): number | undefined;
  /** There may be something to read. */
  hasMore(): boolean;
  /** Notes how the file begins, before anything of it is read. Rejects with the system's error. */
  prepare(): Promise<void>;
  /** Reads one chunk and hands it over. True when there may be more. Rejects with the system's error. */
  step(signal: AbortSignal): Promise<boolean>;
  /** Hands over what waits for an end that does not come; `isOver`: at once. */
  flush(signal: AbortSignal, isOver?: boolean): Promise<void>;
  /** When `flush` has something to do, if nothing comes. */
  dueMs(): number | undefined;
  cursor(): Cursor;
  isOpen(): boolean;
  /** It has no name any more. */
  isRemoved(): Promise<boolean>;
  /** When it last had something. */
  changedMs(): number;
  close(): Promise<void>;
}

/** So many bytes are made one text, and their lines handed over: what is short-lived costs little. */
const textBytes = 64 * 1024;
const space = 32;
const escapeByte = 0x1b;

/** `at`: a cursor from before, or the offset at which to begin in a file that was never read. */
export function createFollower(first: FoundFile, at: Cursor | number, following: Following): Follower {
  const { clock, handOver, dataOf } = following;
  const before = typeof at === "number" ? undefined : at;
  let found = first;
  let missingSinceMs: number | undefined;
  let handle: FileHandle | undefined;
  let letGo = () => {};
  let position = typeof at === "number" ? at : at.offset;
  let generation = before?.generation ?? newGeneration();
  let fingerprint: Fingerprint = before?.fingerprint ?? noFingerprint;
  let isSaved = before !== undefined;
  let isKnown = false;
  let isIgnored = false;
  /** It may hold something else by now though it is as long as it was: its beginning tells. */
  let isSuspect = before !== undefined;
  let changedMs = clock.now();
  let reader: LineReader | undefined;
  let unwrapper: Unwrapper | undefined;
  let records = following.createRecords();
  let settled: Settled = createSettled(position);
  /** Where the next record begins. */
  let start = position;

  /** What is in the file now is another content: it is read from its start. */
  async function restart(signal: AbortSignal): Promise<void> {
    await flushAll(signal);
    position = 0;
    start = 0;
    generation = newGeneration();
    fingerprint = noFingerprint;
    isSaved = false;
    isKnown = false;
    isIgnored = false;
    reader = undefined;
    unwrapper = undefined;
    records = following.createRecords();
    settled = createSettled(0);
  }

  async function hand(lines: readonly Line[], signal: AbortSignal): Promise<boolean> {
    const arrivals: Arrival[] = [];
    const starts: number[] = [];
    const ends: number[] = [];
    const { shown } = found;
    for (const line of lines) {
      const arrival = arrivalOf(line, shown);
      if (arrival.text !== "") {
        arrivals.push(arrival);
        starts.push(line.start ?? start);
        ends.push(line.end);
      }
      start = line.end;
    }
    if (arrivals.length > 0) {
      const into = settled;
      const of = generation;
      const isWhole = await handOver.offer(
        {
          arrivals,
          whole: (index) => wholeArrival(arrivals[index] as Arrival, `${of}-${starts[index]}`),
          begin: (index) => into.begin(starts[index] as number),
          reach: (count) => into.reach(ends[count - 1] as number),
        },
        signal,
      );
      if (!isWhole) return false;
    }
    settled.reach(start);
    return true;
  }

  /** The program's lines, as text. */
  function plain(lines: readonly Line[]): Line[] {
    return (unwrapper === undefined ? lines : unwrapper.push(lines)).map(withoutColours);
  }

  function arrivalOf({ text, cut, origin }: Line, shown: string): Arrival {
    // Blanks say nothing.
    const line = text.charCodeAt(0) <= space && text.trim() === "" ? "" : text;
    return { data: dataOf(line, shown, cut, origin), text: line, trust: "local" };
  }

  /** Undefined when all lines of these bytes are to be looked at. */
  function sift(bytes: Buffer): readonly Line[] | undefined {
    // An escape sequence may part a word that is looked for, and so may what a container runtime writes.
    const needs = unwrapper !== undefined || bytes.includes(escapeByte) ? undefined : following.needs();
    const sifted = needs === undefined ? undefined : (reader as LineReader).sift(bytes, needs);
    if (sifted === undefined) return undefined;
    const { shown } = found;
    if (sifted.passed > 0)
      handOver.passOver(sifted.passed, (index) => arrivalOf(sifted.passedLine(index), shown));
    return sifted.lines;
  }

  /** Also what has no end yet. */
  function allPlain(partial: Line | undefined): Line[] {
    const lines = partial === undefined ? [] : plain([partial]);
    return [...lines, ...(unwrapper?.flush() ?? []).map(withoutColours)];
  }

  const isPartial = () => (reader?.pending() ?? 0) > 0 || unwrapper?.pending() === true;

  async function flushAll(signal: AbortSignal): Promise<void> {
    const partial = reader?.flush();
    const lines = records.push(allPlain(partial), clock.now());
    const rest = records.flush();
    await hand(rest === undefined ? lines : [...lines, rest], signal);
  }

  async function opened(): Promise<FileHandle | undefined> {
    if (handle !== undefined) return handle;
    handle = await openFound(found);
    if (handle !== undefined) letGo = holdFile();
    return handle;
  }

  /** The first time, and after it was emptied: how it is encoded, and whether it is a log at all. */
  async function begin(file: FileHandle): Promise<void> {
    const head = await readHead(file);
    if (isCompressed(head)) {
      isIgnored = true;
      return;
    }
    const mark = byteOrderMark(head.bytes);
    const encoding = mark?.encoding ?? following.encoding;
    if (mark !== undefined && position < mark.length) position = mark.length;
    if (fingerprint.bytes === 0) fingerprint = head.fingerprint();
    position += position % unitOf(encoding);
    start = Math.max(start, position);
    settled = createSettled(start);
    const format = following.containerOf(head.bytes.toString("utf8"));
    const longest = following.maxLineBytes;
    unwrapper = format === undefined ? undefined : createUnwrapper(format, position, longest);
    reader = createLineReader(
      encoding,
      position,
      format === undefined ? longest : Math.max(longest, longestPieceBytes),
    );
    isKnown = head.bytes.length > 0;
    if (!isSaved) await following.save(self);
    isSaved = true;
  }

  async function readOn(file: FileHandle, buffer: Buffer, signal: AbortSignal): Promise<boolean> {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    isSuspect = false;
    // Read after the content: what was read is of the file that begins so.
    const head = await readHead(file);
    const isShorter = bytesRead === 0 && (await file.stat()).size < position;
    if (isShorter || !head.fits(fingerprint)) {
      await restart(signal);
      return !signal.aborted;
    }
    if (!isComplete(fingerprint)) fingerprint = head.fingerprint();
    const { unit } = reader as LineReader;
    const taken = bytesRead - (bytesRead % unit);
    for (let from = 0; from < taken; from += textBytes) {
      const piece = buffer.subarray(from, Math.min(taken, from + textBytes));
      changedMs = clock.now();
      position += piece.length;
      const sifted = sift(piece);
      const lines = sifted ?? records.push(plain((reader as LineReader).push(piece)), changedMs);
      if (!(await hand(lines, signal))) return false;
      if (sifted === undefined) continue;
      start = position - (reader as LineReader).pending();
      settled.reach(start);
    }
    return taken > 0 && (taken === buffer.length || found.size > position);
  }

  const self: Follower = {
    id: first.id,
    found: () => found,
    see(now) {
      if (now.size !== found.size) changedMs = clock.now();
      else if (now.modifiedMs !== found.modifiedMs) isSuspect = true;
      found = now;
      missingSinceMs = undefined;
    },
    miss(sinceMs = clock.now()) {
      missingSinceMs ??= sinceMs;
    },
    missingSinceMs: () => missingSinceMs,
    hasMore: () => !isIgnored && (isSuspect || missingSinceMs !== undefined || found.size !== position),
    async prepare() {
      const file = await opened();
      if (file !== undefined) await begin(file);
    },
    async step(signal) {
      const file = await opened();
      if (file === undefined || signal.aborted) return false;
      if (!isKnown) await begin(file);
      if (isIgnored) await self.close();
      if (isIgnored || reader === undefined) return false;
      return withBuffer(found.size - position, (buffer) => readOn(file, buffer, signal));
    },
    async flush(signal, isOver = false) {
      const nowMs = clock.now();
      if (isOver) return flushAll(signal);
      if (isPartial()) {
        if (nowMs < changedMs + following.partialMs) return;
        await hand(records.push(allPlain(reader?.flush()), nowMs), signal);
      }
      const dueMs = records.dueMs();
      const rest = dueMs !== undefined && dueMs <= nowMs ? records.flush() : undefined;
      if (rest !== undefined) await hand([rest], signal);
    },
    dueMs: () => (isPartial() ? changedMs + following.partialMs : records.dueMs()),
    cursor: () => ({ path: found.path, offset: settled.offset(), generation, fingerprint }),
    isOpen: () => handle !== undefined,
    isRemoved: async () => handle !== undefined && (await handle.stat()).nlink === 0,
    changedMs: () => changedMs,
    async close() {
      const file = handle;
      handle = undefined;
      letGo();
      await file?.close();
    },
  };
  return self;
}

function withoutColours(line: Line): Line {
  return mayHoldEscapes(line.text) ? { ...line, text: withoutEscapes(line.text) } : line;
}

/** A line is a piece of the text of a whole chunk: in memory of its own it does not keep that alive. */
function wholeArrival(arrival: Arrival, deliveryId: string): Arrival {
  return { ...structuredClone(arrival), deliveryId };
}

/** Part of the delivery id of each line: a place in the file means the same line for as long as this lasts. */
export function newGeneration(): string {
  return randomBytes(6).toString("base64url");
}
