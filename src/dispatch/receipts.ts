// `receipt: ack`: what was sent and not acknowledged in time is sent again, so many times, then it is dead. Keeps nothing in
// RAM: which entries wait for a receipt, and since when, stands in the journal.

import type { OpenEntry } from "../journal/open-entries.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import type { DispatchContext } from "./context.ts";
import { type DeliveryOptions, readDeliveryOptions } from "./delivery-options.ts";
import { isPast, unsent } from "./entries.ts";

const pageSize = 256;

export interface Receipts {
  /** Looks at everything that waits for a receipt: sends again, or gives up, what is due. */
  check(): void;
  /** Learns the deadlines of a journal that was just opened. Settles when all are known. */
  survey(): Promise<void>;
}

/** `onAgain` hears of each entry that is to be sent again. */
export function createReceipts(desk: DispatchContext, onAgain: (entry: OpenEntry) => void): Receipts {
  const { journal, clock } = desk;
  let running: Promise<void> | undefined;
  let again = false;

  async function walk(visit: (entry: OpenEntry, terms: DeliveryOptions) => void): Promise<void> {
    let after = 0;
    for (let turns = 1; !desk.stopping.aborted; turns++) {
      const page = journal.page({ states: ["sent"], after, limit: pageSize });
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.position;
      const deliveries = await journal.deliveries(page);
      if (desk.stopping.aborted) return;
      for (const [index, entry] of page.entries()) {
        const delivery = deliveries[index];
        if (delivery === undefined)
          desk.tell(entry, { state: "dead", reason: "its text can no longer be read" });
        else visit(entry, readDeliveryOptions(delivery.terms));
      }
      if (turns % 16 === 0) await yieldToEventLoop();
    }
  }

  function settle(entry: OpenEntry, { receipt, to }: DeliveryOptions): void {
    const nowMs = clock.now();
    if (receipt === undefined) {
      desk.tell(entry, { state: "sent", final: true });
      return;
    }
    // A clock that was set back must not make a receipt wait for more than its time.
    const waitedMs = Math.abs(nowMs - entry.changedMs);
    if (waitedMs < receipt.ackWithinMs) {
      desk.ackDeadlines.add(nowMs + receipt.ackWithinMs - waitedMs);
      return;
    }
    if (entry.attempt >= receipt.attempts)
      desk.tell(entry, { state: "dead", reason: `sent ${entry.attempt} times, never acknowledged` });
    else if (isPast(entry, nowMs))
      desk.tell(entry, { state: "expired", reason: "sent, but not acknowledged before its ttl ended" });
    else {
      desk.tell(entry, {
        state: "held",
        reason: `not acknowledged within ${Math.round(receipt.ackWithinMs / 1_000)} s`,
      });
      if (to === "all") {
        desk.rounds.delete(entry.position);
        for (const { taken, fetched } of desk.roster.all()) {
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
      let after = 0;
      for (;;) {
        const page = journal.page({ states: unsent, after, limit: pageSize * 16 });
        const last = page.at(-1);
        if (last === undefined) break;
        after = last.position;
        for (const { untilMs } of page) if (untilMs !== undefined) desk.expiryDeadlines.add(untilMs);
        await yieldToEventLoop();
      }
      check();
      await running;
    },
  };
}
