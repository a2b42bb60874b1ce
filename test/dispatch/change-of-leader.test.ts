// What a new owner must go on with: the sessions come back one by one, each with what it was told and sent before.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CarriedState } from "../../src/dispatch/shown/carry-over.ts";
import { type Bench, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench({ catchUp: 3, settleMs: 500 });
});
afterEach(() => bench.close());

async function events(from: number, to: number, options?: Parameters<Bench["event"]>[1]): Promise<void> {
  for (let n = from; n <= to; n++) await bench.event(`e${n}`, options);
  await bench.quiet();
  await bench.clock.advance(1_000);
}

describe("what a session was told", () => {
  test.each(["crash", "restart"] as const)("is not pushed and not told again after a %s", async (end) => {
    await events(1, 8);
    const startedMs = bench.clock.now();
    const first = bench.attach("a", { startedMs });
    await bench.quiet();
    expect(first.seen()).toEqual(["e1", "e2", "e3"]);
    await bench[end]();
    const again = bench.attach("a", { startedMs });
    await bench.quiet();
    await bench.event("e9");
    await bench.quiet();
    expect(again.seen()).toEqual(["e9"]);
    expect(again.got.filter(({ channel }) => channel === "router")).toEqual([]);
    expect(bench.dispatcher.waiting("a")).toBe(5);
    const fetched = await bench.dispatcher.pending("a");
    expect(fetched.events.map(({ eventId }) => eventId)).toEqual(["e4", "e5", "e6", "e7", "e8"]);
  });

  test("is fetched at once after a change of owner, although the others are not back yet", async () => {
    await events(1, 8);
    const startedMs = bench.clock.now();
    bench.attach("a", { startedMs });
    bench.attach("b", { startedMs: startedMs - 1 });
    await bench.quiet();
    await bench.crash();
    bench.attach("a", { startedMs });
    let fetched: Awaited<ReturnType<Bench["dispatcher"]["pending"]>> | undefined;
    void bench.dispatcher.pending("a").then((found) => {
      fetched = found;
    });
    await bench.clock.advance(400);
    expect(fetched).toBeUndefined();
    await bench.clock.advance(200);
    await bench.until(() => fetched !== undefined);
    expect(fetched).toMatchObject({ isComplete: true, left: 0 });
    expect(fetched?.events.map(({ eventId }) => eventId)).toEqual(["e4", "e5", "e6", "e7", "e8"]);
  });

  test("that is not known after two seconds is not said to be nothing", async () => {
    await bench.close();
    bench = await openBench({ settleMs: 5_000 });
    bench.attach("a");
    bench.attach("b");
    await bench.quiet();
    await bench.crash();
    bench.attach("a");
    let isComplete: boolean | undefined;
    void bench.dispatcher.pending("a").then((found) => {
      isComplete = found.isComplete;
    });
    await bench.clock.advance(1_900);
    expect(isComplete).toBeUndefined();
    await bench.clock.advance(200);
    await bench.until(() => isComplete !== undefined);
    expect(isComplete).toBe(false);
    // Nor when the router is leaving.
    await bench.dispatcher.stop(AbortSignal.timeout(1_000));
    expect((await bench.dispatcher.pending("a")).isComplete).toBe(false);
  });

  test("is news to another session with the same id", async () => {
    await events(1, 8);
    bench.attach("a");
    await bench.quiet();
    await bench.crash();
    await bench.clock.advance(1_000);
    const other = bench.attach("a");
    await bench.quiet();
    expect(other.seen()).toEqual(["e4", "e5", "e6"]);
  });

  test("what the loop guard kept back stays back", async () => {
    const startedMs = bench.clock.now();
    bench.attach("a", { startedMs });
    await events(1, 40, { thread: "t" });
    expect(bench.dispatcher.waiting("a")).toBe(10);
    await bench.crash();
    const again = bench.attach("a", { startedMs });
    await bench.quiet();
    expect(again.seen()).toEqual([]);
    expect(bench.dispatcher.waiting("a")).toBe(10);
  });
});

describe("routing", () => {
  test("waits until the sessions of the earlier owner are back, so that the right one is chosen", async () => {
    const startedMs = bench.clock.now();
    bench.attach("a", { startedMs, project: "/work/app" });
    bench.attach("b", { startedMs: startedMs - 1 });
    await bench.quiet();
    await bench.crash();
    const late = bench.attach("b", { startedMs: startedMs - 1 });
    await bench.event("e1", { configFile: "/work/app/channels.yaml" });
    await bench.clock.advance(300);
    await bench.quiet();
    expect(late.seen()).toEqual([]);
    const right = bench.attach("a", { startedMs, project: "/work/app" });
    await bench.clock.advance(20);
    await bench.quiet();
    expect(right.seen()).toEqual(["e1"]);
    expect(late.seen()).toEqual([]);
  });

  test("does not wait longer than it may, nor for whom cannot come, nor at all where nobody was", async () => {
    const first = bench.attach("a");
    bench.attach("b");
    await bench.event("e1");
    await bench.quiet();
    first.end();
    await bench.quiet();
    await bench.crash();
    const alone = bench.attach("c");
    await bench.event("e2");
    await bench.quiet();
    expect(alone.seen()).toEqual([]);
    await bench.clock.advance(500);
    await bench.quiet();
    expect(alone.seen()).toEqual(["e2"]);

    await bench.close();
    bench = await openBench({ settleMs: 500, mayReturn: (id) => id !== "gone" });
    bench.attach("gone");
    await bench.quiet();
    await bench.crash();
    const next = bench.attach("d");
    await bench.event("e1");
    await bench.quiet();
    expect(next.seen()).toEqual(["e1"]);
  });

  test("nothing is said to be held while they come back", async () => {
    const startedMs = bench.clock.now();
    bench.attach("a", { startedMs }).stall();
    await events(1, 3);
    await bench.restart();
    await bench.clock.advance(100);
    await bench.quiet();
    expect(bench.changes.filter(({ reason }) => reason === "no session is open")).toEqual([]);
  });

  test("what came while a session was there goes to it, not to one that came later", async () => {
    const startedMs = bench.clock.now();
    bench.attach("a", { startedMs }).stall();
    await events(1, 10);
    await bench.crash();
    const later = bench.attach("b");
    const again = bench.attach("a", { startedMs });
    await bench.clock.advance(20);
    await bench.quiet();
    expect(later.got).toEqual([]);
    expect(again.seen().map((id) => id.replace("#2", ""))).toEqual(
      Array.from({ length: 10 }, (_, n) => `e${n + 1}`),
    );
  });
});

describe("what the client's stream had of the earlier owner", () => {
  function carried(taken: string[], writing: string[] = []) {
    let tell = (_: string) => {};
    const had: CarriedState = {
      taken: new Set(taken),
      writing: new Set(writing),
      onTaken(listener) {
        tell = listener;
      },
    };
    return { had, took: (id: string) => tell(id) };
  }

  test("is sent, and not sent again", async () => {
    const startedMs = bench.clock.now();
    bench.attach("a", { startedMs }).stall();
    bench.attach("b", { startedMs: startedMs - 1 });
    await events(1, 2);
    await bench.crash();
    const again = bench.attach("a", { startedMs }, carried(["e1"]).had);
    const other = bench.attach("b", { startedMs: startedMs - 1 });
    await bench.quiet();
    expect(again.seen()).toEqual(["e2"]);
    expect(other.seen()).toEqual([]);
    expect(bench.changes.find(({ id, state }) => id === "e1" && state === "sent")).toMatchObject({
      session: "a",
      attempt: 1,
      reason: "an earlier leader sent it",
    });
  });

  test("of an event for all it is that session's only: the others still get theirs", async () => {
    const startedMs = bench.clock.now();
    bench.attach("a", { startedMs }).stall();
    bench.attach("b", { startedMs }).stall();
    await events(1, 1, { to: "all" });
    await bench.crash();
    const had = bench.attach("a", { startedMs }, carried(["e1"]).had);
    const not = bench.attach("b", { startedMs });
    await bench.clock.advance(20);
    await bench.quiet();
    expect(had.seen()).toEqual([]);
    expect(not.seen().map((id) => id.split("#")[0])).toEqual(["e1"]);
    await bench.until(() => bench.journal.entries("e1").length === 0);
    expect(bench.journal.entries("e1")).toEqual([]);
  });

  test("what is still on its way into it is nobody else's while the session lives", async () => {
    const startedMs = bench.clock.now();
    await events(1, 2);
    bench.attach("a", { startedMs }).stall();
    bench.attach("b", { startedMs: startedMs - 1 });
    await bench.quiet();
    await bench.crash();
    const { had, took } = carried([], ["e1", "e2"]);
    const again = bench.attach("a", { startedMs }, had);
    const other = bench.attach("b", { startedMs: startedMs - 1 });
    await bench.clock.advance(20);
    await bench.quiet();
    expect([...again.seen(), ...other.seen()]).toEqual([]);
    took("e1");
    await bench.until(() => bench.journal.entries("e1").length === 0);
    again.end();
    await bench.quiet();
    expect(other.seen()).toEqual(["e2#2"]);
  });
});
