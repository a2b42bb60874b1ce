// The output of a program as events. Blank lines are skipped.

import { createByteBuffer } from "../../byte-buffer.ts";
import type { Arrival } from "../../contract.ts";
import { withTextOfBytes } from "../../intake/journal-export.ts";
import { guessJson, parseJson } from "../../intake/json.ts";
import { withoutEscapes, withoutEscapesInside } from "../../intake/terminal-escapes.ts";
import { createLineSplitter } from "./lines.ts";
import type { CommandOptions } from "./options.ts";

export interface Reader {
  /** What is read one by one as it is asked for: a piece may hold very many lines. */
  push(piece: Uint8Array): Iterable<Arrival>;
  end(): Iterable<Arrival>;
}

type Bounds = Pick<CommandOptions, "maxLineBytes" | "maxOutputBytes">;
export type Format = NonNullable<CommandOptions["format"]>;

/** A scheduled run makes one event; a program that keeps running makes one event per line. */
export function formatOf({ format, everyMs, cron }: CommandOptions): Format {
  return format ?? (everyMs === undefined && cron === undefined ? "lines" : "text");
}

/** `misfit` is called for a line that is not JSON; the line becomes an event all the same. */
export function createReader(
  format: Format,
  { maxLineBytes, maxOutputBytes }: Bounds,
  misfit: (line: string) => void,
): Reader {
  if (format === "text") return createWholeReader(maxOutputBytes);
  const splitter = createLineSplitter(maxLineBytes);
  function* arrivals(lines: readonly string[]): Generator<Arrival> {
    for (const line of lines) if (line.trim() !== "") yield arrivalOf(line, format, misfit);
  }
  return { push: (piece) => arrivals(splitter.push(piece)), end: () => arrivals(splitter.end()) };
}

function createWholeReader(maxBytes: number): Reader {
  const start = createByteBuffer({ maxBytes });
  let length = 0;
  return {
    push(piece) {
      start.append(piece.subarray(0, maxBytes - start.length));
      length += piece.byteLength;
      return [];
    },
    end() {
      const text = new TextDecoder().decode(start.take());
      if (text.trim() === "") return [];
      return [arrivalOf(length > maxBytes ? `${text}…` : text.trimEnd(), "text", () => {})];
    },
  };
}

export function arrivalOf(written: string, format: Format, misfit: (line: string) => void): Arrival {
  const text = withoutEscapes(written);
  if (format === "lines") return { data: { line: text }, text, trust: "local" };
  const parsed = format === "json" ? parseJson(text) : guessJson(text);
  if ("data" in parsed)
    return { data: withoutEscapesInside(withTextOfBytes(parsed.data)), text, trust: "local" };
  misfit(parsed.fault);
  return { data: format === "json" ? { line: text } : text, text, trust: "local" };
}
