import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bench, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const hourMs = 3_600_000;

describe("silence", () => {
  const request = { channel: "ci", forMs: hourMs, reason: "deploying", by: "tool" } as const;

  test("events of the channel end as silenced until it is over, others go on", async () => {
    const session = bench.attach("a");
    await bench.dispatcher.silence(request);
    await bench.event("e1");
    await bench.event("c1", { channel: "chat" });
    await bench.quiet();
    expect(session.seen()).toEqual(["c1"]);
    expect(bench.changes[0]).toMatchObject({ state: "silenced", reason: "silenced by a tool: deploying" });
    expect(bench.dispatcher.report().silences).toEqual([
      { channel: "ci", untilMs: bench.clock.now() + hourMs, reason: "deploying", by: "tool" },
    ]);
    await bench.clock.advance(hourMs);
    await bench.event("e2");
    await bench.quiet();
    expect(session.seen()).toEqual(["c1", "e2"]);
    expect(bench.dispatcher.report().silences).toEqual([]);
  });

  test("a new owner is as quiet", async () => {
    await bench.dispatcher.silence(request);
    await bench.crash();
    const session = bench.attach("a");
    await bench.event("e1");
    await bench.quiet();
    expect(session.seen()).toEqual([]);
    await bench.dispatcher.silence({ ...request, forMs: 0 });
    await bench.event("e2");
    await bench.quiet();
    expect(session.seen()).toEqual(["e2"]);
  });

  test("a tool silences nothing of priority high, and for an hour at most; a person may", async () => {
    const session = bench.attach("a");
    await expect(bench.dispatcher.silence({ ...request, priority: "high" })).rejects.toThrow("priority high");
    await expect(bench.dispatcher.silence({ ...request, forMs: hourMs + 1 })).rejects.toThrow("1h at most");
    await bench.dispatcher.silence(request);
    await bench.event("e1", { priority: "high" });
    await bench.quiet();
    expect(session.seen()).toEqual(["e1"]);
    await bench.dispatcher.silence({ ...request, forMs: 5 * hourMs, by: "person", priority: "high" });
    await bench.event("e2", { priority: "high" });
    await bench.quiet();
    expect(session.seen()).toEqual(["e1"]);
    await expect(bench.dispatcher.silence({ ...request, forMs: 0 })).rejects.toThrow("by the user");
  });
});

describe("loop guard", () => {
  test("more than 30 events of one thread in a minute: one notice, the rest waits for pending", async () => {
    const session = bench.attach("a");
    for (let n = 1; n <= 40; n++) await bench.event(`e${n}`, { thread: "t" });
    await bench.event("x1", { thread: "u" });
    await bench.quiet();
    expect(session.seen()).toHaveLength(31);
    expect(session.seen().at(-1)).toBe("x1");
    const notices = session.got.filter(({ channel }) => channel === "router");
    expect(notices.map(({ content }) => content)).toEqual([
      "More than 30 events in a minute of the same thread or key on channel ci: perhaps a loop. From e31 on they are kept back while it goes on: call pending to get them.",
    ]);
    expect(bench.dispatcher.waiting("a")).toBe(10);
    await bench.clock.advance(120_000);
    await bench.event("e41", { thread: "t" });
    await bench.quiet();
    expect(session.seen().at(-1)).toBe("e41");
  });

  test("a breaker stays open for as long as it goes on", async () => {
    const session = bench.attach("a");
    for (let minute = 0; minute < 3; minute++) {
      for (let n = 0; n < 35; n++) await bench.event(`m${minute}n${n}`, { loopKey: "k" });
      await bench.quiet();
      await bench.clock.advance(60_000);
    }
    expect(session.seen()).toHaveLength(30);
    expect(session.got.filter(({ channel }) => channel === "router")).toHaveLength(1);
  });

  test("a backlog that is handed over at once is no loop, nor are events with nothing to be known by", async () => {
    const session = bench.attach("a");
    session.stall();
    for (let n = 1; n <= 40; n++) {
      await bench.event(`e${n}`, { thread: "t" });
      await bench.clock.advance(3_000);
    }
    session.resume();
    for (let n = 1; n <= 40; n++) await bench.event(`x${n}`);
    await bench.quiet();
    expect(session.seen()).toHaveLength(80);
  });
});
