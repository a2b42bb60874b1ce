import { afterEach, expect, test } from "vitest";
import { actor, arrival, channel, openStage, type Stage } from "./parts.ts";

const stages: Stage[] = [];
afterEach(async () => {
  for (const { router } of stages.splice(0)) await router.stop(AbortSignal.abort());
});

async function open(): Promise<Stage> {
  const stage = await openStage();
  stages.push(stage);
  return stage;
}

test("an unchanged source keeps its object, and its events go by the new channels from then on", async () => {
  const stage = await open();
  await stage.router.start(
    await stage.plan({ sources: { a: actor() }, channels: { c: channel({ content: "old {{data.n}}" }) } }),
  );
  const [one] = stage.actors;
  await one?.emit(arrival({ n: 1 }));
  const diff = await stage.apply({
    sources: { a: actor() },
    channels: { c: channel({ content: "new {{data.n}}" }) },
  });
  await one?.emit(arrival({ n: 2 }));
  expect(diff.sources.kept).toEqual(["a"]);
  expect(one?.life).toEqual(["start"]);
  expect(stage.accepted.map(({ deliveries }) => deliveries[0]?.content)).toEqual(["old 1", "new 2"]);
});

test("an edit of the content keeps what dedupe and changed know, and another dedupe begins anew", async () => {
  const stage = await open();
  const dedupe = { key: "{{data.n}}", forMs: 60_000 };
  const values = (content: string, forMs = dedupe.forMs) => ({
    sources: { a: actor() },
    channels: { c: channel({ content, dedupe: { ...dedupe, forMs } }) },
  });
  await stage.router.start(await stage.plan(values("one")));
  const [one] = stage.actors;
  expect(await one?.emit(arrival({ n: 1 }))).toMatchObject({ outcome: "accepted" });
  await stage.apply(values("two"));
  expect(await one?.emit(arrival({ n: 1 }))).toMatchObject({ outcome: "duplicate" });
  await stage.apply(values("two", 120_000));
  expect(await one?.emit(arrival({ n: 1 }))).toMatchObject({ outcome: "accepted" });
});

test("a delivery id that was taken is known to the object that replaces the source", async () => {
  const stage = await open();
  const values = (color: string) => ({ sources: { a: actor({ color }) }, channels: { c: channel() } });
  await stage.router.start(await stage.plan(values("red")));
  await stage.actors[0]?.emit(arrival({}, "d-1"));
  await stage.apply(values("blue"));
  expect(await stage.actors[1]?.emit(arrival({}, "d-1"))).toMatchObject({ outcome: "duplicate" });
  expect(stage.accepted).toHaveLength(1);
});

test("counts go on over a reload", async () => {
  const stage = await open();
  await stage.router.start(await stage.plan({ sources: { a: actor() } }));
  await stage.actors[0]?.emit(arrival({}));
  await stage.apply({ sources: { a: actor({ color: "blue" }) } });
  expect(stage.router.report().counts).toMatchObject({ accepted: 1 });
});

test("another rate holds at once, and the same one goes on counting", async () => {
  const stage = await open();
  const values = (max: number, content: string) => ({
    sources: { a: { ...actor(), rate: { max, perMs: 60_000 } } },
    channels: { c: channel({ content }) },
  });
  await stage.router.start(await stage.plan(values(1, "x")));
  const [one] = stage.actors;
  await one?.emit(arrival({}));
  await stage.apply(values(1, "y"));
  await expect(one?.emit(arrival({}))).rejects.toThrow("over its rate");
  await stage.apply(values(5, "y"));
  await one?.emit(arrival({}));
  expect(stage.actors).toHaveLength(1);
});

test("what a removed source has begun is decided by the plan that it began with", async () => {
  const stage = await open();
  await stage.router.start(
    await stage.plan({ sources: { a: actor() }, channels: { c: channel({ content: "old" }) } }),
  );
  await stage.apply({ sources: { b: actor() } });
  expect(await stage.actors[0]?.emit(arrival({}))).toMatchObject({ outcome: "accepted" });
  expect(stage.accepted[0]?.deliveries[0]?.content).toBe("old");
});
