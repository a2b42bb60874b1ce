// `receipt: ack`: an event that is not acknowledged in time is sent again, up to `attempts`, then it is dead.
// Keeps nothing in RAM: the journal records which entries wait for a receipt, and since when.

import type { OpenEntry } from "../journal/open-entries.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import type { DispatchContext } from "./context.ts";
import { type DeliveryOptions, readDeliveryOptions } from "./delivery-options.ts";
import { isPast } from "./entries.ts";

const pageSize = 256;

export interface Receipts {
  /** Checks all entries that wait for a receipt: resends, or gives up, what is due. */
  check(): void;
  /** Reads the deadlines from a journal that was just opened. Settles when all are known. */
  survey(): Promise<void>;
}

/** `onAgain` is called for each entry that is to be sent again. */
export function createReceipts(context: DispatchContext, onAgain: (entry: OpenEntry) => void): Receipts {
  const { journal, clock } = context;
  let running: Promise<void> | undefined;
  let again = false;

  async function walk(visit: (entry: OpenEntry, terms: DeliveryOptions) => void): Promise<void> {
    let after = 0;
    for (let turns = 1; !context.stopping.aborted; turns++) {
      const page = journal.page({ states: ["sent"], after, limit: pageSize });
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.position;
      const deliveries = await journal.deliveries(page);
      if (context.stopping.aborted) return;
      for (const [index, entry] of page.entries()) {
        const delivery = deliveries[index];
        if (delivery === undefined)
          context.setState(entry, { state: "dead", reason: "its text can no longer be read" });
        else visit(entry, readDeliveryOptions(delivery.terms));
      }
      if (turns % 16 === 0) await yieldToEventLoop();
    }
  }

  function settle(entry: OpenEntry, { receipt, to }: DeliveryOptions): void {
    const nowMs = clock.now();
    if (receipt === undefined) {
      context.setState(entry, { state: "sent", final: true });
      return;
    }
    // A clock that was set back must not make a receipt wait longer than its time.
    const waitedMs = Math.abs(nowMs - entry.changedMs);
    if (waitedMs < receipt.ackWithinMs) {
      context.ackDeadlines.add(nowMs + receipt.ackWithinMs - waitedMs);
      return;
    }
    if (entry.attempt >= receipt.attempts)
      context.setState(entry, { state: "dead", reason: `sent ${entry.attempt} times, never acknowledged` });
    else if (isPast(entry, nowMs))
      context.setState(entry, {
        state: "expired",
        reason: "sent, but not acknowledged before its ttl ended",
      });
    else {
      context.setState(entry, {
        state: "held",
        reason: `not acknowledged within ${Math.round(receipt.ackWithinMs / 1_000)} s`,
      });
      if (to === "all") {
        context.rounds.delete(entry.position);
        for (const { taken, fetched } of context.registry.all()) {
          taken.delete(entry.position);
          fetched.delete(entry.id);
        }
      }
      onAgain(entry);
    }
  }

  function check(): void {
    again = true;
    running ??= (async () => {
      while (again) {
        again = false;
        await walk(settle);
      }
    })().finally(() => {
      running = undefined;
    });
  }

  return {
    check,
    async survey() {
      let after: number | undefined = 0;
      while (after !== undefined) {
        const { untilMs, next } = journal.deadlines(after);
        for (const one of untilMs) context.expiryDeadlines.add(one);
        after = next;
        if (after !== undefined) await yieldToEventLoop();
      }
      check();
      await running;
    },
  };
}
