// Connects to a mail server repeatedly: each connection reads new messages, waits for the server to report more, and moves the cursor
// only after the events are durable.

import type { Host, Round } from "../../contract/host.ts";
import type { Emit, Source } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { provenMs } from "../../intake/connection.ts";
import { createHandOver, type HandOver } from "../../intake/hand-over.ts";
import { createLoopSource } from "../../intake/loop-source.ts";
import { line } from "../../text.ts";
import { urlOf } from "./address.ts";
import { MailConnection } from "./connection.ts";
import { MailCursor } from "./cursor.ts";
import { type Library, loadLibrary } from "./library.ts";
import { arrivalOf, dataOf, deliveryIdOf, headersOf, unreadableArrival } from "./message.ts";
import type { ImapOptions } from "./options.ts";
import { type ReadMessage, readMessages } from "./read-messages.ts";

const pauseMs = 1_000;
const maxBackoffMs = 5 * 60_000;
/** Limits for a batch of messages. */
const maxTogether = 20;
const maxBytesTogether = 2 * 1024 * 1024;
/** After this many lost connections, a message is read without its structure, then skipped. */
const strikes = { plain: 2, unread: 4 };

export function createImapSource(name: string, options: ImapOptions, host: Host): Source {
  const mailbox = new MailboxReader(name, options, host);
  return createLoopSource(name, host, {
    loop: (emit) => ({
      run: (signal, round) => mailbox.run(emit, signal, round),
      pauseMs: () => pauseMs * (1 + Math.random() / 10),
      backoff: { firstMs: pauseMs, maxMs: maxBackoffMs },
    }),
    place: () => mailbox.describe(),
    held: () => mailbox.held(),
  });
}

class MailboxReader {
  readonly #name: string;
  readonly #options: ImapOptions;
  readonly #host: Host;
  #cursor: MailCursor | undefined;
  #handOver: HandOver | undefined;
  #hasIdle = true;
  /** Up to this UID, messages are read one at a time, because one of them broke the connection. */
  #carefulUntil = 0;
  #suspect = { uid: 0, strikes: 0 };

  constructor(name: string, options: ImapOptions, host: Host) {
    this.#name = name;
    this.#options = options;
    this.#host = host;
  }

  describe(): string {
    const { mailbox } = this.#options;
    return `${urlOf(this.#options)} ${mailbox}${this.#hasIdle ? "" : " (without IDLE)"}`;
  }

  held(): string | undefined {
    return this.#handOver?.held();
  }

  /** Runs one connection. Resolves if it is lost after it worked; rejects with a ConnectorError if it failed. */
  async run(emit: Emit, signal: AbortSignal, round: Round): Promise<void> {
    const { clock } = this.#host;
    const library = await loadLibrary(this.#host);
    if (signal.aborted) return;
    const connection = new MailConnection(library, this.#options, this.#host);
    const end = () => connection.close();
    signal.addEventListener("abort", end);
    const handOver = createHandOver(emit, clock, signal);
    this.#handOver = handOver;
    let isProven = false;
    let cancel = () => {};
    try {
      const state = await connection.open();
      this.#hasIdle = connection.hasIdle();
      cancel = clock.after(provenMs, () => {
        isProven = true;
        round.works();
      });
      const cursor = await this.#place(state, connection);
      for (;;) {
        await this.#takeNew(state.validity, cursor, connection, library, signal);
        await connection.waitForNews();
        this.#hasIdle = connection.hasIdle();
      }
    } catch (error) {
      const isOrdinary = isProven && error instanceof ConnectorError && error.retryable;
      if (!isOrdinary) throw error;
    } finally {
      cancel();
      signal.removeEventListener("abort", end);
      connection.close();
    }
  }

  async #place(
    state: Awaited<ReturnType<MailConnection["open"]>>,
    connection: MailConnection,
  ): Promise<MailCursor> {
    this.#cursor ??= new MailCursor(this.#host.store);
    const isOther = await this.#cursor.place(state, connection, this.#options.backfill ?? 0);
    if (isOther)
      this.#host.log.warn(
        line`source ${this.#name}: the server assigned new UIDs in ${this.#options.mailbox}; reading continues with messages received since the last one`,
      );
    return this.#cursor;
  }

  async #takeNew(
    validity: string,
    cursor: MailCursor,
    connection: MailConnection,
    library: Library,
    signal: AbortSignal,
  ): Promise<void> {
    const { uid, since } = cursor.next();
    const uids = await connection.uidsFrom(uid, since);
    for (let at = 0; at < uids.length && !signal.aborted; ) {
      const together = this.#nextTogether(uids, at);
      at += together.length;
      const read = await this.#read(together, validity, connection, library, signal);
      await this.#give(read, validity, cursor);
      if (this.#options.seen === "mark" && read.length > 0)
        await connection.markSeen(read.map((one) => one.uid));
      await cursor.passed(
        together.at(-1) as number,
        read.map((one) => ("message" in one ? one.message.receivedMs : undefined)),
      );
    }
  }

  #nextTogether(uids: readonly number[], at: number): readonly number[] {
    const isCareful = (uids[at] ?? 0) <= this.#carefulUntil;
    const most = Math.min(maxTogether, Math.floor(maxBytesTogether / this.#options.maxMessageBytes));
    return uids.slice(at, at + (isCareful ? 1 : Math.max(1, most)));
  }

  async #read(
    uids: readonly number[],
    validity: string,
    connection: MailConnection,
    { parseMime }: Library,
    signal: AbortSignal,
  ): Promise<readonly ReadMessage[]> {
    const [uid = 0] = uids;
    const count = this.#suspect.uid === uid ? this.#suspect.strikes : 0;
    if (count >= strikes.unread) return [{ uid, problem: `the connection broke each time it was read` }];
    try {
      return await readMessages(uids, {
        connection,
        parseMime,
        mailbox: this.#options.mailbox,
        validity,
        maxBytes: this.#options.maxMessageBytes,
        structure: count < strikes.plain,
      });
    } catch (error) {
      if (signal.aborted) throw error;
      if (uids.length > 1) this.#carefulUntil = uids.at(-1) as number;
      else this.#suspect = { uid, strikes: count + 1 };
      throw error;
    }
  }

  /** Resolves when all of them are durable. */
  async #give(read: readonly ReadMessage[], validity: string, cursor: MailCursor): Promise<void> {
    const handOver = this.#handOver as HandOver;
    const { mailbox, authServer } = this.#options;
    for (const one of read) {
      if ("problem" in one) {
        this.#host.log.warn(
          line`source ${this.#name}: message ${one.uid} in ${mailbox} could not be read: ${one.problem}`,
        );
        await handOver.give(unreadableArrival(mailbox, validity, one.uid, one.problem));
        continue;
      }
      const data = dataOf(one.message, authServer);
      const writtenMs = data.date === undefined ? undefined : Date.parse(data.date);
      if (!cursor.isNew(one.message, writtenMs)) continue;
      await handOver.give(arrivalOf(data, headersOf(one.message.parsed), deliveryIdOf(one.message)));
    }
    await handOver.settled();
  }
}
