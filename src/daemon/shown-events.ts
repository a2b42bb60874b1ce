// Which of the events that were pushed into one session its client has shown. Only a client version that was seen to log the
// messages that it shows is held to it: on others, the log proves nothing.

import type { Clock, Rendered } from "../contract.ts";
import { keyOf } from "../dispatch/entries.ts";
import { type ClientLogQuery, hasAccepted, type Registration } from "./client-log.ts";
import { addLatest } from "./seen-ids.ts";
import { type ExpectedMessage, ShownLog } from "./shown-log.ts";

export interface ShownDelivery {
  readonly id: string;
  readonly channel: string;
}

export interface ShownEventsOptions {
  query(): ClientLogQuery;
  readonly clock: Clock;
  /** As for `ShownLog`. */
  isAnothers(sessionId: string): boolean;
  /** The client's version. */
  version(): string;
  /** Whether this version is known to log each message that it shows. */
  logsMessages(version: string): boolean;
  /** It has just been seen to. */
  learnLogsMessages(version: string): void;
  /** The client has written again about the registration. */
  onRegistration(word: Registration): void;
  /** The client has shown an event that dispatch has already recorded as written, or as not shown. */
  onShown(delivery: ShownDelivery): void;
  /** `notShown` has changed. */
  changed(): void;
}

/** Whether a client logs what it shows is tried with so many events. */
const maxTried = 3;
/** How often the log is read again after an event was not shown. */
const lateLookMs = 5_000;
/** Ids of shown events; the oldest are forgotten. */
const maxShownIds = 1_000;

export class ShownEvents {
  readonly #options: ShownEventsOptions;
  readonly #log: ShownLog;
  /** Of events that were written a moment ago, by id and channel: one event can be sent on several channels. */
  readonly #awaited = new Map<string, Promise<boolean | undefined>>();
  /** By id: one for each channel. */
  readonly #expected = new Map<string, Set<ExpectedMessage>>();
  /** Of events that the log has on some channel. */
  readonly #shownIds = new Set<string>();
  #sent = 0;
  #shown = 0;
  #notShown: string | undefined;
  /** Claude named an event that the log does not have. */
  #isLogWrong = false;
  #cancelLook = () => {};
  #isClosed = false;

  constructor(options: ShownEventsOptions) {
    this.#options = options;
    this.#log = new ShownLog({
      query: options.query,
      clock: options.clock,
      isAnothers: options.isAnothers,
      onRegistration: (word) => {
        options.onRegistration(word);
        if (word.registered) this.#forget();
      },
    });
  }

  /** The latest event that was not shown, unless the client has shown something, or registered again, since. */
  get notShown(): string | undefined {
    return this.#notShown;
  }

  /** Call it once the log has the registration. */
  start(): Promise<void> {
    return this.#log.start();
  }

  /** How many events were written to the client. */
  sent(): number {
    return this.#sent;
  }

  /** How many events were shown; undefined when the client does not log that. */
  count(): number | undefined {
    return this.#isHeld() ? this.#shown : undefined;
  }

  /** Settles as `write` does. */
  async deliver(event: Rendered, write: () => Promise<void>): Promise<void> {
    const isHeld = this.#isHeld();
    const expected = isHeld || this.#sent < maxTried ? this.#expect(event) : undefined;
    try {
      await write();
    } catch (error) {
      expected?.cancel();
      throw error;
    }
    this.#sent += 1;
    if (expected === undefined) return;
    expected.written();
    const outcome = this.#outcomeOf(event, expected, isHeld);
    if (isHeld) this.#awaited.set(keyOf({ id: event.eventId, channel: event.channel }), outcome);
  }

  /** As `DispatchSession.wasShown`. */
  async wasShown(event: Rendered, sinceMs: number): Promise<boolean | undefined> {
    if (!this.#isHeld()) return undefined;
    const expected = this.#expect(event);
    if (await hasAccepted(this.#options.query(), event.content.length, sinceMs)) {
      expected?.cancel();
      this.#onShown(event.eventId);
      return true;
    }
    if (expected === undefined) return undefined;
    expected.written();
    return this.#outcomeOf(event, expected, true);
  }

  /** Reads the log now. */
  look(): Promise<unknown> {
    return this.#log.read();
  }

  /** As `DispatchSession.shown`. */
  shown(delivery: ShownDelivery): Promise<boolean | undefined> | undefined {
    const key = keyOf(delivery);
    const outcome = this.#awaited.get(key);
    this.#awaited.delete(key);
    return outcome;
  }

  /**
   * Claude named an event that it can know only from a channel: if one was missing, the log is not to be trusted, unless
   * the log itself has the event.
   */
  named(eventId: string): void {
    if (!this.#shownIds.has(eventId)) {
      const expected = [...(this.#expected.get(eventId) ?? [])];
      // Of several channels, only the log shows which of them Claude has it from. Of one, the log is not needed any more.
      if (expected.length === 1) expected[0]?.cancel();
      // The log may be in another folder now, for example.
      if (this.#notShown !== undefined) this.#isLogWrong = true;
    }
    this.#forget();
  }

  /** The client has ended. Settles when it is known for each event whether it was shown. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelLook();
    return this.#log.close();
  }

  #expect({ eventId, channel, content }: Rendered): ExpectedMessage | undefined {
    return this.#log.expect(content.length, () => {
      addLatest(this.#shownIds, eventId, maxShownIds);
      this.#forget();
      this.#options.onShown({ id: eventId, channel });
    });
  }

  async #outcomeOf(
    { eventId, channel }: Rendered,
    expected: ExpectedMessage,
    isHeld: boolean,
  ): Promise<boolean | undefined> {
    const onChannels = this.#expected.get(eventId) ?? new Set();
    this.#expected.set(eventId, onChannels.add(expected));
    const shown = await expected.shown;
    onChannels.delete(expected);
    if (onChannels.size === 0) this.#expected.delete(eventId);
    if (shown === "yes") {
      this.#onShown(eventId);
      if (!isHeld) this.#options.onShown({ id: eventId, channel });
      return true;
    }
    const isMissing = shown === "no" && isHeld && this.#isHeld();
    if (isMissing) this.#onMissing(eventId);
    return isMissing ? false : undefined;
  }

  #isHeld(): boolean {
    return !this.#isLogWrong && this.#options.logsMessages(this.#options.version());
  }

  #onShown(eventId: string): void {
    this.#shown += 1;
    addLatest(this.#shownIds, eventId, maxShownIds);
    this.#options.learnLogsMessages(this.#options.version());
    this.#forget();
  }

  #onMissing(eventId: string): void {
    const isFirst = this.#notShown === undefined;
    this.#notShown = eventId;
    if (!isFirst) return;
    this.#options.changed();
    this.#lookForLateLines();
  }

  #forget(): void {
    if (this.#notShown === undefined) return;
    this.#notShown = undefined;
    this.#options.changed();
  }

  #lookForLateLines(): void {
    this.#cancelLook();
    this.#cancelLook = this.#options.clock.after(lateLookMs, () => {
      if (this.#notShown === undefined || this.#isClosed) return;
      void this.#log.read().then(() => this.#lookForLateLines());
    });
  }
}
