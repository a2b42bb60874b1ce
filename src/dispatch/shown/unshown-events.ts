// Events that were written to a client that logs what it shows, until it is known whether each was shown. Until then
// none of them counts as sent, and their reservations are kept: a leader that dies meanwhile leaves a record of them.

import { type DispatchContext, type InFlight, markSent, markUnconfirmed } from "../context.ts";
import type { SessionSlot } from "../session-registry.ts";

/** Beyond this the display is not awaited, because each record of what was sent contains all of them. */
const maxAwaited = 256;

export class UnshownEvents {
  readonly #context: DispatchContext;
  readonly #slot: SessionSlot;
  readonly #onNotShown: (inFlight: InFlight) => void;
  readonly #awaited = new Map<InFlight, Promise<void>>();

  /** `onNotShown` is called when an event waits again. */
  constructor(context: DispatchContext, slot: SessionSlot, onNotShown: (inFlight: InFlight) => void) {
    this.#context = context;
    this.#slot = slot;
    this.#onNotShown = onNotShown;
  }

  list(): readonly InFlight[] {
    return [...this.#awaited.keys()];
  }

  /** The client's stream took the event: it is sent now, or once it is shown. */
  add(inFlight: InFlight): void {
    const shown = this.#slot.session.shown?.(inFlight);
    if (shown === undefined || this.#awaited.size >= maxAwaited) {
      markSent(this.#context, this.#slot, inFlight);
      return;
    }
    this.#awaited.set(
      inFlight,
      shown.then((isShown) => this.#decide(inFlight, isShown)),
    );
  }

  /** Settles when the outcome of each event so far is known. */
  async idle(): Promise<void> {
    await Promise.all(this.#awaited.values());
  }

  /** The session has ended, and said its last word: the rest counts as sent. */
  giveUp(): void {
    for (const inFlight of this.list()) this.#decide(inFlight, undefined);
  }

  /** The router stops: what the client has not shown by now may or may not have arrived, and waits for the next leader. */
  async stop(): Promise<void> {
    if (this.#awaited.size === 0) return;
    await this.#slot.session.lookShown?.();
    for (const inFlight of this.list()) {
      this.#awaited.delete(inFlight);
      markUnconfirmed(this.#context, this.#slot, inFlight, "the router stopped before the client showed it");
    }
  }

  #decide(inFlight: InFlight, isShown: boolean | undefined): void {
    if (!this.#awaited.delete(inFlight)) return;
    const isForAll = inFlight.options.to === "all";
    // Nobody else needs what was for all sessions when this one has ended.
    if (isShown !== false || (isForAll && this.#slot.isGone)) {
      markSent(this.#context, this.#slot, inFlight, isShown === true ? { shown: true } : {});
      return;
    }
    markUnconfirmed(this.#context, this.#slot, inFlight, "the client took it, but did not show it");
    // The session gets it again with its attempt, as if it were no part of the round.
    if (isForAll) this.#context.rounds.delete(inFlight.entry.position);
    this.#onNotShown(inFlight);
  }
}
