// Frames over a stream, in both directions. It always reads: whatever must not pile up is bounded by
// confirmations (protocol.ts), never by leaving the stream unread, because confirmations travel on it too. A
// peer that sends garbage is disconnected.

import type { Duplex } from "node:stream";
import { createLineSplitter } from "./lines.ts";
import { type Frame, maxLineBytes, readFrame } from "./protocol.ts";

export interface LinkHandlers {
  onFrame(frame: Frame): void;
  onLine?(n: number, line: Buffer): void;
  onQuestion?(line: Buffer): void;
}

export interface Link {
  send(frame: Frame): void;
  /**
   * As `send`, but settles when the stream took it, or is closed. For streams of frames that must not pile
   * up.
   */
  sendSlowly(frame: Frame): Promise<void>;
  line(n: number, line: Buffer): void;
  question(line: Buffer): void;
  /** Frames that `run` sends leave in one write: each write costs both ends more than its bytes. */
  together(run: () => void): void;
  /** Replaces the handlers. */
  handle(handlers: LinkHandlers): void;
  /** Sends what is queued, then closes; destroys the stream after 500 ms. */
  end(frame?: Frame): void;
  cut(reason: string): void;
  /** Settles once, with the reason. */
  readonly closed: Promise<string>;
  /** Settles when the stream itself is gone, with everything that it had to write. */
  readonly gone: Promise<void>;
}

const equalsSign = 0x3d;
const questionMark = 0x3f;
const space = 0x20;
const lineFeed = Buffer.from("\n");
/** A number, its mark and a space. */
const headerBytes = 32;
const endWithinMs = 500;

export function createLink(stream: Duplex, first: LinkHandlers): Link {
  let handlers = first;
  let isOpen = true;
  let settle: (reason: string) => void;
  const closed = new Promise<string>((resolve) => {
    settle = resolve;
  });

  const lines = createLineSplitter({
    maxBytes: maxLineBytes + headerBytes,
    onLine(line) {
      if (isOpen && !receive(line)) cut("the peer sent a line that is not a frame");
    },
    onTooLong: () => cut(`the peer sent a frame of more than ${maxLineBytes} bytes`),
  });

  function receive(line: Buffer): boolean {
    if (line[0] === equalsSign) {
      const end = line.subarray(0, headerBytes).indexOf(space);
      const n = Number(line.toString("latin1", 1, end));
      if (end < 2 || !Number.isSafeInteger(n) || handlers.onLine === undefined) return false;
      handlers.onLine(n, line.subarray(end + 1));
      return true;
    }
    if (line[0] === questionMark) {
      if (handlers.onQuestion === undefined) return false;
      handlers.onQuestion(line.subarray(1));
      return true;
    }
    const frame = readFrame(line.toString("utf8"));
    if (frame === undefined) return false;
    handlers.onFrame(frame);
    return true;
  }

  let gathered: Buffer[] | undefined;

  function write(header: string, line: Buffer): void {
    if (!isOpen) return;
    if (gathered === undefined) stream.write(Buffer.concat([Buffer.from(header), line, lineFeed]));
    else gathered.push(Buffer.from(header), line, lineFeed);
  }

  function writeGathered(): void {
    const pieces = gathered ?? [];
    gathered = undefined;
    if (isOpen && pieces.length > 0) stream.write(Buffer.concat(pieces));
  }

  function finish(reason: string): void {
    isOpen = false;
    settle(reason);
  }

  function cut(reason: string): void {
    finish(reason);
    stream.destroy();
  }

  stream.on("data", (chunk: Buffer) => {
    if (isOpen) lines.push(chunk);
  });
  stream.on("error", (error) => finish(`the connection failed: ${error.message}`));
  stream.on("end", () => finish("the peer closed the connection"));
  const gone = new Promise<void>((resolve) => {
    stream.once("close", () => {
      finish("the connection was closed");
      resolve();
    });
  });

  return {
    closed,
    gone,
    cut,
    send(frame) {
      if (isOpen) stream.write(`${JSON.stringify(frame)}\n`);
    },
    sendSlowly(frame) {
      if (!isOpen || stream.write(`${JSON.stringify(frame)}\n`)) return Promise.resolve();
      return new Promise((resolve) => {
        stream.once("drain", resolve);
        void closed.then(() => resolve());
      });
    },
    line: (n, line) => write(`=${n} `, line),
    question: (line) => write("?", line),
    together(run) {
      gathered ??= [];
      try {
        run();
      } finally {
        writeGathered();
      }
    },
    handle(next) {
      handlers = next;
    },
    end(frame) {
      if (!isOpen) return;
      if (frame !== undefined) stream.write(`${JSON.stringify(frame)}\n`);
      finish("closed here");
      const timer = setTimeout(() => stream.destroy(), endWithinMs);
      stream.once("close", () => clearTimeout(timer));
      // Without a reader the peer's end would never be noticed, and the descriptor would stay open.
      stream.resume();
      stream.end();
    },
  };
}
