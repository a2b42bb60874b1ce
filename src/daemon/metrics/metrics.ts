// Metrics of a leader, from when the config asks for them. Loaded only then.

import { noticeChannel } from "../../dispatch/notices.ts";
import type { DaemonState } from "../state.ts";
import { EventMetrics, type KnownName } from "./event-metrics.ts";
import { contentTypes, exposeMetrics, formatFor, type MetricsPage } from "./exposition.ts";
import { stateMetrics } from "./gauges.ts";
import { ProcessMetrics } from "./process-metrics.ts";

const ownNames: Readonly<Record<string, ReadonlySet<string>>> = {
  outcome: new Set([
    ...["accepted", "duplicate", "dropped", "unmatched", "refused"],
    ...["done", "failed", "cancelled"],
  ]),
  // Requests that no source answers have none; events of the router itself have its name.
  source: new Set(["", noticeChannel]),
  channel: new Set([noticeChannel]),
};

export class Metrics {
  readonly #state: DaemonState;
  readonly #events: EventMetrics;
  readonly #process = new ProcessMetrics();
  readonly #unobserve: () => void;
  readonly #names: Record<string, ReadonlySet<string>> = {};
  readonly #isKnown: KnownName = (label, value) =>
    label === "state" || ownNames[label]?.has(value) === true || this.#names[label]?.has(value) === true;

  constructor(state: DaemonState) {
    this.#state = state;
    this.#events = new EventMetrics(state.clock, this.#isKnown);
    this.configChanged();
    this.#unobserve = state.observers.add(this.#events);
  }

  /** Another config runs. */
  configChanged(): void {
    const plan = this.#state.running()?.config.plan;
    this.#names.source = new Set(plan?.sources.map(({ name }) => name));
    this.#names.channel = new Set(plan?.channels.map(({ name }) => name));
    this.#names.sink = new Set(plan?.sinks.map(({ name }) => name));
    this.#events.keepKnown();
  }

  /** As this `Accept` header asks for it. */
  page(accept: string | undefined): MetricsPage {
    const format = formatFor(accept);
    const all = [
      ...stateMetrics(this.#state, this.#isKnown),
      ...this.#events.metrics(),
      ...this.#process.metrics(),
    ];
    return { contentType: contentTypes[format], text: exposeMetrics(all, format) };
  }

  close(): void {
    this.#unobserve();
    this.#process.close();
  }
}
