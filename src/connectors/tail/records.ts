// Groups lines that belong together into one record. Without `multiline` each line is one.

import type { Line } from "./container.ts";

export interface Records {
  /** Those that are complete now. */
  push(lines: readonly Line[], nowMs: number): readonly Line[];
  /** The unfinished record, as it is. */
  flush(): Line | undefined;
  /** When it is complete if no line comes; undefined without one. */
  dueMs(): number | undefined;
}

export interface RecordOptions {
  /** Does this line begin a record? Asked of each line, in order. */
  readonly begins: (line: string) => boolean;
  readonly maxLines: number;
  readonly maxBytes: number;
  readonly flushMs: number;
}

export const singleLines: Records = {
  push: (lines) => lines,
  flush: () => undefined,
  dueMs: () => undefined,
};

export function createRecords({ begins, maxLines, maxBytes, flushMs }: RecordOptions): Records {
  let texts: string[] = [];
  let count = 0;
  let bytes = 0;
  let cut = 0;
  let end = 0;
  let changedMs = 0;
  let first: Pick<Line, "start" | "origin"> = {};

  function take(): Line {
    // A trace may have blank lines inside, which are part of it only if more of it follows.
    while (texts.length > 1 && (texts.at(-1) as string).trim() === "") texts.pop();
    const record = { ...first, text: texts.join("\n"), cut, end };
    texts = [];
    count = 0;
    bytes = 0;
    cut = 0;
    return record;
  }

  function add(line: Line): void {
    const length = Buffer.byteLength(line.text) + (count === 0 ? 0 : 1);
    if (count === 0)
      first = {
        ...(line.start === undefined ? {} : { start: line.start }),
        ...(line.origin === undefined ? {} : { origin: line.origin }),
      };
    count += 1;
    cut += line.cut;
    end = line.end;
    if (bytes + length <= maxBytes) {
      texts.push(line.text);
      bytes += length;
    } else {
      cut += length;
      // From here on nothing more is kept: a record with gaps would be misleading.
      bytes = maxBytes;
    }
  }

  return {
    push(lines, nowMs) {
      const complete: Line[] = [];
      for (const line of lines) {
        const isFirst = begins(line.text);
        if (count > 0 && (isFirst || count >= maxLines)) complete.push(take());
        add(line);
      }
      if (lines.length > 0) changedMs = nowMs;
      return complete;
    },
    flush: () => (count === 0 ? undefined : take()),
    dueMs: () => (count === 0 ? undefined : changedMs + flushMs),
  };
}
