// The path of one arrival: bounds, identity, delivery id, admission, commit. Once the commit settles the
// event cannot be lost; until then nothing is remembered and the sender is not answered.

import type { BatchResult, EmitAll, Sieve } from "../contract/emit-all.ts";
import type { Counts } from "../contract/event.ts";
import type { Arrival, Clock, Emit, MemoryWrite, Outcome, RouterEvent } from "../contract.ts";
import { DeliveryError } from "../errors.ts";
import { isUnproven } from "../key-parts.ts";
import type { Admission, PlannedDelivery, PlannedSource } from "../plan/plan.ts";
import { pause } from "../waiting.ts";
import { type AdmissionTurns, createAdmissionTurns } from "./admission-turns.ts";
import { type DeliveryMark, firstKnown, marksOf, withoutMarks, writeOf } from "./known-deliveries.ts";
import type { FilterMemory } from "./memory.ts";
import { createChangingRate } from "./rate.ts";
import { createSemaphore } from "./semaphore.ts";
import { createSharedTimeout } from "./shared-timeout.ts";
import type { SlowLane } from "./slow-lane.ts";

/** Calls of one source that may be in progress at once; the same number may wait in addition. */
const maxOutstanding = 256;
const maxWaiting = 1_024;
/** How long an event may wait to be committed before its sender is asked to retry. */
const commitTimeoutMs = 10_000;

/** The result of an admission, for observers. */
export interface Decision {
  readonly event: RouterEvent;
  readonly outcome: Outcome["outcome"];
  /** Absent when the delivery id already identified it as a duplicate. */
  readonly admission?: Admission;
}

/** Decisions about arrivals that no channel wanted, each computed when it is read: most never are. */
export interface UnmatchedEvent {
  readonly count: number;
  /** From 0, in the order of arrival. */
  decision(index: number): Decision;
}

/** The runtime's emit has both forms. */
export interface RuntimeEmit extends Emit {
  readonly all: EmitAll;
}

/** Everything that must be durable together before the sender is answered. */
export interface AcceptedEvent {
  readonly event: RouterEvent;
  /** At least one. */
  readonly deliveries: readonly PlannedDelivery[];
  /** Filter memory from now on, of the filters that took it and for its delivery id. */
  readonly memory: readonly MemoryWrite[];
}

/** The part of an AbortSignal that is polled, without the cost of one for each event. */
export interface Cancellation {
  readonly aborted: boolean;
}

export interface EmitOptions {
  readonly clock: Clock;
  readonly memory: FilterMemory;
  readonly counter: Counter;
  readonly detail: "decision" | "trace";
  /** The turns of all sources of a router. Default: its own. */
  readonly admissions?: AdmissionTurns;
  /**
   * For events that anybody could have made, shared with all other sources. Default: they are treated like
   * all others.
   */
  readonly slowLane?: SlowLane;
  newId(nowMs: number): string;
  /** Settles when all of it is durable. An event that is withdrawn before its commit starts is not stored. */
  commit(accepted: AcceptedEvent, withdrawal: Cancellation): Promise<unknown>;
  observe(decision: Decision): void;
  observeUnmatched(unmatched: UnmatchedEvent): void;
  /** Called for each rejected arrival. */
  refused(error: DeliveryError): void;
}

/** The decision about an event, and when it is final. */
interface Decided {
  readonly decision: Decision;
  readonly eventId: string;
  readonly safe: Promise<unknown> | undefined;
  onLate?(): void;
}

/**
 * `current` is called for each event: a new plan may have another `admit` and another `rate` for the same
 * source.
 */
export function createEmit(current: () => PlannedSource, options: EmitOptions): RuntimeEmit {
  const { clock, memory, counter, admissions = createAdmissionTurns() } = options;
  const { name, type } = current();
  const rate = createChangingRate(() => current().rate);
  const turns = createSemaphore({
    clock,
    source: name,
    maxUnderWay: maxOutstanding,
    maxWaiting,
    timeoutMs: commitTimeoutMs,
  });

  const take = createTake(current, options, admissions);

  function identify(arrival: Arrival, nowMs: number, id: string): RouterEvent {
    return { ...withoutMarks(arrival), id, source: name, connector: type.type, timeMs: nowMs };
  }

  function refuse(error: unknown): void {
    if (!(error instanceof DeliveryError)) return;
    counter.add("refused");
    options.refused(error);
  }

  /** Requires the turn. */
  async function enter(arrival: Arrival, nowMs: number, marks = marksOf(name, arrival)): Promise<Outcome> {
    try {
      const outcome = await take(identify(arrival, nowMs, options.newId(nowMs)), marks);
      counter.add(outcome.outcome);
      return outcome;
    } catch (error) {
      refuse(error);
      throw error;
    } finally {
      turns.release();
    }
  }

  async function one(arrival: Arrival): Promise<Outcome> {
    const marks = marksOf(name, arrival);
    try {
      // A known delivery creates no event: repeating one request uses up no rate.
      const isFree = current().rate === undefined || firstKnown(memory, marks) !== undefined;
      const retryAfterMs = isFree ? undefined : rate(clock.now());
      if (retryAfterMs !== undefined) throw overRate(name, retryAfterMs);
      const turn = turns.take();
      if (turn !== undefined) await turn;
    } catch (error) {
      refuse(error);
      throw error;
    }
    if (options.slowLane === undefined || !isUnproven(arrival.trust))
      return enter(arrival, clock.now(), marks);
    return options.slowLane.run(() => enter(arrival, clock.now(), marks));
  }

  /**
   * Admission needs an event, a view and a promise for each arrival: here only those that a channel may take
   * get them.
   */
  function all(arrivals: readonly Arrival[], whole?: (index: number) => Arrival): BatchResult {
    const nowMs = clock.now();
    const planned = current();
    const isUnwanted = options.detail === "decision" ? planned.isUnwanted : undefined;
    const underWay: { index: number; outcome: Promise<Outcome> }[] = [];
    let unwanted: Arrival[] = [];
    let ids: string[] = [];

    const passOver = () => {
      if (unwanted.length === 0) return;
      options.observeUnmatched(unmatched(unwanted, ids));
      counter.add("unmatched", unwanted.length);
      unwanted = [];
      ids = [];
    };
    const unmatched = (among: readonly Arrival[], named: readonly string[]): UnmatchedEvent => ({
      count: among.length,
      decision(index) {
        const event = identify(among[index] as Arrival, nowMs, named[index] as string);
        return { event, outcome: "unmatched", admission: planned.admit(event, memory, nowMs, options) };
      },
    });

    for (let index = 0; index < arrivals.length; index++) {
      const full = turns.free() ?? admissions.free();
      if (full !== undefined) {
        passOver();
        return { count: index, underWay, ready: full };
      }
      const retryAfterMs = rate(nowMs);
      if (retryAfterMs !== undefined) {
        passOver();
        refuse(overRate(name, retryAfterMs));
        return { count: index, underWay, ready: pause(clock, retryAfterMs) };
      }
      const arrival = arrivals[index] as Arrival;
      if (isUnwanted?.(arrival)) {
        unwanted.push(arrival);
        ids.push(options.newId(nowMs));
        continue;
      }
      passOver();
      turns.take();
      underWay.push({ index, outcome: enter(whole?.(index) ?? arrival, nowMs) });
    }
    passOver();
    return { count: arrivals.length, underWay };
  }

  const sieve = createSieve(current, options, identify);
  return Object.assign(one, { all: Object.assign(all, { sieve }) });
}

/** For bulk arrivals: what the source may leave out without an event for each. */
function createSieve(
  current: () => PlannedSource,
  options: EmitOptions,
  identify: (arrival: Arrival, nowMs: number, id: string) => RouterEvent,
): Sieve {
  const { clock, memory, counter } = options;
  return {
    // Where each arrival counts towards a rate, each must be passed on.
    needs: (paths) =>
      options.detail === "decision" && current().rate === undefined ? current().needsAt?.(paths) : undefined,
    passOver(count, arrival) {
      const nowMs = clock.now();
      const planned = current();
      options.observeUnmatched({
        count,
        decision(index) {
          const event = identify(arrival(index), nowMs, options.newId(nowMs));
          return { event, outcome: "unmatched", admission: planned.admit(event, memory, nowMs, options) };
        },
      });
      counter.add("unmatched", count);
    },
  };
}

/** Decides about one event and waits until the decision is final. */
function createTake(
  current: () => PlannedSource,
  options: EmitOptions,
  admissions: AdmissionTurns,
): (event: RouterEvent, marks: readonly DeliveryMark[]) => Promise<Outcome> {
  const { clock, memory } = options;
  const commitTimeout = createSharedTimeout(clock, commitTimeoutMs);

  /**
   * Waits for a commit, but not for longer than a sender does. A commit that has started continues and is
   * remembered when it is done.
   */
  function inTime(commit: Promise<unknown> | undefined, onLate?: () => void): Promise<void> {
    if (commit === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const cancel = commitTimeout(() => {
        onLate?.();
        reject(
          new DeliveryError("E_SESSION_BUSY", "the session did not take the event in time", {
            retryAfterMs: 5_000,
          }),
        );
      });
      commit.then(
        () => {
          cancel();
          resolve();
        },
        (error: unknown) => {
          cancel();
          reject(error);
        },
      );
    });
  }

  return take;

  async function take(event: RouterEvent, marks: readonly DeliveryMark[]): Promise<Outcome> {
    const turn = admissions.begin();
    if (turn !== undefined) await turn;
    let decided: Decided;
    try {
      const deciding = decide(event, marks);
      decided = deciding instanceof Promise ? await deciding : deciding;
    } finally {
      admissions.end();
    }
    const { decision, eventId, safe, onLate } = decided;
    await inTime(safe, onLate);
    options.observe(decision);
    return { eventId, outcome: decision.outcome };
  }

  /** Requires the admission turn: nothing else is decided before the effects of this event are known. */
  function decide(event: RouterEvent, marks: readonly DeliveryMark[]): Decided | Promise<Decided> {
    const known = firstKnown(memory, marks);
    // An event that no channel wants now is unmatched, whatever was known of it.
    if (known !== undefined && !current().isUnwanted?.(event)) {
      return { decision: { event, outcome: "duplicate" }, eventId: known.eventId, safe: known.pending };
    }
    const { admit } = current();
    if (admit.steps === undefined) return keep(event, marks, admit(event, memory, event.timeMs, options));
    const admitting = admissions.run(admit.steps(event, memory, event.timeMs, options));
    if (!(admitting instanceof Promise)) return keep(event, marks, admitting);
    return admitting.then((admission) => keep(event, marks, admission));
  }

  /** Starts the commit of what channels took. */
  function keep(event: RouterEvent, marks: readonly DeliveryMark[], admission: Admission): Decided {
    const decided = { decision: { event, outcome: admission.outcome, admission }, eventId: event.id };
    if (admission.deliveries.length === 0) return { ...decided, safe: Promise.all(admission.pending) };
    const cancellation = { aborted: false };
    const writes = [...admission.writes, ...marks.map((mark) => writeOf(mark, event))];
    const safe = options.commit({ event, deliveries: admission.deliveries, memory: writes }, cancellation);
    memory.stage(writes, safe);
    const onLate = () => {
      cancellation.aborted = true;
    };
    return { ...decided, safe, onLate };
  }
}

function overRate(source: string, retryAfterMs: number): DeliveryError {
  return new DeliveryError("E_RATE", `source ${source} is over its rate`, { retryAfterMs });
}

export interface Counter {
  /** `many` is 1 unless given. */
  add(kind: Outcome["outcome"] | "refused", many?: number): void;
  counts(): Counts;
}

export function createCounter(): Counter {
  const counts = { accepted: 0, duplicate: 0, dropped: 0, unmatched: 0, refused: 0 };
  return {
    add(kind, many = 1) {
      counts[kind] += many;
    },
    counts: () => ({ ...counts }),
  };
}
