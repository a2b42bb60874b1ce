// Parses bytes into server-sent events, by html.spec.whatwg.org, "Interpreting an event stream". The fields of
// an event are eventsource-parser's. What it does not have is here: lines are split as bytes, because a list of
// tiny pieces costs more than one buffer; an event that is too large is skipped and the stream goes on; an id
// counts without data; and a line that ends with CR is complete before the next byte.

import { createParser, type EventSourceMessage } from "eventsource-parser";
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
const mark = Buffer.from("\uFEFF");
/** For each other line the parser would make an error with its stack, and the standard ignores it. */
const understood = /^(?:(?:data|event)(?::|$)|retry: ?\d+$)/;
const longestRetryMs = 999_999_999;

/** `maxBytes` limits the lines of one event together. */
export function createEventStream(maxBytes: number, lastId = ""): EventStream {
  const line = createByteBuffer({ maxBytes });
  let parsed: EventSourceMessage | undefined;
  const parser = createParser({
    onEvent(message) {
      parsed = message;
    },
    onRetry(ms) {
      if (ms <= longestRetryMs) retry = ms;
    },
  });
  // It would take the characters of a byte order mark that was read as Latin-1 for a mark.
  parser.feed("");
  let isFirstLine = true;
  let isAfterReturn = false;
  /** Bytes of the lines of this event so far, without comments; and of the unfinished line. */
  let length = 0;
  let lineLength = 0;
  let id = lastId;
  let nextId: string | undefined;
  let retry: number | undefined;

  function add(piece: Uint8Array): void {
    lineLength += piece.byteLength;
    line.append(piece.subarray(0, maxBytes - line.length));
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
    if (length > maxBytes) return undefined;
    const field = bytes.toString();
    const found = /^id(?:: ?([^\0]*))?$/s.exec(field);
    if (found !== null) nextId = found[1] ?? "";
    else if (understood.test(field)) parser.feed(`${field}\n`);
    return undefined;
  }

  function endEvent(): StreamEvent | undefined {
    const isTooLarge = length > maxBytes;
    const hasId = nextId !== undefined && nextId !== "";
    id = nextId ?? id;
    nextId = undefined;
    length = 0;
    // It also counts when none of its data was kept.
    parser.feed(isTooLarge ? "data\n\n" : "\n");
    if (parsed === undefined) return undefined;
    const { event: name = "message", data } = parsed;
    parsed = undefined;
    return { name, data: isTooLarge ? "" : data, id, hasId, isTooLarge };
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
        const event = line.read(readLine);
        if (event !== undefined) yield event;
      }
      if (from < bytes.byteLength) add(bytes.subarray(from));
    },
  };
}
