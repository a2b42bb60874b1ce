import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { actor, anyPort, openStage, type Stage } from "./parts.ts";

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

const get = async (address: string | undefined, path: string) => {
  const response = await fetch(`${address}${path}`);
  return `${response.status} ${await response.text()}`;
};

test("a token that moves to another source: the old one stops first, and only there", async () => {
  const stage = await start({ sources: { old: actor({ token: "t" }), other: actor() } });
  const from = stage.story.length;
  await stage.apply({ sources: { next: actor({ token: "t" }), other: actor({ color: "blue" }) } });
  const story = stage.story.slice(from);
  expect(story.indexOf("stop old")).toBeLessThan(story.indexOf("start next"));
  expect(story.indexOf("start other")).toBeLessThan(story.indexOf("stop other"));
});

test("the old holder is re-created when the new one fails", async () => {
  const stage = await start({ sources: { old: actor({ token: "t" }) } });
  await expect(stage.apply({ sources: { next: actor({ token: "t", fails: true }) } })).rejects.toThrow(
    "source next cannot start",
  );
  expect(stage.story).toEqual(["start old", "stop old", "start next", "stop next", "start old"]);
  expect(stage.router.report().sources).toMatchObject([{ name: "old", state: "running" }]);
});

test("a path goes from one source to another without a request that finds nothing", async () => {
  const stage = await start({ sources: { one: actor({ path: "/hook", says: "one" }) } });
  const address = stage.listener.address();
  const answers = new Set<string>();
  let isOver = false;
  const asking = (async () => {
    while (!isOver) answers.add(await get(address, "/hook"));
  })();
  for (let round = 0; round < 20; round += 1) {
    const name = round % 2 === 0 ? "two" : "one";
    await stage.apply({ sources: { [name]: actor({ path: "/hook", says: name }) } });
    expect(await get(address, "/hook")).toBe(`200 ${name}`);
  }
  isOver = true;
  await asking;
  expect([...answers].sort()).toEqual(["200 one", "200 two"]);
  expect(stage.listener.address()).toBe(address);
});

test("a source that moves to another path: the old path is gone, the port is the same", async () => {
  const stage = await start({ sources: { a: actor({ path: "/one", says: "x" }) } });
  const address = stage.listener.address();
  await stage.apply({ sources: { a: actor({ path: "/two", says: "x" }) } });
  expect(stage.listener.address()).toBe(address);
  expect(await get(address, "/two")).toBe("200 x");
  expect(await get(address, "/one")).toMatch(/^404/);
});

test("another address: the new one answers before the old one is left", async () => {
  const stage = await start({ sources: { a: actor({ path: "/a", says: "x" }) } });
  const [old, [one]] = [stage.listener.address(), stage.actors];
  const to = { ...anyPort, host: "127.0.0.2" };
  await stage.apply({ listenAddress: to, sources: { a: actor({ path: "/a", says: "x" }) } }, [to]);
  expect(stage.listener.address()).not.toBe(old);
  expect(await get(stage.listener.address(), "/a")).toBe("200 x");
  await expect(fetch(`${old}/a`)).rejects.toThrow();
  expect(one?.life).toEqual(["start"]);
});

test("an address that is taken changes nothing", async () => {
  const stage = await start({ sources: { a: actor({ path: "/a", says: "x" }) } });
  const holder = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  const { port } = holder.address() as AddressInfo;
  const to = { ...anyPort, port };
  const address = stage.listener.address();
  await expect(
    stage.apply({ listenAddress: to, sources: { a: actor({ path: "/a", says: "y" }) } }, [to]),
  ).rejects.toThrow("is taken");
  await new Promise((resolve) => holder.close(resolve));
  expect(stage.listener.address()).toBe(address);
  expect(await get(address, "/a")).toBe("200 x");
});

test("the last path that goes frees the port", async () => {
  const stage = await start({ sources: { a: actor({ path: "/a", says: "x" }) } });
  const address = stage.listener.address();
  await stage.apply({ sources: { a: actor() } });
  await expect
    .poll(() =>
      fetch(`${address}/a`).then(
        () => "answers",
        () => "gone",
      ),
    )
    .toBe("gone");
  expect(stage.listener.address()).toBeUndefined();
});
