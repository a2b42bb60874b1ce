// A source on real files, with a clock that a test moves: one look at a time. The recorder behaves as the router does: the same
// delivery id makes one event.

import { afterEach } from "vitest";
import { toOptions } from "../../src/config/schema/camel-case.ts";
import type { BatchResult, Sieve, TextNeeds } from "../../src/contract/emit-all.ts";
import type { Arrival, Emit, JsonObject, Source, SourceType } from "../../src/contract.ts";
import { type Cursors, createMemoryCursors } from "../../src/host/store.ts";
import { bodies, codeOf, hostOf } from "../support/host.ts";
import { type ManualClock, manualClock } from "../support/manual-clock.ts";

export interface Reading {
  readonly clock: ManualClock;
  /** What was accepted, each delivery id once. */
  readonly arrivals: Arrival[];
  /** What was passed over, for it lacks what is needed: perhaps again and again. */
  readonly passed: Arrival[];
  /** Every arrival that was emitted, again and again. */
  readonly emitted: Arrival[];
  readonly warnings: string[];
  source(): Source;
  /** Moves time on, by a second unless told but at least to the next look, and waits for the look that falls due. */
  look(ms?: number): Promise<void>;
  /** Ends it in an orderly way, so that it writes down where it is. */
  stop(): Promise<void>;
  /** Ends it as kill -9 does, as far as one process can. */
  crash(): Promise<void>;
  /** A new source on what the old one had written down; other options where given. */
  start(written?: JsonObject): Promise<void>;
  /** What `emit` does from now on; undefined: accept. */
  answer(emit: Emit | undefined): void;
}

/** To be called once in a test file. */
export function readingFiles<O>(type: SourceType<O>) {
  const running: Reading[] = [];
  afterEach(async () => {
    for (const one of running.splice(0)) await one.crash();
  });

  /** `needs`: what a text must hold for the router's channels to want it. */
  return async (folder: string, written: JsonObject, needs?: TextNeeds): Promise<Reading> => {
    const clock = manualClock();
    const cursors: Cursors = createMemoryCursors();
    const arrivals: Arrival[] = [];
    const passed: Arrival[] = [];
    const emitted: Arrival[] = [];
    const warnings: string[] = [];
    const known = new Set<string>();
    let answer: Emit | undefined;
    let source: Source | undefined;
    let isDead = false;

    const accept: Emit = async (arrival) => {
      if (isDead) return new Promise(() => undefined);
      emitted.push(arrival);
      if (answer !== undefined) return answer(arrival);
      const isKnown = known.has(arrival.deliveryId ?? "");
      known.add(arrival.deliveryId ?? "");
      if (!isKnown) arrivals.push(arrival);
      return { eventId: `e${emitted.length}`, outcome: isKnown ? "duplicate" : "accepted" };
    };

    const all = (
      some: readonly Arrival[],
      whole = (index: number) => some[index] as Arrival,
    ): BatchResult => {
      const underWay = some.map((_, index) => ({ index, outcome: accept(whole(index)) }));
      return { count: some.length, underWay };
    };
    const sieve: Sieve = {
      needs: () => needs,
      passOver(count, arrival) {
        for (let index = 0; index < count; index++) passed.push(arrival(index));
      },
    };
    const emit: Emit =
      needs === undefined ? accept : Object.assign(accept, { all: Object.assign(all, { sieve }) });

    const idle = async () => {
      for (let turn = 0; source?.health?.().nextTryMs === undefined; turn++) {
        if (turn > 10_000 || source?.health?.().state === "stopped") return;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };

    const reading: Reading = {
      clock,
      arrivals,
      passed,
      emitted,
      warnings,
      source: () => source as Source,
      async look(ms = 1_000) {
        // On a busy machine looks take longer, and the next one falls due later.
        await clock.advance(Math.max(ms, (source?.health?.().nextTryMs ?? 0) - clock.now()));
        await idle();
      },
      async stop() {
        await source?.stop(new AbortController().signal);
        source = undefined;
      },
      async crash() {
        isDead = true;
        await source?.stop(AbortSignal.abort());
        source = undefined;
      },
      async start(other = written) {
        isDead = false;
        const filled = structuredClone(other);
        if (!type.validate(filled)) throw new Error(JSON.stringify(type.validate.errors));
        const options = toOptions(type.options, filled) as O;
        const issues =
          type.check?.(options, {
            loopback: true,
            hosts: [],
            folder,
            home: folder,
            isTainted: () => false,
          }) ?? [];
        if (issues.length > 0) throw new Error(JSON.stringify(issues));
        const host = hostOf({
          clock,
          folder,
          cursors,
          code: await codeOf(type.options, filled),
          listener: {
            loopback: true,
            hosts: [],
            route: () => Promise.reject(new Error()),
            address: () => undefined,
            bodies,
          },
          log: { info: () => {}, warn: (line) => warnings.push(line), error: (line) => warnings.push(line) },
        });
        source = type.create("tested", options, host);
        await source.start(emit);
        await idle();
      },
      answer(emit) {
        answer = emit;
      },
    };
    running.push(reading);
    await reading.start();
    return reading;
  };
}
