// Encodes one record as one line of bytes, and decodes it. A line ends in a CRC-32 of everything before it,
// so that a torn or damaged line is detected without relying on a parse error.

import { crc32 } from "node:zlib";
import type { Json, RouterEvent } from "../contract.ts";
import { type EventRecord, type Line, type MoveRecord, type StoredEvent, version } from "./records.ts";

const crcField = ',"crc":"';
/** `,"crc":"01234567"}` */
const tailLength = crcField.length + 8 + 2;
/** The start of every line. */
export const lineStart = `{"v":${version},"type":"`;

/** The line with its line feed. `body` has every field except `v` and `crc`; its first field is `type`. */
export function encodeLine<L extends { readonly type: string }>(body: L): Buffer {
  return seal(`{"v":${version},${JSON.stringify(body).slice(1)}`);
}

/** The same for an event, whose payload is converted to JSON only once. */
export function encodeEvent({ event, deliveries, memory }: EventRecord, timeMs: number): Buffer {
  const { data, text, receivedMs: _, ...rest } = event;
  const dataJson = JSON.stringify(data);
  const textField = text === textOf(data, dataJson) ? "" : `,"text":${JSON.stringify(text)}`;
  const eventJson = `${JSON.stringify(rest).slice(0, -1)},"data":${dataJson}${textField}}`;
  return seal(
    `${lineStart}event","timeMs":${timeMs},"event":${eventJson},"deliveries":${JSON.stringify(deliveries)},"memory":${JSON.stringify(memory)}}`,
  );
}

/** UTF-16 units that are encoded in one step. */
const pieceLength = 262_144;

/** A larger event is encoded in steps: a control character takes six bytes of JSON. */
export function isLarge({ event }: EventRecord): boolean {
  return event.text.length > pieceLength;
}

/** The same bytes in steps. */
export function* encodeEventSteps(
  { event, deliveries, memory }: EventRecord,
  timeMs: number,
  moved?: MoveRecord,
): Generator<void, Buffer> {
  const { data, text, receivedMs: _, ...rest } = event;
  const pieces: Buffer[] = [];
  const add = (json: string) => void pieces.push(Buffer.from(json));
  add(`${lineStart}event","timeMs":${timeMs},"event":${JSON.stringify(rest).slice(0, -1)},"data":`);
  yield;
  const dataJson = typeof data === "string" ? undefined : JSON.stringify(data);
  yield;
  if (dataJson === undefined) yield* addText(data as string, add);
  else add(dataJson);
  if (text !== (dataJson ?? data)) {
    add(',"text":');
    yield* addText(text, add);
  }
  yield;
  const last = moved === undefined ? "" : `,"moved":${JSON.stringify(moved)}`;
  add(`},"deliveries":${JSON.stringify(deliveries)},"memory":${JSON.stringify(memory)}${last}`);
  return yield* sealPieces(pieces);
}

function* addText(text: string, add: (json: string) => void): Generator<void, void> {
  add('"');
  for (let from = 0; from < text.length; ) {
    const end = from + pieceLength;
    // Not between the halves of a character.
    const to = (text.codePointAt(end - 1) ?? 0) > 0xffff ? end + 1 : end;
    add(JSON.stringify(text.slice(from, to)).slice(1, -1));
    from = to;
    yield;
  }
  add('"');
}

function* sealPieces(pieces: readonly Buffer[]): Generator<void, Buffer> {
  const bodyLength = pieces.reduce((sum, { length }) => sum + length, 0);
  const bytes = Buffer.allocUnsafe(bodyLength + tailLength + 1);
  let crc = 0;
  let at = 0;
  for (const piece of pieces) {
    crc = crc32(piece, crc);
    at += piece.copy(bytes, at);
    yield;
  }
  writeTail(bytes, bodyLength, crc);
  return bytes;
}

/** The event as it was accepted. */
export function restoreEvent(stored: StoredEvent): RouterEvent {
  return { ...stored, text: stored.text ?? textOf(stored.data, JSON.stringify(stored.data)) };
}

function textOf(data: Json, dataJson: string): string {
  return typeof data === "string" ? data : dataJson;
}

function seal(json: string): Buffer {
  const bodyLength = Buffer.byteLength(json) - 1;
  const bytes = Buffer.allocUnsafe(bodyLength + tailLength + 1);
  bytes.write(json, "utf8");
  writeTail(bytes, bodyLength, crc32(bytes.subarray(0, bodyLength)));
  return bytes;
}

function writeTail(bytes: Buffer, bodyLength: number, crc: number): void {
  bytes.write(`${crcField}${crc.toString(16).padStart(8, "0")}"}\n`, bodyLength, "latin1");
}

/** Whether these bytes, without a line feed, are an undamaged line. */
export function isWhole(bytes: Buffer): boolean {
  const bodyLength = bytes.length - tailLength;
  if (bodyLength < lineStart.length) return false;
  const tail = bytes.toString("latin1", bodyLength);
  return (
    tail.startsWith(crcField) &&
    tail.endsWith('"}') &&
    Number.parseInt(tail.slice(crcField.length, -2), 16) === crc32(bytes.subarray(0, bodyLength))
  );
}

/** The record of a line; undefined when this version does not write such a line. */
export function decodeLine(bytes: Buffer): Line | undefined {
  const line = decodeAny(bytes);
  return line === undefined || !lineTypes.has(line.type) ? undefined : (line as unknown as Line);
}

/** The same for our files that hold other types than a segment's. */
export function decodeAny(
  bytes: Buffer,
): { readonly type: string; readonly [key: string]: unknown } | undefined {
  try {
    const line = JSON.parse(bytes.toString("utf8"));
    return line.v === version ? line : undefined;
  } catch {
    return undefined; // A valid checksum over something that is not JSON: not ours, and not a reason to refuse to start.
  }
}

const lineTypes: ReadonlySet<string> = new Set([
  "proof",
  "segment",
  "event",
  "digest",
  "state",
  "cursor",
  "note",
  "call",
]);
