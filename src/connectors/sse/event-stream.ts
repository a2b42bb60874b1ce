// Parses bytes into server-sent events, by html.spec.whatwg.org, "Interpreting an event stream", with a bound
// on the size of one. Works on bytes: a line, and the data of an event, is one buffer however small the
// chunks are.

import { createByteBuffer } from "../../byte-buffer.ts";

export interface StreamEvent {
  /** `message` unless the stream sets another type. */
  readonly name: string;
  readonly data: string;
  /** The last id in the stream, with this event or before it; empty without one. */
  readonly id: string;
  /** The event itself has that id. Any other event inherits it, by the standard, and is not identified by it. */
  readonly hasId: boolean;
  /** Larger than the limit: its data was dropped. */
  readonly isTooLarge: boolean;
}

export interface EventStream {
  /** The events that these bytes complete. */
  read(bytes: Uint8Array): Generator<StreamEvent>;
  lastId(): string;
  /** The retry delay that the stream set, in milliseconds. */
  retryMs(): number | undefined;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const colon = 0x3a;
const space = 0x20;
const newLine = Buffer.from("\n");
const mark = Buffer.from("\uFEFF");

/** `maxBytes` limits the lines of one event together. */
export function createEventStream(maxBytes: number, lastId = ""): EventStream {
  const line = createByteBuffer({ maxBytes });
  const data = createByteBuffer({ maxBytes: maxBytes + 1 });
  let isFirstLine = true;
  let isAfterReturn = false;
  /** Bytes of the lines of this event so far, without comments; and of the unfinished line. */
  let length = 0;
  let lineLength = 0;
  let isTooLarge = false;
  let hasData = false;
  let name = "";
  let id = lastId;
  let nextId: string | undefined;
  let retry: number | undefined;

  function add(piece: Uint8Array): void {
    lineLength += piece.byteLength;
    line.append(piece.subarray(0, maxBytes - line.length));
  }

  function endLine(): StreamEvent | undefined {
    return line.read(readLine);
  }

  function readLine(whole: Buffer): StreamEvent | undefined {
    const bytes =
      isFirstLine && whole.subarray(0, mark.length).equals(mark) ? whole.subarray(mark.length) : whole;
    isFirstLine = false;
    const isCut = lineLength > whole.length;
    lineLength = 0;
    if (bytes.length === 0) return endEvent();
    // Comments do not count: they keep an idle stream alive.
    if (bytes[0] === colon) return undefined;
    length += isCut ? maxBytes + 1 : bytes.length;
    if (length > maxBytes) {
      isTooLarge = true;
      data.read(() => undefined);
    } else field(bytes);
    return undefined;
  }

  function field(bytes: Buffer): void {
    const at = bytes.indexOf(colon);
    const key = bytes.toString("latin1", 0, at === -1 ? bytes.length : at);
    const value =
      at === -1 ? bytes.subarray(bytes.length) : bytes.subarray(bytes[at + 1] === space ? at + 2 : at + 1);
    if (key === "data") {
      hasData = true;
      data.append(value);
      data.append(newLine);
    } else if (key === "event") name = value.toString();
    else if (key === "id" && !value.includes(0)) nextId = value.toString();
    else if (key === "retry" && /^\d{1,9}$/.test(value.toString("latin1")))
      retry = Number(value.toString("latin1"));
  }

  function endEvent(): StreamEvent | undefined {
    const hasId = nextId !== undefined && nextId !== "";
    id = nextId ?? id;
    nextId = undefined;
    if (!hasData && !isTooLarge) {
      // Blank lines alone, of which a stream can have very many.
      name = "";
      length = 0;
      return undefined;
    }
    const event = {
      name: name || "message",
      data: data.read((bytes) => bytes.toString("utf8", 0, Math.max(0, bytes.length - 1))),
      id,
      hasId,
      isTooLarge,
    };
    name = "";
    length = 0;
    isTooLarge = false;
    hasData = false;
    return event;
  }

  return {
    lastId: () => id,
    retryMs: () => retry,
    *read(bytes) {
      let from = isAfterReturn && bytes[0] === lineFeed ? 1 : 0;
      if (bytes.byteLength > 0) isAfterReturn = false;
      let nextFeed = bytes.indexOf(lineFeed, from);
      let nextReturn = bytes.indexOf(carriageReturn, from);
      while (nextFeed !== -1 || nextReturn !== -1) {
        const isReturn = nextReturn !== -1 && (nextFeed === -1 || nextReturn < nextFeed);
        const end = isReturn ? nextReturn : nextFeed;
        add(bytes.subarray(from, end));
        from = end + 1;
        if (isReturn && bytes[from] === lineFeed) from += 1;
        isAfterReturn = isReturn && end + 1 === bytes.byteLength;
        if (nextFeed < from && nextFeed !== -1) nextFeed = bytes.indexOf(lineFeed, from);
        if (nextReturn < from && nextReturn !== -1) nextReturn = bytes.indexOf(carriageReturn, from);
        const event = endLine();
        if (event !== undefined) yield event;
      }
      if (from < bytes.byteLength) add(bytes.subarray(from));
    },
  };
}
