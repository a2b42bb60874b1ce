// The leader's side of one client: a pair of streams that a session is opened on, whichever process the
// client belongs to. A write to `output` is called back when the client's own stream took the lines, not
// earlier. A conversation that began with an earlier leader is replayed into `input`, and the answer to the
// replayed `initialize` is not passed to the client.

import { Readable, Writable } from "node:stream";
import type { RingResult } from "../contract/wake.ts";
import { DeliveryError } from "../errors.ts";
import { toolError } from "./calls.ts";
import { createLineSplitter } from "./lines.ts";
import type { Link } from "./link.ts";
import {
  type DeliveryKey,
  maxLineBytes,
  type RequestId,
  type Resume,
  type SessionFacts,
  windowBytes,
} from "./protocol.ts";
import { createRequestIdNamespace, type RequestIdNamespace } from "./request-id-namespace.ts";

export interface AttachedSession {
  /** Unique within this process. */
  readonly id: number;
  readonly pid: number;
  /** The client of this very process. */
  readonly local: boolean;
  /** As last reported. */
  facts(): SessionFacts;
  /** Called at each change of facts. */
  onFacts(listener: (facts: SessionFacts) => void): void;
  /** The client's lines; ends when the client is gone. */
  readonly input: Readable;
  /** Lines to the client; fails with E_SESSION_CLOSED when the client's process is gone. Write whole lines. */
  readonly output: Writable;
  /** Undefined when the conversation begins here. */
  readonly resumed: ResumedState | undefined;
  /** Asks the client's process to ring, with the number of waiting events. Never rejects. */
  ring(waiting: number): Promise<RingResult>;
  /** Settles, with the reason, when the link to the client's process is closed. */
  readonly ended: Promise<string>;
  /**
   * Waits, at most half a second, until the client's stream took what was written; then releases the client's
   * process, which exits or looks for another leader. Call it after the session was closed.
   */
  close(reason: string): void;
}

export interface ResumedState {
  /** The lines of `initialize` and its answer, as the client has them. */
  readonly initialize: string;
  readonly answer: string;
  /** The client has said `notifications/initialized`. */
  readonly initialized: boolean;
  /**
   * Events that the client's stream took from the earlier leader: they are `sent`, whatever the journal says.
   */
  readonly taken: ReadonlySet<DeliveryKey>;
  /**
   * Events handed to the client's stream but not taken yet: they are not sent again while this session lives.
   */
  readonly writing: ReadonlySet<DeliveryKey>;
  /** Called for each of `writing` when the client's stream has taken it. */
  onTaken(listener: (delivery: DeliveryKey) => void): void;
}

/** A request that an earlier leader left unanswered. */
export interface UnansweredRequest {
  readonly id: RequestId;
  readonly method: string;
  /** For `tools/call`. */
  readonly tool?: string;
}

/** The same request as the proxy sends it. */
export interface Question extends UnansweredRequest {
  readonly line: Buffer;
}

export interface SessionOptions {
  readonly id: number;
  readonly pid: number;
  readonly local: boolean;
  readonly facts: SessionFacts;
  readonly link: Link;
  /** The leader's term; see request-id-namespace.ts. */
  readonly term: number;
  readonly resume: Resume;
  readonly questions: readonly Question[];
  /** Whether an unanswered request is a read, which is safe to run twice. */
  mayRunAgain(request: UnansweredRequest): boolean;
}

const closeWithinMs = 500;
/** Longer than a ring takes by any way. */
const rungWithinMs = 5_000;
const handedOver = "the router changed its leader; this may have been done, check first";
/** No client creates this id. */
const replayId = "channel-router/resumed-initialize";

export class PeerSession {
  readonly #options: SessionOptions;
  readonly #link: SessionOptions["link"];
  readonly #resume: SessionOptions["resume"];
  readonly #marks: RequestIdNamespace;
  readonly #waiting: { readonly line: Buffer | string; readonly n: number }[] = [];
  readonly #unconfirmed: { readonly n: number; done(error?: Error): void }[] = [];
  readonly #factsListeners: ((facts: SessionFacts) => void)[] = [];
  readonly #takenListeners: ((delivery: DeliveryKey) => void)[] = [];
  readonly #rings = new Map<number, (result: RingResult) => void>();
  #lastRing = 0;
  #isClosed = false;
  #facts: SessionFacts;
  #wanted = false;
  #handedN = 0;
  #waitingBytes = 0;
  #inputEnded = false;
  #sentN = 0;
  #isReplaying = false;
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #resumed: ResumedState | undefined;
  readonly session: AttachedSession;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { link, resume } = options;
    this.#link = link;
    this.#resume = resume;
    const marks = createRequestIdNamespace(options.term);
    this.#marks = marks;
    this.#facts = options.facts;
    const input = new Readable({
      highWaterMark: 1,
      read: () => {
        this.#wanted = true;
        // A request for more means that what was handed out is consumed.
        if (this.#handedN > 0) {
          link.send({ t: "c", n: this.#handedN });
          this.#handedN = 0;
        }
        this.#pump();
      },
    });
    this.#input = input;
    const outgoing = createLineSplitter({
      maxBytes: maxLineBytes,
      onLine: (line) => {
        if (this.#isReplaying && line.includes(replayId)) this.#isReplaying = false;
        else this.#sendLine(marks.out(line));
      },
      onTooLong: () => {
        throw new RangeError(`a line to the client is longer than ${maxLineBytes} bytes`);
      },
    });
    const output = new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        const before = this.#sentN;
        try {
          link.together(() => outgoing.push(chunk));
        } catch (error) {
          callback(error as Error);
          return;
        }
        if (this.#sentN === before) callback();
        else this.#unconfirmed.push({ n: this.#sentN, done: callback });
      },
      destroy: (error, callback) => {
        for (const { done } of this.#unconfirmed.splice(0))
          done(error ?? closedError("the session was closed"));
        callback(error);
      },
    });
    this.#output = output;
    // The code that opened the session listens too; without a listener an error would end the process.
    output.on("error", () => undefined);
    input.on("error", () => undefined);
    this.#replay();
    this.#resumed =
      resume.initialize === undefined || resume.answer === undefined
        ? undefined
        : {
            initialize: resume.initialize,
            answer: resume.answer,
            initialized: resume.initialized === true,
            taken: new Set((resume.deliveries ?? resume).taken),
            writing: new Set((resume.deliveries ?? resume).writing),
            onTaken: (listener) => void this.#takenListeners.push(listener),
          };
    this.session = {
      id: this.#options.id,
      pid: this.#options.pid,
      local: this.#options.local,
      facts: () => this.#facts,
      onFacts: (listener) => void this.#factsListeners.push(listener),
      input: this.#input,
      output: this.#output,
      resumed: this.#resumed,
      ring: (waiting) => this.#ring(waiting),
      ended: this.#link.closed,
      close: (reason) => {
        const end = (): void => this.#link.end({ t: "bye", reason });
        const timer = setTimeout(end, closeWithinMs);
        timer.unref();
        void this.#link.closed.then(() => clearTimeout(timer));
        if (this.#output.destroyed) end();
        else this.#output.end(end);
      },
    };
  }

  receiveLine(n: number, line: Buffer): void {
    if (this.#waitingBytes > 2 * windowBytes + maxLineBytes) this.#link.cut("the peer ignores confirmations");
    else if (!this.#inputEnded) this.#enqueue(this.#marks.in(line), n);
  }

  confirmed(n: number): void {
    while (this.#unconfirmed[0] !== undefined && this.#unconfirmed[0].n <= n)
      this.#unconfirmed.shift()?.done();
  }

  setFacts(next: SessionFacts): void {
    this.#facts = next;
    for (const listener of this.#factsListeners) listener(next);
  }

  taken(deliveries: readonly DeliveryKey[]): void {
    for (const delivery of deliveries) for (const listener of this.#takenListeners) listener(delivery);
  }

  rung(n: number, result: RingResult): void {
    this.#rings.get(n)?.(result);
  }

  /** The client will send nothing more. */
  endInput(): void {
    this.#inputEnded = true;
    this.#pump();
  }

  closed(reason: string): void {
    this.#isClosed = true;
    for (const settle of [...this.#rings.values()])
      settle({ rung: "unknown", reason: "its process ended during the ring" });
    this.#inputEnded = true;
    this.#output.destroy(closedError(reason));
    this.#pump();
  }

  #ring(waiting: number): Promise<RingResult> {
    if (this.#isClosed) return Promise.resolve({ rung: false, reason: "its process is gone" });
    this.#lastRing += 1;
    const n = this.#lastRing;
    return new Promise<RingResult>((resolve) => {
      const settle = (result: RingResult) => {
        clearTimeout(timer);
        this.#rings.delete(n);
        resolve(result);
      };
      const timer = setTimeout(settle, rungWithinMs, {
        rung: "unknown",
        reason: "its process does not answer",
      });
      timer.unref();
      this.#rings.set(n, settle);
      this.#link.send({ t: "ring", n, waiting });
    });
  }

  #pump(): void {
    while (this.#wanted) {
      const next = this.#waiting.shift();
      if (next === undefined) {
        if (this.#inputEnded) this.#input.push(null);
        return;
      }
      this.#waitingBytes -= next.line.length;
      this.#handedN = next.n;
      this.#wanted = false;
      this.#input.push(
        typeof next.line === "string" ? `${next.line}\n` : Buffer.concat([next.line, lineFeed]),
      );
    }
  }

  #enqueue(line: Buffer | string, n: number): void {
    this.#waiting.push({ line, n });
    this.#waitingBytes += line.length;
    this.#pump();
  }

  #sendLine(line: Buffer): void {
    this.#sentN += 1;
    this.#link.line(this.#sentN, line);
  }

  #replay(): void {
    if (this.#resume.initialize !== undefined && this.#resume.answer !== undefined) {
      this.#isReplaying = true;
      const initialize = { ...(JSON.parse(this.#resume.initialize) as object), id: replayId };
      this.#enqueue(JSON.stringify(initialize), 0);
      if (this.#resume.initialized)
        this.#enqueue('{"jsonrpc":"2.0","method":"notifications/initialized"}', 0);
    }
    for (const id of this.#resume.forgotten) this.#refuse(id, "tools/call");
    for (const { line, ...request } of this.#options.questions) {
      if (request.method !== "tools/call" || this.#options.mayRunAgain(request)) this.#enqueue(line, 0);
      else this.#refuse(request.id, request.method);
    }
  }

  #refuse(id: RequestId, method: string): void {
    const answer =
      method === "tools/call"
        ? toolError(id, handedOver)
        : JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32603, message: handedOver } });
    this.#sendLine(Buffer.from(answer));
  }
}

const lineFeed = Buffer.from("\n");

function closedError(reason: string): DeliveryError {
  return new DeliveryError("E_SESSION_CLOSED", reason);
}

/** Undefined for a line that no proxy sends. */
export function readQuestion(line: Buffer): Question | undefined {
  try {
    const { id, method, params } = JSON.parse(line.toString("utf8")) as {
      id?: unknown;
      method?: unknown;
      params?: { name?: unknown };
    };
    if (typeof method !== "string" || (typeof id !== "string" && typeof id !== "number")) return undefined;
    return { line, id, method, ...(typeof params?.name === "string" && { tool: params.name }) };
  } catch {
    return undefined;
  }
}
