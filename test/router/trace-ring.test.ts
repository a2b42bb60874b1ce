// The ring of decisions: bounded in number and in size, and told to those who watch.

import { expect, test } from "vitest";
import type { RouterEvent, TraceStep } from "../../src/contract.ts";
import type { Decision } from "../../src/router/emit.ts";
import { createTraceRing } from "../../src/router/trace-ring.ts";

function decision(id: string, trace: readonly TraceStep[] = []): Decision {
  const event: RouterEvent = {
    id,
    source: "post",
    connector: "letter",
    timeMs: 1_000,
    data: "x",
    text: "x",
    trust: "local",
  };
  const admission = { deliveries: [], writes: [], pending: [], problems: [], trace };
  return { event, outcome: "unmatched", admission: { outcome: "unmatched", ...admission } };
}

test("the oldest decision makes room for the newest", () => {
  const ring = createTraceRing(1_000);
  for (let n = 0; n < 1_500; n += 1) ring.add(decision(`e${n}`));
  expect(ring.find("e499")).toBeUndefined();
  expect(ring.find("e500")).toMatchObject({ eventId: "e500", source: "post", outcome: "unmatched" });
  expect(ring.latest(2_000)).toHaveLength(1_000);
  expect(ring.latest(2).map(({ eventId }) => eventId)).toEqual(["e1499", "e1498"]);
  expect(ring.latest(0)).toEqual([]);
});

test("a decision keeps at most 100 steps, each of a bounded length, and says how many it left out", () => {
  const ring = createTraceRing();
  const step = { channel: "ci", filter: "match", pass: false, path: "data.a", detail: "ü".repeat(5_000) };
  ring.add(
    decision(
      "e1",
      Array.from({ length: 130 }, () => step),
    ),
  );
  const traced = ring.find("e1");
  expect(traced?.trace).toHaveLength(100);
  expect(traced?.leftOut).toBe(30);
  expect(traced?.trace[0]).toEqual({ ...step, detail: `${"ü".repeat(300)}…` });
});

test("a thousand traces that quote large payloads do not keep the payloads in memory", () => {
  const ring = createTraceRing();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < 1_000; n += 1) {
    const payload = Buffer.alloc(256 * 1024, `${n} `).toString("latin1");
    const detail = `was "${payload.slice(10, 200)}"`;
    ring.add(decision(`e${n}`, [{ channel: "ci", filter: "match", pass: false, detail }]));
  }
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 1024 * 1024);
  expect(ring.latest(1)[0]?.trace[0]?.detail).toHaveLength(196);
});

test("a watcher is told of each decision until it stops", () => {
  const ring = createTraceRing();
  const seen: string[] = [];
  const unwatch = ring.watch(({ eventId }) => seen.push(eventId));
  ring.add(decision("e1"));
  unwatch();
  ring.add(decision("e2"));
  expect(seen).toEqual(["e1"]);
});
