// The dashboard and the alert rules in docs/grafana use metrics and labels that exist.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { EventMetrics } from "../../src/daemon/metrics/event-metrics.ts";
import { exposeMetrics, type Metric } from "../../src/daemon/metrics/exposition.ts";
import { stateMetrics } from "../../src/daemon/metrics/gauges.ts";
import { ProcessMetrics } from "../../src/daemon/metrics/process-metrics.ts";
import type { DaemonState } from "../../src/daemon/state.ts";
import { createEventIds } from "../../src/router/event-id.ts";
import { manualClock } from "../support/manual-clock.ts";

const folder = fileURLToPath(new URL("../../docs/grafana/", import.meta.url));
const read = (file: string) => readFileSync(`${folder}${file}`, "utf8");

/** Every metric that the router can have, with a sample. */
function allMetrics(): Metric[] {
  const clock = manualClock();
  const events = new EventMetrics(clock, () => true);
  const id = createEventIds()(clock.now());
  const delivery = { id, channel: "ci" };
  events.unmatched("github", 1);
  events.answered("github", 1);
  events.spent("ci", 1);
  events.written({ ...delivery, session: "1", attempt: 1, tokens: 1 });
  events.shown(delivery);
  events.changed({ ...delivery, state: "acked" });
  events.called({ sink: "ops", session: "1", outcome: "done", tookMs: 1 });
  const state = {
    ...{ clock, startedMs: clock.now(), verdict: () => undefined, config: () => undefined },
    sessions: { list: () => [] },
    running: () => ({
      router: { report: () => ({ sources: [{ name: "github", state: "running" }] }) },
      journal: {
        stats: () => ({
          open: 1,
          counts: [{ channel: "ci", state: "held", count: 1 }],
          segments: 1,
          bytes: 1,
        }),
        page: () => [{ id }],
      },
    }),
  } as unknown as DaemonState;
  const process = new ProcessMetrics();
  const all = [...stateMetrics(state, () => true), ...events.metrics(), ...process.metrics()];
  process.close();
  return all;
}

/** By the name of each sample: its labels. */
function samples(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const line of exposeMetrics(allMetrics(), "prometheus").split("\n")) {
    const [, name = "", labels = ""] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    const known = found.get(name) ?? new Set(["job", "instance", "le"]);
    for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) known.add(label);
    if (name !== "") found.set(name, known);
  }
  return found;
}

const functions = new Set(
  "sum by without rate increase histogram_quantile max min count or and on vector label_values up".split(" "),
);

/** What a query names that no metric has. */
function unknownIn(query: string): string[] {
  const known = samples();
  const bare = query.replaceAll(/"[^"]*"/g, '""').replaceAll(/\[[^\]]*\]/g, "");
  const all = new Set([...known.values()].flatMap((labels) => [...labels]));
  const unknown: string[] = [];
  for (const [, name = "", selector = ""] of bare.matchAll(/\b([a-z]\w*)\b(?:\{([^}]*)\})?/g)) {
    if (known.has(name)) {
      const labels = [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = ""]) => label);
      unknown.push(
        ...labels.filter((label) => !known.get(name)?.has(label)).map((label) => `${name}{${label}}`),
      );
    } else if (!functions.has(name) && !all.has(name)) unknown.push(name);
  }
  return unknown;
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  readonly targets: readonly { readonly expr: string; readonly refId: string }[];
}

const dashboard = JSON.parse(read("dashboard.json")) as {
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
};

test.each(dashboard.panels)("the panel $title shows metrics that exist", ({ targets }) => {
  expect(targets.length).toBeGreaterThan(0);
  expect(targets.flatMap(({ expr }) => unknownIn(expr))).toEqual([]);
  const variables = targets.flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)].map(([, name]) => name));
  const given = [...dashboard.templating.list.map(({ name }) => name), "__rate_interval"];
  expect(variables.filter((name) => !given.includes(name as string))).toEqual([]);
});

test("the dashboard has the form that Grafana imports: each panel has its own id and place", () => {
  expect(dashboard).toMatchObject({ title: "channel-router", schemaVersion: expect.any(Number) });
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Set<string>();
  for (const { gridPos, targets, type } of panels) {
    expect(["stat", "timeseries"]).toContain(type);
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken.has(`${x}/${y}`)).toBe(false);
        taken.add(`${x}/${y}`);
      }
  }
  for (const { definition } of dashboard.templating.list)
    if (definition !== undefined) expect(unknownIn(definition)).toEqual([]);
});

test("every metric of ours is on the dashboard or in a rule", () => {
  const used = `${read("dashboard.json")}${read("alerts.yml")}`;
  const names = allMetrics().map(({ name }) => name);
  const detail = ["channel_router_open_deliveries", "channel_router_journal_segments"];
  expect(
    names.filter(
      (name) => name.startsWith("channel_router_") && !used.includes(name) && !detail.includes(name),
    ),
  ).toEqual(["channel_router_start_time_seconds", "channel_router_config_last_reload_timestamp_seconds"]);
});

const { groups } = parse(read("alerts.yml")) as {
  groups: {
    name: string;
    rules: { alert: string; expr: string; annotations: { summary: string }; labels: { severity: string } }[];
  }[];
};

test.each(groups.flatMap(({ rules }) => rules))("the rule $alert uses metrics that exist", (rule) => {
  expect(unknownIn(rule.expr)).toEqual([]);
  expect(rule.alert).toMatch(/^ChannelRouter[A-Z]\w+$/);
  expect(rule.annotations.summary).toMatch(/\.$/);
  expect(["info", "warning", "critical"]).toContain(rule.labels.severity);
});

const promtool = ["/usr/bin/promtool", process.env.PROMTOOL ?? ""].find(
  (path) => path !== "" && existsSync(path),
);

test.runIf(promtool !== undefined)("promtool accepts the rules and the text of the metrics", () => {
  const rules = spawnSync(promtool as string, ["check", "rules", `${folder}alerts.yml`], {
    encoding: "utf8",
  });
  expect(rules).toMatchObject({ status: 0 });
  const input = exposeMetrics(allMetrics(), "prometheus");
  const metrics = spawnSync(promtool as string, ["check", "metrics"], { input, encoding: "utf8" });
  expect(`${metrics.stdout}${metrics.stderr}`).toBe("");
  expect(metrics.status).toBe(0);
});
