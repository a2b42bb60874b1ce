// Streams that a test can watch and stall, and a log that it can read.
import { PassThrough, Writable } from "node:stream";
import type { Log } from "../../src/contract.ts";

export interface KeptLog extends Log {
  readonly lines: string[];
}

export function keepLog(): KeptLog {
  const lines: string[] = [];
  return {
    lines,
    info: (line) => void lines.push(`info ${line}`),
    warn: (line) => void lines.push(`warn ${line}`),
    error: (line) => void lines.push(`error ${line}`),
  };
}

export interface StallingOutput {
  readonly stream: Writable;
  /** Everything taken, as lines. */
  lines(): string[];
  /** Sizes of the single writes. */
  readonly writes: number[];
  /** From now on a write is taken only after `go`. */
  stall(): void;
  go(): void;
}

/** An output that takes one write at a time and, while stalled, does not finish the one it has. */
export function stallingOutput(): StallingOutput {
  const writes: number[] = [];
  let text = "";
  let stalled = false;
  let parked: (() => void) | undefined;
  const stream = new Writable({
    highWaterMark: 16 * 1024,
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.length);
      text += chunk.toString();
      if (stalled) parked = done;
      else done();
    },
  });
  return {
    stream,
    writes,
    lines: () => text.split("\n").slice(0, -1),
    stall() {
      stalled = true;
    },
    go() {
      stalled = false;
      parked?.();
      parked = undefined;
    },
  };
}

/** The two directions of one conversation. */
export function streamPair(): { toServer: PassThrough; fromServer: PassThrough } {
  return { toServer: new PassThrough(), fromServer: new PassThrough() };
}

/** Lets every callback that is due run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
