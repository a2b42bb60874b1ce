// Follows one file, whatever its current name: reads new data, detects truncation, and emits its lines.

import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { TextNeeds } from "../../contract/emit-all.ts";
import type { Arrival, Clock } from "../../contract.ts";
import { mostHeldFiles } from "../../files/descriptors.ts";
import { openFound } from "../../files/open-file.ts";
import type { FoundFile } from "../../files/search.ts";
import { mayHoldEscapes, withoutEscapes } from "../../intake/terminal-escapes.ts";
import {
  type ContainerFormat,
  createUnwrapper,
  type Line,
  longestPieceBytes,
  type Unwrapper,
} from "./container.ts";
import type { Cursor } from "./cursors.ts";
import { type Fingerprint, isComplete, isCompressed, noFingerprint, readHead } from "./fingerprint.ts";
import type { DataReader } from "./format.ts";
import type { HandOver } from "./hand-over.ts";
import { byteOrderMark, type Encoding, LineReader, unitOf } from "./lines.ts";
import type { Records } from "./records.ts";
import { createSettled, type SettledOffset } from "./settled.ts";

/** Shared by all followers of a source. */
export interface FollowerOptions {
  readonly clock: Clock;
  readonly encoding: Encoding;
  readonly maxLineBytes: number;
  /** Detects by the beginning of a file whether a container runtime wrote it. */
  containerOf(head: string): ContainerFormat | undefined;
  readonly partialMs: number;
  readonly dataOf: DataReader;
  readonly handOver: HandOver;
  /** What a line must contain for a channel to want it; undefined when every line is emitted. */
  needs(): TextNeeds | undefined;
  createRecords(): Records;
  /** Settles when the cursor is durable. */
  save(follower: Follower): Promise<void>;
}

/** This many bytes are decoded as one text before their lines are emitted: short-lived objects are cheap. */
const textBytes = 64 * 1024;
const space = 32;
const escapeByte = 0x1b;

export class Follower {
  readonly #first: FoundFile;
  readonly #following: FollowerOptions;
  readonly #clock: FollowerOptions["clock"];
  readonly #handOver: FollowerOptions["handOver"];
  readonly #dataOf: FollowerOptions["dataOf"];
  #found: FoundFile;
  #missingSinceMs: number | undefined;
  #handle: FileHandle | undefined;
  #letGo = () => {};
  #position: number;
  #generation: string;
  #fingerprint: Fingerprint;
  #isSaved: boolean;
  #isKnown = false;
  #isIgnored = false;
  /** Its content may have changed although its size has not: its beginning is compared. */
  #isSuspect: boolean;
  #changedMs: number;
  #reader: LineReader | undefined;
  #unwrapper: Unwrapper | undefined;
  #records: Records;
  #settled: SettledOffset;
  /** Where the next record begins. */
  #start: number;
  readonly id: string;

  /** `at`: a stored cursor, or the offset at which to begin in a new file. */
  constructor(first: FoundFile, at: Cursor | number, following: FollowerOptions) {
    this.#first = first;
    this.#following = following;
    const { clock, handOver, dataOf } = following;
    this.#clock = clock;
    this.#handOver = handOver;
    this.#dataOf = dataOf;
    const before = typeof at === "number" ? undefined : at;
    this.#found = first;
    this.#position = typeof at === "number" ? at : at.offset;
    this.#generation = before?.generation ?? newGeneration();
    this.#fingerprint = before?.fingerprint ?? noFingerprint;
    this.#isSaved = before !== undefined;
    this.#isSuspect = before !== undefined;
    this.#changedMs = clock.now();
    this.#records = following.createRecords();
    this.#settled = createSettled(this.#position);
    this.#start = this.#position;
    this.id = this.#first.id;
  }

  /** The last known path. */
  found(): FoundFile {
    return this.#found;
  }

  /** The current path. */
  see(now: FoundFile): void {
    if (now.size !== this.#found.size) this.#changedMs = this.#clock.now();
    else if (now.modifiedMs !== this.#found.modifiedMs) this.#isSuspect = true;
    this.#found = now;
    this.#missingSinceMs = undefined;
  }

  /** No pattern matches it any more. */
  miss(sinceMs: number = this.#clock.now()): void {
    this.#missingSinceMs ??= sinceMs;
  }

  missingSinceMs(): number | undefined {
    return this.#missingSinceMs;
  }

  /** There may be something to read. */
  hasMore(): boolean {
    return (
      !this.#isIgnored &&
      (this.#isSuspect || this.#missingSinceMs !== undefined || this.#found.size !== this.#position)
    );
  }

  /** Records the beginning of the file, before anything of it is read. Rejects with the system's error. */
  async prepare(): Promise<void> {
    const file = await this.#opened();
    if (file !== undefined) await this.#begin(file);
  }

  /** Reads one chunk and emits it. True when there may be more. Rejects with the system's error. */
  async step(signal: AbortSignal): Promise<boolean> {
    const file = await this.#opened();
    if (file === undefined || signal.aborted) return false;
    if (!this.#isKnown) await this.#begin(file);
    if (this.#isIgnored) await this.close();
    if (this.#isIgnored || this.#reader === undefined) return false;
    return withBuffer(this.#found.size - this.#position, (buffer) => this.#readOn(file, buffer, signal));
  }

  /** Emits unfinished data whose end is overdue; `isOver`: immediately. */
  async flush(signal: AbortSignal, isOver: boolean = false): Promise<void> {
    const nowMs = this.#clock.now();
    if (isOver) return this.#flushAll(signal);
    if (this.#isPartial()) {
      if (nowMs < this.#changedMs + this.#following.partialMs) return;
      await this.#hand(this.#records.push(this.#allPlain(this.#reader?.flush()), nowMs), signal);
    }
    const dueMs = this.#records.dueMs();
    const rest = dueMs !== undefined && dueMs <= nowMs ? this.#records.flush() : undefined;
    if (rest !== undefined) await this.#hand([rest], signal);
  }

  /** When `flush` is due, if nothing comes. */
  dueMs(): number | undefined {
    return this.#isPartial() ? this.#changedMs + this.#following.partialMs : this.#records.dueMs();
  }

  cursor(): Cursor {
    return {
      path: this.#found.path,
      offset: this.#settled.offset(),
      generation: this.#generation,
      fingerprint: this.#fingerprint,
    };
  }

  isOpen(): boolean {
    return this.#handle !== undefined;
  }

  /** It was removed or renamed away. */
  async isRemoved(): Promise<boolean> {
    return this.#handle !== undefined && (await this.#handle.stat()).nlink === 0;
  }

  /** When it last had new data. */
  changedMs(): number {
    return this.#changedMs;
  }

  async close(): Promise<void> {
    const file = this.#handle;
    this.#handle = undefined;
    this.#letGo();
    await file?.close();
  }

  /** The file has different content now: it is read from its start. */
  async #restart(signal: AbortSignal): Promise<void> {
    await this.#flushAll(signal);
    this.#position = 0;
    this.#start = 0;
    this.#generation = newGeneration();
    this.#fingerprint = noFingerprint;
    this.#isSaved = false;
    this.#isKnown = false;
    this.#isIgnored = false;
    this.#reader = undefined;
    this.#unwrapper = undefined;
    this.#records = this.#following.createRecords();
    this.#settled = createSettled(0);
  }

  async #hand(lines: readonly Line[], signal: AbortSignal): Promise<boolean> {
    const arrivals: Arrival[] = [];
    const starts: number[] = [];
    const ends: number[] = [];
    const { shown } = this.#found;
    for (const line of lines) {
      const arrival = this.#arrivalOf(line, shown);
      if (arrival.text !== "") {
        arrivals.push(arrival);
        starts.push(line.start ?? this.#start);
        ends.push(line.end);
      }
      this.#start = line.end;
    }
    if (arrivals.length > 0) {
      const into = this.#settled;
      const of = this.#generation;
      const isWhole = await this.#handOver.offer(
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
    this.#settled.reach(this.#start);
    return true;
  }

  /** The program's lines, as text. */
  #plain(lines: readonly Line[]): Line[] {
    return (this.#unwrapper === undefined ? lines : this.#unwrapper.push(lines)).map(withoutColours);
  }

  #arrivalOf({ text, cut, origin }: Line, shown: string): Arrival {
    // Blank lines are skipped.
    const line = text.charCodeAt(0) <= space && text.trim() === "" ? "" : text;
    return { data: this.#dataOf(line, shown, cut, origin), text: line, trust: "local" };
  }

  /** Undefined when all lines of these bytes have to be examined. */
  #sift(bytes: Buffer): readonly Line[] | undefined {
    // An escape sequence, or the framing of a container runtime, may split a word that is searched for.
    const needs =
      this.#unwrapper !== undefined || bytes.includes(escapeByte) ? undefined : this.#following.needs();
    const sifted = needs === undefined ? undefined : (this.#reader as LineReader).sift(bytes, needs);
    if (sifted === undefined) return undefined;
    const { shown } = this.#found;
    if (sifted.passed > 0)
      this.#handOver.passOver(sifted.passed, (index) => this.#arrivalOf(sifted.passedLine(index), shown));
    return sifted.lines;
  }

  /** Includes an unfinished line. */
  #allPlain(partial: Line | undefined): Line[] {
    const lines = partial === undefined ? [] : this.#plain([partial]);
    return [...lines, ...(this.#unwrapper?.flush() ?? []).map(withoutColours)];
  }

  #isPartial() {
    return (this.#reader?.pending() ?? 0) > 0 || this.#unwrapper?.pending() === true;
  }

  async #flushAll(signal: AbortSignal): Promise<void> {
    const partial = this.#reader?.flush();
    const lines = this.#records.push(this.#allPlain(partial), this.#clock.now());
    const rest = this.#records.flush();
    await this.#hand(rest === undefined ? lines : [...lines, rest], signal);
  }

  async #opened(): Promise<FileHandle | undefined> {
    if (this.#handle !== undefined) return this.#handle;
    this.#handle = await openFound(this.#found);
    if (this.#handle !== undefined) this.#letGo = holdFile();
    return this.#handle;
  }

  /** At first, and after truncation: detects the encoding, and whether it is a log at all. */
  async #begin(file: FileHandle): Promise<void> {
    const head = await readHead(file);
    if (isCompressed(head)) {
      this.#isIgnored = true;
      return;
    }
    const mark = byteOrderMark(head.bytes);
    const encoding = mark?.encoding ?? this.#following.encoding;
    if (mark !== undefined && this.#position < mark.length) this.#position = mark.length;
    if (this.#fingerprint.bytes === 0) this.#fingerprint = head.fingerprint();
    this.#position += this.#position % unitOf(encoding);
    this.#start = Math.max(this.#start, this.#position);
    this.#settled = createSettled(this.#start);
    const format = this.#following.containerOf(head.bytes.toString("utf8"));
    const longest = this.#following.maxLineBytes;
    this.#unwrapper = format === undefined ? undefined : createUnwrapper(format, this.#position, longest);
    this.#reader = new LineReader(
      encoding,
      this.#position,
      format === undefined ? longest : Math.max(longest, longestPieceBytes),
    );
    this.#isKnown = head.bytes.length > 0;
    if (!this.#isSaved) await this.#following.save(this);
    this.#isSaved = true;
  }

  async #readOn(file: FileHandle, buffer: Buffer, signal: AbortSignal): Promise<boolean> {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#position);
    this.#isSuspect = false;
    // Read after the content, so that the content belongs to the file with this beginning.
    const head = await readHead(file);
    const isShorter = bytesRead === 0 && (await file.stat()).size < this.#position;
    if (isShorter || !head.fits(this.#fingerprint)) {
      await this.#restart(signal);
      return !signal.aborted;
    }
    if (!isComplete(this.#fingerprint)) this.#fingerprint = head.fingerprint();
    const { unit } = this.#reader as LineReader;
    const taken = bytesRead - (bytesRead % unit);
    for (let from = 0; from < taken; from += textBytes) {
      const piece = buffer.subarray(from, Math.min(taken, from + textBytes));
      this.#changedMs = this.#clock.now();
      this.#position += piece.length;
      const sifted = this.#sift(piece);
      const lines =
        sifted ?? this.#records.push(this.#plain((this.#reader as LineReader).push(piece)), this.#changedMs);
      if (!(await this.#hand(lines, signal))) return false;
      if (sifted === undefined) continue;
      this.#start = this.#position - (this.#reader as LineReader).pending();
      this.#settled.reach(this.#start);
    }
    return taken > 0 && (taken === buffer.length || this.#found.size > this.#position);
  }
}

function withoutColours(line: Line): Line {
  return mayHoldEscapes(line.text) ? { ...line, text: withoutEscapes(line.text) } : line;
}

/** A line is a slice of the text of a whole chunk: copied, it does not keep the chunk alive. */
function wholeArrival(arrival: Arrival, deliveryId: string): Arrival {
  return { ...structuredClone(arrival), deliveryId };
}

/**
 * Part of the delivery id of each line: a position in the file identifies the same line while this stays the
 * same.
 */
export function newGeneration(): string {
  return randomBytes(6).toString("base64url");
}

// Read buffers: lent for one read and returned, so that many idle tails need no memory.

const small = { bytes: 64 * 1024, spare: [] as Buffer[], mostSpare: 16 };

/** Large, because each read that contains an event is one commit. */
const large = { bytes: 2 * 1024 * 1024, spare: [] as Buffer[], mostSpare: 2 };

/** Calls `use` with an exclusive buffer until it settles. `wanted`: how many bytes may be available. */
export async function withBuffer<T>(wanted: number, use: (buffer: Buffer) => Promise<T>): Promise<T> {
  const kind = wanted > small.bytes ? large : small;
  const buffer = kind.spare.pop() ?? Buffer.allocUnsafeSlow(kind.bytes);
  try {
    return await use(buffer);
  } finally {
    if (kind.spare.length < kind.mostSpare) kind.spare.push(buffer);
  }
}

let held = 0;

/** Must be called for each opened file; the result is called when it is closed. */
export function holdFile(): () => void {
  held += 1;
  let isHeld = true;
  return () => {
    if (isHeld) held -= 1;
    isHeld = false;
  };
}

/** How many must be closed. */
export function heldTooMany(): number {
  return Math.max(0, held - mostHeldFiles());
}
