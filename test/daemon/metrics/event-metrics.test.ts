// What is counted and measured about events, from their arrival to their acknowledgement.

import { expect, test } from "vitest";
import type { RouterEvent } from "../../../src/contract.ts";
import { EventMetrics } from "../../../src/daemon/metrics/event-metrics.ts";
import { exposeMetrics } from "../../../src/daemon/metrics/exposition.ts";
import { createEventIds } from "../../../src/router/event-id.ts";
import { manualClock } from "../../support/manual-clock.ts";

const newId = createEventIds();

function open(channels: readonly string[] = ["ci"]) {
  const clock = manualClock();
  const metrics = new EventMetrics(clock, (label, value) => label !== "channel" || channels.includes(value));
  const lines = () => exposeMetrics(metrics.metrics(), "prometheus").split("\n");
  return { clock, metrics, lines };
}

const written = (id: string, channel = "ci") => ({ id, channel, session: "1", attempt: 1, tokens: 5 });

test("the steps of a delivery are measured in seconds", async () => {
  const { clock, metrics, lines } = open();
  const id = newId(clock.now());
  const event = { id, source: "github" } as RouterEvent;
  metrics.stored(event, [{ channel: "ci" }]);
  metrics.decided({ event, outcome: "accepted" });
  metrics.answered("github", 4);
  await clock.advance(2_000);
  metrics.written(written(id));
  await clock.advance(500);
  metrics.changed({ id, channel: "ci", state: "sent", shown: true });
  metrics.shown({ id, channel: "ci" });
  await clock.advance(8_000);
  metrics.changed({ id, channel: "ci", state: "acked" });
  expect(lines()).toEqual(
    expect.arrayContaining([
      'channel_router_events_total{source="github",outcome="accepted"} 1',
      'channel_router_deliveries_total{channel="ci",state="accepted"} 1',
      'channel_router_deliveries_total{channel="ci",state="sent"} 1',
      'channel_router_deliveries_total{channel="ci",state="shown"} 1',
      'channel_router_deliveries_total{channel="ci",state="acked"} 1',
      'channel_router_request_duration_seconds_sum{source="github"} 0.004',
      'channel_router_line_latency_seconds_sum{channel="ci"} 2',
      'channel_router_shown_latency_seconds_sum{channel="ci"} 0.5',
      'channel_router_ack_latency_seconds_sum{channel="ci"} 8',
      'channel_router_ack_latency_seconds_bucket{channel="ci",le="5"} 0',
      'channel_router_ack_latency_seconds_bucket{channel="ci",le="10"} 1',
    ]),
  );
});

test("tokens that were not sent after all are not counted, and the counter never goes down", () => {
  const { metrics, lines } = open();
  const tokens = () => lines().find((line) => line.startsWith("channel_router_tokens_total"));
  metrics.spent("ci", 10);
  metrics.spent("ci", -10);
  expect(tokens()).toContain(" 10");
  metrics.spent("ci", 10);
  expect(tokens()).toContain(" 10");
  metrics.spent("ci", 3);
  expect(tokens()).toContain(" 13");
});

test("channels that the config does not have are not counted, and those that it lost are forgotten", () => {
  const channels = ["ci", "old"];
  const { metrics, lines } = open(channels);
  for (const channel of ["ci", "old", "of an earlier config"])
    metrics.written(written(newId(Date.now()), channel));
  channels.pop();
  metrics.keepKnown();
  const text = lines().join("\n");
  expect(text).toContain('{channel="ci",state="sent"} 1');
  expect(text).not.toMatch(/old|earlier/);
});

test("an observed event costs less than 20 microseconds and leaves nothing behind", () => {
  const { clock, metrics } = open();
  const run = (count: number) => {
    for (let index = 0; index < count; index++) {
      const id = newId(clock.now());
      const event = { id, source: "github" } as RouterEvent;
      metrics.stored(event, [{ channel: "ci" }]);
      metrics.decided({ event, outcome: "accepted" });
      metrics.answered("github", 4);
      metrics.spent("ci", 5);
      metrics.written(written(id));
      metrics.changed({ id, channel: "ci", state: "sent", shown: true });
      metrics.changed({ id, channel: "ci", state: "acked" });
    }
  };
  run(2_000);
  const before = process.cpuUsage();
  run(10_000);
  const { user, system } = process.cpuUsage(before);
  const each = (user + system) / 10_000;
  expect(each).toBeLessThan(20);
});
