// A connection to a mail server with one open mailbox. Each request has a deadline, after which the connection counts as dead:
// there is no other sign that a firewall has dropped it.

import type { Host } from "../../contract/host.ts";
import type { Clock } from "../../contract.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { ConnectorError } from "../../errors.ts";
import { portOf, urlOf } from "./address.ts";
import { failureOf } from "./failure.ts";
import type { FetchedMessage, FetchQuery, ImapClient, Library, SearchQuery } from "./library.ts";
import type { ImapOptions } from "./options.ts";

/** The timeout factor for responses with messages. */
const slowAnswers = 10;
/** No valid response to our requests is larger. */
const maxLineBytes = 16 * 1024 * 1024;
const maxLiteralBytes = 8 * 1024 * 1024;
const maxResponseBytes = 32 * 1024 * 1024;
/** After several IDLEs in a row that ended sooner than this, the server is polled: it does not really support IDLE. */
const shortIdleMs = 1_000;
const maxShortIdles = 3;
const maxSuggestedFolders = 500;

export interface MailboxState {
  /** UIDs are valid only for the same value. */
  readonly validity: string;
  /** The next UID; undefined if the server does not report it. */
  readonly nextUid: number | undefined;
  readonly count: number;
}

export class MailConnection {
  readonly #client: ImapClient;
  readonly #options: ImapOptions;
  readonly #clock: Clock;
  #lost: ConnectorError | undefined;
  #hasNews = false;
  #shortIdles = 0;
  /** Cancels `waitForNews` and pending requests. */
  readonly #wake = new Set<() => void>();

  constructor(
    library: Pick<Library, "ImapFlow">,
    options: ImapOptions,
    { clock, bounds }: Pick<Host, "clock" | "bounds">,
  ) {
    bounds?.host(urlOf(options));
    const { host, tls, ca, user, password, idleMs, everyMs, timeoutMs } = options;
    this.#options = options;
    this.#clock = clock;
    this.#client = new library.ImapFlow({
      host,
      port: portOf(options),
      secure: tls === "implicit",
      doSTARTTLS: tls === "starttls",
      tls: { minVersion: "TLSv1.2", ...(ca === undefined ? {} : { ca }) },
      auth: { user, pass: password },
      logger: false,
      clientInfo: { name: "channel-router" },
      // waitForNews sends IDLE. With compression, the size limit would not hold.
      disableAutoIdle: true,
      disableAutoEnable: true,
      disableCompression: true,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      // Ours come first.
      socketTimeout: Math.max(idleMs, everyMs) + 2 * slowAnswers * timeoutMs,
      maxLineLength: maxLineBytes,
      maxLiteralSize: maxLiteralBytes,
      maxResponseSize: maxResponseBytes,
    });
    this.#client.on("error", (error) => this.#lose(failureOf(error, "the connection")));
    this.#client.on("close", () => this.#lose(undefined));
    this.#client.on("exists", () => {
      this.#hasNews = true;
      this.#wakeAll();
    });
  }

  /** Logs in and opens the mailbox. */
  async open(): Promise<MailboxState> {
    const { mailbox, seen } = this.#options;
    await this.#ask("the login", () => this.#client.connect(), 3, "login");
    const readOnly = seen === "keep";
    const opened = await this.#ask("opening the mailbox", () =>
      this.#client.mailboxOpen(mailbox, { readOnly }),
    ).catch((error: unknown) => this.#unopened(error));
    if (seen === "mark" && opened.readOnly === true)
      throw new ConnectorError("E_MAIL", `the mailbox ${mailbox} is read-only`, {
        hint: "use seen: keep",
      });
    if (opened.uidValidity === undefined)
      throw new ConnectorError("E_MAIL", "the server has no persistent UIDs, which this source needs");
    return {
      validity: String(opened.uidValidity),
      nextUid: opened.uidNext,
      count: opened.exists ?? 0,
    };
  }

  async #unopened(error: unknown): Promise<never> {
    if (this.#lost !== undefined) throw this.#lost;
    const { mailbox } = this.#options;
    const folders = await this.#ask("listing the folders", () => this.#client.list());
    const names = folders.slice(0, maxSuggestedFolders).map(({ path }) => path);
    if (names.includes(mailbox)) throw error;
    throw new ConnectorError("E_MAIL", `the account has no mailbox "${mailbox}"`, {
      hint: didYouMeanHint(mailbox, names) ?? `it has: ${names.slice(0, 20).join(", ")}`,
      cause: error,
    });
  }

  /** The UIDs from this one on, in ascending order, optionally only of messages received since a day. */
  async uidsFrom(uid: number, since?: Date): Promise<number[]> {
    const query: SearchQuery = { uid: `${uid}:*`, ...(since === undefined ? {} : { since }) };
    const found = await this.#ask("searching", () => this.#client.search(query, { uid: true }), slowAnswers);
    if (found === false || found === undefined)
      throw new ConnectorError("E_MAIL", "the server rejected a search", { retryable: true });
    // `*` matches the newest message even if its UID is lower.
    return found.filter((one) => one >= uid).sort((a, b) => a - b);
  }

  /** The newest messages by position, at most `count`, oldest first; `total` is the number of messages. */
  async newest(count: number, total: number): Promise<readonly FetchedMessage[]> {
    if (total === 0) return [];
    const range = `${Math.max(1, total - count + 1)}:*`;
    return this.#ask(
      "reading",
      () => this.#client.fetchAll(range, { uid: true, internalDate: true }, { uid: false }),
      slowAnswers,
    );
  }

  /** Omits messages that were deleted meanwhile. */
  fetch(uids: readonly number[], query: FetchQuery): Promise<readonly FetchedMessage[]> {
    return this.#ask(
      "reading",
      () => this.#client.fetchAll(uids.join(","), query, { uid: true }),
      slowAnswers,
    );
  }

  async markSeen(uids: readonly number[]): Promise<void> {
    await this.#ask(
      "marking messages as read",
      () => this.#client.messageFlagsAdd(uids.join(","), ["\\Seen"], { uid: true }),
      slowAnswers,
    );
  }

  /** Resolves when there may be new messages, or the mailbox should be checked. Rejects if the connection is lost. */
  async waitForNews(): Promise<void> {
    const idles = this.hasIdle();
    const { idleMs, everyMs } = this.#options;
    if (!this.#hasNews) await this.#sleep(idles ? idleMs : everyMs, idles);
    if (this.#lost !== undefined) throw this.#lost;
    // Also ends IDLE.
    await this.#ask("checking the connection", () => this.#client.noop());
    this.#hasNews = false;
  }

  hasIdle(): boolean {
    return this.#shortIdles < maxShortIdles && this.#client.capabilities.has("IDLE");
  }

  #sleep(ms: number, idles: boolean): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#wake.delete(end);
        resolve();
      };
      const cancel = this.#clock.after(ms, end);
      this.#wake.add(end);
      if (this.#lost !== undefined) end();
      else if (idles) void this.#idle(end);
    });
  }

  async #idle(end: () => void): Promise<void> {
    const begunMs = this.#clock.now();
    const result = await this.#client.idle().catch(() => false);
    if (this.#hasNews || this.#lost !== undefined || !this.#wake.has(end)) return;
    const isShort = result === false || this.#clock.now() - begunMs < shortIdleMs;
    this.#shortIdles = isShort ? this.#shortIdles + 1 : 0;
    // Some servers end IDLE themselves. One that rejects it is polled instead.
    if (isShort) this.#clock.after(shortIdleMs, end);
    else end();
  }

  /** Idempotent. */
  close(): void {
    this.#lose(undefined);
    this.#client.close();
  }

  #lose(reason: unknown): void {
    this.#lost ??=
      reason instanceof ConnectorError
        ? reason
        : new ConnectorError("E_MAIL", "the connection to the mail server broke", {
            retryable: true,
            ...(reason === undefined ? {} : { cause: reason }),
          });
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const end of [...this.#wake]) end();
  }

  /** `kind`: for a rejected login, its own error is reported instead of the closed connection. */
  async #ask<T>(
    what: string,
    request: () => Promise<T>,
    timeouts = 1,
    kind: "login" | "usual" = "usual",
  ): Promise<T> {
    if (this.#lost !== undefined) throw this.#lost;
    const ms = this.#options.timeoutMs * timeouts;
    let settle = (): void => {};
    const overdue = new Promise<never>((_, reject) => {
      const onLost = () => {
        if (this.#lost !== undefined) reject(this.#lost);
      };
      const cancel = this.#clock.after(ms, () => {
        reject(
          new ConnectorError("E_MAIL", `${what} failed: no answer within ${Math.round(ms / 1_000)} s`, {
            retryable: true,
          }),
        );
        this.close();
      });
      if (kind === "usual") this.#wake.add(onLost);
      settle = () => {
        cancel();
        this.#wake.delete(onLost);
      };
    });
    try {
      return await Promise.race([request(), overdue]);
    } catch (error) {
      throw failureOf(error, what);
    } finally {
      settle();
    }
  }
}
