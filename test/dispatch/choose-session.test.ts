import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bench, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

describe("to: one", () => {
  test("a listening session comes before one of which nobody knows", async () => {
    const unknown = bench.attach("a", { state: "unknown", startedMs: bench.clock.now() + 5 });
    const yes = bench.attach("b");
    await bench.event("e1");
    await bench.quiet();
    expect(yes.seen()).toEqual(["e1"]);
    expect(unknown.seen()).toEqual([]);
  });

  test("then the one whose project holds the config file, then the one that started last", async () => {
    const now = bench.clock.now();
    const home = bench.attach("a", { project: "/work/app", startedMs: now });
    bench.attach("b", { project: "/work/app2", startedMs: now + 5 });
    const last = bench.attach("c", { startedMs: now + 9 });
    await bench.clock.advance(10);
    await bench.event("e1", { configFile: "/work/app/channels.yaml" });
    await bench.event("e2", { configFile: "/elsewhere/channels.yaml" });
    await bench.event("e3");
    await bench.quiet();
    expect(home.seen()).toEqual(["e1"]);
    expect(last.seen()).toEqual(["e2", "e3"]);
  });

  test("then one that is idle, before one that started later", async () => {
    let isIdle = true;
    const first = bench.attach("a", { isIdle: () => isIdle });
    await bench.clock.advance(5);
    const later = bench.attach("b", { isIdle: () => false });
    await bench.event("e1");
    await bench.quiet();
    isIdle = false;
    await bench.event("e2");
    await bench.quiet();
    expect([first.seen(), later.seen()]).toEqual([["e1"], ["e2"]]);
  });

  test("a conversation or thread stays with the session that had its last event", async () => {
    const first = bench.attach("a");
    await bench.event("e1", { thread: "pr-7" });
    await bench.event("e2", { conversation: "chat-1" });
    await bench.quiet();
    await bench.clock.advance(5);
    const later = bench.attach("b");
    await bench.quiet();
    await bench.event("e3", { thread: "pr-7" });
    await bench.event("e4", { conversation: "chat-1" });
    await bench.event("e5", { thread: "pr-8" });
    await bench.quiet();
    expect(first.seen()).toEqual(["e1", "e2", "e3", "e4"]);
    expect(later.seen()).toEqual(["e5"]);
  });

  test("and does so when another process goes on with the journal", async () => {
    bench.attach("a");
    await bench.event("e1", { thread: "pr-7" });
    await bench.quiet();
    await bench.crash();
    const again = bench.attach("a");
    const other = bench.attach("b", { startedMs: bench.clock.now() + 5 });
    await bench.quiet();
    await bench.event("e2", { thread: "pr-7" });
    await bench.quiet();
    expect(again.seen()).toEqual(["e2"]);
    expect(other.seen()).toEqual([]);
  });

  test("a thread leaves a session that does not listen any more", async () => {
    const first = bench.attach("a");
    const second = bench.attach("b", { startedMs: bench.clock.now() - 5 });
    await bench.event("e1", { thread: "t" });
    await bench.quiet();
    first.state = "no";
    bench.dispatcher.wake();
    await bench.event("e2", { thread: "t" });
    await bench.quiet();
    expect(first.seen()).toEqual(["e1"]);
    expect(second.seen()).toEqual(["e2"]);
  });
});

test("a session that does not listen is never pushed to and takes nothing that a listening one could have", async () => {
  const deaf = bench.attach("a", { state: "no" });
  await bench.event("e1");
  await bench.quiet();
  expect(bench.dispatcher.waiting("a")).toBe(1);
  const listening = bench.attach("b");
  await bench.quiet();
  expect(deaf.got).toEqual([]);
  expect(listening.seen()).toEqual(["e1"]);
  expect(bench.dispatcher.waiting("a")).toBe(0);
});

test("to: all gives each session the event once, and it is at its end when the last has it", async () => {
  const quick = bench.attach("a");
  const slow = bench.attach("b");
  const deaf = bench.attach("c", { state: "no" });
  slow.stall();
  await bench.event("e1", { to: "all" });
  await bench.event("e2", { to: "all" });
  await bench.quiet();
  expect(quick.seen()).toEqual(["e1", "e2"]);
  expect(bench.lastState("e1")).toBe("held");
  slow.resume();
  await bench.quiet();
  expect([quick.seen(), slow.seen()]).toEqual([
    ["e1", "e2"],
    ["e1", "e2"],
  ]);
  expect(deaf.got).toEqual([]);
  expect(bench.journal.stats().open).toBe(0);
});

test("to: all waits for no session that has ended", async () => {
  const quick = bench.attach("a");
  const slow = bench.attach("b");
  slow.stall();
  await bench.event("e1", { to: "all" });
  await bench.event("e2", { to: "all" });
  await bench.quiet();
  slow.end();
  await bench.quiet();
  expect(quick.seen()).toEqual(["e1", "e2"]);
  expect(bench.journal.stats().open).toBe(0);
});

test("to: all with nobody there is held, and sent when somebody comes", async () => {
  await bench.event("e1", { to: "all" });
  await bench.quiet();
  expect(bench.lastState("e1")).toBe("held");
  const late = bench.attach("a");
  await bench.quiet();
  expect(late.seen()).toEqual(["e1"]);
});

test("to: session is an id, or the name that the user gives the session, also while the event waits", async () => {
  let name: string | undefined;
  const one = bench.attach("a", { name: () => name });
  const other = bench.attach("b");
  await bench.event("e1", { to: { session: "b" } });
  await bench.event("e2", { to: { session: "review" } });
  await bench.quiet();
  expect([one.seen(), other.seen()]).toEqual([[], ["e1"]]);
  name = "review";
  bench.dispatcher.wake();
  await bench.quiet();
  expect(one.seen()).toEqual(["e2"]);
});

test("to: project is a glob over the project folder, with ~ for home", async () => {
  const api = bench.attach("a", { project: "/home/me/code/api" });
  const web = bench.attach("b", { project: "/home/me/code/web" });
  await bench.event("e1", { to: { project: "~/code/api" } });
  await bench.event("e2", { to: { project: "~/code/w*" } });
  await bench.event("e3", { to: { project: "/home/me/code/api/" } });
  await bench.event("e4", { to: { project: "~/code/[" } });
  await bench.quiet();
  expect(api.seen()).toEqual(["e1", "e3"]);
  expect(web.seen()).toEqual(["e2"]);
  expect(bench.journal.stats().open).toBe(1);
});

test("to: label and to: session go nowhere else", async () => {
  const labelled = bench.attach("a", { label: "ops" });
  const other = bench.attach("b");
  await bench.event("e1", { to: { label: "ops" } });
  await bench.event("e2", { to: { session: "b" } });
  await bench.event("e3", { to: { label: "nobody" } });
  await bench.event("e4", { to: { session: "gone" } });
  await bench.quiet();
  expect(labelled.seen()).toEqual(["e1"]);
  expect(other.seen()).toEqual(["e2"]);
  expect(bench.journal.stats().open).toBe(2);
});

test("what nobody matches is held until its ttl, then it is expired", async () => {
  bench.attach("a");
  await bench.event("e1", { to: { label: "ops" }, ttlMs: 60_000 });
  await bench.quiet();
  expect(bench.changes).toMatchObject([
    { id: "e1", state: "held", reason: "no open session matches (to: label ops)" },
  ]);
  await bench.clock.advance(59_999);
  expect(bench.lastState("e1")).toBe("held");
  await bench.clock.advance(1);
  expect(bench.lastState("e1")).toBe("expired");
  expect(bench.journal.stats().open).toBe(0);
});

test("nothing is pushed before the session is ready", async () => {
  const session = bench.attach("a", { ready: false });
  await bench.event("e1");
  await bench.quiet();
  expect(session.got).toEqual([]);
  expect(bench.dispatcher.waiting("a")).toBe(1);
  session.becomeReady();
  await bench.quiet();
  expect(session.seen()).toEqual(["e1"]);
});

describe("an event for all", () => {
  test("also goes to a session that was still starting when it came", async () => {
    const ready = bench.attach("a");
    const starting = bench.attach("b", { ready: false });
    await bench.event("e1", { to: "all" });
    await bench.until(() => ready.seen().length > 0);
    expect(bench.lastState("e1")).toBe("held");
    starting.becomeReady();
    await bench.until(() => bench.lastState("e1") === "sent");
    expect([ready.seen(), starting.seen()]).toEqual([["e1"], ["e1"]]);
    expect(bench.lastState("e1")).toBe("sent");
  });

  test.each(["ends", "does not listen after all", "is not ready for ten seconds"])(
    "is over when the starting session %s",
    async (how) => {
      const ready = bench.attach("a");
      const starting = bench.attach("b", { ready: false });
      await bench.event("e1", { to: "all" });
      await bench.until(() => ready.seen().length > 0);
      if (how === "ends") starting.end();
      else if (how === "does not listen after all") {
        starting.state = "no";
        starting.becomeReady();
      } else await bench.clock.advance(10_000);
      await bench.until(() => bench.lastState("e1") === "sent");
      expect(bench.lastState("e1")).toBe("sent");
      expect([ready.seen(), starting.seen()]).toEqual([["e1"], []]);
    },
  );
});
