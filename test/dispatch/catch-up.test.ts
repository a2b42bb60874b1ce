import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench({ catchUp: 3 });
});
afterEach(() => bench.close());

async function missed(count: number): Promise<void> {
  for (let n = 1; n <= count; n++) await bench.event(`e${n}`, { channel: n % 2 ? "ci" : "chat" });
  await bench.quiet();
  await bench.clock.advance(1_000);
}

test("a short backlog is sent one by one and nothing is said about it", async () => {
  await missed(3);
  const session = bench.attach("a");
  await bench.quiet();
  expect(session.got.map(({ eventId }) => eventId)).toEqual(["e1", "e2", "e3"]);
});

test("of a long one the oldest few are sent, and one notice says what waits", async () => {
  await missed(8);
  const session = bench.attach("a");
  await bench.quiet();
  await bench.event("e9");
  await bench.quiet();
  expect(session.seen()).toEqual(["e1", "e2", "e3", "e9"]);
  const notices = session.got.filter(({ channel }) => channel === "router");
  expect(notices).toHaveLength(1);
  expect(notices[0]?.meta).toEqual({ channel: "router", event_id: notices[0]?.eventId, count: "5" });
  expect(notices[0]?.content).toBe(
    [
      "5 older events wait and are not pushed: call pending to get them, oldest first.",
      "By channel: chat 3, ci 2.",
      "Ids: e4 e5 e6 e7 e8.",
    ].join("\n"),
  );
  expect(bench.dispatcher.waiting("a")).toBe(5);
});

test("high comes before the rest of a backlog", async () => {
  await missed(4);
  await bench.event("h1", { priority: "high" });
  await bench.quiet();
  await bench.clock.advance(1_000);
  const session = bench.attach("a");
  await bench.quiet();
  expect(session.seen()).toEqual(["h1", "e1", "e2"]);
  expect(bench.dispatcher.waiting("a")).toBe(2);
});

test("what arrived while the session was there is no backlog, also for a new owner", async () => {
  const startedMs = bench.clock.now();
  const session = bench.attach("a");
  session.stall();
  for (let n = 1; n <= 10; n++) await bench.event(`e${n}`);
  await bench.quiet();
  await bench.crash();
  await bench.clock.advance(1_000);
  const again = bench.attach("a", { startedMs });
  await bench.quiet();
  expect(again.seen().map((id) => id.replace("#2", ""))).toEqual(
    Array.from({ length: 10 }, (_, n) => `e${n + 1}`),
  );
});

test("a session that begins to listen catches up with what it did not hear", async () => {
  const session = bench.attach("a", { state: "no" });
  await missed(6);
  expect(session.got).toEqual([]);
  expect(bench.dispatcher.waiting("a")).toBe(6);
  session.state = "yes";
  bench.dispatcher.wake();
  await bench.quiet();
  expect(session.seen()).toEqual(["e1", "e2", "e3"]);
  expect(bench.dispatcher.waiting("a")).toBe(3);
});

test("what a session was told waits stays with it when another comes, also for a new owner", async () => {
  await missed(6);
  const startedMs = bench.clock.now();
  const first = bench.attach("a", { startedMs });
  await bench.quiet();
  await bench.clock.advance(10);
  const second = bench.attach("b");
  await bench.quiet();
  expect(first.seen()).toEqual(["e1", "e2", "e3"]);
  expect(second.got).toEqual([]);
  expect(bench.dispatcher.waiting("a")).toBe(3);
  await bench.crash();
  const again = [bench.attach("b", { startedMs: startedMs + 10 }), bench.attach("a", { startedMs })];
  await bench.quiet();
  expect(again.flatMap(({ got }) => got)).toEqual([]);
  const { events } = await bench.dispatcher.pending("a");
  expect(events.map(({ eventId }) => eventId)).toEqual(["e4", "e5", "e6"]);
});

test("what one session left waiting goes on to the next", async () => {
  await missed(6);
  const first = bench.attach("a");
  await bench.quiet();
  await bench.clock.advance(10);
  first.end();
  const second = bench.attach("b");
  await bench.quiet();
  expect(first.seen()).toEqual(["e1", "e2", "e3"]);
  expect(second.seen()).toEqual(["e4", "e5", "e6"]);
});

test("sessions that come and go read nothing again of what waits for another one", async () => {
  await missed(600);
  const stays = bench.attach("stays");
  await bench.quiet();
  expect(bench.dispatcher.waiting("stays")).toBe(597);
  const before = bench.textsRead();
  for (let n = 1; n <= 10; n++) {
    await bench.clock.advance(10);
    const passes = bench.attach(`passes${n}`);
    await bench.event(`new${n}`);
    await bench.quiet();
    expect(passes.seen()).toEqual([`new${n}`]);
    passes.leave();
    await bench.quiet();
  }
  // Each new event, by each of two sessions, a few times; not 600 texts at each change.
  expect(bench.textsRead() - before).toBeLessThan(100);
  stays.end();
  await bench.quiet();
  const next = bench.attach("next");
  await bench.quiet();
  expect(next.seen().length + bench.dispatcher.waiting("next")).toBe(597);
});

test("a conversation's session that comes back late gets what waits for another one meanwhile", async () => {
  const startedMs = bench.clock.now();
  bench.attach("talks", { startedMs });
  await bench.event("e1", { thread: "t" });
  await bench.quiet();
  await bench.crash();
  await missed(3);
  for (let n = 4; n <= 9; n++) await bench.event(`t${n}`, { thread: "t" });
  await bench.clock.advance(1_000);
  const other = bench.attach("other");
  await bench.quiet();
  expect(other.seen()).toHaveLength(3);
  expect(bench.dispatcher.waiting("other")).toBe(6);
  const talks = bench.attach("talks", { startedMs });
  await bench.quiet();
  expect(talks.seen()).toEqual(["t4", "t5", "t6", "t7", "t8", "t9"]);
});
