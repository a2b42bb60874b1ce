// Counters and histograms with labels. The values of a label are names of the config, so there are few of them; as a
// bound of last resort, a metric has at most 10,000 series, and what would be one more counts nowhere.

import type { Metric, Sample } from "./exposition.ts";

export const maxSeries = 10_000;

interface SeriesOptions {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

export class Counter {
  readonly #options: SeriesOptions;
  readonly #values = new Map<string, { readonly labels: readonly string[]; value: number }>();

  constructor(options: SeriesOptions) {
    this.#options = options;
  }

  /** `labels`: their values, in the order of the names. */
  add(labels: readonly string[], by = 1): void {
    const key = keyOf(labels);
    const known = this.#values.get(key);
    if (known !== undefined) known.value += by;
    else if (this.#values.size < maxSeries) this.#values.set(key, { labels, value: by });
  }

  /** Forgets the series with other values of a label. */
  keep(isKept: (label: string, value: string) => boolean): void {
    dropOthers(this.#values, this.#options.labels, isKept);
  }

  metric(): Metric {
    const { name, help, labels } = this.#options;
    const samples = [...this.#values.values()].map(
      (one): Sample => ({ labels: pairs(labels, one.labels), value: one.value }),
    );
    return { name, type: "counter", help, samples };
  }
}

interface Observed {
  readonly labels: readonly string[];
  /** How many values each bucket has, without those of the buckets below it. */
  readonly counts: number[];
  count: number;
  sum: number;
}

export class Histogram {
  readonly #options: SeriesOptions & { readonly buckets: readonly number[] };
  readonly #values = new Map<string, Observed>();

  /** `buckets`: upper bounds in seconds, ascending, without +Inf. The name ends with `_seconds`. */
  constructor(options: SeriesOptions & { readonly buckets: readonly number[] }) {
    this.#options = options;
  }

  observe(labels: readonly string[], seconds: number): void {
    const key = keyOf(labels);
    let known = this.#values.get(key);
    if (known === undefined) {
      if (this.#values.size >= maxSeries) return;
      known = { labels, counts: this.#options.buckets.map(() => 0), count: 0, sum: 0 };
      this.#values.set(key, known);
    }
    // Clocks can go back.
    const value = Math.max(0, seconds);
    known.count += 1;
    known.sum += value;
    const at = this.#options.buckets.findIndex((bound) => value <= bound);
    if (at >= 0) known.counts[at] = (known.counts[at] as number) + 1;
  }

  /** As that of a counter. */
  keep(isKept: (label: string, value: string) => boolean): void {
    dropOthers(this.#values, this.#options.labels, isKept);
  }

  metric(): Metric {
    const { name, help, labels, buckets } = this.#options;
    const samples = [...this.#values.values()].flatMap((one): Sample[] => {
      const of = pairs(labels, one.labels);
      let below = 0;
      const filled = one.counts.map((count, index): Sample => {
        below += count;
        return { suffix: "_bucket", labels: [...of, ["le", String(buckets[index])]], value: below };
      });
      return [
        ...filled,
        { suffix: "_bucket", labels: [...of, ["le", "+Inf"]], value: one.count },
        { suffix: "_sum", labels: of, value: one.sum },
        { suffix: "_count", labels: of, value: one.count },
      ];
    });
    return { name, type: "histogram", unit: "seconds", help, samples };
  }
}

/** Names hold no line feed. */
function keyOf(labels: readonly string[]): string {
  return labels.length === 1 ? (labels[0] as string) : labels.join("\n");
}

function pairs(names: readonly string[], values: readonly string[]): Sample["labels"] {
  return names.map((name, index) => [name, values[index] ?? ""] as const);
}

function dropOthers(
  values: Map<string, { readonly labels: readonly string[] }>,
  names: readonly string[],
  isKept: (label: string, value: string) => boolean,
): void {
  for (const [key, { labels }] of values)
    if (!names.every((name, index) => isKept(name, labels[index] ?? ""))) values.delete(key);
}
