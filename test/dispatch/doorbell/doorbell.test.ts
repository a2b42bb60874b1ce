// Who is rung for what, and when: at most one ring is unanswered, whatever happens.

import fc from "fast-check";
import { expect, test } from "vitest";
import { DeliveryError } from "../../../src/errors.ts";
import { minuteMs, openWorld, type Rung } from "./world.ts";

test("a burst rings once; the ring is repeated after 1 and 5 minutes and then given up, until pending is called", async () => {
  const world = openWorld();
  world.open("a");
  for (const id of ["e1", "e2", "e3"]) world.event(id);
  await world.pass(900);
  expect(world.counts()).toEqual([]);
  await world.pass(100);
  expect(world.counts()).toEqual([3]);
  world.event("e4", { priority: "high" });
  await world.pass(30 * minuteMs);
  expect([world.counts(), world.minutes()]).toEqual([
    [3, 4, 4],
    [0, 1, 6],
  ]);
  world.event("e5", { priority: "high" });
  await world.pass(24 * 60 * minuteMs);
  expect(world.counts()).toHaveLength(3);
  expect(world.report("a")).toMatchObject({ unanswered: 3, hasGivenUp: true });

  world.pending("a", 2);
  await world.pass(60 * minuteMs);
  // The result has said how many are left.
  expect(world.counts()).toHaveLength(3);
  expect(world.report("a")).toMatchObject({ unanswered: 0, hasGivenUp: false });
  world.event("e6");
  await world.pass(2_000);
  expect(world.counts().at(-1)).toBe(4);
});

test("120 events at once ring once", async () => {
  const world = openWorld();
  world.open("a");
  for (let n = 0; n < 120; n++) world.event(`e${n}`, { priority: n % 2 === 0 ? "high" : "normal" });
  await world.pass(50_000);
  expect(world.counts()).toEqual([120]);
});

test("high rings at once, normal after a second, low after a minute", async () => {
  for (const [priority, afterMs] of [
    ["high", 200],
    ["normal", 1_000],
    ["low", minuteMs],
  ] as const) {
    const world = openWorld();
    world.open("a");
    world.event("e1", { priority });
    await world.pass(afterMs / 2 - 101);
    expect(world.counts()).toEqual([]);
    await world.pass(afterMs / 2 + 101);
    expect(world.counts()).toEqual([1]);
  }
});

test("quiet, a silence and a channel that may not wake ring nothing, and say nothing of what else rings", async () => {
  const world = openWorld();
  world.mute.add("log");
  world.open("a");
  world.quiet.set("night", world.clock.now() + 60 * minuteMs);
  world.silences.set("muted", {
    channel: "muted",
    untilMs: world.clock.now() + 20 * minuteMs,
    reason: "",
    by: "person",
  });
  world.event("e1", { channel: "log", priority: "high" });
  world.event("e2", { channel: "night" });
  world.event("e3", { channel: "muted" });
  await world.pass(19 * minuteMs);
  expect(world.counts()).toEqual([]);
  world.silences.delete("muted");
  await world.pass(90_000);
  expect([world.counts(), world.minutes()]).toEqual([[3], [20]]);
  world.pending("a");
  world.event("e4", { channel: "night" });
  await world.pass(38 * minuteMs);
  expect(world.counts()).toHaveLength(1);
  await world.pass(2 * minuteMs);
  expect(world.minutes()).toEqual([20, 60]);
});

test("an unanswered ring is not repeated in quiet time", async () => {
  const world = openWorld();
  world.open("a");
  world.event("e1", { channel: "night" });
  await world.pass(2_000);
  world.quiet.set("night", world.clock.now() + 30 * minuteMs);
  await world.pass(29 * minuteMs);
  expect(world.counts()).toEqual([1]);
  await world.pass(2 * minuteMs);
  expect(world.minutes()).toEqual([0, 30]);
});

test("a channel that is set to wake: false by a reload does not ring again", async () => {
  const world = openWorld();
  world.open("a");
  world.event("e1");
  await world.pass(2_000);
  world.mute.add("ci");
  await world.pass(60 * minuteMs);
  expect(world.counts()).toEqual([1]);
});

test("an event for one rings at one session: the one of its conversation, of the config's folder, or the latest", async () => {
  const world = openWorld();
  world.open("a", { startedMs: 1, project: "/code/a" });
  world.open("b", { startedMs: 3, project: "/code/b" });
  world.open("c", { startedMs: 2, project: "/code/c" });
  world.event("e1");
  await world.pass(2_000);
  expect(world.who()).toEqual(["b"]);
  // It was rung already: the others are left in peace.
  world.event("e2", { configFile: "/code/a/channels.yaml" });
  await world.pass(10_000);
  expect(world.who()).toEqual(["b"]);
  world.pending("b");
  world.event("e3", { configFile: "/code/a/channels.yaml" });
  await world.pass(2_000);
  expect(world.who()).toEqual(["b", "a"]);
  world.pending("a");
  world.sticky.set("talk", "c");
  world.event("e4", { conversation: "talk", configFile: "/code/a/channels.yaml" });
  await world.pass(2_000);
  expect(world.who()).toEqual(["b", "a", "c"]);
});

test("when a session has given up or ended, another one is rung for the same", async () => {
  const world = openWorld();
  world.open("a", { startedMs: 1 });
  world.open("b", { startedMs: 2 });
  world.event("e1");
  await world.pass(22 * minuteMs);
  expect(world.who()).toEqual(["b", "b", "b", "a"]);
  world.close("a");
  world.open("c", { startedMs: 3 });
  await world.pass(2_000);
  expect(world.who().at(-1)).toBe("c");
});

test("an event for all rings at each, and one that is fetched in between at nobody", async () => {
  const world = openWorld();
  for (const id of ["a", "b"]) world.open(id);
  world.event("e1", { to: "all" });
  world.pending("b");
  await world.pass(2_000);
  expect(world.who()).toEqual([]);
  world.event("e2", { to: "all" });
  await world.pass(2_000);
  expect(world.who().sort()).toEqual(["a", "b"]);
});

test("who listens is not rung, and who stops to listen is", async () => {
  const world = openWorld();
  world.open("a", { state: "yes" });
  world.event("e1");
  await world.pass(10 * minuteMs);
  expect(world.who()).toEqual([]);
  world.hear("a", false);
  await world.pass(2_000);
  expect(world.who()).toEqual(["a"]);
});

test("a ring that failed does not count, and is tried again after a minute", async () => {
  const world = openWorld();
  world.breaks(true);
  world.open("a");
  world.event("e1");
  await world.pass(5 * minuteMs);
  expect(world.report("a")).toEqual({ unanswered: 0, hasGivenUp: false });
  world.breaks(false);
  await world.pass(minuteMs);
  expect(world.counts()).toEqual([1]);
});

test("a process that has lost the journal does not ring", async () => {
  const world = openWorld();
  world.open("a");
  world.event("e1");
  world.loseJournal(new DeliveryError("E_JOURNAL_CLOSED", "another process owns it"));
  await world.pass(60 * minuteMs);
  expect(world.counts()).toEqual([]);
});

test("the next leader, and the same session when it connects again, are rung no sooner", async () => {
  const world = openWorld();
  world.open("a");
  world.event("e1");
  await world.pass(2_000);
  for (let n = 0; n < 3; n++) {
    await world.takeOver();
    await world.pass(5_000);
    world.open("a");
    await world.pass(5_000);
  }
  expect(world.counts()).toEqual([1]);
  await world.pass(minuteMs);
  expect(world.counts()).toEqual([1, 1]);
  world.pending("a", 0);
  await world.takeOver();
  await world.pass(60 * minuteMs);
  // Its last call of pending has said that one waits.
  expect(world.counts()).toEqual([1, 1]);
});

test("what pending has counted rings no more, however often the sessions change", async () => {
  for (const count of [80, 1_500]) {
    const world = openWorld();
    world.open("a");
    for (let n = 0; n < count; n++) world.event(`e${n}`);
    await world.pass(2_000);
    world.pending("a", 20);
    for (let n = 0; n < 3; n++) {
      const find = world.rescan("a");
      await world.pass(5_000);
      find?.();
      await world.pass(5 * minuteMs);
    }
    expect(world.counts()).toEqual([count]);
    world.event("new");
    await world.pass(2_000);
    expect(world.counts()).toEqual([count, count - 19]);
  }
});

test("what waits for a session only after its call of pending rings, however old it is", async () => {
  const world = openWorld();
  world.event("e1");
  await world.pass(minuteMs);
  const slot = world.open("a");
  world.event("e2");
  slot.positions.delete(1);
  await world.pass(2_000);
  world.pending("a");
  world.rescan("a")?.();
  await world.pass(5_000);
  expect(world.counts()).toEqual([1, 1]);
});

test("a session that had given up and calls pending under the next leader is rung again", async () => {
  for (const change of ["leader", "connection"]) {
    const world = openWorld();
    world.open("a");
    world.event("e1");
    await world.pass(30 * minuteMs);
    expect(world.report("a").hasGivenUp).toBe(true);
    world.open("b");
    world.pending("b");
    world.close("b");
    if (change === "leader") await world.takeOver();
    else world.open("a");
    world.pending("a");
    world.event("e2");
    await world.pass(2_000);
    expect(world.counts()).toEqual([1, 1, 1, 1]);
  }
});

test("a result of pending that is not received announces nothing, and one that is, only what it counted", async () => {
  const world = openWorld();
  world.open("a");
  world.event("e1");
  world.count("a");
  await world.pass(2_000);
  expect(world.counts()).toEqual([1]);
  const received = world.count("a");
  await world.pass(minuteMs - 2_000);
  world.rescan("a")?.();
  received();
  world.event("e2");
  await world.pass(5_000);
  expect(world.counts()).toEqual([1, 2]);
  const second = world.count("a");
  world.event("e3");
  second();
  await world.pass(5_000);
  expect(world.counts()).toEqual([1, 2, 3]);
});

test("a ring after the count is not answered by it", async () => {
  const world = openWorld();
  world.open("a");
  world.event("e1");
  const received = world.count("a");
  world.event("e2");
  await world.pass(2_000);
  received();
  await world.pass(50_000);
  expect(world.counts()).toEqual([2]);
  await world.pass(minuteMs);
  expect(world.counts()).toEqual([2, 2]);
});

test("a clock that is set back by hours does not silence a session for hours", async () => {
  const world = openWorld();
  world.open("a");
  world.event("e1");
  await world.pass(2_000);
  world.clock.set(world.clock.now() - 10 * 60 * minuteMs);
  world.pending("a");
  world.event("e2");
  await world.pass(5_000);
  expect(world.counts()).toEqual([1, 1]);
});

const which = fc.constantFrom("a", "b", "c");
const anyStep = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("event" as const),
      channel: fc.constantFrom("ci", "log", "night"),
      to: fc.constantFrom("one" as const, "all" as const),
      priority: fc.constantFrom("low" as const, "normal" as const, "high" as const),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom("pending", "open", "restart", "close", "hear", "deafen"),
      which,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 200, 1_000, 59_000, 240_000, 900_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom("takeOver", "break", "mend", "mute", "quiet") }),
  },
);

test("whatever happens: one unanswered ring at a time, three at most", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 60 }), async (steps) => {
      const world = openWorld();
      const log: (Rung | { readonly answered: string })[] = [];
      let seen = 0;
      const collect = () => {
        log.push(...world.rung.slice(seen));
        seen = world.rung.length;
      };
      let events = 0;
      const startedMs = new Map<string, number>();
      const open = (id: string) => world.open(id, { startedMs: startedMs.get(id) ?? 0 });
      open("a");
      for (const step of [...steps, { do: "pass" as const, ms: 3_600_000 }]) {
        if (step.do === "event") {
          events += 1;
          world.event(`e${events}`, step);
        } else if (step.do === "pass") await world.pass(step.ms);
        else if (step.do === "takeOver") await world.takeOver();
        else if (step.do === "break" || step.do === "mend") world.breaks(step.do === "break");
        else if (step.do === "mute") world.mute.add("log");
        else if (step.do === "quiet") world.quiet.set("night", world.clock.now() + 30 * minuteMs);
        else if (!("which" in step)) continue;
        else if (step.do === "pending") {
          collect();
          world.pending(step.which, 3);
          log.push({ answered: step.which });
        } else if (step.do === "open") open(step.which);
        else if (step.do === "restart") {
          // A process that starts anew is another session.
          startedMs.set(step.which, world.clock.now());
          open(step.which);
          collect();
          log.push({ answered: step.which });
        } else if (step.do === "close") world.close(step.which);
        else world.hear(step.which, step.do === "hear");
        await world.pass(0);
        collect();
      }
      world.stop();
      const unanswered = new Map<string, number[]>();
      for (const one of log) {
        if ("answered" in one) {
          unanswered.delete(one.answered);
          continue;
        }
        expect(one.count).toBeGreaterThan(0);
        const before = unanswered.get(one.session) ?? [];
        const last = before.at(-1);
        expect(before.length).toBeLessThan(3);
        if (last !== undefined)
          expect(one.atMs - last).toBeGreaterThanOrEqual(before.length === 1 ? minuteMs : 5 * minuteMs);
        unanswered.set(one.session, [...before, one.atMs]);
      }
    }),
    { numRuns: 500 },
  );
}, 60_000);

test("whatever happens, what is quiet, silenced or of a channel that may not wake rings nobody", async () => {
  const kind = fc.constantFrom("log", "night", "muted");
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("event" as const),
        channel: kind,
        to: fc.constantFrom("one" as const, "all" as const),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom("pending", "open", "close", "hear", "deafen"), which }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(200, 59_000, 900_000) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("takeOver" as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const world = openWorld();
      const never = world.clock.now() + 365 * 24 * 60 * minuteMs;
      world.mute.add("log");
      world.quiet.set("night", never);
      world.silences.set("muted", { channel: "muted", untilMs: never, reason: "", by: "person" });
      world.open("a");
      let events = 0;
      for (const one of steps) {
        if (one.do === "event") {
          events += 1;
          world.event(`e${events}`, one);
        } else if (one.do === "pass") await world.pass(one.ms);
        else if (one.do === "takeOver") await world.takeOver();
        else if (one.do === "pending") world.pending(one.which, 2);
        else if (one.do === "open") world.open(one.which);
        else if (one.do === "close") world.close(one.which);
        else world.hear(one.which, one.do === "hear");
      }
      await world.pass(24 * 60 * minuteMs);
      world.stop();
      expect(world.rung).toEqual([]);
    }),
    { numRuns: 200 },
  );
}, 60_000);

test("nothing is looked at again and again while nothing changes", async () => {
  const world = openWorld();
  let looks = 0;
  world.open("a");
  world.quiet.set("night", world.clock.now() + 10 * 60 * minuteMs);
  world.event("e1", { channel: "night" });
  world.mute.add("log");
  world.event("e2", { channel: "log" });
  const { after } = world.clock;
  world.clock.after = (ms, run) =>
    after(ms, () => {
      looks += 1;
      run();
    });
  await world.pass(9 * 60 * minuteMs);
  expect(looks).toBeLessThan(5);
  world.event("e3");
  await world.pass(60 * minuteMs);
  expect(looks).toBeLessThan(20);
});
