// Whatever a source asks, over and over: a server that answers the same nonsense at once, with 200, is not asked without a pause.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { discord } from "../../src/connectors/discord/index.ts";
import { feed } from "../../src/connectors/feed/index.ts";
import { connectors } from "../../src/connectors/index.ts";
import { poll } from "../../src/connectors/poll/index.ts";
import { slack } from "../../src/connectors/slack/index.ts";
import { sse } from "../../src/connectors/sse/index.ts";
import { telegram } from "../../src/connectors/telegram/index.ts";
import { websocket } from "../../src/connectors/websocket/index.ts";
import type { JsonObject, SourceType } from "../../src/contract.ts";
import { runSource } from "../support/far-side.ts";

const cleanUp: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

interface Nonsense {
  readonly type: string;
  readonly body: string;
}

/** Answers every request with the same; a WebSocket is given the same message and closed. */
async function nonsense({ type, body }: Nonsense) {
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    const { port } = server.address() as AddressInfo;
    request.resume();
    response.writeHead(200, { "content-type": type, link: '</>; rel="next"' });
    response.end(body.replaceAll("PORT", String(port)));
  }).listen(0, "127.0.0.1");
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => {
    count += 1;
    socket.send(body);
    socket.close();
  });
  await new Promise((resolve) => server.once("listening", resolve));
  cleanUp.push(() => {
    sockets.close();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, count: () => count };
}

const update = {
  update_id: 7,
  message: { message_id: 1, date: 1, chat: { id: 1, type: "private" }, text: "hi" },
};
const telegramToken = "123456:a-token-for-a-test";
const json = (value: unknown): Nonsense => ({ type: "application/json", body: JSON.stringify(value) });

const cases: [name: string, type: unknown, answer: Nonsense, options: (port: number) => JsonObject][] = [
  ["a poll of pages", poll, json([{ id: 1 }]), (port) => ({ url: `http://127.0.0.1:${port}/`, every: "1s" })],
  [
    "a poll of an object",
    poll,
    json({ n: 1 }),
    (port) => ({ url: `http://127.0.0.1:${port}/`, every: "1s" }),
  ],
  [
    "a feed",
    feed,
    {
      type: "application/rss+xml",
      body: "<rss version='2.0'><channel><title>t</title><item><guid>1</guid></item></channel></rss>",
    },
    (port) => ({ url: `http://127.0.0.1:${port}/`, every: "1m" }),
  ],
  [
    "a stream that ends at once",
    sse,
    { type: "text/event-stream", body: "retry: 0\nid: 1\ndata: again\n\n" },
    (port) => ({ url: `http://127.0.0.1:${port}/` }),
  ],
  [
    "a stream without events",
    sse,
    { type: "text/event-stream", body: "retry: 0\n\n" },
    (port) => ({ url: `http://127.0.0.1:${port}/` }),
  ],
  ["a WebSocket that closes", websocket, json("again"), (port) => ({ url: `ws://127.0.0.1:${port}/` })],
  ["the same update", telegram, json({ ok: true, result: [update] }), bot],
  ["many old updates", telegram, json({ ok: true, result: [update, { update_id: 3 }] }), bot],
  ["no updates", telegram, json({ ok: true, result: [] }), bot],
  ["updates without ids", telegram, json({ ok: true, result: [{}] }), bot],
  ["no list of updates", telegram, json({ ok: true, result: { id: 1 } }), bot],
  [
    "Slack that is never there",
    slack,
    json({
      ok: true,
      user_id: "U1",
      url: "ws://127.0.0.1:PORT/",
      messages: [],
      response_metadata: { next_cursor: "x" },
    }),
    (port) => ({ token: "xoxb-a-token", app_token: "xapp-a-token", api_root: `http://127.0.0.1:${port}/` }),
  ],
  [
    "Discord that is never there",
    discord,
    json({
      id: "1",
      url: "ws://127.0.0.1:PORT/",
      shards: 1,
      session_start_limit: { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 },
    }),
    (port) => ({ token: "a-token-of-discord", api_root: `http://127.0.0.1:${port}/` }),
  ],
];

function bot(port: number): JsonObject {
  return { token: telegramToken, api_root: `http://127.0.0.1:${port}` };
}

const minutes = 2;

test.each(cases)("%s", { timeout: 60_000 }, async (_, type, answer, options) => {
  const server = await nonsense(answer);
  const running = await runSource(type as SourceType<never>, options(server.port));
  cleanUp.push(() => running.stop());
  const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
  // Whatever is under way settles before time goes on.
  for (let ms = 0; ms < minutes * 60_000; ms += 200) {
    for (let before = -1; before !== server.count(); ) {
      before = server.count();
      for (let n = 0; n < 3; n += 1) await turn();
      expect(before).toBeLessThan(80 * minutes + 20);
    }
    await running.clock.advance(200);
  }
  expect(server.count()).toBeGreaterThan(0);
  expect(server.count()).toBeLessThan(80 * minutes);
});

test("each type of source that goes out to a server is among them", () => {
  // These read this machine, or are asked themselves.
  const local = ["command", "cron", "http", "imessage", "tail", "watch", "webchat"];
  // Not over HTTP: imap/odd-servers.test.ts
  const others = ["imap"];
  const tried = cases.map(([, type]) => (type as SourceType).type);
  expect(new Set([...tried, ...local, ...others])).toEqual(new Set(connectors.map(({ type }) => type)));
});
