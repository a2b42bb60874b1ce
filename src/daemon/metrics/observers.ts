// What observes the events of a leader from their request to their acknowledgement: metrics, traces, the event stream for programs.
// None of them is there unless the user asked for it, and then a call of one of these functions costs nothing.

import type { RouterEvent } from "../../contract.ts";
import type { WrittenDelivery } from "../../dispatch/context.ts";
import type { DigestRecord, Member, StateChange } from "../../journal/records.ts";
import type { PlannedDelivery } from "../../plan/plan.ts";
import type { Decision } from "../../router/emit.ts";
import type { CallRecord } from "../../router/sinks.ts";

/** Called in the order in which it happens. No function may throw or wait. */
export interface EventObserver {
  /** Channels took the event; it is about to be stored. */
  admitted?(event: RouterEvent): void;
  /** It is on disk. */
  stored?(event: RouterEvent, deliveries: readonly PlannedDelivery[]): void;
  /** The result of each arrival, once it is final. */
  decided?(decision: Decision): void;
  /** So many arrivals of a batch that no channel wanted. */
  unmatched?(source: string, count: number): void;
  /** An arrival that became no event; without a source where none answers. */
  refused?(source: string | undefined): void;
  /** A request to a source was answered with 2xx. */
  answered?(source: string, tookMs: number): void;
  /** A session's client took the line. */
  written?(written: WrittenDelivery): void;
  /** Tokens were given to a session; fewer than none: that many were not, after all. */
  spent?(channel: string, tokens: number): void;
  /** Dispatch changed the state of a delivery. */
  changed?(change: StateChange): void;
  /** A client has shown a delivery after its state was recorded. */
  shown?(delivery: Member, session: string): void;
  /** A tool call of a session named the event. */
  read?(eventId: string, session: string): void;
  /** It is on disk. */
  digested?(digest: DigestRecord): void;
  /** A call of a sink has ended. */
  called?(call: CallRecord): void;
}

/** Passes each call on to all observers. */
export class Observers implements Required<EventObserver> {
  #all: readonly EventObserver[] = [];

  /** Until the result is called. */
  add(observer: EventObserver): () => void {
    this.#all = [...this.#all, observer];
    return () => {
      this.#all = this.#all.filter((one) => one !== observer);
    };
  }

  admitted(event: RouterEvent): void {
    for (const one of this.#all) one.admitted?.(event);
  }

  stored(event: RouterEvent, deliveries: readonly PlannedDelivery[]): void {
    for (const one of this.#all) one.stored?.(event, deliveries);
  }

  decided(decision: Decision): void {
    for (const one of this.#all) one.decided?.(decision);
  }

  unmatched(source: string, count: number): void {
    for (const one of this.#all) one.unmatched?.(source, count);
  }

  refused(source: string | undefined): void {
    for (const one of this.#all) one.refused?.(source);
  }

  answered(source: string, tookMs: number): void {
    for (const one of this.#all) one.answered?.(source, tookMs);
  }

  written(written: WrittenDelivery): void {
    for (const one of this.#all) one.written?.(written);
  }

  spent(channel: string, tokens: number): void {
    for (const one of this.#all) one.spent?.(channel, tokens);
  }

  changed(change: StateChange): void {
    for (const one of this.#all) one.changed?.(change);
  }

  shown(delivery: Member, session: string): void {
    for (const one of this.#all) one.shown?.(delivery, session);
  }

  read(eventId: string, session: string): void {
    for (const one of this.#all) one.read?.(eventId, session);
  }

  digested(digest: DigestRecord): void {
    for (const one of this.#all) one.digested?.(digest);
  }

  called(call: CallRecord): void {
    for (const one of this.#all) one.called?.(call);
  }
}
