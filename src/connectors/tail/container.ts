// Lines of container runtimes: Docker's json-file and the CRI format (Kubernetes, containerd, Podman). The
// program's own line is inside, in pieces when it is longer than 16 KiB; a piece says whether another one
// follows on its stream.

import { findJson, isObject } from "../../json.ts";
import type { TailOptions } from "./options.ts";

export type ContainerFormat = "docker" | "cri";

/** The runtime's metadata of a line. */
export interface Origin {
  readonly stream: string;
  readonly time?: string;
}

export interface Unwrapper {
  /** The program's lines that are complete now. A line in another format is kept as it is. */
  push(lines: readonly Line[]): Line[];
  /** Pieces without an end, as they are. */
  flush(): Line[];
  pending(): boolean;
}

/** The longest piece of 16 KiB, when every byte of it is escaped. */
export const longestPieceBytes = 128 * 1024;

const criLine =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])(?::\S*)?(?: |$)/;
const dockerStart = /^\{"log":"/;
/** Docker writes the keys in a different order; programs that ship its files may sort them. */
const dockerLine =
  /^\{(?:"stream":"(?:stdout|stderr)","(?:log|time|attrs)":|"(?:time|attrs)":.*"stream":"(?:stdout|stderr)")/;

/** `head`: the beginning of the file. A format that the options set is not detected. */
export function containerFormat(
  { container, format }: Pick<TailOptions, "container" | "format">,
  head: string,
): ContainerFormat | undefined {
  if (container === "none") return undefined;
  if (container !== "auto") return container;
  const [first = ""] = head.split("\n", 1);
  if (criLine.test(first)) return "cri";
  if (!dockerStart.test(first) && !dockerLine.test(first)) return undefined;
  // Its fields were requested, unless the program writes JSON itself.
  if (format === "json" && !first.startsWith('{"log":"{')) return undefined;
  return "docker";
}

interface Piece extends Origin {
  readonly text: string;
  readonly isLast: boolean;
}

export function readPiece(format: ContainerFormat, line: string): Piece | undefined {
  if (format === "cri") {
    const [head = "", time = "", stream = "", flag] = criLine.exec(line) ?? [];
    return head === "" ? undefined : { text: line.slice(head.length), isLast: flag === "F", stream, time };
  }
  const value = line.startsWith("{") ? findJson(line) : undefined;
  if (!isObject(value)) return undefined;
  const { log, stream, time } = value;
  if (typeof log !== "string" || (stream !== "stdout" && stream !== "stderr")) return undefined;
  return {
    text: log.replace(/\r?\n$/, ""),
    isLast: log.endsWith("\n"),
    stream,
    ...(typeof time === "string" ? { time } : {}),
  };
}

export function originOf({ stream, time }: Origin): Origin {
  return time === undefined ? { stream } : { stream, time };
}

interface Pending {
  readonly start: number;
  readonly origin: Origin;
  readonly texts: string[];
  bytes: number;
  cut: number;
}

/** `offset`: where in the file the first line begins. A line of more than `maxBytes` is cut. */
export function createUnwrapper(format: ContainerFormat, offset: number, maxBytes: number): Unwrapper {
  /** By stream: the two are interleaved. */
  const pending = new Map<string, Pending>();
  let at = offset;

  function add(of: Pending, text: string): void {
    const bytes = Buffer.byteLength(text);
    const kept = of.bytes + bytes <= maxBytes ? text : firstBytes(text, maxBytes - of.bytes);
    const keptBytes = kept === text ? bytes : Buffer.byteLength(kept);
    if (kept !== "") of.texts.push(kept);
    of.cut += bytes - keptBytes;
    // From here on nothing more is kept: a line with gaps would be misleading.
    of.bytes = kept === text ? of.bytes + bytes : maxBytes;
  }

  /** After it, up to the unconsumed data: that is read again after a crash. */
  function lineOf({ start, origin, texts, cut }: Pending): Line {
    const end = Math.min(at, ...[...pending.values()].map((one) => one.start));
    return { text: texts.join(""), cut, end, start, origin };
  }

  return {
    push(lines) {
      const complete: Line[] = [];
      for (const line of lines) {
        const start = line.start ?? at;
        at = line.end;
        const piece = line.cut === 0 ? readPiece(format, line.text) : undefined;
        if (piece === undefined) {
          complete.push({ ...line, start });
          continue;
        }
        const { stream, text, isLast } = piece;
        const joined = pending.get(stream) ?? { start, origin: originOf(piece), texts: [], bytes: 0, cut: 0 };
        add(joined, text);
        if (!isLast) pending.set(stream, joined);
        else {
          pending.delete(stream);
          complete.push(lineOf(joined));
        }
      }
      return complete;
    },
    flush() {
      const rest = [...pending].sort(([, a], [, b]) => a.start - b.start);
      return rest.map(([stream, one]) => {
        pending.delete(stream);
        return lineOf(one);
      });
    },
    pending: () => pending.size > 0,
  };
}

function firstBytes(text: string, bytes: number): string {
  return Buffer.from(text)
    .subarray(0, Math.max(0, bytes))
    .toString()
    .replace(/\uFFFD+$/, "");
}

export interface Line {
  readonly text: string;
  /** Dropped bytes, when it was too long. */
  readonly cut: number;
  /** Offset in the file just after its line break. */
  readonly end: number;
  /** Where it begins, if that is not where the previous one ended. */
  readonly start?: number;
  /** Metadata of a container runtime. */
  readonly origin?: Origin;
}
