// What an edit would have changed: recorded events through another plan, beside what was made of them.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CompareOptions, compareEvents, type EventDiff } from "../../src/console/try/compare-events.ts";
import type { JsonObject } from "../../src/contract.ts";
import { loadPlan } from "../../src/daemon/start/load-plan.ts";
import type { StoredRecord } from "../../src/journal/stored-events.ts";
import { createMemory } from "../../src/router/memory.ts";
import { openProject } from "../support/proven.ts";

const project = openProject();
const startMs = Date.UTC(2026, 0, 5, 9);
const head = `sources:
  ci: { type: http, path: /ci }
  other: { type: http, path: /other }
channels:
`;
const every = `${head}  failed:
    from: ci
    match: { data.kind: failed }
    dedupe: { key: "{{data.id}}", for: 10m }
    digest: { every: 1h, by: "{{data.id}}" }
    content: "{{data.id}} failed {{ago data.at}} {{id}}"
  flip:
    from: [ci, other]
    match: { data.kind: flip }
    changed: { value: data.state, by: "{{data.id}}" }
    supersede: "{{data.id}}"
    thread: "{{data.id}}"
    ttl: 2h
    content: "{{data.id}} is {{data.state}}"
    continue: true
  rare:
    from: ci
    throttle: { max: 2, per: 20m, overflow: drop }
    priority: low
    content: "{{data.id}} {{upper data.kind}}"
`;

let files = 0;
async function timed(config: string) {
  const file = `c${files++}.yaml`;
  await project.write({ [file]: config });
  const clock = { nowMs: startMs };
  const { plan, issues } = await loadPlan(`${project.folder}/${file}`, {}, { now: () => clock.nowMs });
  expect(issues).toEqual([]);
  return { plan, clock };
}

interface Sent {
  readonly source?: string;
  readonly afterMs: number;
  readonly data: JsonObject;
}

/** What the journal has after a router with this config received them. */
async function record(config: string, sent: readonly Sent[]): Promise<StoredRecord[]> {
  const { plan, clock } = await timed(config);
  const memory = createMemory({ now: () => clock.nowMs, after: () => () => {} });
  const records: StoredRecord[] = [];
  for (const [index, { source = "ci", afterMs, data }] of sent.entries()) {
    clock.nowMs += afterMs;
    const event = {
      id: `e${index}`,
      source,
      connector: "http",
      timeMs: clock.nowMs,
      trust: "verified" as const,
      data,
      text: JSON.stringify(data),
    };
    const planned = plan.sources.find(({ name }) => name === source);
    const admission = planned?.admit(event, memory, event.timeMs, { detail: "decision" });
    if (admission === undefined || admission.deliveries.length === 0) continue;
    memory.stage(admission.writes, Promise.resolve());
    // As the journal gives it back.
    const line = JSON.parse(JSON.stringify({ deliveries: admission.deliveries, memory: admission.writes }));
    records.push({ event, ...line, committedMs: event.timeMs + 3 });
  }
  return records;
}

async function* batches(records: readonly StoredRecord[]) {
  for (let at = 0; at < records.length; at += 7) yield records.slice(at, at + 7);
}

async function compare(
  config: string,
  records: readonly StoredRecord[],
  more: Partial<CompareOptions> = {},
): Promise<EventDiff> {
  return compareEvents(batches(records), { after: await timed(config), sinceMs: 0, keep: 100, ...more });
}

const sums = ({ newly, noLonger, changed }: EventDiff) => [newly.count, noLonger.count, changed.count];
const failed = (id: number, afterMs = 60_000): Sent => ({ afterMs, data: { kind: "failed", id, at: 0 } });

const anySent = fc.array(
  fc.record({
    source: fc.constantFrom("ci", "other"),
    afterMs: fc.integer({ min: 0, max: 900_000 }),
    data: fc.record({
      kind: fc.constantFrom("failed", "flip", "else"),
      state: fc.constantFrom("up", "down"),
      id: fc.integer({ min: 0, max: 3 }),
      at: fc.integer({ min: startMs / 1_000 - 5_000, max: startMs / 1_000 + 5_000 }),
    }),
  }),
  { maxLength: 60 },
);

describe("the config that made them", () => {
  test("gives no difference, whatever arrived, from any time on", async () => {
    await fc.assert(
      fc.asyncProperty(anySent, fc.double({ min: 0, max: 1, noNaN: true }), async (sent, part) => {
        const records = await record(every, sent);
        const lastMs = records.at(-1)?.event.timeMs ?? startMs;
        const sinceMs = startMs + (lastMs - startMs) * part;
        const found = await compare(every, records, { sinceMs });
        expect(sums(found)).toEqual([0, 0, 0]);
        expect(found.compared).toBe(records.filter(({ event }) => event.timeMs >= sinceMs).length);
        for (const { before, after } of found.channels) expect(after).toEqual(before);
      }),
      { numRuns: 25 },
    );
  });
});

test("an event that another channel takes now is new there and missing here, with the reason", async () => {
  const records = await record(every, [failed(1), failed(2)]);
  const found = await compare(every.replace("data.kind: failed", "data.id: 2"), records);
  expect(found.noLonger).toMatchObject({
    count: 1,
    first: [{ eventId: "e0", channel: "failed", reason: "match: data.id: was 1, wanted 2" }],
  });
  expect(found.newly).toMatchObject({
    count: 1,
    first: [{ eventId: "e0", channel: "rare", text: { content: "1 FAILED" } }],
  });
});

test("a removed or disabled source is the reason", async () => {
  const records = await record(every, [failed(1)]);
  const gone = every
    .replace("  ci: {", "  ci2: {")
    .replaceAll("from: ci\n", "from: ci2\n")
    .replace("[ci, other]", "other");
  expect((await compare(gone, records)).noLonger.first[0]?.reason).toBe("no source named ci");
  const off = every.replace("path: /ci }", "path: /ci, enabled: false }");
  expect((await compare(off, records)).noLonger.first[0]?.reason).toBe("source ci is disabled");
});

test.each([
  ["content", every.replace("failed {{ago", "broke {{ago"), ["content"]],
  ["meta", every.replace("    digest", "    meta: { job: x }\n    digest"), ["meta"]],
  ["priority", every.replace("    digest", "    priority: high\n    digest"), ["priority"]],
  ["to", every.replace("    digest", "    to: all\n    digest"), ["to"]],
  ["ttl", every.replace("    digest", "    ttl: 3h\n    digest"), ["ttl"]],
  ["receipt", every.replace("    digest", "    receipt: { ack_within: 5m }\n    digest"), ["receipt"]],
  ["thread", every.replace("    digest", '    thread: "{{data.id}}"\n    digest'), ["meta", "thread"]],
  ["flow control", every.replace(', by: "{{data.id}}" }', " }"), ["flow control"]],
])("an edit of %s is named", async (_, config, parts) => {
  const found = await compare(config, await record(every, [failed(1)]));
  expect(found.changed.first.map((one) => one.parts)).toEqual([parts]);
  expect(sums(found)).toEqual([0, 0, 1]);
});

test("filters begin with what the journal remembers from before", async () => {
  const records = await record(every, [failed(1), failed(2), failed(1, 15 * 60_000)]);
  // The same filter in a channel of the same name: the first event was before the time that is compared.
  const longer = every
    .replace("for: 10m", "for: 10m ")
    .replace("match: { data.kind: failed }", "match: { data.kind: [failed, flip] }");
  expect(sums(await compare(longer, records, { sinceMs: startMs + 100_000 }))).toEqual([0, 0, 0]);
});

test("two configs are compared with each other where a config from before is given", async () => {
  const records = await record(every, [failed(1), failed(2)]);
  const edited = every.replace("failed {{ago", "broke {{ago");
  const found = await compare(edited, records, { before: await timed(edited) });
  expect(sums(found)).toEqual([0, 0, 0]);
  expect(sums(await compare(edited, records, { before: await timed(every) }))).toEqual([0, 0, 2]);
});

test("each channel has its share of what is kept, and all are counted", async () => {
  const records = await record(
    every,
    Array.from({ length: 60 }, (_, id) => failed(id)),
  );
  const found = await compare(every.replace("failed {{ago", "broke {{ago"), records, { keep: 50 });
  expect(found.changed).toMatchObject({ count: 60 });
  expect(found.changed.first).toHaveLength(10);
  expect([...found.changed.byChannel]).toEqual([["failed", 60]]);
});

test("it stops in time, and when the signal fires", async () => {
  const records = await record(every, [failed(1), failed(2)]);
  expect(await compare(every, records, { withinMs: -1 })).toMatchObject({ compared: 0, stopped: "time" });
  expect(await compare(every, records, { signal: AbortSignal.abort() })).toMatchObject({
    stopped: "aborted",
  });
});
