import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { writeStateFile } from "../../src/files/state-file.ts";
import { chooseListen } from "../../src/http/bind-candidates.ts";
import { createListener } from "../../src/http/server.ts";
import { eventually } from "../support/router.ts";

const log = { info: () => {}, warn: () => {}, error: () => {} };
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function stateFolder(): Promise<string> {
  const folder = await mkdtemp("/tmp/cr-candidates-");
  cleanUp.push(() => rm(folder, { recursive: true }));
  return folder;
}

async function occupied(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  cleanUp.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** Chooses and binds as a start does; settles with the port in force. */
async function start(folder: string): Promise<number> {
  const listener = createListener({
    ...(await chooseListen(undefined, folder, log)),
    hosts: [],
    trusted: () => false,
    log,
  });
  cleanUp.push(() => listener.close(AbortSignal.abort()));
  await listener.route({ path: "/x", methods: ["GET"], sourceName: "x", handle: async () => {} });
  return Number(new URL(listener.address() ?? "").port);
}

const remembered = async (folder: string) =>
  JSON.parse(await readFile(join(folder, "listen.json"), "utf8")) as unknown;

test("the first port is remembered and had again", async () => {
  const folder = await stateFolder();
  const port = await start(folder);
  await eventually(() =>
    remembered(folder).then(
      () => true,
      () => false,
    ),
  );
  expect(await remembered(folder)).toEqual({ port });
  expect((await chooseListen(undefined, folder, log)).addresses[0]).toMatchObject({ port });
});

test("a remembered port that is taken at one start is kept for the next", async () => {
  const folder = await stateFolder();
  const port = await occupied();
  await writeStateFile(join(folder, "listen.json"), JSON.stringify({ port }));
  expect(await start(folder)).not.toBe(port);
  // Any write would have begun before the route stood.
  await new Promise((resolve) => setImmediate(resolve));
  expect(await remembered(folder)).toEqual({ port });
  expect((await chooseListen(undefined, folder, log)).addresses[0]).toMatchObject({ port });
});
