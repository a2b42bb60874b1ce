// Emits lines to the router and tracks their outcomes. A rejected line is offered again until it is accepted;
// nothing else is emitted meanwhile, so that the order is mostly kept.

import type { EmitAll, TextNeeds } from "../../contract/emit-all.ts";
import type { Arrival, Clock, Emit, Log, Outcome } from "../../contract.ts";
import { DeliveryError } from "../../errors.ts";
import { stackOf, text } from "../../text.ts";
import { pause, settledOr } from "../../waiting.ts";

export interface Offer {
  readonly arrivals: readonly Arrival[];
  /** As emitted, when a channel may want them. */
  whole(index: number): Arrival;
  /** Called in order for pending lines; the result is called when the line has settled. */
  begin(index: number): () => void;
  /** This many lines from the start have been emitted. */
  reach(count: number): void;
}

export interface HandOver {
  /**
   * What a line must contain for a channel to want it; undefined when every line is offered. `paths`: see
   * `Sieve`.
   */
  needs(paths: ReadonlySet<string>): TextNeeds | undefined;
  /** Number of lines that lack the required text. */
  passOver(count: number, arrival: (index: number) => Arrival): void;
  /** Settles with true when all were emitted, with false when the signal fired before. */
  offer(offer: Offer, signal: AbortSignal): Promise<boolean>;
  /** Settles when nothing is pending any more, or the signal fires. */
  idle(signal: AbortSignal): Promise<void>;
  /** Why lines are rejected, while they are. */
  trouble(): string | undefined;
  /** How many lines that a channel may want have settled since the start. */
  count(): number;
  /** Nothing is offered again after this. */
  end(): void;
}

interface HandOverOptions {
  readonly source: string;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly log: Log;
  /** Called between lines of an offer: settled lines may be committed. Does not reject. */
  checkpoint?(): Promise<void>;
}

const firstDelayMs = 1_000;
const maxDelayMs = 60_000;

export function createHandOver({ source, emit, clock, log, checkpoint }: HandOverOptions): HandOver {
  const all = emit.all ?? oneByOne(emit);
  const ending = new AbortController();
  const underWay = new Set<Promise<void>>();
  /** Offered again and again. */
  const refused = new Set<() => Arrival>();
  let lastError: string | undefined;
  let settled = 0;

  async function follow(again: () => Arrival, first: Promise<Outcome>, done: () => void): Promise<void> {
    let outcome = first;
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      try {
        await outcome;
        refused.delete(again);
        if (refused.size === 0) lastError = undefined;
        settled += 1;
        done();
        return;
      } catch (error) {
        refused.add(again);
        lastError = describe(error);
        const afterMs = error instanceof DeliveryError ? (error.retryAfterMs ?? delayMs) : delayMs;
        await pause(clock, afterMs, ending.signal);
        if (ending.signal.aborted) return;
        outcome = emit(again());
      }
    }
  }

  function describe(error: unknown): string {
    if (error instanceof DeliveryError) return error.message;
    if (lastError === undefined)
      log.error(text`source ${source}: a line was rejected because of a bug: ${stackOf(error)}`);
    return "failed because of a bug in this program";
  }

  return {
    needs: (paths) => all.sieve?.needs(paths),
    passOver: (count, arrival) => all.sieve?.passOver(count, arrival),
    async offer({ arrivals, whole, begin, reach }, signal) {
      let from = 0;
      while (from < arrivals.length) {
        while (refused.size > 0 && !signal.aborted) await settledOr(Promise.race(underWay), signal);
        if (signal.aborted) return false;
        const base = from;
        const taken = all(base === 0 ? arrivals : arrivals.slice(base), (index) => whole(base + index));
        for (const { index, outcome } of taken.underWay) {
          const following = follow(() => whole(base + index), outcome, begin(base + index));
          underWay.add(following);
          void following.finally(() => underWay.delete(following));
        }
        from += taken.count;
        if (taken.count > 0) reach(from);
        await checkpoint?.();
        if (taken.ready !== undefined) await settledOr(taken.ready, signal);
      }
      return true;
    },
    async idle(signal) {
      while (underWay.size > 0 && !signal.aborted) await settledOr(Promise.all(underWay), signal);
    },
    trouble: () => lastError,
    count: () => settled,
    end: () => ending.abort(),
  };
}

const mostAtOnce = 256;

/** For an emit that has only the single form. */
function oneByOne(emit: Emit): EmitAll {
  return (arrivals, whole = (index) => arrivals[index] as Arrival) => {
    const some = arrivals.slice(0, mostAtOnce);
    const underWay = some.map((_, index) => ({ index, outcome: emit(whole(index)) }));
    if (some.length === arrivals.length) return { count: some.length, underWay };
    const all = Promise.allSettled(underWay.map(({ outcome }) => outcome));
    return { count: some.length, underWay, ready: all.then(() => undefined) };
  };
}
