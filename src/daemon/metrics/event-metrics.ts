// Counts events and measures how long their steps take, from the first one on after metrics were switched on. Labels
// are names of the config only; nothing of an event but its id is kept, and that only until it is acknowledged.

import type { Clock } from "../../contract.ts";
import type { WrittenDelivery } from "../../dispatch/context.ts";
import { keyOf } from "../../dispatch/entries.ts";
import type { Member, StateChange } from "../../journal/records.ts";
import type { PlannedDelivery } from "../../plan/plan.ts";
import type { Decision } from "../../router/emit.ts";
import { idTimeMs } from "../../router/event-id.ts";
import type { CallRecord } from "../../router/sinks.ts";
import type { Metric } from "./exposition.ts";
import type { EventObserver } from "./observers.ts";
import { Counter, Histogram } from "./series.ts";

/** A request is answered within milliseconds; the rest may wait for a session, or for the user. */
const fast = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const slow = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600];
/** Of deliveries on their way; the oldest are forgotten, and then not measured. */
const maxInFlight = 10_000;

interface InFlight {
  readonly writtenMs: number;
  shownMs?: number;
}

/** Whether a label may have this value. */
export type KnownName = (label: string, value: string) => boolean;

export class EventMetrics implements EventObserver {
  readonly #clock: Clock;
  readonly #isKnown: KnownName;
  readonly #inFlight = new Map<string, InFlight>();
  /** By channel: tokens that were counted and then not sent. */
  readonly #refunds = new Map<string, number>();
  readonly #events = new Counter({
    name: "channel_router_events",
    help: "Arrivals by what became of them.",
    labels: ["source", "outcome"],
  });
  readonly #deliveries = new Counter({
    name: "channel_router_deliveries",
    help: "Deliveries that reached a state: one event on one channel, each attempt counts as sent.",
    labels: ["channel", "state"],
  });
  readonly #tokens = new Counter({
    name: "channel_router_tokens",
    help: "Estimated tokens that were given to sessions.",
    labels: ["channel"],
  });
  readonly #calls = new Counter({
    name: "channel_router_sink_calls",
    help: "Calls of sinks by their result.",
    labels: ["sink", "outcome"],
  });
  readonly #request = new Histogram({
    name: "channel_router_request_duration_seconds",
    help: "From the request to its 2xx answer.",
    labels: ["source"],
    buckets: fast,
  });
  readonly #line = new Histogram({
    name: "channel_router_line_latency_seconds",
    help: "From the arrival of an event to the line that a session's client took.",
    labels: ["channel"],
    buckets: slow,
  });
  readonly #shown = new Histogram({
    name: "channel_router_shown_latency_seconds",
    help: "From the line to the client showing it, where the client logs that.",
    labels: ["channel"],
    buckets: slow,
  });
  readonly #ack = new Histogram({
    name: "channel_router_ack_latency_seconds",
    help: "From the client showing the event, or else from the line, to its acknowledgement.",
    labels: ["channel"],
    buckets: slow,
  });
  readonly #call = new Histogram({
    name: "channel_router_sink_call_duration_seconds",
    help: "From the call of a sink to its result, retries included.",
    labels: ["sink"],
    buckets: fast,
  });

  constructor(clock: Clock, isKnown: KnownName) {
    this.#clock = clock;
    this.#isKnown = isKnown;
  }

  /** Forgets the series of names that the config no longer has. */
  keepKnown(): void {
    for (const one of this.#all()) one.keep(this.#isKnown);
  }

  metrics(): Metric[] {
    return this.#all().map((one) => one.metric());
  }

  decided({ event, outcome }: Decision): void {
    if (this.#isKnown("source", event.source)) this.#events.add([event.source, outcome]);
  }

  unmatched(source: string, count: number): void {
    if (this.#isKnown("source", source)) this.#events.add([source, "unmatched"], count);
  }

  refused(source = ""): void {
    if (this.#isKnown("source", source)) this.#events.add([source, "refused"]);
  }

  answered(source: string, tookMs: number): void {
    if (this.#isKnown("source", source)) this.#request.observe([source], tookMs / 1_000);
  }

  stored(_: unknown, deliveries: readonly Pick<PlannedDelivery, "channel">[]): void {
    for (const { channel } of deliveries)
      if (this.#isKnown("channel", channel)) this.#deliveries.add([channel, "accepted"]);
  }

  written(written: WrittenDelivery): void {
    const { id, channel } = written;
    if (!this.#isKnown("channel", channel)) return;
    const nowMs = this.#clock.now();
    this.#deliveries.add([channel, "sent"]);
    this.#line.observe([channel], (nowMs - idTimeMs(id)) / 1_000);
    const key = keyOf(written);
    this.#inFlight.delete(key);
    this.#inFlight.set(key, { writtenMs: nowMs });
    if (this.#inFlight.size > maxInFlight)
      this.#inFlight.delete(this.#inFlight.keys().next().value as string);
  }

  spent(channel: string, tokens: number): void {
    const sum = tokens - (this.#refunds.get(channel) ?? 0);
    if (sum < 0) this.#refunds.set(channel, -sum);
    else {
      this.#refunds.delete(channel);
      if (this.#isKnown("channel", channel)) this.#tokens.add([channel], sum);
    }
  }

  changed(change: StateChange): void {
    const { channel, state } = change;
    if (!this.#isKnown("channel", channel)) return;
    if (change.shown) this.shown(change);
    if (change.read) this.#deliveries.add([channel, "read"]);
    if (state === "held" || state === "sent") return;
    this.#deliveries.add([channel, state]);
    const inFlight = this.#inFlight.get(keyOf(change));
    if (inFlight === undefined) return;
    this.#inFlight.delete(keyOf(change));
    if (state === "acked")
      this.#ack.observe([channel], (this.#clock.now() - (inFlight.shownMs ?? inFlight.writtenMs)) / 1_000);
  }

  shown(delivery: Member): void {
    const { channel } = delivery;
    if (!this.#isKnown("channel", channel)) return;
    const inFlight = this.#inFlight.get(keyOf(delivery));
    if (inFlight?.shownMs !== undefined) return;
    this.#deliveries.add([channel, "shown"]);
    if (inFlight === undefined) return;
    inFlight.shownMs = this.#clock.now();
    this.#shown.observe([channel], (inFlight.shownMs - inFlight.writtenMs) / 1_000);
  }

  called({ sink, outcome, tookMs }: CallRecord): void {
    if (!this.#isKnown("sink", sink)) return;
    this.#calls.add([sink, outcome]);
    this.#call.observe([sink], tookMs / 1_000);
  }

  #all(): (Counter | Histogram)[] {
    return [
      this.#events,
      this.#deliveries,
      this.#tokens,
      this.#calls,
      this.#request,
      this.#line,
      this.#shown,
      this.#ack,
      this.#call,
    ];
  }
}
