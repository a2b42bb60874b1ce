// The owner's side of one client: a pair of streams that a session is opened on, whatever process the client belongs to.
// A write to `output` is called back when the client's own stream took the lines, not earlier. A conversation that began
// with an earlier owner is replayed into `input`, and the answer to the replayed `initialize` is kept from the client.

import { Readable, Writable } from "node:stream";
import { DeliveryError } from "../errors.ts";
import { createLineSplitter } from "./lines.ts";
import type { Link } from "./link.ts";
import { maxLineBytes, type RequestId, type Resume, type SessionFacts, windowBytes } from "./protocol.ts";
import { createRequestIdNamespace } from "./request-id-namespace.ts";
import { toolError } from "./tool-error.ts";

export interface AttachedSession {
  /** Unique within this process. */
  readonly id: number;
  readonly pid: number;
  /** The client of this very process. */
  readonly local: boolean;
  /** As last told. */
  facts(): SessionFacts;
  /** Called at each change of facts. */
  onFacts(listener: (facts: SessionFacts) => void): void;
  /** The client's lines; ends when the client is gone. */
  readonly input: Readable;
  /** Lines to the client; fails with E_SESSION_CLOSED when the client's process is gone. Write whole lines. */
  readonly output: Writable;
  /** Undefined when the conversation begins here. */
  readonly resumed: Resumed | undefined;
  /** Settles, with the reason, when the link to the client's process is closed. */
  readonly ended: Promise<string>;
  /**
   * Waits, at most half a second, until the client's stream took what was written; then lets the client's process go: it
   * ends, or looks for another owner. To be called after the session was closed.
   */
  close(reason: string): void;
}

export interface Resumed {
  /** The lines `initialize` and its answer as the client has them. */
  readonly initialize: string;
  readonly answer: string;
  /** The client has said `notifications/initialized`. */
  readonly initialized: boolean;
  /** Events that the client's stream took from the earlier owner: they are `sent`, whatever the journal says. */
  readonly taken: ReadonlySet<string>;
  /** Events handed to the client's stream and not taken yet: not to be sent again while this session lives. */
  readonly writing: ReadonlySet<string>;
  /** Called for each of `writing` when the client's stream has taken it. */
  onTaken(listener: (eventId: string) => void): void;
}

/** A request that an earlier owner left unanswered. */
export interface Unanswered {
  readonly id: RequestId;
  readonly method: string;
  /** For `tools/call`. */
  readonly tool?: string;
}

/** The same as the relay sends it. */
export interface Question extends Unanswered {
  readonly line: Buffer;
}

export interface PeerSession {
  readonly session: AttachedSession;
  receiveLine(n: number, line: Buffer): void;
  confirmed(n: number): void;
  setFacts(facts: SessionFacts): void;
  taken(events: readonly string[]): void;
  /** The client will send nothing more. */
  endInput(): void;
  closed(reason: string): void;
}

export interface SessionOptions {
  readonly id: number;
  readonly pid: number;
  readonly local: boolean;
  readonly facts: SessionFacts;
  readonly link: Link;
  /** The owner's; see request-marks.ts. */
  readonly epoch: number;
  readonly resume: Resume;
  readonly questions: readonly Question[];
  /** Whether an unanswered request is a read, which may be run twice. */
  mayRunAgain(request: Unanswered): boolean;
}

const closeWithinMs = 500;
const handedOver = "the router changed hands; this may have been done, check first";
/** No client makes this id. */
const replayId = "channel-router/resumed-initialize";

export function openAttachedSession(options: SessionOptions): PeerSession {
  const { link, resume } = options;
  const marks = createRequestIdNamespace(options.epoch);
  const waiting: { readonly line: Buffer | string; readonly n: number }[] = [];
  const unconfirmed: { readonly n: number; done(error?: Error): void }[] = [];
  const factsListeners: ((facts: SessionFacts) => void)[] = [];
  const takenListeners: ((eventId: string) => void)[] = [];
  let facts = options.facts;
  let wanted = false;
  let handedN = 0;
  let waitingBytes = 0;
  let inputEnded = false;
  let sentN = 0;
  let isReplaying = false;

  const input = new Readable({
    highWaterMark: 1,
    read() {
      wanted = true;
      // Being asked for more means that what was handed out is consumed.
      if (handedN > 0) {
        link.send({ t: "c", n: handedN });
        handedN = 0;
      }
      pump();
    },
  });

  function pump(): void {
    while (wanted) {
      const next = waiting.shift();
      if (next === undefined) {
        if (inputEnded) input.push(null);
        return;
      }
      waitingBytes -= next.line.length;
      handedN = next.n;
      wanted = false;
      input.push(typeof next.line === "string" ? `${next.line}\n` : Buffer.concat([next.line, lineFeed]));
    }
  }

  function enqueue(line: Buffer | string, n: number): void {
    waiting.push({ line, n });
    waitingBytes += line.length;
    pump();
  }

  function sendLine(line: Buffer): void {
    sentN += 1;
    link.line(sentN, line);
  }

  const outgoing = createLineSplitter({
    maxBytes: maxLineBytes,
    onLine(line) {
      if (isReplaying && line.includes(replayId)) isReplaying = false;
      else sendLine(marks.out(line));
    },
    onTooLong: () => {
      throw new RangeError(`a line to the client is longer than ${maxLineBytes} bytes`);
    },
  });

  const output = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      const before = sentN;
      try {
        link.together(() => outgoing.push(chunk));
      } catch (error) {
        callback(error as Error);
        return;
      }
      if (sentN === before) callback();
      else unconfirmed.push({ n: sentN, done: callback });
    },
    destroy(error, callback) {
      for (const { done } of unconfirmed.splice(0)) done(error ?? closedError("the session was closed"));
      callback(error);
    },
  });
  // Whoever opened the session listens too; without any listener an error would end the process.
  output.on("error", () => undefined);
  input.on("error", () => undefined);

  replay();

  function replay(): void {
    if (resume.initialize !== undefined && resume.answer !== undefined) {
      isReplaying = true;
      const initialize = { ...(JSON.parse(resume.initialize) as object), id: replayId };
      enqueue(JSON.stringify(initialize), 0);
      if (resume.initialized) enqueue('{"jsonrpc":"2.0","method":"notifications/initialized"}', 0);
    }
    for (const id of resume.forgotten) refuse(id, "tools/call");
    for (const { line, ...request } of options.questions) {
      if (request.method !== "tools/call" || options.mayRunAgain(request)) enqueue(line, 0);
      else refuse(request.id, request.method);
    }
  }

  function refuse(id: RequestId, method: string): void {
    const answer =
      method === "tools/call"
        ? toolError(id, handedOver)
        : JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32603, message: handedOver } });
    sendLine(Buffer.from(answer));
  }

  const resumed: Resumed | undefined =
    resume.initialize === undefined || resume.answer === undefined
      ? undefined
      : {
          initialize: resume.initialize,
          answer: resume.answer,
          initialized: resume.initialized === true,
          taken: new Set(resume.taken),
          writing: new Set(resume.writing),
          onTaken: (listener) => void takenListeners.push(listener),
        };

  return {
    session: {
      id: options.id,
      pid: options.pid,
      local: options.local,
      facts: () => facts,
      onFacts: (listener) => void factsListeners.push(listener),
      input,
      output,
      resumed,
      ended: link.closed,
      close(reason) {
        const end = (): void => link.end({ t: "bye", reason });
        const timer = setTimeout(end, closeWithinMs);
        timer.unref();
        void link.closed.then(() => clearTimeout(timer));
        if (output.destroyed) end();
        else output.end(end);
      },
    },
    receiveLine(n, line) {
      if (waitingBytes > 2 * windowBytes + maxLineBytes) link.cut("the peer ignores confirmations");
      else if (!inputEnded) enqueue(marks.in(line), n);
    },
    confirmed(n) {
      while (unconfirmed[0] !== undefined && unconfirmed[0].n <= n) unconfirmed.shift()?.done();
    },
    setFacts(next) {
      facts = next;
      for (const listener of factsListeners) listener(next);
    },
    taken(events) {
      for (const eventId of events) for (const listener of takenListeners) listener(eventId);
    },
    endInput() {
      inputEnded = true;
      pump();
    },
    closed(reason) {
      inputEnded = true;
      output.destroy(closedError(reason));
      pump();
    },
  };
}

const lineFeed = Buffer.from("\n");

function closedError(reason: string): DeliveryError {
  return new DeliveryError("E_SESSION_CLOSED", reason);
}

/** Undefined for what no relay sends. */
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
