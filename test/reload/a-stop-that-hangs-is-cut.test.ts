import { expect, test } from "vitest";
import { actor, openStage } from "./parts.ts";

test("the reload does not wait for it, the deadline cuts it, and it is named", async () => {
  const { router, plan, apply, clock, lines } = await openStage();
  await router.start(await plan({ sources: { slow: actor({ lingers: true }), b: actor() } }));
  await apply({ sources: { b: actor() } });
  expect(router.report().sources.map(({ name }) => name)).toEqual(["b"]);
  await clock.advance(10_000);
  await clock.advance(500);
  expect(lines).toContain("source slow did not stop within 10 s and was abandoned");
  await router.stop(AbortSignal.abort());
});

test("a reload during a slow drain is applied at once", async () => {
  const { router, plan, apply, story } = await openStage();
  await router.start(await plan({ sources: { a: actor({ lingers: true }) } }));
  await apply({ sources: { a: actor({ lingers: true, n: 1 }) } });
  await apply({ sources: { a: actor({ n: 2 }) } });
  expect(story).toEqual(["start a", "start a", "stop a", "start a", "stop a"]);
});

test("where it holds what the new source wants, the new one starts after the deadline", async () => {
  const { router, plan, apply, clock, story, lines } = await openStage();
  await router.start(await plan({ sources: { old: actor({ token: "t", lingers: true }) } }));
  const reload = apply({ sources: { next: actor({ token: "t" }) } });
  await expect.poll(() => story).toContain("stop old");
  expect(story).not.toContain("start next");
  await clock.advance(10_500);
  await reload;
  expect(story).toContain("start next");
  expect(lines.join()).toContain("source old did not stop");
  await router.stop(AbortSignal.abort());
});

test("two reloads at once are carried out one after the other, and the last one counts", async () => {
  const { router, plan, apply, story } = await openStage();
  await router.start(await plan({ sources: {} }));
  await Promise.all([1, 2, 3].map((n) => apply({ sources: { a: actor({ n }) } })));
  expect(router.plan().sources[0]?.options).toEqual({ n: 3 });
  expect(story.filter((step) => step === "start a")).toHaveLength(3);
  expect(story.filter((step) => step === "stop a")).toHaveLength(2);
});
