// The client's side of every process: passes whole lines between the client's streams and the current leader,
// and carries the conversation over from one leader to the next. Reads the client no faster than the leader
// takes its lines, and confirms to the leader each line that the client's stream took. Needs only streams.

import type { Readable, Writable } from "node:stream";
import type { Log } from "../contract.ts";
import { line } from "../text.ts";
import { toolError } from "./calls.ts";
import { type ClientLine, createClientRecord, eventsOf } from "./client-record.ts";
import { createLineSplitter } from "./lines.ts";
import type { Link } from "./link.ts";
import { type Frame, maxLineBytes, windowBytes } from "./protocol.ts";

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

export class StdioProxy {
  readonly #input: StdioProxyOptions["input"];
  readonly #output: StdioProxyOptions["output"];
  readonly #record = createClientRecord();
  /** Read from the client, not yet sent. */
  #queue: ClientLine[] = [];
  #queuedBytes = 0;
  /** Sent and not yet confirmed, in order. */
  #flying: { readonly n: number; readonly entry: ClientLine }[] = [];
  #flyingBytes = 0;
  #lastN = 0;
  #link: Link | undefined;
  #holding: NodeJS.Timeout | undefined;
  #inputEnded = false;
  #isBroken = false;
  /** Called once there is a link again. */
  #onLink: (() => void) | undefined;
  #endReported = false;
  /** The end of the input is reported although requests wait for an answer. */
  #isHurried = false;
  #onAnswered = (): void => {};
  #onCall: (() => void) | undefined;
  /** Until the first leader is there, or a line arrived that it does not answer. */
  #answerEarly: ((line: string) => string | undefined) | undefined;
  #settleGone!: (reason: string) => void;
  readonly gone: Promise<string>;
  /** One confirmation for all lines that were taken together. */
  #confirmTo: Link | undefined;
  #confirmN = 0;
  /**
   * Lines that arrive together are written together: each write wakes the client's reader, and costs more
   * than its bytes.
   */
  #isCorked = false;

  constructor({ input, output, log, early }: StdioProxyOptions) {
    this.#input = input;
    this.#output = output;
    this.gone = new Promise<string>((resolve) => {
      this.#settleGone = resolve;
    });
    const lines = createLineSplitter({
      maxBytes: maxLineBytes,
      onLine: (line) => {
        const text = line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
        if (text.length === 0) return;
        // Kept for longer than its chunk, so it is copied out of it.
        this.#queue.push(this.#record.read(Buffer.from(text)));
        this.#queuedBytes += text.length;
      },
      onTooLong: () => log.warn(line`dropped a line on stdin of more than ${maxLineBytes} bytes`),
    });
    input.on("data", (chunk: Buffer | string) => {
      lines.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
      this.#pump();
    });
    for (const event of ["end", "close"] as const) input.on(event, () => this.#endInput("stdin ended"));
    input.on("error", (error) => this.#endInput(`stdin failed: ${error.message}`));
    output.on("error", (error) => this.#breakOutput(`stdout failed: ${error.message}`));
    output.on("close", () => this.#breakOutput("stdout was closed"));
    void early?.then((known) => {
      if (this.#link !== undefined) return;
      this.#answerEarly = known;
      this.#pumpEarly();
    });
  }

  /** From now on this link leads to the leader; the conversation so far is sent on it first. */
  use(next: Link): void {
    const { frame, questions, initialize } = this.#record.resume();
    this.#takeBack(initialize);
    this.#answerEarly = undefined;
    this.#link = next;
    this.#endReported = false;
    this.#lastN = 0;
    this.#stopHolding();
    next.send(frame);
    for (const question of questions) next.question(question);
    void next.closed.then(() => {
      if (this.#link === next) this.#link = undefined;
    });
    this.#pump();
    this.#onLink?.();
  }

  /** Handles the frames that belong to a proxy; false for all others. */
  receive(frame: Frame): boolean {
    if (frame.t === "c" && typeof frame.n === "number") this.#confirmed(frame.n);
    else if (frame.t === "leaving") this.#hold();
    return frame.t === "c";
  }

  receiveLine(n: number, line: Buffer): void {
    const from = this.#link;
    const { delivery, isLate } = this.#record.arrived(line);
    if (isLate) {
      if (from !== undefined) this.#confirmSoon(from, n);
      return;
    }
    this.#corkForNow();
    this.#output.write(Buffer.concat([line, lineFeed]), (error) => {
      // A broken stdout ends the process through `gone`; the line was not taken.
      if (error) return;
      if (delivery !== undefined) {
        this.#record.taken(delivery);
        if (this.#link !== from)
          this.#link?.send({ t: "taken", events: eventsOf([delivery]), deliveries: [delivery] });
      }
      if (from !== undefined && this.#link === from) this.#confirmSoon(from, n);
      if (this.#inputEnded) this.#pump();
    });
  }

  /** See `ClientRecord`. */
  oldestCallMs(): number | undefined {
    return this.#record.oldestCallMs();
  }

  /** Registers a listener for each tool call that is sent to a leader from now on; undefined removes it. */
  onCall(listener: (() => void) | undefined): void {
    this.#onCall = listener;
  }

  /** Answers every unanswered tool call with this text, as an error. */
  refuseCalls(text: string): void {
    for (const id of this.#record.refuseCalls()) this.#output.write(`${toolError(id, text)}\n`);
    if (this.#inputEnded) this.#pump();
  }

  /** Settles when all that was read is answered, at most after this time. */
  async answered(withinMs: number): Promise<void> {
    if (this.#isBroken || this.#isAnswered()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#onAnswered = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #isAnswered(): boolean {
    return this.#queue.length === 0 && !this.#record.isOwed();
  }

  /**
   * Reports to the leader, once there is one, that no line will follow, and waits until it has answered open
   * requests and closed the link, for at most this time.
   */
  async finish(withinMs: number): Promise<void> {
    // Nobody reads the answers.
    if (this.#isBroken) return;
    this.#stopHolding();
    this.#isHurried = true;
    this.#endInput("closed here");
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    const linked = new Promise<void>((resolve) => {
      this.#onLink = resolve;
      if (this.#link !== undefined || this.#queue.length === 0) resolve();
    });
    await Promise.race([linked.then(() => this.#link?.closed), tooLong]);
    clearTimeout(timer);
  }

  #breakOutput(reason: string): void {
    this.#isBroken = true;
    this.#onAnswered();
    this.#settleGone(reason);
  }

  #endInput(reason: string): void {
    this.#inputEnded = true;
    this.#pump();
    this.#settleGone(reason);
  }

  #pumpEarly(): void {
    while (this.#answerEarly !== undefined) {
      const [entry] = this.#queue;
      if (entry === undefined) return;
      const answer = this.#answerEarly(entry.line.toString("utf8"));
      if (answer === undefined) {
        this.#answerEarly = undefined;
        return;
      }
      this.#queue.shift();
      this.#queuedBytes -= entry.line.length;
      this.#record.sent(entry);
      this.#record.arrived(Buffer.from(answer));
      this.#output.write(`${answer}\n`);
    }
  }

  #pump(): void {
    this.#pumpEarly();
    while (this.#link !== undefined && this.#holding === undefined && this.#flyingBytes < windowBytes) {
      const entry = this.#queue.shift();
      if (entry === undefined) break;
      this.#queuedBytes -= entry.line.length;
      this.#flyingBytes += entry.line.length;
      this.#lastN += 1;
      this.#flying.push({ n: this.#lastN, entry });
      this.#record.sent(entry);
      this.#link.line(this.#lastN, entry.line);
      if (entry.isCall) this.#onCall?.();
    }
    if (this.#isAnswered()) this.#onAnswered();
    if (
      this.#inputEnded &&
      this.#queue.length === 0 &&
      (this.#isHurried || !this.#record.isOwed()) &&
      this.#link !== undefined &&
      this.#holding === undefined &&
      !this.#endReported
    ) {
      this.#endReported = true;
      this.#link.send({ t: "end" });
    }
    if (this.#queuedBytes > windowBytes) this.#input.pause();
    else if (this.#input.isPaused() && !this.#inputEnded) this.#input.resume();
  }

  #confirmed(n: number): void {
    let count = 0;
    for (const sent of this.#flying) {
      if (sent.n > n) break;
      this.#flyingBytes -= sent.entry.line.length;
      count += 1;
    }
    this.#flying.splice(0, count);
    this.#pump();
  }

  #hold(): void {
    clearTimeout(this.#holding);
    this.#holding = setTimeout(() => {
      this.#holding = undefined;
      this.#pump();
    }, maxHoldMs);
    this.#holding.unref();
  }

  #stopHolding(): void {
    clearTimeout(this.#holding);
    this.#holding = undefined;
  }

  /** Takes back what the lost leader may not have read, except what `resume` reports to the next one. */
  #takeBack(initialize: ClientLine | undefined): void {
    const back = this.#flying.map(({ entry }) => entry).filter(({ kind }) => kind === "other");
    if (initialize !== undefined) back.unshift(initialize);
    this.#queue = [...back, ...this.#queue];
    for (const { line } of back) this.#queuedBytes += line.length;
    this.#flying = [];
    this.#flyingBytes = 0;
  }

  #confirmSoon(to: Link, n: number): void {
    if (this.#confirmTo === undefined) {
      queueMicrotask(() => {
        this.#confirmTo?.send({ t: "c", n: this.#confirmN });
        this.#confirmTo = undefined;
      });
    }
    this.#confirmTo = to;
    this.#confirmN = n;
  }

  #corkForNow(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#output.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#output.uncork();
    });
  }
}
