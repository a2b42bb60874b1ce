// Follows the client's own MCP log for what it says about channel messages: the line that it writes when it accepts one, and later
// words on the registration. The client asks its gate again at each message, and one that fails vanishes, although
// "registered" was logged: only the line proves that an event came through. Read in the binary of Claude Code 2.1.332: the debug
// text is `notifications/claude/channel (N chars)`, N the length of `content` in UTF-16 units; the log is written once a second.

import type { Clock } from "../contract.ts";
import {
  type ClientLogQuery,
  type Registration,
  readAcceptedChars,
  readRegistrationWord,
} from "./client-log.ts";
import { type LogEntry, LogTail } from "./log-tail.ts";

/** `unknown`: the log cannot be read any more. */
export type Shown = "yes" | "no" | "unknown";

export interface ExpectedMessage {
  /** Settles 5 s after `written` at the latest. Never rejects. */
  readonly shown: Promise<Shown>;
  /** The client's stream took the message. */
  written(): void;
  /** It did not, and will not. `shown` settles with `unknown`. */
  cancel(): void;
}

export interface ShownLogOptions {
  query(): ClientLogQuery;
  readonly clock: Clock;
  onRegistration(word: Registration): void;
  /** Whether this id belongs to another open session: then its messages do not count here. */
  isAnothers(sessionId: string): boolean;
}

const withinMs = 5_000;
const lookEveryMs = 250;
/** How long the log is still read after the client has ended: it writes it once a second. */
const flushMs = 1_250;
/** Of messages that were given up; the oldest are forgotten. */
const maxLate = 1_000;

interface Late {
  readonly chars: number;
  onLate(): void;
}

interface Expected extends Late {
  settle(shown: Shown): void;
}

export class ShownLog {
  readonly #options: ShownLogOptions;
  /** In the order in which they are written. */
  readonly #expected = new Set<Expected>();
  readonly #late: Late[] = [];
  #tail: LogTail | undefined;
  #reading: Promise<boolean> | undefined;
  #cancelLook = () => {};
  #isLooking = false;
  #isClosed = false;

  constructor(options: ShownLogOptions) {
    this.#options = options;
  }

  /** Lines count from here on. Call it once the log has the session's registration, and before anything is written. */
  async start(): Promise<void> {
    this.#tail ??= await LogTail.open(this.#options.query);
  }

  /**
   * Call it before a message with a `content` of this length is written. Undefined before `start` has settled.
   * `onLate` is called when the client accepts the message after it was given up.
   */
  expect(chars: number, onLate: () => void): ExpectedMessage | undefined {
    if (this.#tail === undefined) return undefined;
    let settle: (shown: Shown) => void = () => {};
    const shown = new Promise<Shown>((resolve) => {
      settle = resolve;
    });
    let cancelTimeout = () => {};
    const one: Expected = {
      chars,
      onLate,
      settle: (how) => {
        cancelTimeout();
        this.#expected.delete(one);
        settle(how);
      },
    };
    this.#expected.add(one);
    return {
      shown,
      written: () => {
        if (!this.#expected.has(one)) return;
        cancelTimeout = this.#options.clock.after(withinMs, () => void this.#giveUp(one));
        this.#lookSoon();
      },
      cancel: () => one.settle("unknown"),
    };
  }

  /** Reads what was added to the log. False when it cannot be read. Never rejects. */
  read(isLast = false): Promise<boolean> {
    this.#reading ??= this.#readOn(isLast).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** The client has ended: what is not in its log a moment later was not shown. Settles when all are decided. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelLook();
    for (let waitedMs = 0; this.#expected.size > 0 && waitedMs < flushMs; waitedMs += lookEveryMs) {
      if (!(await this.read())) break;
      if (this.#expected.size > 0)
        await new Promise<void>((resolve) => void this.#options.clock.after(lookEveryMs, resolve));
    }
    await Promise.all([...this.#expected].map((one) => this.#giveUp(one)));
  }

  #lookSoon(): void {
    if (this.#isLooking || this.#isClosed || this.#expected.size === 0) return;
    this.#isLooking = true;
    this.#cancelLook = this.#options.clock.after(lookEveryMs, () => {
      void this.read().then(() => {
        this.#isLooking = false;
        this.#lookSoon();
      });
    });
  }

  async #giveUp(one: Expected): Promise<void> {
    await this.#reading;
    const isReadable = await this.read(true);
    if (!this.#expected.has(one)) return;
    if (this.#late.push(one) > maxLate) this.#late.shift();
    one.settle(isReadable ? "no" : "unknown");
  }

  async #readOn(isLast: boolean): Promise<boolean> {
    const entries = await this.#tail?.read(isLast);
    for (const entry of entries ?? []) this.#take(entry);
    return entries !== undefined;
  }

  #take({ debug, sessionId, isOwn }: LogEntry): void {
    // A message counts under any id that is not another session's: `/clear` changes the id, and what was shown must
    // not come again. A registration counts only under this session's id.
    const word = isOwn ? readRegistrationWord(debug) : undefined;
    if (word !== undefined) this.#options.onRegistration(word);
    const chars = readAcceptedChars(debug);
    if (chars === undefined || (!isOwn && sessionId !== undefined && this.#options.isAnothers(sessionId)))
      return;
    const known = [...this.#expected].find((one) => one.chars === chars);
    if (known !== undefined) {
      known.settle("yes");
      return;
    }
    const at = this.#late.findIndex((one) => one.chars === chars);
    if (at >= 0) this.#late.splice(at, 1)[0]?.onLate();
  }
}
