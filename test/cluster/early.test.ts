// A client that is answered before any owner is there, and the owner that goes on from that.

import { once } from "node:events";
import { PassThrough } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { createDuplexPair } from "../../src/cluster/duplex-pair.ts";
import { createLink, type Link } from "../../src/cluster/link.ts";
import type { Frame } from "../../src/cluster/protocol.ts";
import { StdioProxy } from "../../src/cluster/proxy.ts";
import { cachedAnswers } from "../../src/session/initialize-result.ts";
import { line } from "../../src/text.ts";

const log = { error() {}, warn() {}, info() {} };
const links: Link[] = [];
afterEach(() => {
  for (const link of links.splice(0)) link.cut("the test is over");
});

const greeting = {
  serverInfo: { name: "router", version: "1.2.3" },
  capabilities: { tools: {} },
  instructions: line`as of the last start`,
};
const initialize = {
  jsonrpc: "2.0",
  id: 7,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "a client", version: "1" },
  },
};
const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };

function startClient(early: ConstructorParameters<typeof StdioProxy>[0]["early"]) {
  const input = new PassThrough();
  const output = new PassThrough({ encoding: "utf8" });
  const relay = new StdioProxy({ input, output, log, early });
  return {
    relay,
    output,
    say: (message: object) => void input.write(`${JSON.stringify(message)}\n`),
    async hears(): Promise<object> {
      const [text] = (await once(output, "data")) as [string];
      return JSON.parse(text) as object;
    },
  };
}

/** What an owner is told first: its frames and the lines, in order. */
async function meetOwner(relay: StdioProxy, count: number): Promise<(Frame | string)[]> {
  const heard: (Frame | string)[] = [];
  const [ours, theirs] = createDuplexPair();
  await new Promise<void>((resolve) => {
    const hear = (one: Frame | string) => {
      heard.push(one);
      if (heard.length === count) resolve();
    };
    links.push(createLink(ours, { onFrame: hear, onLine: (_, line) => hear(line.toString("utf8")) }));
    const link = createLink(theirs, { onFrame: (frame) => void relay.receive(frame) });
    links.push(link);
    relay.use(link);
  });
  return heard;
}

test("a client is answered from what the last start knew, and the owner that comes hears of it", async () => {
  const client = startClient(Promise.resolve(cachedAnswers(greeting)));
  client.say({ jsonrpc: "2.0", id: "probe", method: "server/discover", params: {} });
  expect(await client.hears()).toMatchObject({ id: "probe", error: { code: -32601 } });
  client.say(initialize);
  const answer = await client.hears();
  expect(answer).toMatchObject({ id: 7, result: { serverInfo: greeting.serverInfo } });

  client.say(initialized);
  client.say({ jsonrpc: "2.0", id: 8, method: "tools/list" });
  const [resume, ...lines] = await meetOwner(client.relay, 3);
  expect(resume).toMatchObject({
    t: "resume",
    initialize: JSON.stringify(initialize),
    answer: JSON.stringify(answer),
    initialized: false,
    unanswered: 0,
  });
  expect(lines.map((line) => JSON.parse(line as string).method)).toEqual([
    "notifications/initialized",
    "tools/list",
  ]);
});

test("an initialize that is not in order is left to the session", async () => {
  const client = startClient(Promise.resolve(cachedAnswers(greeting)));
  client.say({ ...initialize, params: {} });
  const [resume, line] = await meetOwner(client.relay, 2);
  expect(resume).not.toHaveProperty("answer");
  expect(JSON.parse(line as string)).toMatchObject({ id: 7, method: "initialize" });
  expect(client.output.read()).toBeNull();
});

test("without anything known the first owner answers", async () => {
  const client = startClient(Promise.resolve(undefined));
  client.say(initialize);
  const [, line] = await meetOwner(client.relay, 2);
  expect(JSON.parse(line as string)).toEqual(initialize);
  expect(client.output.read()).toBeNull();
});
