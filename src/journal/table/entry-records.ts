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

export interface EntryRecords {
  take(): number;
  /** After the last slot. Free ones before it are all zeros, but for their link. */
  end(): number;
  read(slot: number): EntryRecord;
  write(slot: number, id: string, record: EntryRecord): void;
  idOf(slot: number): string;
  /** Copies whole records behind all others, and returns the first one's slot. */
  append(bytes: Uint8Array): number;
  /** The record must be unlinked from the id table first. */
  free(slot: number): void;
  getDouble(slot: number, field: number): number;
  setDouble(slot: number, field: number, value: number): void;
  getWord(slot: number, field: number): number;
  setWord(slot: number, field: number, value: number): void;
  hashOfId(slot: number): number;
  /** `sought`: as words. */
  hasId(slot: number, sought: Uint32Array): boolean;
  /** A live view of the record's bytes. */
  bytesOf(slot: number): Uint8Array;
  clear(): void;
}

export function createEntryRecords(): EntryRecords {
  let chunks: Chunk[] = [];
  let unused = 0;
  /** Freed records, chained through their `next`. */
  let firstFree = none;

  const chunkOf = (slot: number) => chunks[slot >>> chunkBits] as Chunk;
  const getWord = (slot: number, field: number) =>
    (chunks[slot >>> chunkBits] as Chunk).words[(slot & inChunk) * wordsPerRecord + field] as number;
  const setWord = (slot: number, field: number, value: number) => {
    chunkOf(slot).words[(slot & inChunk) * wordsPerRecord + field] = value;
  };
  const bytesOf = (slot: number) => {
    const start = (slot & inChunk) * recordBytes;
    return chunkOf(slot).bytes.subarray(start, start + recordBytes);
  };

  function addChunk(): void {
    const buffer = new ArrayBuffer(chunkRecords * recordBytes);
    chunks.push({
      bytes: Buffer.from(buffer),
      doubles: new Float64Array(buffer),
      words: new Uint32Array(buffer),
    });
  }

  return {
    take() {
      if (firstFree !== none) {
        const slot = firstFree;
        firstFree = getWord(slot, word.next);
        return slot;
      }
      if (unused === chunks.length * chunkRecords) addChunk();
      unused += 1;
      return unused - 1;
    },
    end: () => unused,
    append(bytes) {
      const first = unused;
      const end = Math.floor(bytes.length / recordBytes) * recordBytes;
      for (let start = 0; start < end; ) {
        if (unused === chunks.length * chunkRecords) addChunk();
        const room = (chunks.length * chunkRecords - unused) * recordBytes;
        const some = bytes.subarray(start, Math.min(end, start + room));
        chunkOf(unused).bytes.set(some, (unused & inChunk) * recordBytes);
        unused += some.length / recordBytes;
        start += some.length;
      }
      return first;
    },
    free(slot) {
      bytesOf(slot).fill(0);
      setWord(slot, word.next, firstFree);
      firstFree = slot;
    },
    getDouble: (slot, field) => chunkOf(slot).doubles[(slot & inChunk) * doublesPerRecord + field] as number,
    setDouble(slot, field, value) {
      chunkOf(slot).doubles[(slot & inChunk) * doublesPerRecord + field] = value;
    },
    getWord,
    setWord,
    idOf(slot) {
      const { bytes } = chunkOf(slot);
      const start = (slot & inChunk) * recordBytes + word.id * 4;
      let end = start + maxIdLength;
      while (end > start && bytes[end - 1] === 0) end -= 1;
      return bytes.toString("latin1", start, end);
    },
    read(slot) {
      const { doubles, words } = chunkOf(slot);
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
    },
    write(slot, id, { position, changedMs, untilMs, channel, session, status, span }) {
      const { bytes, doubles, words } = chunkOf(slot);
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
    },
    hashOfId(slot) {
      return hashId(chunkOf(slot).words, (slot & inChunk) * wordsPerRecord + word.id);
    },
    hasId(slot, sought) {
      const { words } = chunkOf(slot);
      const start = (slot & inChunk) * wordsPerRecord + word.id;
      for (let at = 0; at < idWords; at++) if (words[start + at] !== sought[at]) return false;
      return true;
    },
    bytesOf,
    clear() {
      chunks = [];
      unused = 0;
      firstFree = none;
    },
  };
}
