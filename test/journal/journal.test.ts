import { statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, createBench, delivery, openOf, record } from "./fixture.ts";

let bench: Bench;
beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench.clear());

const memory = (key: string, value: string, more = {}) => ({
  scope: "ci/dedupe",
  key,
  value,
  limit: 3,
  ...more,
});

test("an accepted event is open on each of its channels, with all that dispatch needs", async () => {
  const journal = await bench.open();
  const urgent = delivery("alerts", {
    priority: "high",
    untilMs: 9_000,
    terms: { receipt: { ackWithinMs: 600_000 } },
  });
  await journal.append(record("0a", ["ci", urgent]));
  expect(openOf(journal)).toEqual(["0a@ci accepted", "0a@alerts accepted"]);
  const [entry] = journal.page({ channel: "alerts", limit: 10 });
  expect(entry).toMatchObject({ priority: "high", untilMs: 9_000, changedMs: bench.clock.now() });
  expect(await journal.deliveries(journal.entries("0a"))).toEqual([delivery("ci"), urgent]);
});

test("states go their way and end; a change after the end is ignored", async () => {
  const journal = await bench.open();
  await journal.append(record("0a", ["ci", "log"]));
  await journal.mark(
    { id: "0a", channel: "ci", state: "held" },
    { id: "0a", channel: "log", state: "sent", final: true },
  );
  await journal.mark({ id: "0a", channel: "ci", state: "sent", session: "s1", attempt: 1 });
  expect(openOf(journal)).toEqual(["0a@ci sent1"]);
  expect(journal.page({ session: "s1", states: ["sent"], limit: 9 })).toHaveLength(1);
  expect(journal.page({ session: "s2", limit: 9 })).toHaveLength(0);
  await journal.mark({ id: "0a", channel: "ci", state: "acked", session: "s1" });
  await journal.mark({ id: "0a", channel: "ci", state: "dead" });
  expect(openOf(journal)).toEqual([]);
  const states = (await journal.history("0a")).map((line) =>
    line.type === "state" ? `${line.channel} ${line.state}` : line.type,
  );
  expect(states).toEqual(["event", "ci held", "log sent", "ci sent", "ci acked"]);
});

test("what calls did about an event is a part of its history, also after a restart, and changes nothing", async () => {
  const first = await bench.open();
  await first.append(record("0a"));
  await first.call({ id: "0a", session: "s1", text: "note was called after 3 ms" });
  await first.call({ session: "s1", text: "a call without an event" });
  await first.close();
  const journal = await bench.open({ term: 2 });
  expect(openOf(journal)).toEqual(["0a@ci accepted"]);
  expect(await journal.history("0a")).toMatchObject([
    { type: "event" },
    { type: "call", session: "s1", text: "note was called after 3 ms" },
  ]);
});

test("all of it is there again after a restart, and the clock may have gone back", async () => {
  const first = await bench.open();
  await first.append(
    record("0b", ["ci"], { memory: [memory("k", "0b"), memory("gone", "0b", { untilMs: 1 })] }),
  );
  await first.append(record("0c"));
  await first.mark({ id: "0c", channel: "ci", state: "sent", session: "s1", attempt: 2 });
  await first.moveCursor("feed", { seen: ["x"] });
  await first.note("silence", "ci", { reason: "deploy" }, bench.clock.now() + 60_000);
  await first.note("prompt", "p1", { tool: "Bash" });
  await first.note("prompt", "p1", null);
  await first.close();

  bench.clock.set(bench.clock.now() - 30 * 24 * 3_600_000);
  const second = await bench.open({ term: 2 });
  await second.append(record("0a"));
  expect(openOf(second)).toEqual(["0b@ci accepted", "0c@ci sent2", "0a@ci accepted"]);
  expect(second.page({ session: "s1", limit: 9 })).toHaveLength(1);
  expect(second.memory.get("ci/dedupe", "k")).toBe("0b");
  expect(second.cursor("feed")).toEqual({ seen: ["x"] });
  expect(second.notes("silence")).toMatchObject([{ key: "ci", value: { reason: "deploy" } }]);
  expect(second.notes("prompt")).toEqual([]);
  expect(await second.deliveries(second.page({ limit: 9 }))).toEqual([
    delivery("ci"),
    delivery("ci"),
    delivery("ci"),
  ]);
  expect((await second.read("0b"))?.type).toBe("event");
});

test("memory ends at its time, and keeps the latest of a scope", async () => {
  const journal = await bench.open();
  const untilMs = bench.clock.now() + 1_000;
  for (const key of ["a", "b", "c", "d"])
    await journal.append(record(`0${key}`, ["ci"], { memory: [memory(key, key, { untilMs })] }));
  expect(["a", "b", "c", "d"].map((key) => journal.memory.get("ci/dedupe", key))).toEqual([
    undefined,
    "b",
    "c",
    "d",
  ]);
  bench.clock.set(untilMs);
  expect(journal.memory.get("ci/dedupe", "d")).toBeUndefined();
});

test("a digest folds its members in the same line and stands where the last of them stood", async () => {
  const journal = await bench.open();
  for (const id of ["0a", "0b", "0c", "0d"]) await journal.append(record(id));
  const members = ["0a", "0c"].map((id) => ({ id, channel: "ci" }));
  await journal.append({ id: "0e", delivery: delivery("ci", { content: "2 runs failed" }), members });
  expect(openOf(journal)).toEqual(["0b@ci accepted", "0e@ci accepted", "0d@ci accepted"]);
  await journal.close();
  const again = await bench.open({ term: 2 });
  expect(openOf(again)).toEqual(["0b@ci accepted", "0e@ci accepted", "0d@ci accepted"]);
  expect(await again.deliveries(again.entries("0e"))).toMatchObject([{ content: "2 runs failed" }]);
  expect(await again.read("0e")).toMatchObject({ type: "digest", members });
  expect((await again.history("0a")).map(({ type }) => type)).toEqual(["event", "digest"]);
});

test("an event that ended long ago, in another segment, can be read whole", async () => {
  const journal = await bench.open({ segmentBytes: 2_000 });
  const ids = Array.from({ length: 40 }, (_, n) => `0${String(n).padStart(3, "0")}`);
  for (const id of ids) {
    await journal.append(record(id, ["ci"], { filler: 300 }));
    await journal.mark({ id, channel: "ci", state: "sent", final: true });
    await journal.idle();
  }
  expect(bench.files("segment").length).toBeGreaterThan(5);
  for (const id of ids) {
    const kept = await journal.read(id);
    expect(kept?.type === "event" && kept.event).toEqual(record(id, ["ci"], { filler: 300 }).event);
  }
  expect(await journal.read("0404")).toBeUndefined();
  const recent = await journal.recent(7);
  expect(recent.map((kept) => (kept.type === "event" ? kept.event.id : kept.id))).toEqual(
    ids.slice(-7).reverse(),
  );
});

test("what is in the payload is never taken for a line of ours", async () => {
  const journal = await bench.open();
  const sly = record("0a");
  const data = {
    v: 1,
    type: "state",
    id: "0b",
    channel: "ci",
    state: "dead",
    text: '\n{"v":1,"type":"state"}',
  };
  await journal.append({ ...sly, event: { ...sly.event, data, text: JSON.stringify(data) } });
  await journal.append(record("0b"));
  expect(await journal.history("0b")).toHaveLength(1);
  expect(await journal.read("0a")).toMatchObject({ event: { data } });
});

test("an event that was withdrawn before its commit began is not there", async () => {
  const journal = await bench.open();
  const withdraw = new AbortController();
  const kept = journal.append(record("0a"));
  const withdrawn = journal.append(record("0b"), withdraw.signal);
  withdraw.abort();
  await expect(withdrawn).rejects.toMatchObject({ code: "E_JOURNAL_WRITE", retryable: true });
  await kept;
  expect(openOf(journal)).toEqual(["0a@ci accepted"]);
});

test("folder and files are private, each line is JSON with a version, and idle starts leave nothing behind", async () => {
  const idle = await bench.open();
  await idle.close();
  expect(() => statSync(bench.folder)).toThrow();
  const journal = await bench.open();
  await journal.append(record("0a"));
  await journal.close();
  expect(statSync(bench.folder).mode & 0o777).toBe(0o700);
  for (const name of bench.files()) expect(statSync(join(bench.folder, name)).mode & 0o777).toBe(0o600);
  const [name] = bench.files("segment");
  const lines = bench
    .text(name as string)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ v, type }) => [v, type])).toEqual([
    [1, "segment"],
    [1, "event"],
  ]);
});

test("an id that does not fit is a bug of the caller, told before anything is written", async () => {
  const journal = await bench.open();
  await expect(journal.append(record("0123456789abcdefg"))).rejects.toThrow("an event id is 1 to 16");
  await expect(journal.append(record("0é"))).rejects.toThrow("an event id is 1 to 16");
});

test("a closed journal refuses, and says so", async () => {
  const journal = await bench.open();
  await journal.close();
  await expect(journal.append(record("0a"))).rejects.toMatchObject({
    code: "E_JOURNAL_CLOSED",
    retryable: true,
  });
  expect(await journal.ended).toBe("closed");
});

test("close writes what waits, facts too", async () => {
  const journal = await bench.open();
  const settled = [journal.append(record("0a")), journal.append(record("0b"))];
  await settled[0];
  settled.push(journal.mark({ id: "0a", channel: "ci", state: "sent", final: true }));
  await journal.close();
  await Promise.all(settled);
  expect(openOf(await bench.open({ term: 2 }))).toEqual(["0b@ci accepted"]);
});
