// The text of metrics, compared with that of prom-client, which we do not ship: see docs/decisions/metrics.md.

import fc from "fast-check";
import { Gauge, Counter as PromCounter, Histogram as PromHistogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { exposeMetrics, formatFor, type Metric } from "../../../src/daemon/metrics/exposition.ts";
import { Counter, Histogram, maxSeries } from "../../../src/daemon/metrics/series.ts";

const label = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !text.includes("\r")),
  fc.constantFrom('a"b', "a\\b", "a\nb", "source"),
);

test("counters, gauges and histograms read as those of prom-client do", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(label, label, fc.double({ min: 0, max: 1_000, noNaN: true })), { maxLength: 30 }),
      async (observed) => {
        const registers = [new Registry()];
        const ours = {
          counter: new Counter({
            name: "events",
            help: "Arrivals \\ and\nmore.",
            labels: ["source", "outcome"],
          }),
          histogram: new Histogram({
            ...{ name: "took_seconds", help: "How long.", labels: ["channel"], buckets: [0.1, 1, 10] },
          }),
        };
        const theirs = {
          counter: new PromCounter({
            ...{ name: "events_total", help: "Arrivals \\ and\nmore.", labelNames: ["source", "outcome"] },
            registers,
          }),
          histogram: new PromHistogram({
            ...{ name: "took_seconds", help: "How long.", labelNames: ["channel"], buckets: [0.1, 1, 10] },
            registers,
          }),
        };
        for (const [source, outcome, value] of observed) {
          ours.counter.add([source, outcome]);
          theirs.counter.inc({ source, outcome });
          ours.histogram.observe([source], value);
          theirs.histogram.observe({ channel: source }, value);
        }
        new Gauge({ name: "depth", help: "Now.", registers }).set(observed.length);
        const depth: Metric = {
          ...{ name: "depth", type: "gauge", help: "Now." },
          samples: [{ labels: [], value: observed.length }],
        };
        const text = exposeMetrics([ours.counter.metric(), ours.histogram.metric(), depth], "prometheus");
        const expected = await (registers[0] as Registry).metrics();
        expect(linesOf(text)).toEqual(linesOf(expected));
      },
    ),
  );
});

/** Without the heads of metrics that have no sample, and without the order of labels. */
function linesOf(text: string): string[] {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("# "));
  const heads = text
    .split("\n")
    .filter((line) => line.startsWith("# "))
    .filter((line) => lines.some((other) => other.startsWith(line.split(" ")[2] as string)));
  return [...heads, ...lines.map(sorted)].sort();
}

function sorted(line: string): string {
  const match = /^(\w+)\{(.*)\} (\S+)$/.exec(line);
  if (match === null) return line;
  const parts = [...(match[2] as string).matchAll(/\w+="(?:[^"\\]|\\.)*"/g)].map(([part]) => part).sort();
  return `${match[1]}{${parts.join(",")}} ${match[3]}`;
}

test("OpenMetrics names the family without the ending, the unit, and ends with EOF", () => {
  const counter = new Counter({ name: "events", help: 'Says "so".', labels: ["source"] });
  counter.add(["a"], 2);
  counter.add([""]);
  const histogram = new Histogram({ name: "took_seconds", help: "How long.", labels: [], buckets: [1] });
  histogram.observe([], -5);
  expect(exposeMetrics([counter.metric(), histogram.metric()], "openmetrics")).toBe(
    `# HELP events Says \\"so\\".
# TYPE events counter
events_total{source="a"} 2
events_total 1
# HELP took_seconds How long.
# TYPE took_seconds histogram
# UNIT took_seconds seconds
took_seconds_bucket{le="1"} 1
took_seconds_bucket{le="+Inf"} 1
took_seconds_sum 0
took_seconds_count 1
# EOF
`,
  );
});

test.each([
  [undefined, "prometheus"],
  ["*/*", "prometheus"],
  ["text/html", "prometheus"],
  ["application/openmetrics-text", "openmetrics"],
  ["application/openmetrics-text; version=0.0.1", "prometheus"],
  // As Prometheus 2.42 and 3 send it.
  [
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "openmetrics",
  ],
  ["application/openmetrics-text;q=0.2, text/plain;q=0.9", "prometheus"],
  ["application/openmetrics-text;q=nonsense", "prometheus"],
] as const)("Accept %s gets the %s format", (accept, format) => {
  expect(formatFor(accept)).toBe(format);
});

test("a metric has a bounded number of series", () => {
  const counter = new Counter({ name: "events", help: "", labels: ["source"] });
  const histogram = new Histogram({ name: "took_seconds", help: "", labels: ["source"], buckets: [1] });
  for (let index = 0; index < maxSeries + 100; index++) {
    counter.add([`s${index}`]);
    histogram.observe([`s${index}`], 1);
  }
  expect(counter.metric().samples).toHaveLength(maxSeries);
  expect(histogram.metric().samples).toHaveLength(maxSeries * 4);
});
