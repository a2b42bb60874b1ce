// Shaping on a real journal: what survives a crash, a reload and a full disk, and what the rest of the router makes of digests.

import { describe, expect, test } from "vitest";
import { shapedRouter } from "./shaped-router.ts";

const second = 1_000;
const minute = 60 * second;
const digest = { everyMs: 10 * minute, by: "{{data.key}}" };
const channel = { content: "{{data.n}}", digest };

describe("a digest", () => {
  test("folds its members in one commit, and takes the place of the last one", async () => {
    const router = await shapedRouter({ all: channel });
    const ids = [await router.send({ n: "a", key: "k" }), await router.send({ n: "b", key: "k" })];
    expect(router.told()).toEqual([]);
    expect(router.shaping.holdOf({ id: ids[0] as string, channel: "all" })).toMatchObject({
      by: "digest",
      count: 2,
    });
    await router.advance(30 * second);
    expect(router.told()).toEqual(['2: 2 events of "k" at 2026-01-05 09:00:00 UTC.']);
    const [got] = router.session.got;
    const kept = await router.journal.read(got?.eventId as string);
    expect(kept).toMatchObject({ type: "digest", members: ids.map((id) => ({ id, channel: "all" })) });
    expect(router.journal.stats().open).toBe(0);
  });

  test("is made of the members of an open group after a crash, at the time at which it would have been", async () => {
    const router = await shapedRouter({ all: channel });
    await router.send({ n: "a", key: "k" });
    await router.advance(10 * second);
    await router.crash();
    await router.send({ n: "b", key: "k" });
    expect(router.told()).toEqual([]);
    await router.advance(19 * second);
    expect(router.told()).toEqual([]);
    await router.advance(1 * second);
    await router.until(() => router.told().length > 0);
    expect(router.told()).toEqual([expect.stringMatching(/^2: /)]);
  });

  test("is one, however many its members are, when its time came while no router ran", async () => {
    const router = await shapedRouter({ all: channel });
    await Promise.all(Array.from({ length: 600 }, (_, n) => router.send({ n, key: "k" })));
    expect(router.told()).toEqual([]);
    await router.crash(minute);
    await router.until(() => router.told().length > 0);
    expect(router.told()).toEqual([expect.stringMatching(/^600: /)]);
  });

  test("keeps its cadence over a crash", async () => {
    const router = await shapedRouter({ all: channel });
    await router.send({ n: "a", key: "k" });
    await router.advance(30 * second);
    await router.crash();
    await router.send({ n: "b", key: "k" });
    await router.advance(9 * minute);
    expect(router.told()).toEqual(["a"]);
    await router.advance(minute);
    await router.until(() => router.told().length > 1);
    expect(router.told()).toEqual(["a", "b"]);
  });

  test("leaves out a member that has expired, and comes when its last one did", async () => {
    const router = await shapedRouter({ all: { ...channel, ttlMs: 20 * second } });
    await router.send({ n: "a", key: "k" });
    await router.advance(15 * second);
    await router.send({ n: "b", key: "k" });
    await router.advance(15 * second);
    expect(router.told()).toEqual(["b"]);
  });

  test("is acknowledged as one, with the strictest receipt", async () => {
    const router = await shapedRouter({ all: { ...channel, receipt: { ackWithinMs: minute, attempts: 2 } } });
    for (const n of ["a", "b"]) await router.send({ n, key: "k" });
    await router.advance(30 * second);
    const id = router.session.got[0]?.eventId as string;
    expect(router.journal.entries(id)).toMatchObject([{ state: "sent" }]);
    expect(await router.dispatcher.ack({ eventIds: [id], outcome: "handled" })).toMatchObject({
      acked: [id],
    });
    expect(router.journal.stats().open).toBe(0);
  });

  test("lets its members go when a reload takes it away", async () => {
    const router = await shapedRouter({ all: channel });
    for (const n of ["a", "b"]) await router.send({ n, key: "k" });
    await router.reload({ all: { content: "{{data.n}}" } });
    await router.until(() => router.told().length === 2);
    expect(router.told()).toEqual(["a", "b"]);
  });

  test("goes on with what was collected when a reload changes its times, and when it changes something else", async () => {
    const router = await shapedRouter({ all: channel });
    for (const n of ["a", "b"]) await router.send({ n, key: "k" });
    await router.reload({ all: { ...channel, content: "other {{data.n}}" } });
    await router.reload({ all: { ...channel, digest: { ...digest, waitMs: 60 * second } } });
    await router.advance(59 * second);
    expect(router.told()).toEqual([]);
    await router.advance(1 * second);
    expect(router.told()).toEqual([expect.stringMatching(/^2: /)]);
  });

  test("collects again what waits when a reload brings it", async () => {
    const router = await shapedRouter({ all: { content: "{{data.n}}" } });
    await router.send({ n: "a", key: "k" });
    await router.reload({ all: channel });
    for (const n of ["b", "c"]) await router.send({ n, key: "k" });
    await router.advance(30 * second);
    await router.until(() => router.told().length > 1);
    expect(router.told()).toEqual(["a", expect.stringMatching(/^2: /)]);
  });

  test("of more members than are kept in memory is folded in parts, and counts them all", async () => {
    const limits = { members: 100, groups: 10, ids: 1_000 };
    const router = await shapedRouter({ all: { ...channel, digest: { everyMs: minute } } }, {}, limits);
    const count = 350;
    const sends = Array.from({ length: count }, (_, n) => router.send({ n }));
    await Promise.all(sends);
    await router.until(() => (router.shaping.report().open[0]?.count ?? 0) === count);
    expect(router.shaping.report().open).toMatchObject([{ count, reason: "digest" }]);
    expect(router.journal.stats().open).toBeLessThan(100);
    await router.crash();
    expect(router.shaping.report().open).toMatchObject([{ count }]);
    await router.advance(minute);
    await router.until(() => router.told().length > 0);
    expect(router.told()).toEqual([expect.stringMatching(new RegExp(`^${count}: ${count} events `))]);
    expect(router.session.got[0]?.content).toContain(`- ${count - 1}`);
  });

  test("of one of too many keys comes early, the oldest first", async () => {
    const limits = { members: 100, groups: 3, ids: 1_000 };
    const router = await shapedRouter({ all: channel }, {}, limits);
    for (const key of ["k", "k", "l", "m", "n"]) await router.send({ n: key, key });
    await router.until(() => router.told().length > 0);
    expect(router.told()).toEqual([expect.stringMatching(/^2: 2 events of "k"/)]);
  });
});

describe("a throttle", () => {
  const throttled = {
    content: "{{data.n}}",
    throttle: { max: 1, perMs: minute, overflow: "digest" as const },
  };

  test("goes on counting after a crash", async () => {
    const router = await shapedRouter({ all: throttled });
    await router.send({ n: "a" });
    await router.send({ n: "b" });
    await router.crash();
    await router.send({ n: "c" });
    expect(router.told()).toEqual(["a"]);
    await router.advance(minute);
    await router.until(() => router.told().length > 1);
    expect(router.told()).toEqual(["a", expect.stringMatching(/^2: .*over the throttle of 1 in 1m/)]);
  });

  test("goes on counting when a reload changes something else of its channel", async () => {
    const router = await shapedRouter({ all: throttled });
    await router.send({ n: "a" });
    await router.reload({ all: { ...throttled, content: "other" } });
    await router.send({ n: "b" });
    expect(router.told()).toEqual(["a"]);
  });
});

test("a superseded event ends wherever it waits, and says what took its place", async () => {
  const router = await shapedRouter({ all: { ...channel, supersede: "{{data.key}}" } });
  const first = await router.send({ n: "a", key: "k" });
  const last = await router.send({ n: "b", key: "k" });
  await router.until(() => router.journal.entries(first).length === 0);
  expect((await router.journal.history(first)).at(-1)).toMatchObject({
    state: "superseded",
    reason: `replaced by ${last}`,
  });
  await router.advance(30 * second);
  expect(router.told()).toEqual(["b"]);
});

test("events of quiet time come as one digest, after a crash too", async () => {
  const quiet = [{ from: "09:00", to: "10:00", tz: "UTC" }];
  const router = await shapedRouter({ all: { content: "{{data.n}}", quiet } });
  for (const n of ["a", "b"]) await router.send({ n });
  expect(router.told()).toEqual([]);
  await router.crash();
  await router.advance(60 * minute);
  await router.until(() => router.told().length > 0);
  expect(router.told()).toEqual([expect.stringMatching(/^2: .*from quiet time/)]);
});

test("a session that is over its hour gets a digest, and goes on counting after a crash", async () => {
  const text = "x".repeat(560);
  const router = await shapedRouter({ all: { content: text } }, { budget: { event: 500, hour: 1_000 } });
  for (let n = 0; n < 6; n++) await router.send({});
  expect(router.told()).toHaveLength(3);
  await router.advance(20 * second);
  await router.crash();
  await router.send({});
  await router.advance(65 * minute);
  await router.until(() => router.told().length > 3);
  expect(router.told()).toHaveLength(4);
  expect(router.told().at(-1)).toMatch(/^4: .*over the hour's budget/);
});

test("a session that is over its hour holds back nothing that goes to another", async () => {
  const text = "x".repeat(560);
  const router = await shapedRouter({ all: { content: text } }, { budget: { event: 500, hour: 1_000 } });
  for (let n = 0; n < 4; n++) await router.send({});
  expect(router.told()).toHaveLength(3);
  await router.advance(second);
  const other = router.attach("t");
  for (let n = 0; n < 2; n++) await router.send({});
  await router.until(() => other.got.length === 2);
  expect(other.got).toHaveLength(2);
});

test("what a session fetches itself is never refused for its budget", async () => {
  const text = "x".repeat(560);
  const router = await shapedRouter({ all: { content: text } }, { budget: { event: 500, hour: 1_000 } });
  router.session.state = "no";
  router.dispatcher.wake();
  for (let n = 0; n < 9; n++) await router.send({});
  for (let n = 0; n < 3; n++) {
    const fetched = await router.dispatcher.pending("s", 3);
    expect(fetched.events).toHaveLength(3);
    fetched.confirm();
  }
});
