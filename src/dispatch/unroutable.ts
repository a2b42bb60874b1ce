// Looks after what nobody can be sent now: says in the journal that it is held and why, ends what is silenced, and learns the
// ttl of everything. Sees each entry once, and again when anything changes about who is there.

import type { OpenEntry } from "../journal/open-entries.ts";
import type { Delivery } from "../journal/records.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import type { DispatchContext } from "./context.ts";
import { readDeliveryOptions, type To } from "./delivery-options.ts";
import { endEarly } from "./triage.ts";

const pageSize = 256;

export interface Unroutable {
  kick(): void;
  restart(): void;
  rewind(position: number): void;
  quiet(): Promise<void>;
}

export function createUnroutable(desk: DispatchContext): Unroutable {
  const { journal, roster } = desk;
  let cursor = 0;
  let version = 0;
  let mayHaveMore = true;
  let running: Promise<void> | undefined;

  function look(entry: OpenEntry, delivery: Delivery | undefined): void {
    if (desk.claims.attemptOf(entry) !== undefined || endEarly(desk, entry, delivery)) return;
    const terms = readDeliveryOptions((delivery as Delivery).terms);
    if (desk.holds(entry, delivery as Delivery, undefined)) return;
    const { push, pull } = roster.targets(terms, entry);
    if (push.length > 0) return;
    const [first] = pull;
    const reason =
      first === undefined
        ? nobodyFor(terms.to)
        : first.isReady
          ? `session ${first.session.id} does not listen: ${first.listening.reason}`
          : `session ${first.session.id} is starting`;
    desk.tell(entry, { state: "held", reason });
  }

  async function run(): Promise<void> {
    for (let turns = 1; mayHaveMore && !desk.stopping.aborted; turns++) {
      const began = version;
      const page = journal.page({ states: ["accepted"], after: cursor, limit: pageSize });
      const last = page.at(-1);
      if (last === undefined) {
        mayHaveMore = false;
        return;
      }
      for (const { untilMs } of page) if (untilMs !== undefined) desk.expiryDeadlines.add(untilMs);
      const deliveries = await journal.deliveries(page);
      if (desk.stopping.aborted) return;
      if (version !== began) continue;
      for (const [index, entry] of page.entries()) look(entry, deliveries[index]);
      cursor = last.position;
      if (turns % 16 === 0) await yieldToEventLoop();
    }
  }

  function kick(): void {
    mayHaveMore = true;
    if (running !== undefined || desk.stopping.aborted || !desk.isSettled()) return;
    running = run().finally(() => {
      running = undefined;
      if (mayHaveMore) kick(); // What came after the last look.
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
    async quiet() {
      while (running !== undefined) await running;
    },
  };
}

function nobodyFor(to: To): string {
  if (typeof to === "string") return "no session is open";
  const terms = Object.entries(to).map(([key, value]) => `${key} ${value}`);
  return `no session is there that it is for (to: ${terms.join()})`;
}
