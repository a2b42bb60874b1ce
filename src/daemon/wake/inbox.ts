// The inbox that Claude Code opens for a session, as the server of that session can use it: a Unix socket that
// accepts lines of JSON, the first of them with a token. The protocol is not a public contract: it is checked at the
// start, and the inbox is not used if the protocol has changed. The token leaves this process only in that first
// line, and is not in any message.

import { lstat } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { isAbsolute } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type RingResult, ringLine } from "../../contract/wake.ts";
import type { InboxAddress } from "../start/inbox-address.ts";

interface InboxTimes {
  /** For the connection, and until the lines are written. */
  readonly withinMs: number;
  /** How long to wait for an answer, which a client with the known protocol never gives. */
  readonly listenMs: number;
  /** The least time between two rings. */
  readonly gapMs: number;
  /** How long the client remembers a message; 30 s in Claude Code 2.1.332. */
  readonly sameForMs: number;
  /** The delays after which an inbox that could not be accessed is checked again. */
  readonly laterMs: readonly number[];
}

const usualTimes: InboxTimes = {
  withinMs: 2_000,
  listenMs: 300,
  gapMs: 1_000,
  sameForMs: 60_000,
  laterMs: [2_000, 15_000, 120_000],
};

export class Inbox {
  readonly #address: InboxAddress;
  readonly #times: InboxTimes;
  readonly #onChange: () => void;
  /** Why it is not used; undefined while it is. */
  #fault: string | undefined = "it has not been checked yet";
  #isGivenUp = false;
  #lastMs = Number.NEGATIVE_INFINITY;
  #lastSaid: string | undefined;
  #count = 0;

  /** `onChange`: `fault` has changed. */
  constructor(address: InboxAddress, onChange: () => void, times: Partial<InboxTimes> = {}) {
    this.#address = address;
    this.#onChange = onChange;
    this.#times = { ...usualTimes, ...times };
  }

  /** Why it cannot be used; undefined when it can. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Sends the first line and nothing more, again later while this fails. Never rejects. */
  async check(): Promise<void> {
    for (const afterMs of [0, ...this.#times.laterMs]) {
      if (afterMs > 0) await pause(afterMs, undefined, { ref: false });
      const result = await this.#send([]);
      if (result.rung === true) this.#setFault(undefined);
      else if (!this.#isGivenUp) this.#setFault(result.reason);
      if (result.rung === true || this.#isGivenUp) return;
    }
  }

  /** Never rejects. */
  async ring(waiting: unknown): Promise<RingResult> {
    const said = ringLine(waiting);
    if (said === undefined) return failed("not a number of waiting events");
    if (this.#isGivenUp) return failed(this.#fault ?? "");
    const nowMs = performance.now();
    if (nowMs - this.#lastMs < this.#times.gapMs) return failed("it was rung less than a second ago");
    // The client drops a message that is the same as the last one of the same sender.
    const isSame = said === this.#lastSaid && nowMs - this.#lastMs < this.#times.sameForMs;
    this.#count += 1;
    this.#lastMs = nowMs;
    this.#lastSaid = said;
    const content = isSame ? `${said} (ring ${this.#count})` : said;
    return this.#send([{ type: "user", message: { role: "user", content } }]);
  }

  async #send(lines: readonly object[]): Promise<RingResult> {
    const { socket: path, token } = this.#address;
    const wrong = await whyNotOurs(path);
    if (wrong !== undefined) return failed(wrong);
    const text = [{ type: "auth", token }, ...lines].map((one) => `${JSON.stringify(one)}\n`).join("");
    const result = await converse(createConnection(path), text, this.#times);
    if (result === undefined) return { rung: true };
    const rung = result.isSent ? "unknown" : false;
    if (result.reason !== unknownProtocol) return { rung, reason: result.reason };
    this.#isGivenUp = true;
    this.#setFault(unknownProtocol);
    return { rung, reason: unknownProtocol };
  }

  #setFault(fault: string | undefined): void {
    if (this.#fault === fault) return;
    this.#fault = fault;
    this.#onChange();
  }
}

const unknownProtocol = "this version of Claude Code has an unknown inbox protocol";

const failed = (reason: string): RingResult => ({ rung: false, reason });

/** The token is written to a socket of this user only. */
async function whyNotOurs(path: string): Promise<string | undefined> {
  if (process.platform === "win32") return "Claude Code's inbox is not supported on Windows";
  if (!isAbsolute(path)) return "the path of Claude Code's inbox is not absolute";
  try {
    const found = await lstat(path);
    if (!found.isSocket()) return "Claude Code's inbox is not a socket";
    return found.uid === process.getuid?.() ? undefined : "Claude Code's inbox belongs to another user";
  } catch (error) {
    return `Claude Code's inbox cannot be accessed (${codeOf(error)})`;
  }
}

/** Undefined if the text was accepted and nothing came back; otherwise why not, and whether the text was written. */
function converse(
  socket: Socket,
  text: string,
  { withinMs, listenMs }: InboxTimes,
): Promise<{ readonly reason: string; readonly isSent: boolean } | undefined> {
  return new Promise((resolve) => {
    let isWritten = false;
    // Earlier than `isWritten`: some of it may arrive before the whole is written.
    let isSent = false;
    const settle = (reason: string | undefined) => {
      clearTimeout(timer);
      resolve(reason === undefined ? undefined : { reason, isSent });
      socket.destroy();
    };
    let timer = setTimeout(() => settle("Claude Code's inbox does not answer"), withinMs);
    socket.on("connect", () => {
      isSent = true;
      socket.write(text, (error) => {
        if (error) {
          isSent = false;
          return; // Reported by `error`.
        }
        isWritten = true;
        clearTimeout(timer);
        timer = setTimeout(() => settle(undefined), listenMs);
      });
    });
    socket.on("data", () => settle(unknownProtocol));
    socket.on("error", (error) =>
      settle(isWritten ? unknownProtocol : `Claude Code's inbox cannot be reached (${codeOf(error)})`),
    );
    socket.on("close", () =>
      settle(isWritten ? unknownProtocol : "Claude Code's inbox closed the connection"),
    );
  });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "unknown";
}
