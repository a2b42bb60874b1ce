// Handles entries that no session can be sent now: records in the journal that they are held and why, ends
// what is silenced, and registers every ttl. It sees each entry once, and again when the set of sessions
// changes.

import type { OpenEntry } from "../journal/open-entries.ts";
import type { Delivery } from "../journal/records.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import type { DispatchContext } from "./context.ts";
import { readDeliveryOptions, type SessionTarget } from "./delivery-options.ts";
import { endEarly } from "./triage.ts";

const pageSize = 256;

export interface UnroutableEntries {
  kick(): void;
  restart(): void;
  rewind(position: number): void;
  idle(): Promise<void>;
}

export function createUnroutable(context: DispatchContext): UnroutableEntries {
  const { journal, registry } = context;
  let cursor = 0;
  let version = 0;
  let mayHaveMore = true;
  let running: Promise<void> | undefined;

  function look(entry: OpenEntry, delivery: Delivery | undefined, nowMs: number): void {
    if (context.reservations.attemptOf(entry) !== undefined || endEarly(context, entry, delivery, nowMs))
      return;
    const options = readDeliveryOptions((delivery as Delivery).terms);
    const { push, pull } = registry.targets(options, entry);
    // What a session can be sent is weighed where it is sent.
    if (push.length > 0 || context.holds(entry, delivery as Delivery, undefined, nowMs)) return;
    const [first] = pull;
    const reason =
      first === undefined
        ? nobodyFor(options.to)
        : first.isReady
          ? `session ${first.session.id} does not listen: ${first.listening.reason}`
          : `session ${first.session.id} is starting`;
    context.setState(entry, { state: "held", reason });
  }

  async function run(): Promise<void> {
    for (let turns = 1; mayHaveMore && !context.stopping.aborted; turns++) {
      const began = version;
      const page = journal.page({ states: ["accepted"], after: cursor, limit: pageSize });
      const last = page.at(-1);
      if (last === undefined) {
        mayHaveMore = false;
        return;
      }
      for (const { untilMs } of page) if (untilMs !== undefined) context.expiryDeadlines.add(untilMs);
      const deliveries = await journal.deliveries(page);
      if (context.stopping.aborted) return;
      if (version !== began) continue;
      const nowMs = context.clock.now();
      for (const [index, entry] of page.entries()) look(entry, deliveries[index], nowMs);
      cursor = last.position;
      if (turns % 16 === 0) await yieldToEventLoop();
    }
  }

  function kick(): void {
    mayHaveMore = true;
    if (running !== undefined || context.stopping.aborted || !context.isSettled()) return;
    running = run().finally(() => {
      running = undefined;
      if (mayHaveMore) kick(); // Entries that were added after the last scan.
    });
  }

  function rewind(position: number): void {
    cursor = Math.min(cursor, position - 1);
    version += 1;
    kick();
  }

  return {
    kick,
    rewind,
    restart: () => rewind(1),
    async idle() {
      while (running !== undefined) await running;
    },
  };
}

function nobodyFor(to: SessionTarget): string {
  if (typeof to === "string") return "no session is open";
  const terms = Object.entries(to).map(([key, value]) => `${key} ${value}`);
  return `no open session matches (to: ${terms.join()})`;
}
