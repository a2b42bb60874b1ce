// What the router knows of requests that became no event.

import { afterEach, expect, test, vi } from "vitest";
import type { Host } from "../../src/contract/host.ts";
import type { SourceType } from "../../src/contract.ts";
import { ConnectorError } from "../../src/errors.ts";
import { createMemoryCursors } from "../../src/host/store.ts";
import { createListener } from "../../src/http/server.ts";
import { createEventIds } from "../../src/router/event-id.ts";
import { createMemory } from "../../src/router/memory.ts";
import { Router } from "../../src/router/router.ts";
import { compileOf } from "../plan/plan-of.ts";
import { lent } from "../support/host.ts";
import { manualClock } from "../support/manual-clock.ts";

const log = { info: () => {}, warn: () => {}, error: () => {} };
const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0)) await step();
});

function routerWith(more: Partial<ConstructorParameters<typeof Router>[0]>) {
  const clock = manualClock();
  const listener = createListener({
    addresses: [{ host: "127.0.0.1", port: 0, loopback: true }],
    hosts: [],
    trusted: () => false,
    log,
  });
  return new Router({
    lent: lent(clock),
    cursors: createMemoryCursors(),
    clock,
    log,
    listener,
    consent: { demand: async () => {} },
    detail: "decision",
    memory: createMemory(clock),
    newId: createEventIds(),
    commit: async () => {},
    refused: () => {},
    ...more,
  });
}

test("refusals of sources, of their rates and of the listener are counted once and told with their source", async () => {
  const { plan } = await compileOf(
    { all: {} },
    { sources: { post: { type: "letter", enabled: true, rate: { max: 1, perMs: 60_000 }, options: {} } } },
  );
  let host: Host | undefined;
  const planned = plan.sources[0];
  if (planned === undefined) throw new Error("no source");
  const type: SourceType = {
    ...(planned.type as unknown as SourceType),
    create(_name, _options, given) {
      host = given;
      return {
        start: async () => {
          await given.listener.route({
            path: "/post",
            methods: ["POST"],
            sourceName: "post",
            handle: async () => {},
          });
        },
        stop: async () => {},
      };
    },
  };
  const told: [number, string | undefined][] = [];
  const router = routerWith({ refused: ({ status }, source) => told.push([status, source]) });
  await router.start({ ...plan, sources: [{ ...planned, type: type as never }] });
  cleanUp.push(() => router.stop(AbortSignal.abort()));

  host?.refused({ status: 401, reason: "unauthorized" });
  const arrival = { data: "x", text: "x", trust: "local" } as const;
  await router.emit("post", arrival);
  await expect(router.emit("post", arrival)).rejects.toMatchObject({ code: "E_RATE" });
  expect((await fetch(`${router.report().address}/favicon.ico`)).status).toBe(404);
  expect((await fetch(`${router.report().address}/post`)).status).toBe(405);

  const report = router.report();
  expect(told).toEqual([
    [401, "post"],
    [429, "post"],
    [404, undefined],
    [405, undefined],
  ]);
  expect(report.counts).toMatchObject({ accepted: 1, refused: 4 });
  expect(report.sources[0]?.refused?.statuses).toEqual([
    { status: 401, count: 1 },
    { status: 429, count: 1 },
  ]);
  expect(report.unrouted?.last).toMatchObject({ status: 405, reason: "method not allowed" });
});

test("a source that fails to stop keeps none of the others running, and many of them are no warning", async () => {
  const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
  const { plan } = await compileOf(
    { all: { from: ["s0"] } },
    {
      sources: Object.fromEntries(
        names.map((name) => [name, { type: "letter", enabled: true, options: {} }]),
      ),
    },
  );
  const stopped: string[] = [];
  const type: Partial<SourceType> = {
    create: (name) => ({
      start: async () => {},
      stop: async (deadline) => {
        deadline.addEventListener("abort", () => {});
        if (name === "s0") throw new Error("stuck");
        stopped.push(name);
      },
    }),
  };
  const lines: string[] = [];
  const warned = vi.fn();
  process.on("warning", warned);
  cleanUp.push(async () => void process.off("warning", warned));
  const router = routerWith({ log: { ...log, error: (line) => void lines.push(line) } });
  await router.start({
    ...plan,
    sources: plan.sources.map((one) => ({ ...one, type: { ...one.type, ...type } as never })),
  });
  await router.stop(new AbortController().signal);
  await new Promise((resolve) => setImmediate(resolve));
  expect(stopped).toEqual(names.slice(1));
  expect(lines).toEqual([expect.stringMatching(/^source s0 failed to stop: Error: stuck/)]);
  expect(router.report().address).toBeUndefined();
  expect(warned).not.toHaveBeenCalled();
});

test.each([
  { state: "failed", detail: "not installed" },
  { state: "waiting", detail: "not installed", lacksLibrary: true },
] as const)(
  "sources that failed, at the start or later, are tried again when that is asked for: %j",
  async (health) => {
    const { plan } = await compileOf(
      { all: {} },
      {
        sources: {
          one: { type: "letter", enabled: true, options: {} },
          two: { type: "letter", enabled: true, options: {} },
        },
      },
    );
    let isMissing = true;
    const stopped: string[] = [];
    const source = (name: string): SourceType => ({
      ...(plan.sources[0]?.type as unknown as SourceType),
      create() {
        const wasMissing = isMissing;
        return {
          async start() {
            if (isMissing && name === "one")
              throw new ConnectorError("E_LIBRARY", "the client is not installed");
          },
          async stop() {
            stopped.push(name);
          },
          health: () => (wasMissing ? health : { state: "running" }),
        };
      },
    });
    const router = routerWith({});
    await router.start({
      ...plan,
      sources: plan.sources.map((one) => ({ ...one, type: source(one.name) as never })),
    });
    cleanUp.push(() => router.stop(AbortSignal.abort()));
    const states = () => router.report().sources.map(({ name, state }) => `${name} ${state}`);
    expect(states()).toEqual(["one failed", `two ${health.state}`]);
    expect((await router.tryAgain()).map(({ name, state }) => `${name} ${state}`)).toEqual(states());
    isMissing = false;
    expect((await router.tryAgain()).map(({ state }) => state)).toEqual(["running", "running"]);
    expect(states()).toEqual(["one running", "two running"]);
    expect(stopped).toEqual(["two", "two"]);
    expect(await router.tryAgain()).toEqual([]);
  },
);
