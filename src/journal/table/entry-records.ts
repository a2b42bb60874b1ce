// Fixed records of 72 bytes in chunks of typed arrays, and a table from event id to record. This is all the
// RAM an open entry takes (about 80 bytes with the table), so that a million of them can wait.

import type { LineSpan } from "../records.ts";

/** Characters of an event id that fit in a record. */
export const maxIdLength = 16;

/**
 * Throws when the id does not fit: that is a bug in its creator, and a line with it could not be read back.
 */
export function checkEventId(id: string): void {
  if (id.length > maxIdLength || !/^[!-~]+$/.test(id))
    throw new Error(`an event id is 1 to ${maxIdLength} ASCII characters, not "${id}"`);
}

export const recordBytes = 72;
/** A power of two: slots are split with shifts, which matters in a scan of a million. */
const chunkBits = 12;
const chunkRecords = 1 << chunkBits;
const inChunk = chunkRecords - 1;

const doublesPerRecord = 9;
const wordsPerRecord = 18;

/**
 * The position of the fields in a record: doubles, counted in 8 bytes; then words, counted in 4. Part of the
 * snapshot format.
 */
export const double = { position: 0, changedMs: 1, untilMs: 2 } as const;
export const word = {
  id: 6,
  segment: 10,
  offset: 11,
  length: 12,
  channel: 13,
  session: 14,
  /**
   * State in the low byte; priority in five bits of the next, mark in the two bits from `markShift`, and `unprovenBit`; attempt in the
   * upper half.
   */
  status: 15,
  next: 16,
  previous: 17,
} as const;

/** Of `status`: where the mark begins. */
export const markShift = 13;

/** Of `status`: anybody could have made the event. */
export const unprovenBit = 0x8000;

interface Chunk {
  readonly bytes: Buffer;
  readonly doubles: Float64Array;
  readonly words: Uint32Array;
}

/** An id as words, padded with zeros. */
export const idWords = maxIdLength / 4;

/** Of the id that is at `start`. Ids differ in few characters: the finaliser of MurmurHash3 spreads them. */
export function hashId(words: Uint32Array, start: number): number {
  let hash = 0;
  for (let at = start; at < start + idWords; at++) {
    let mixed = Math.imul(hash ^ (words[at] as number), 0x85ebca6b);
    mixed ^= mixed >>> 13;
    mixed = Math.imul(mixed, 0xc2b2ae35);
    hash = (mixed ^ (mixed >>> 16)) >>> 0;
  }
  return hash;
}

/** No record. Slots count from 0. */
export const none = 0xffffffff;

/** The fields of a record but for its id and links. */
export interface EntryRecord {
  readonly position: number;
  readonly changedMs: number;
  readonly untilMs: number;
  readonly channel: number;
  readonly session: number;
  readonly status: number;
  readonly span: LineSpan;
}

export class EntryRecords {
  #chunks: Chunk[] = [];
  #unused = 0;
  /** Freed records, chained through their `next`. */
  #firstFree = none;

  take(): number {
    if (this.#firstFree !== none) {
      const slot = this.#firstFree;
      this.#firstFree = this.getWord(slot, word.next);
      return slot;
    }
    if (this.#unused === this.#chunks.length * chunkRecords) this.#addChunk();
    this.#unused += 1;
    return this.#unused - 1;
  }

  /** After the last slot. Free ones before it are all zeros, but for their link. */
  end(): number {
    return this.#unused;
  }

  /** Copies whole records behind all others, and returns the first one's slot. */
  append(bytes: Uint8Array): number {
    const first = this.#unused;
    const end = Math.floor(bytes.length / recordBytes) * recordBytes;
    for (let start = 0; start < end; ) {
      if (this.#unused === this.#chunks.length * chunkRecords) this.#addChunk();
      const room = (this.#chunks.length * chunkRecords - this.#unused) * recordBytes;
      const some = bytes.subarray(start, Math.min(end, start + room));
      const chunk = this.#chunks[this.#unused >>> chunkBits] as Chunk;
      chunk.bytes.set(some, (this.#unused & inChunk) * recordBytes);
      this.#unused += some.length / recordBytes;
      start += some.length;
    }
    return first;
  }

  /** The record must be unlinked from the id table first. */
  free(slot: number): void {
    this.bytesOf(slot).fill(0);
    this.setWord(slot, word.next, this.#firstFree);
    this.#firstFree = slot;
  }

  getDouble(slot: number, field: number): number {
    const { doubles } = this.#chunks[slot >>> chunkBits] as Chunk;
    return doubles[(slot & inChunk) * doublesPerRecord + field] as number;
  }

  setDouble(slot: number, field: number, value: number): void {
    const { doubles } = this.#chunks[slot >>> chunkBits] as Chunk;
    doubles[(slot & inChunk) * doublesPerRecord + field] = value;
  }

  getWord(slot: number, field: number): number {
    const { words } = this.#chunks[slot >>> chunkBits] as Chunk;
    return words[(slot & inChunk) * wordsPerRecord + field] as number;
  }

  setWord(slot: number, field: number, value: number): void {
    const { words } = this.#chunks[slot >>> chunkBits] as Chunk;
    words[(slot & inChunk) * wordsPerRecord + field] = value;
  }

  idOf(slot: number): string {
    const { bytes } = this.#chunks[slot >>> chunkBits] as Chunk;
    const start = (slot & inChunk) * recordBytes + word.id * 4;
    let end = start + maxIdLength;
    while (end > start && bytes[end - 1] === 0) end -= 1;
    return bytes.toString("latin1", start, end);
  }

  read(slot: number): EntryRecord {
    const { doubles, words } = this.#chunks[slot >>> chunkBits] as Chunk;
    const atDouble = (slot & inChunk) * doublesPerRecord;
    const atWord = (slot & inChunk) * wordsPerRecord;
    return {
      position: doubles[atDouble + double.position] as number,
      changedMs: doubles[atDouble + double.changedMs] as number,
      untilMs: doubles[atDouble + double.untilMs] as number,
      channel: words[atWord + word.channel] as number,
      session: words[atWord + word.session] as number,
      status: words[atWord + word.status] as number,
      span: {
        segment: words[atWord + word.segment] as number,
        offset: words[atWord + word.offset] as number,
        length: words[atWord + word.length] as number,
      },
    };
  }

  write(
    slot: number,
    id: string,
    { position, changedMs, untilMs, channel, session, status, span }: EntryRecord,
  ): void {
    const { bytes, doubles, words } = this.#chunks[slot >>> chunkBits] as Chunk;
    const atDouble = (slot & inChunk) * doublesPerRecord;
    const atWord = (slot & inChunk) * wordsPerRecord;
    const start = (slot & inChunk) * recordBytes + word.id * 4;
    for (let at = 0; at < maxIdLength; at++) bytes[start + at] = id.charCodeAt(at) || 0;
    doubles[atDouble + double.position] = position;
    doubles[atDouble + double.changedMs] = changedMs;
    doubles[atDouble + double.untilMs] = untilMs;
    words[atWord + word.channel] = channel;
    words[atWord + word.session] = session;
    words[atWord + word.status] = status;
    words[atWord + word.segment] = span.segment;
    words[atWord + word.offset] = span.offset;
    words[atWord + word.length] = span.length;
  }

  hashOfId(slot: number): number {
    const { words } = this.#chunks[slot >>> chunkBits] as Chunk;
    return hashId(words, (slot & inChunk) * wordsPerRecord + word.id);
  }

  /** `sought`: as words. */
  hasId(slot: number, sought: Uint32Array): boolean {
    const { words } = this.#chunks[slot >>> chunkBits] as Chunk;
    const start = (slot & inChunk) * wordsPerRecord + word.id;
    for (let at = 0; at < idWords; at++) if (words[start + at] !== sought[at]) return false;
    return true;
  }

  /** A live view of the record's bytes. */
  bytesOf(slot: number): Uint8Array {
    const start = (slot & inChunk) * recordBytes;
    return (this.#chunks[slot >>> chunkBits] as Chunk).bytes.subarray(start, start + recordBytes);
  }

  clear(): void {
    // One chunk stays: while events come one by one, this is called after each.
    this.#chunks = this.#chunks.slice(0, 1);
    this.#chunks[0]?.bytes.fill(0, 0, Math.min(this.#unused, chunkRecords) * recordBytes);
    this.#unused = 0;
    this.#firstFree = none;
  }

  #addChunk(): void {
    const buffer = new ArrayBuffer(chunkRecords * recordBytes);
    this.#chunks.push({
      bytes: Buffer.from(buffer),
      doubles: new Float64Array(buffer),
      words: new Uint32Array(buffer),
    });
  }
}
