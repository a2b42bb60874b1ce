// The client's side of every process: passes whole lines between the client's streams and the current leader,
// and carries the conversation over from one leader to the next. Reads the client no faster than the leader
// takes its lines, and confirms to the leader each line that the client's stream took. Needs only streams.

import type { Readable, Writable } from "node:stream";
import type { Log } from "../contract.ts";
import { line } from "../text.ts";
import { type ClientLine, createClientRecord } from "./client-record.ts";
import { createLineSplitter } from "./lines.ts";
import type { Link } from "./link.ts";
import { type Frame, maxLineBytes, windowBytes } from "./protocol.ts";
import { toolError } from "./tool-error.ts";

export interface StdioProxy {
  /** From now on this link leads to the leader; the conversation so far is sent on it first. */
  use(link: Link): void;
  /** Handles the frames that belong to a proxy; false for all others. */
  receive(frame: Frame): boolean;
  receiveLine(n: number, line: Buffer): void;
  /** See `ClientRecord`. */
  oldestCallMs(): number | undefined;
  /** Registers a listener for each tool call that is sent to a leader from now on; undefined removes it. */
  onCall(listener: (() => void) | undefined): void;
  /** Answers every unanswered tool call with this text, as an error. */
  refuseCalls(text: string): void;
  /** Settles, with the reason, at the first sign that the client is gone. */
  readonly gone: Promise<string>;
  /**
   * Reports to the leader, once there is one, that no line will follow, and waits until it has answered open
   * requests and closed the link, for at most this time.
   */
  finish(withinMs: number): Promise<void>;
}

/** For a leader that announced that it is leaving and then did not: its clients must not wait forever. */
const maxHoldMs = 3_000;
const lineFeed = Buffer.from("\n");

export interface StdioProxyOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly log: Log;
  /**
   * Answers the start of a conversation while there is no leader; undefined for what it leaves to one. The
   * first leader learns of it as of an earlier leader's answers. Settles with undefined when nothing is
   * known; never rejects.
   */
  readonly early?: Promise<((line: string) => string | undefined) | undefined> | undefined;
}

export function createStdioProxy({ input, output, log, ...options }: StdioProxyOptions): StdioProxy {
  const record = createClientRecord();
  /** Read from the client, not yet sent. */
  let queue: ClientLine[] = [];
  let queuedBytes = 0;
  /** Sent and not yet confirmed, in order. */
  let flying: { readonly n: number; readonly entry: ClientLine }[] = [];
  let flyingBytes = 0;
  let lastN = 0;
  let link: Link | undefined;
  let holding: NodeJS.Timeout | undefined;
  let inputEnded = false;
  let isBroken = false;
  /** Called once there is a link again. */
  let onLink: (() => void) | undefined;
  let endReported = false;
  let onCall: (() => void) | undefined;
  /** Until the first leader is there, or a line arrived that it does not answer. */
  let answerEarly: ((line: string) => string | undefined) | undefined;
  let settleGone: (reason: string) => void;
  const gone = new Promise<string>((resolve) => {
    settleGone = resolve;
  });

  const lines = createLineSplitter({
    maxBytes: maxLineBytes,
    onLine(line) {
      const text = line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
      if (text.length === 0) return;
      // Kept for longer than its chunk, so it is copied out of it.
      queue.push(record.read(Buffer.from(text)));
      queuedBytes += text.length;
    },
    onTooLong: () => log.warn(line`dropped a line on stdin of more than ${maxLineBytes} bytes`),
  });

  input.on("data", (chunk: Buffer | string) => {
    lines.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    pump();
  });
  for (const event of ["end", "close"] as const) input.on(event, () => endInput("stdin ended"));
  input.on("error", (error) => endInput(`stdin failed: ${error.message}`));
  output.on("error", (error) => breakOutput(`stdout failed: ${error.message}`));
  output.on("close", () => breakOutput("stdout was closed"));

  void options.early?.then((known) => {
    if (link !== undefined) return;
    answerEarly = known;
    pumpEarly();
  });

  function breakOutput(reason: string): void {
    isBroken = true;
    settleGone(reason);
  }

  function endInput(reason: string): void {
    inputEnded = true;
    pump();
    settleGone(reason);
  }

  function pumpEarly(): void {
    while (answerEarly !== undefined) {
      const [entry] = queue;
      if (entry === undefined) return;
      const answer = answerEarly(entry.line.toString("utf8"));
      if (answer === undefined) {
        answerEarly = undefined;
        return;
      }
      queue.shift();
      queuedBytes -= entry.line.length;
      record.sent(entry);
      record.arrived(Buffer.from(answer));
      output.write(`${answer}\n`);
    }
  }

  function pump(): void {
    pumpEarly();
    while (link !== undefined && holding === undefined && flyingBytes < windowBytes) {
      const entry = queue.shift();
      if (entry === undefined) break;
      queuedBytes -= entry.line.length;
      flyingBytes += entry.line.length;
      lastN += 1;
      flying.push({ n: lastN, entry });
      record.sent(entry);
      link.line(lastN, entry.line);
      if (entry.isCall) onCall?.();
    }
    if (inputEnded && queue.length === 0 && link !== undefined && holding === undefined && !endReported) {
      endReported = true;
      link.send({ t: "end" });
    }
    if (queuedBytes > windowBytes) input.pause();
    else if (input.isPaused() && !inputEnded) input.resume();
  }

  function confirmed(n: number): void {
    let count = 0;
    for (const sent of flying) {
      if (sent.n > n) break;
      flyingBytes -= sent.entry.line.length;
      count += 1;
    }
    flying.splice(0, count);
    pump();
  }

  function hold(): void {
    clearTimeout(holding);
    holding = setTimeout(() => {
      holding = undefined;
      pump();
    }, maxHoldMs);
    holding.unref();
  }

  function stopHolding(): void {
    clearTimeout(holding);
    holding = undefined;
  }

  /** Takes back what the lost leader may not have read, except what `resume` reports to the next one. */
  function takeBack(initialize: ClientLine | undefined): void {
    const back = flying.map(({ entry }) => entry).filter(({ kind }) => kind === "other");
    if (initialize !== undefined) back.unshift(initialize);
    queue = [...back, ...queue];
    for (const { line } of back) queuedBytes += line.length;
    flying = [];
    flyingBytes = 0;
  }

  /** One confirmation for all lines that were taken together. */
  let confirmTo: Link | undefined;
  let confirmN = 0;
  function confirmSoon(to: Link, n: number): void {
    if (confirmTo === undefined) {
      queueMicrotask(() => {
        confirmTo?.send({ t: "c", n: confirmN });
        confirmTo = undefined;
      });
    }
    confirmTo = to;
    confirmN = n;
  }

  /**
   * Lines that arrive together are written together: each write wakes the client's reader, and costs more
   * than its bytes.
   */
  let isCorked = false;
  function corkForNow(): void {
    if (isCorked) return;
    isCorked = true;
    output.cork();
    process.nextTick(() => {
      isCorked = false;
      output.uncork();
    });
  }

  return {
    gone,
    use(next) {
      const { frame, questions, initialize } = record.resume();
      takeBack(initialize);
      answerEarly = undefined;
      link = next;
      endReported = false;
      lastN = 0;
      stopHolding();
      next.send(frame);
      for (const question of questions) next.question(question);
      void next.closed.then(() => {
        if (link === next) link = undefined;
      });
      pump();
      onLink?.();
    },
    receive(frame) {
      if (frame.t === "c" && typeof frame.n === "number") confirmed(frame.n);
      else if (frame.t === "leaving") hold();
      return frame.t === "c";
    },
    receiveLine(n, line) {
      const from = link;
      const { eventId, isLate } = record.arrived(line);
      if (isLate) {
        if (from !== undefined) confirmSoon(from, n);
        return;
      }
      corkForNow();
      output.write(Buffer.concat([line, lineFeed]), (error) => {
        // A broken stdout ends the process through `gone`; the line was not taken.
        if (error) return;
        if (eventId !== undefined) {
          record.taken(eventId);
          if (link !== from) link?.send({ t: "taken", events: [eventId] });
        }
        if (from !== undefined && link === from) confirmSoon(from, n);
      });
    },
    oldestCallMs: () => record.oldestCallMs(),
    onCall(listener) {
      onCall = listener;
    },
    refuseCalls(text) {
      for (const id of record.refuseCalls()) output.write(`${toolError(id, text)}\n`);
    },
    async finish(withinMs) {
      // Nobody reads the answers.
      if (isBroken) return;
      stopHolding();
      endInput("closed here");
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, withinMs);
      });
      const linked = new Promise<void>((resolve) => {
        onLink = resolve;
        if (link !== undefined || queue.length === 0) resolve();
      });
      await Promise.race([linked.then(() => link?.closed), tooLong]);
      clearTimeout(timer);
    },
  };
}
