import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const idsOf = ({ events }: { events: readonly { eventId: string; meta: object }[] }) =>
  events.map(({ eventId, meta }) => ("attempt" in meta ? `${eventId}#${meta.attempt}` : eventId));

test("what was fetched and confirmed is sent, oldest first, and is not pushed when the session listens", async () => {
  const session = bench.attach("a", { state: "no" });
  for (const id of ["e1", "e2", "e3"]) await bench.event(id);
  await bench.quiet();
  expect(bench.dispatcher.waiting("a")).toBe(3);
  const fetched = await bench.dispatcher.pending("a", 2);
  expect(idsOf(fetched)).toEqual(["e1", "e2"]);
  expect(fetched.left).toBe(1);
  expect(fetched.events[0]).toEqual({
    eventId: "e1",
    channel: "ci",
    content: "event e1",
    meta: { channel: "ci", event_id: "e1" },
    tokens: 5,
  });
  session.state = "yes";
  bench.dispatcher.wake();
  await bench.quiet();
  expect(session.seen()).toEqual(["e3"]);
  fetched.confirm();
  fetched.abandon();
  await bench.quiet();
  expect(bench.journal.stats().open).toBe(0);
  expect(bench.dispatcher.waiting("a")).toBe(0);
});

test("two fetches at once do not get the same event", async () => {
  bench.attach("a", { state: "no" });
  bench.attach("b", { state: "no" });
  for (const id of ["e1", "e2", "e3", "e4"]) await bench.event(id);
  await bench.quiet();
  const [first, second] = await Promise.all([
    bench.dispatcher.pending("a", 2),
    bench.dispatcher.pending("b", 3),
  ]);
  expect([...idsOf(first), ...idsOf(second)].sort()).toEqual(["e1", "e2", "e3", "e4"]);
});

test("what was abandoned waits as before", async () => {
  bench.attach("a", { state: "no" });
  await bench.event("e1");
  await bench.quiet();
  (await bench.dispatcher.pending("a")).abandon();
  expect(bench.dispatcher.waiting("a")).toBe(1);
  expect(idsOf(await bench.dispatcher.pending("a"))).toEqual(["e1"]);
});

test("a fetch that nobody confirmed may have been read: it comes again with attempt 2", async () => {
  const deaf = bench.attach("a", { state: "no" });
  await bench.event("e1");
  await bench.event("e2");
  await bench.quiet();
  await bench.dispatcher.pending("a", 1);
  deaf.end();
  const next = bench.attach("b");
  await bench.quiet();
  expect(next.seen()).toEqual(["e1#2", "e2"]);
});

test("the same after a crash", async () => {
  bench.attach("a", { state: "no" });
  await bench.event("e1");
  await bench.quiet();
  await bench.dispatcher.pending("a", 1);
  await bench.crash();
  const next = bench.attach("b");
  await bench.quiet();
  expect(next.seen()).toEqual(["e1#2"]);
});

test("an event with a receipt waits for it when it was fetched", async () => {
  bench.attach("a", { state: "no" });
  await bench.event("e1", { receipt: { ackWithinMs: 1_000, attempts: 2 } });
  await bench.quiet();
  (await bench.dispatcher.pending("a")).confirm();
  expect(bench.lastState("e1")).toBe("sent");
  expect(bench.dispatcher.waiting("a")).toBe(0);
  await bench.clock.advance(1_000);
  await bench.quiet();
  expect(bench.dispatcher.waiting("a")).toBe(1);
  expect(idsOf(await bench.dispatcher.pending("a"))).toEqual(["e1#2"]);
});

test("a session that does not listen fetches nothing that a listening one is getting", async () => {
  const listening = bench.attach("a");
  bench.attach("b", { state: "no" });
  listening.stall();
  await bench.event("e1");
  await bench.event("e2");
  await bench.quiet();
  expect(bench.dispatcher.waiting("b")).toBe(0);
  expect(idsOf(await bench.dispatcher.pending("b"))).toEqual([]);
});

test("a session that is not attached has nothing", async () => {
  await bench.event("e1");
  expect(bench.dispatcher.waiting("x")).toBe(0);
  expect(idsOf(await bench.dispatcher.pending("x"))).toEqual([]);
});

test("the count does not include what came to its end elsewhere", async () => {
  bench.attach("a", { state: "no" });
  await bench.event("e1");
  await bench.event("e2");
  await bench.quiet();
  await bench.journal.mark({ id: "e1", channel: "ci", state: "superseded" });
  expect(bench.dispatcher.waiting("a")).toBe(1);
});

test("an event for all is fetched once by each session, and by a new owner's too", async () => {
  const startedMs = bench.clock.now();
  const attach = () => ["a", "b"].map((id) => bench.attach(id, { state: "no", startedMs }));
  attach();
  for (const id of ["e1", "e2"]) await bench.event(id, { to: "all" });
  await bench.quiet();
  const fetchAll = async (id: string) => {
    const fetched = await bench.dispatcher.pending(id);
    fetched.confirm();
    await bench.quiet();
    return idsOf(fetched);
  };
  expect(await fetchAll("a")).toEqual(["e1", "e2"]);
  expect(bench.dispatcher.waiting("a")).toBe(0);
  expect(await fetchAll("a")).toEqual([]);
  await bench.crash();
  attach();
  await bench.quiet();
  expect(await fetchAll("a")).toEqual([]);
  expect(bench.dispatcher.waiting("b")).toBe(2);
  expect(await fetchAll("b")).toEqual(["e1", "e2"]);
  await bench.quiet();
  expect(bench.journal.stats().open).toBe(0);
});

test("an event for all that a session may have read comes to it again with attempt only", async () => {
  const startedMs = bench.clock.now();
  const attach = () => ["a", "b"].map((id) => bench.attach(id, { state: "no", startedMs }));
  attach();
  await bench.event("e1", { to: "all" });
  await bench.quiet();
  (await bench.dispatcher.pending("a")).confirm();
  await bench.dispatcher.pending("b"); // Neither confirmed nor abandoned.
  await bench.quiet();
  await bench.crash();
  attach();
  await bench.quiet();
  expect(idsOf(await bench.dispatcher.pending("a"))).toEqual([]);
  expect(idsOf(await bench.dispatcher.pending("b"))).toEqual(["e1#2"]);
});

test("what the loop guard kept back of events for all is fetched once, while others are pushed it", async () => {
  const [a, b] = [bench.attach("a"), bench.attach("b")];
  for (let n = 1; n <= 33; n++) await bench.event(`e${n}`, { to: "all", thread: "t" });
  await bench.quiet();
  expect([a, b].map((session) => session.seen().length)).toEqual([30, 30]);
  for (const id of ["a", "a", "b", "b"]) {
    const fetched = await bench.dispatcher.pending(id);
    fetched.confirm();
    await bench.quiet();
    const ids = idsOf(fetched).filter((one) => one.startsWith("e"));
    if (bench.journal.stats().open > 0 || ids.length > 0)
      expect([[], ["e31", "e32", "e33"]]).toContainEqual(ids);
  }
  expect(bench.journal.page({ limit: 10 }).filter(({ channel }) => channel === "ci")).toEqual([]);
});
