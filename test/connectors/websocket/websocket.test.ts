// A WebSocket server that the test runs: what becomes an event, and how a connection is kept.

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { websocket } from "../../../src/connectors/websocket/index.ts";
import type { Emit, JsonObject, SourceType } from "../../../src/contract.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { type RunningSource, type RunOptions, runSource } from "../../support/far-side.ts";
import { surroundings } from "../../support/host.ts";

let server: Server;
let sockets: WebSocketServer;
/** Every one that was connected, the newest last. */
let links: WebSocket[] = [];
let asked: IncomingMessage[] = [];
/** What an upgrade is answered with in place of a connection. */
let refusal: string | undefined;
const running: RunningSource[] = [];

beforeEach(async () => {
  links = [];
  asked = [];
  refusal = undefined;
  server = createServer();
  sockets = new WebSocketServer({ noServer: true, autoPong: false });
  server.on("upgrade", (request, socket, head) => {
    asked.push(request);
    if (refusal !== undefined) return socket.end(`HTTP/1.1 ${refusal}\r\ncontent-length: 0\r\n\r\n`);
    sockets.handleUpgrade(request, socket, head, (link) => {
      links.push(link);
      sockets.emit("connection", link, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  for (const link of links) link.terminate();
  await new Promise((resolve) => server.close(resolve));
});

async function start(options: JsonObject = {}, more: RunOptions = {}): Promise<RunningSource> {
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/feed?key=s3cret-key`;
  const one = await runSource(websocket as SourceType<never>, { url, ...options }, more);
  running.push(one);
  return one;
}

const until = (isSo: () => void) => vi.waitFor(isSo, { timeout: 10_000, interval: 2 });
const connected = (count: number) => until(() => expect(links).toHaveLength(count));
async function reconnected(source: RunningSource, before = links.length): Promise<void> {
  for (let n = 0; n < 1_000 && links.length === before; n++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await source.clock.advance(1_000);
  }
  await connected(before + 1);
}

describe("a message", () => {
  test("is an event: JSON parsed, text as it is, also in a binary frame", async () => {
    const source = await start();
    await connected(1);
    for (const message of ['{"price":7}', "hello", Buffer.from("[1]"), Buffer.from([0xff, 0xfe]), "last"])
      links[0]?.send(message);
    await until(() => expect(source.data()).toEqual([{ price: 7 }, "hello", [1], "last"]));
    expect(source.arrivals[0]).toEqual({ data: { price: 7 }, text: '{"price":7}', trust: "local" });
  });

  test("comes whole from fragments, compressed or not", async () => {
    sockets.options.perMessageDeflate = true;
    const source = await start();
    await connected(1);
    links[0]?.send("gr", { fin: false });
    links[0]?.send("ün", { fin: true });
    await until(() => expect(source.data()).toEqual(["grün"]));
  });

  test("that is larger than max_message ends the connection in words, and the next one goes on", async () => {
    const source = await start({ max_message: "1KiB" });
    await connected(1);
    links[0]?.send("x".repeat(2_000));
    await source.rested();
    expect(source.told).toEqual([
      expect.stringMatching(/a message of 127\.0\.0\.1:\d+\/… is longer than 1024 bytes/),
    ]);
    await reconnected(source);
    links[1]?.send("small");
    await until(() => expect(source.data()).toEqual(["small"]));
  });
});

describe("a connection", () => {
  test("carries headers, credentials and subprotocols", async () => {
    sockets.options.handleProtocols = () => "v2";
    await start({
      headers: { "X-Team": "core" },
      auth: { scheme: "bearer", secret: "t0ken" },
      protocols: ["v1", "v2"],
    });
    await connected(1);
    expect(asked[0]?.headers).toMatchObject({
      "x-team": "core",
      authorization: "Bearer t0ken",
      "sec-websocket-protocol": "v1,v2",
    });
  });

  test("begins with what is to be sent, each time", async () => {
    const got: string[] = [];
    sockets.on("connection", (link: WebSocket) => link.on("message", (data) => got.push(String(data))));
    const source = await start({
      send: ["hello at {{time}}", { type: "subscribe", channel_ids: [1, "a"] }, ["raw"]],
    });
    const each = [
      expect.stringMatching(/^hello at 2026-/),
      '{"type":"subscribe","channel_ids":[1,"a"]}',
      '["raw"]',
    ];
    await until(() => expect(got).toEqual(each));
    await source.clock.advance(11_000);
    links[0]?.close(1000);
    await reconnected(source);
    await until(() => expect(got).toEqual([...each, ...each]));
  });

  test("that the far side closes, or that breaks off after a while, is opened again without a word", async () => {
    const source = await start();
    await connected(1);
    links[0]?.send("a");
    links[0]?.close(1001);
    await reconnected(source);
    await source.clock.advance(11_000);
    links[1]?.terminate();
    await reconnected(source);
    expect(source.told).toEqual([]);
    expect(source.data()).toEqual(["a"]);
  });

  test("that is closed for a reason is told with it, and after the third time as an event", async () => {
    sockets.on("connection", (link: WebSocket) => {
      link.send("{}");
      link.close(4004, "authentication failed");
    });
    const source = await start();
    for (let n = 0; n < 3; n++) await source.nextRound();
    expect(source.told[0]).toMatch(/closed the connection with 4004: "authentication failed"/);
    expect(source.told.filter((line) => line.startsWith("event"))).toHaveLength(1);
  });

  test("on which nothing comes is asked for a sign of life, and opened again when none comes", async () => {
    let pings = 0;
    sockets.on("connection", (link: WebSocket) =>
      link.on("ping", () => {
        pings += 1;
        if (pings === 1) link.pong();
      }),
    );
    const source = await start({ idle: "1m" });
    await connected(1);
    await until(() => expect(source.source.health?.().state).toBe("running"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await source.clock.advance(30_000);
    await until(() => expect(pings).toBe(1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await source.clock.advance(45_000);
    await until(() => expect(pings).toBe(2));
    expect(links).toHaveLength(1);
    await reconnected(source, 1);
    expect(source.told).toEqual([]);
  });

  test("is closed at once when the source stops, and the far side is told that it goes away", async () => {
    const source = await start();
    await connected(1);
    // The server is connected before the source knows it.
    links[0]?.send("hello");
    await until(() => expect(source.data()).toEqual(["hello"]));
    const closed = new Promise((resolve) => links[0]?.once("close", resolve));
    await source.stop();
    expect(await closed).toBe(1001);
  });

  test("on which something else than WebSocket is spoken is told so", async () => {
    const source = await start();
    await connected(1);
    (links[0] as unknown as { _socket: Socket })._socket.write("garbage garbage");
    await source.rested();
    expect(source.told).toEqual([expect.stringMatching(/broke off: it does not speak WebSocket \(WS_ERR/)]);
  });
});

describe("what is no WebSocket is told, without the secret of the address", () => {
  test.each<[string, string, RegExp]>([
    ["401", "401 Unauthorized", /answered 401 \(not logged in/],
    ["a redirect", "302 Found\r\nlocation: ws://elsewhere.example/", /answered 302 \(moved\)/],
    ["a web page", "200 OK", /answered 200/],
  ])("%s", async (_, answer, words) => {
    refusal = answer;
    const source = await start();
    await source.rested();
    expect(source.told).toEqual([expect.stringMatching(words)]);
    expect(source.told[0]).not.toContain("s3cret");
  });

  test("503, which also says when to come back", async () => {
    refusal = "503 Busy\r\nretry-after: 300";
    const source = await start();
    await source.rested();
    expect((source.source.health?.().nextTryMs ?? 0) - source.clock.now()).toBeGreaterThanOrEqual(300_000);
  });

  test("nobody there", async () => {
    const source = await start({ url: "ws://127.0.0.1:1/" });
    await source.rested();
    expect(source.told).toEqual([
      expect.stringMatching(/request to 127\.0\.0\.1:1 failed: the connection is refused/),
    ]);
  });

  test("a wrong handshake", async () => {
    server.removeAllListeners("upgrade");
    server.on("upgrade", (_, socket) =>
      socket.end(
        "HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: no\r\n\r\n",
      ),
    );
    const source = await start();
    await source.rested();
    expect(source.told).toEqual([expect.stringMatching(/failed: invalid sec-websocket-accept/)]);
  });
});

test("when events are not taken nothing more is read, the far side is held back, and all come in the end", async () => {
  let isFull = true;
  let taken = 0;
  const emit: Emit = async () => {
    if (isFull) throw new DeliveryError("E_JOURNAL_FULL", "the disk is full");
    taken += 1;
    return { eventId: "e", outcome: "accepted" };
  };
  const source = await start({}, { emit });
  await connected(1);
  const message = "x".repeat(10_000);
  const flood = 2_000;
  for (let n = 0; n < flood; n++) links[0]?.send(message);
  await until(() => expect(source.source.health?.().detail).toMatch(/to be taken: the disk is full/));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(links[0]?.bufferedAmount).toBeGreaterThan(5_000_000);
  await source.clock.advance(600_000);
  expect(links).toHaveLength(1);
  isFull = false;
  await source.clock.advance(40_000);
  await until(() => expect(taken).toBe(flood));
});

describe("what it asks for", () => {
  test("check bounds its options", () => {
    const options = { url: "https://x.example/", protocols: ["a b"], idleMs: 1, maxMessageBytes: 0 } as never;
    expect(websocket.check?.(options, surroundings).map(({ path }) => path.join("."))).toEqual([
      "url",
      "protocols.0",
      "idle",
      "max_message",
    ]);
  });

  test.each([
    ["wss://x.example/", "verified"],
    ["ws://localhost:1/", "local"],
    ["ws://x.example/", "unverified"],
  ])("trust of %s is %s", (url, trust) => {
    expect(websocket.sampleArrival({ url } as never, '{"a":1}', {})).toEqual({
      data: { a: 1 },
      text: '{"a":1}',
      trust,
    });
  });
});
