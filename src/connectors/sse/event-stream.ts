// Bytes to server-sent events, as html.spec.whatwg.org, "Interpreting an event stream", says, with a bound on the size of one.

export interface StreamEvent {
  /** `message` unless the stream says otherwise. */
  readonly name: string;
  readonly data: string;
  /** The last id that the stream gave, with this event or before it; empty when there is none. */
  readonly id: string;
  /** Larger than what is taken: its data was left out. */
  readonly isTooLarge: boolean;
}

export interface EventStream {
  /** The events that these bytes complete. */
  read(bytes: Uint8Array): Generator<StreamEvent>;
  lastId(): string;
  /** What the stream asked for, in milliseconds. */
  retryMs(): number | undefined;
}

/** `maxLength` is of the lines of one event together, in characters. */
export function createEventStream(maxLength: number, lastId = ""): EventStream {
  const decoder = new TextDecoder();
  /** The pieces of a line that has not ended. */
  let rest: string[] = [];
  let isEmptyLine = true;
  let isAfterReturn = false;
  let length = 0;
  let name = "";
  let data: string[] = [];
  let id = lastId;
  let nextId: string | undefined;
  let retry: number | undefined;

  function add(piece: string): void {
    if (piece === "") return;
    isEmptyLine = false;
    length += piece.length;
    if (length <= maxLength) rest.push(piece);
    else {
      rest = [];
      data = [];
    }
  }

  function endLine(): StreamEvent | undefined {
    const line = rest.join("");
    const isEnd = isEmptyLine;
    rest = [];
    isEmptyLine = true;
    if (isEnd) return endEvent();
    if (length <= maxLength) field(line);
    return undefined;
  }

  function field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) {
      // A comment is no part of an event: a quiet stream is kept alive with them.
      length -= line.length;
      return;
    }
    const key = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (key === "data") data.push(value);
    else if (key === "event") name = value;
    else if (key === "id" && !value.includes("\0")) nextId = value;
    else if (key === "retry" && /^\d{1,9}$/.test(value)) retry = Number(value);
  }

  function endEvent(): StreamEvent | undefined {
    id = nextId ?? id;
    const isTooLarge = length > maxLength;
    const event = { name: name || "message", data: data.join("\n"), id, isTooLarge };
    const hasData = data.length > 0 || isTooLarge;
    name = "";
    data = [];
    nextId = undefined;
    length = 0;
    return hasData ? event : undefined;
  }

  return {
    lastId: () => id,
    retryMs: () => retry,
    *read(bytes) {
      // The decoder leaves out a byte order mark at the start, and keeps a character that is torn between two pieces.
      const text = decoder.decode(bytes, { stream: true });
      let from = 0;
      for (const { 0: end, index } of text.matchAll(/\r\n|\r|\n/g)) {
        const isSecondHalf = isAfterReturn && index === 0 && end === "\n";
        isAfterReturn = end === "\r" && index === text.length - 1;
        add(text.slice(from, index));
        from = index + end.length;
        const event = isSecondHalf ? undefined : endLine();
        if (event !== undefined) yield event;
      }
      if (from === text.length) return;
      isAfterReturn = false;
      add(text.slice(from));
    },
  };
}
