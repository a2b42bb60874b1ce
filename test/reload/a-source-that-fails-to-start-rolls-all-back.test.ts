import { afterEach, expect, test } from "vitest";
import { actor, anyPort, arrival, channel, openStage, type Stage } from "./parts.ts";

const stages: Stage[] = [];
afterEach(async () => {
  for (const { router } of stages.splice(0)) await router.stop(AbortSignal.abort());
});

async function start(values: Parameters<Stage["plan"]>[0]): Promise<Stage> {
  const stage = await openStage();
  stages.push(stage);
  await stage.router.start(await stage.plan(values));
  return stage;
}

const get = async (stage: Stage, path: string) => {
  const response = await fetch(`${stage.listener.address()}${path}`);
  return `${response.status} ${await response.text()}`;
};

test("the old plan stays whole, what was started is stopped, and the reason names the source", async () => {
  const stage = await start({ sources: { a: actor() }, channels: { c: channel({ content: "old" }) } });
  const before = stage.router.plan();
  const next = {
    sources: { a: actor({ color: "blue" }), good: actor(), bad: actor({ fails: true }) },
    channels: { c: channel({ content: "new" }) },
  };
  await expect(stage.apply(next)).rejects.toThrow("source bad cannot start: no way in");
  expect(stage.router.plan()).toBe(before);
  expect(stage.actors.map(({ name, life }) => `${name}: ${life.join(" ")}`)).toEqual([
    "a: start",
    "a: start stop",
    "good: start stop",
    "bad: start stop",
  ]);
  await stage.actors[0]?.emit(arrival({}));
  expect(stage.accepted[0]?.deliveries[0]?.content).toBe("old");
});

test("what a new source brings before all have started is not taken when the reload fails", async () => {
  const stage = await start({ sources: { a: actor() } });
  const reload = stage.apply({ sources: { a: actor(), eager: actor(), slow: actor({ hangs: true }) } });
  const failed = expect(reload).rejects.toThrow("source slow cannot start: did not start within 10 s");
  await expect.poll(() => stage.actors.length).toBe(3);
  void stage.actors.find(({ name }) => name === "eager")?.emit(arrival({}));
  await stage.clock.advance(10_000);
  await stage.clock.advance(1_000);
  await failed;
  expect(stage.accepted).toEqual([]);
});

test("what a new source brings before all have started is taken once the new plan is in force", async () => {
  const stage = await start({ sources: { a: actor({ path: "/a", says: "1" }) } });
  const reload = stage.apply({
    sources: { eager: actor(), b: actor({ path: "/b", says: "2" }) },
    channels: { c: channel({ from: ["eager"], content: "new" }) },
  });
  await expect.poll(() => stage.actors.length).toBe(3);
  const taken = stage.actors.find(({ name }) => name === "eager")?.emit(arrival({}));
  await reload;
  expect(await taken).toMatchObject({ outcome: "accepted" });
  expect(stage.accepted[0]?.deliveries[0]?.content).toBe("new");
});

test("a path stays with the old source when another new one fails", async () => {
  const stage = await start({ sources: { a: actor({ path: "/a", says: "old" }) } });
  const next = { sources: { a: actor({ path: "/a", says: "new" }), bad: actor({ fails: true }) } };
  await expect(stage.apply(next)).rejects.toThrow("no way in");
  expect(await get(stage, "/a")).toBe("200 old");
});

test("the address stays when the new one is bound and a source fails", async () => {
  const stage = await start({ sources: { a: actor({ path: "/a", says: "old" }) } });
  const address = stage.listener.address();
  await expect(
    stage.apply(
      { listenAddress: { ...anyPort, host: "127.0.0.2" }, sources: { bad: actor({ fails: true }) } },
      [{ ...anyPort, host: "127.0.0.2" }],
    ),
  ).rejects.toThrow("no way in");
  expect(stage.listener.address()).toBe(address);
  expect(await get(stage, "/a")).toBe("200 old");
});
