import { expect, test } from "vitest";
import type { ConfigValues } from "../../src/config/values.ts";
import { describeDiff, diffPlans, type PlanDiff } from "../../src/plan/diff.ts";
import { compileOf } from "./plan-of.ts";

type Channels = Parameters<typeof compileOf>[0];

async function diff(
  before: Channels,
  after: Channels,
  more: [Partial<ConfigValues>, Partial<ConfigValues>] = [{}, {}],
): Promise<PlanDiff> {
  const [one, two] = [await compileOf(before, more[0]), await compileOf(after, more[1])];
  return diffPlans(one.plan, two.plan);
}

const source = (options = {}, more = {}) => ({ type: "letter", enabled: true, options, ...more });

test("the same values make no difference", async () => {
  const one = await diff({ a: { content: "{{data.x}}" } }, { a: { content: "{{data.x}}" } });
  expect(describeDiff(one)).toBeUndefined();
  expect(one.channels.kept).toEqual(["a"]);
  expect(one.sources.kept).toEqual(["post"]);
});

test("each kind of change is counted once", async () => {
  const one = await diff({ a: {}, b: { content: "one" }, c: {} }, { b: { content: "two" }, d: {}, c: {} }, [
    { sources: { post: source(), old: source() } },
    { sources: { post: source({ box: 1 }), one: source(), two: source() } },
  ]);
  expect(one.channels).toMatchObject({ added: ["d", "one", "two"], changed: ["b"], removed: ["a", "old"] });
  expect(describeDiff(one)).toBe(
    "+2 sources (one, two), ~1 source (post), -1 source (old), +3 channels (d, one, two), ~1 channel (b), -2 channels (a, old)",
  );
});

test("another default changes the channels that it holds for", async () => {
  const defaults = { ttlMs: 1_000, priority: "normal" } as const;
  const one = await diff({ a: {} }, { a: {} }, [{}, { defaults }]);
  expect(one.channels.changed).toEqual(["a"]);
});

test("a rate is no reason for a new object", async () => {
  const rate = { max: 1, perMs: 1_000 };
  const one = await diff({ a: {} }, { a: {} }, [{}, { sources: { post: source({}, { rate }) } }]);
  expect(one.sources).toMatchObject({ kept: ["post"], changed: [], retuned: ["post"] });
  expect(describeDiff(one)).toBe("~1 source (post)");
});

test("a source that is turned off is not there", async () => {
  const off = { sources: { post: source({}, { enabled: false }) } };
  expect((await diff({ a: {} }, { a: {} }, [{}, off])).sources.removed).toEqual(["post"]);
  expect((await diff({ a: {} }, { a: {} }, [off, {}])).sources.added).toEqual(["post"]);
});

test("the order of channels counts, and a new one between them does not disturb it", async () => {
  expect(describeDiff(await diff({ a: {}, b: {} }, { b: {}, a: {} }))).toBe("order of channels changed");
  expect(describeDiff(await diff({ a: {}, b: {} }, { a: {}, c: {}, b: {} }))).toBe("+1 channel (c)");
});

test("a receipt on the first channel, or an answer, is another set of tools", async () => {
  expect((await diff({ a: {} }, { a: { receipt: { ackWithinMs: 1, attempts: 1 } } })).tools).toBe(true);
  const answered = { sources: { post: source({ answered: true }) } };
  expect((await diff({ a: {} }, { a: {} }, [{}, answered])).tools).toBe(true);
  expect((await diff({ a: {} }, { a: { content: "x" } })).tools).toBe(false);
});

test("what only one may hold stops first, by whatever name the next holder goes", async () => {
  const one = await diff({ a: {} }, { a: { from: ["next"] } }, [
    { sources: { post: source({ box: "red" }), other: source({ box: "blue" }) } },
    { sources: { next: source({ box: "red" }), other: source({ box: "blue" }) } },
  ]);
  expect(one.stopFirst).toEqual(["post"]);
});

test("a fingerprint holds what a secret resolved to, and does not show it", async () => {
  const secret = "correct-horse-battery";
  const { plan } = await compileOf({ a: {} }, { sources: { post: source({ secret }) } });
  expect(JSON.stringify(plan.sources[0]?.fingerprint)).not.toContain(secret);
  const one = await diff({ a: {} }, { a: {} }, [
    { sources: { post: source({ secret }) } },
    { sources: { post: source({ secret: "another" }) } },
  ]);
  expect(one.sources.changed).toEqual(["post"]);
});

test("who is asked for permissions is a change", async () => {
  const permissions = { relay: [], approvers: {}, expireMs: 600_000 };
  const later = { permissions: { ...permissions, expireMs: 60_000 } };
  expect(describeDiff(await diff({ a: {} }, { a: {} }, [{}, { permissions }]))).toBe("permissions changed");
  expect(describeDiff(await diff({ a: {} }, { a: {} }, [{ permissions }, later]))).toBe(
    "permissions changed",
  );
  expect(describeDiff(await diff({ a: {} }, { a: {} }, [{ permissions }, { permissions }]))).toBeUndefined();
});
