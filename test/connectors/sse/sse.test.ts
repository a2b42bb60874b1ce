// An event stream from a server that the test runs: what becomes an event, and how a connection is kept.

import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sse } from "../../../src/connectors/sse/index.ts";
import type { Emit, JsonObject, SourceType } from "../../../src/contract.ts";
import { DeliveryError } from "../../../src/errors.ts";
import {
  type FarSide,
  farSide,
  type RunningSource,
  type RunOptions,
  runSource,
} from "../../support/far-side.ts";
import { surroundings } from "../../support/host.ts";

let server: FarSide;
/** Those that are connected now, the newest last. */
let streams: ServerResponse[] = [];
const running: RunningSource[] = [];

beforeEach(async () => {
  streams = [];
  server = await farSide((response) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.flushHeaders();
    streams.push(response);
  });
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  await server.close();
});

async function start(options: JsonObject = {}, more: RunOptions = {}): Promise<RunningSource> {
  const one = await runSource(sse as SourceType<never>, { url: `${server.url}/stream`, ...options }, more);
  running.push(one);
  return one;
}

const until = (isSo: () => void) => vi.waitFor(isSo, { timeout: 10_000, interval: 2 });
const connected = (count: number) => until(() => expect(streams).toHaveLength(count));
const send = (text: string | Buffer) => streams.at(-1)?.write(text);
/** Lets time go by until there is one connection more. */
async function reconnected(source: RunningSource, before = streams.length): Promise<void> {
  for (let n = 0; n < 1_000 && streams.length === before; n++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await source.clock.advance(1_000);
  }
  await connected(before + 1);
}

describe("an event", () => {
  test("has its data parsed where it is JSON, and its name and id in headers", async () => {
    const source = await start();
    await connected(1);
    send('event: push\r\nid: 42\r\ndata: {"ref":"main",\r\ndata: "ok":true}\r\n\r\ndata: 7 apples\n\n');
    await until(() => expect(source.arrivals).toHaveLength(2));
    expect(source.arrivals).toEqual([
      {
        data: { ref: "main", ok: true },
        text: '{"ref":"main",\n"ok":true}',
        headers: { event: "push", id: "42" },
        trust: "local",
        deliveryId: expect.stringMatching(/^[\w-]{16}$/),
      },
      { data: "7 apples", text: "7 apples", headers: { event: "message", id: "42" }, trust: "local" },
    ]);
    expect(server.asked[0]?.headers.accept).toBe("text/event-stream");
  });

  test("is known by its own id and what it holds, and by no id that it inherits", async () => {
    const idsOf = async (text: string) => {
      const source = await start();
      await until(() => expect(streams.length).toBeGreaterThan(0));
      const before = source.arrivals.length;
      send(`${text}data: last\n\n`);
      await until(() => expect(source.arrivals.at(-1)?.data).toBe("last"));
      await source.stop();
      streams = [];
      return source.arrivals.slice(before, -1).map(({ deliveryId }) => deliveryId);
    };
    const [first, again, ...others] = [
      ...(await idsOf("id: 1\ndata: a\n\n")),
      ...(await idsOf("id: 1\ndata: a\n\nid: 2\ndata: a\n\nid: 1\ndata: b\n\nevent: x\nid: 1\ndata: a\n\n")),
    ];
    expect(first).toBeDefined();
    expect(again).toBe(first);
    expect(new Set([first, ...others]).size).toBe(4);
    // The standard lets an event inherit the id before it: many hold the same, and each is one of its own.
    expect(
      await idsOf(
        "data: none\n\nid: 3\ndata: own\n\ndata: inherited\n\ndata: inherited\n\nid\ndata: gone\n\n",
      ),
    ).toEqual([undefined, expect.any(String), undefined, undefined, undefined]);
  });

  test("arrives whole though its characters are torn", async () => {
    const source = await start();
    await connected(1);
    for (const byte of Buffer.from("data: grün 😀\n\n")) {
      send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => expect(source.data()).toEqual(["grün 😀"]));
  });

  test("is taken by its name where names are listed", async () => {
    const source = await start({ events: ["deploy", "message"] });
    await connected(1);
    send("event: ping\ndata: {}\n\nevent: deploy\ndata: a\n\ndata: b\n\n");
    await until(() => expect(source.data()).toEqual(["a", "b"]));
  });

  test("is left out when it is larger than max_message, and the next is taken", async () => {
    const source = await start({ max_message: "1KiB" });
    await connected(1);
    send(`data: ${"x".repeat(200_000)}\n\ndata: small\n\n`);
    await until(() => expect(source.data()).toEqual(["small"]));
  });
});

describe("a connection", () => {
  test("carries headers and credentials", async () => {
    await start({ headers: { "X-Team": "core" }, auth: { scheme: "bearer", secret: "t0ken-of-mine" } });
    await connected(1);
    expect(server.asked[0]?.headers).toMatchObject({
      "x-team": "core",
      authorization: "Bearer t0ken-of-mine",
    });
  });

  test("that ends is opened again where it ended, after what the stream asked for", async () => {
    const source = await start();
    await connected(1);
    send("retry: 30000\nid: ü1\ndata: a\n\n");
    await until(() => expect(source.arrivals).toHaveLength(1));
    streams[0]?.end();
    await source.rested();
    const waitMs = (source.source.health?.().nextTryMs ?? 0) - source.clock.now();
    expect(waitMs).toBeGreaterThanOrEqual(30_000);
    expect(waitMs).toBeLessThanOrEqual(33_000);
    await reconnected(source);
    expect(Buffer.from(server.asked[1]?.headers["last-event-id"] as string, "latin1").toString()).toBe("ü1");
    expect(source.told).toEqual([]);
  });

  test("that breaks off is opened again after what it asked for", async () => {
    const source = await start();
    await connected(1);
    send("retry: 30000\n\n");
    // Time for it to be read: without an event nothing shows that it was.
    await new Promise((resolve) => setTimeout(resolve, 50));
    streams[0]?.destroy();
    await source.rested();
    const waitMs = (source.source.health?.().nextTryMs ?? 0) - source.clock.now();
    expect(waitMs).toBeGreaterThanOrEqual(30_000);
    expect(waitMs).toBeLessThanOrEqual(33_000);
  });

  test("that ends each time is not opened without a pause, whatever it asks for", async () => {
    const source = await start();
    await connected(1);
    send("retry: 0\ndata: a\n\n");
    await until(() => expect(source.arrivals).toHaveLength(1));
    streams[0]?.end();
    await source.rested();
    expect((source.source.health?.().nextTryMs ?? 0) - source.clock.now()).toBeGreaterThanOrEqual(100);
  });

  test("goes on where it was after a restart, and not past what was not taken", async () => {
    const emit: Emit = async ({ data }) => {
      if (data === "c") throw new DeliveryError("E_JOURNAL_FULL", "the disk is full");
      return { eventId: "e", outcome: "accepted" };
    };
    const first = await start({}, { emit });
    await connected(1);
    send("id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n");
    await until(() => expect(first.source.health?.()).toMatchObject({ state: "waiting" }));
    await first.stop();
    await start({}, { cursors: first.cursors });
    await connected(2);
    expect(server.asked[1]?.headers["last-event-id"]).toBe("2");
  });

  test("that breaks off after it has stood for a while is no failure", async () => {
    const source = await start();
    await connected(1);
    await source.clock.advance(11_000);
    streams[0]?.destroy();
    await reconnected(source);
    expect(source.told).toEqual([]);
  });

  test("that is closed at once, again and again, is told", async () => {
    server.answer = (response) => response.writeHead(200, { "content-type": "text/event-stream" }).end();
    const source = await start();
    for (let n = 0; n < 3; n++) await source.nextRound();
    expect(source.told[0]).toMatch(/closed the connection immediately/);
    expect(source.told.at(-1)).toMatch(/^event: source tested fails/);
  });

  test("on which nothing comes is opened again; a comment is something", async () => {
    const source = await start({ idle: "1m" });
    await connected(1);
    await until(() => expect(source.source.health?.().state).toBe("running"));
    for (let n = 0; n < 5; n++) {
      await source.clock.advance(40_000);
      send(": still here\n\n");
      // The sign has come in when an event sent after it has.
      send(`data: ${n}\n\n`);
      await until(() => expect(source.arrivals).toHaveLength(n + 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(streams).toHaveLength(1);
    await reconnected(source, 1);
    expect(source.told).toEqual([]);
  });

  test("is left when the source stops", async () => {
    const source = await start();
    await connected(1);
    const left = new Promise((resolve) => streams[0]?.once("close", resolve));
    await source.stop();
    await left;
    expect(source.source.health?.().state).toBe("stopped");
  });
});

describe("what is no event stream is told", () => {
  test.each<[string, FarSide["answer"], RegExp]>([
    [
      "a web page",
      (response) => response.setHeader("content-type", "text/html").end("<p>"),
      /not an event stream but text\/html/,
    ],
    ["204", (response) => response.writeHead(204).end(), /end of the stream \(204\)/],
    ["401", (response) => response.writeHead(401).end(), /answered 401/],
    [
      "a redirect to another host",
      (response) => response.writeHead(307, { location: "http://elsewhere.example/" }).end(),
      /redirects to another host/,
    ],
  ])("%s", async (_, answer, words) => {
    server.answer = answer;
    const source = await start();
    await source.rested();
    expect(source.told).toEqual([expect.stringMatching(words)]);
  });
});

describe("when events are not taken", () => {
  test("nothing more is read, the far side is held back, and all come in the end", async () => {
    let isFull = true;
    let taken = 0;
    const emit: Emit = async () => {
      if (isFull) throw new DeliveryError("E_JOURNAL_FULL", "the disk is full");
      taken += 1;
      return { eventId: "e", outcome: "accepted" };
    };
    const source = await start({}, { emit });
    await connected(1);
    const event = `data: ${"x".repeat(10_000)}\n\n`;
    let sent = 0;
    while (send(event) === true || sent < 20) sent += 1;
    const flood = 2_000;
    for (; sent < flood; sent++) send(event);
    await until(() => expect(source.source.health?.().detail).toMatch(/to be taken: the disk is full/));
    await new Promise((resolve) => setTimeout(resolve, 100));
    // 20 MB were sent, of which most still lie with the server.
    expect(streams[0]?.writableLength).toBeGreaterThan(5_000_000);
    isFull = false;
    await source.clock.advance(2_000);
    await until(() => expect(taken).toBeGreaterThanOrEqual(flood));
  });

  test("silence means nothing meanwhile", async () => {
    const emit: Emit = () => Promise.reject(new DeliveryError("E_SESSION_BUSY", "busy"));
    const source = await start({ idle: "1m" }, { emit });
    await connected(1);
    send("data: a\n\ndata: b\n\ndata: c\n\n");
    await until(() => expect(source.source.health?.().state).toBe("waiting"));
    await source.clock.advance(600_000);
    expect(streams).toHaveLength(1);
    expect(streams[0]?.destroyed).toBe(false);
  });
});

describe("a relay", () => {
  const relayed = {
    host: "smee.example",
    "x-github-event": "push",
    "x-github-delivery": "d1",
    authorization: "Basic c2VjcmV0",
    Cookie: "session=1",
    body: { ref: "refs/heads/main" },
    query: { team: "core", list: ["a"] },
    timestamp: 1_700_000_000_000,
  };
  const message = (value: unknown) => `id: 0\ndata: ${JSON.stringify(value)}\n\n`;

  test("passes requests on: body, headers without credentials, query", async () => {
    const source = await start({ relay: "smee" });
    await connected(1);
    send(`id: 0\nevent: ready\ndata: {}\n\nid: 1\nevent: ping\ndata: {}\n\n${message(relayed)}`);
    await until(() => expect(source.arrivals).toHaveLength(1));
    expect(source.arrivals[0]).toEqual({
      data: { ref: "refs/heads/main" },
      text: '{"ref":"refs/heads/main"}',
      headers: { host: "smee.example", "x-github-event": "push", "x-github-delivery": "d1" },
      query: { team: "core" },
      method: "POST",
      trust: "unverified",
    });
    expect(source.told).toEqual([]);
  });

  test("may have the body as text, or as it was sent", async () => {
    const source = await start({ relay: "smee" });
    await connected(1);
    send(
      message({ body: '{"n": 1}' }) +
        message({ body: "plain" }) +
        message({ body: {}, bodyB: btoa('{"n":  2}') }),
    );
    await until(() => expect(source.arrivals).toHaveLength(3));
    expect(source.arrivals.map(({ data, text }) => [data, text])).toEqual([
      [{ n: 1 }, '{"n": 1}'],
      ["plain", "plain"],
      [{ n: 2 }, '{"n":  2}'],
    ]);
  });

  test("reads the JSON that GitHub's form has in its field", async () => {
    const source = await start({ relay: "smee" });
    await connected(1);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const payload = '{"id":12345678901234567890}';
    send(
      message({ ...form, body: { payload } }) +
        message({ ...form, body: {}, bodyB: btoa(`payload=${encodeURIComponent(payload)}`) }) +
        message({ ...form, body: { payload: "text" } }) +
        message({ body: { payload } }),
    );
    await until(() => expect(source.arrivals).toHaveLength(4));
    expect(source.arrivals.map(({ data }) => data)).toEqual([
      { id: "12345678901234567890" },
      { id: "12345678901234567890" },
      { payload: "text" },
      { payload },
    ]);
  });

  test("is asked for no id, since it counts anew each time, and what is no request is told once", async () => {
    const source = await start({ relay: "smee" });
    await connected(1);
    send(message({ hello: 1 }) + message("text") + message(relayed));
    await until(() => expect(source.arrivals).toHaveLength(1));
    streams[0]?.end();
    await reconnected(source);
    expect(server.asked[1]?.headers["last-event-id"]).toBeUndefined();
    expect(source.told).toEqual([expect.stringMatching(/a message from the relay is not a relayed request/)]);
  });

  test("has an address that is a secret: it must not stand in the file, and is not shown", async () => {
    const url = "https://smee.io/c6cnRNjYW9wqx1Y3";
    const options = { url, relay: "smee", idleMs: 60_000, maxMessageBytes: 1_000 } as const;
    expect(sse.check?.(options, surroundings)).toEqual([
      expect.objectContaining({ path: ["url"], message: expect.stringMatching(/only secret of a relay/) }),
    ]);
    const kept = { ...surroundings, isTainted: ([option]: readonly unknown[]) => option === "url" };
    expect(sse.check?.(options, kept)).toEqual([]);
    const source = await start({ relay: "smee", url: `${server.url}/c6cnRNjYW9wqx1Y3` });
    await connected(1);
    server.answer = (response) => response.writeHead(403).end();
    streams[0]?.destroy();
    await source.rested();
    await source.nextRound();
    expect(JSON.stringify([source.told, source.source.health?.()])).not.toContain("c6cn");
  });
});

test("two sources want the same stream when they ask for it in the same way, which shows no secret", () => {
  const url = "https://x.example/events?token=s3cret";
  const claim = (options: object) => sse.claims?.({ url, ...options } as never) ?? [];
  expect(claim({})).toEqual(claim({ events: ["a"], idleMs: 5 }));
  expect(claim({})).not.toEqual(claim({ headers: { "x-account": "b" } }));
  expect(claim({}).join()).not.toContain("s3cret");
  expect(claim({ relay: "smee" })).toEqual([]);
});

test("check bounds its options", () => {
  const options = { url: "wss://x.example/", idleMs: 1, maxMessageBytes: 0 } as never;
  expect(sse.check?.(options, surroundings).map(({ path }) => path)).toEqual([
    ["url"],
    ["idle"],
    ["max_message"],
  ]);
});

test("explain takes the data of an event, or the body of a relayed request", () => {
  const options = { url: "https://x.example/", events: ["deploy"] } as never;
  expect(sse.sampleArrival(options, '{"a":1}', {})).toMatchObject({
    data: { a: 1 },
    headers: { event: "deploy" },
    trust: "verified",
  });
  const relay = { url: "https://x.example/", relay: "smee" } as never;
  expect(sse.sampleArrival(relay, '{"a":1}', { "x-github-event": "push" })).toMatchObject({
    data: { a: 1 },
    headers: { "x-github-event": "push" },
    trust: "unverified",
  });
});
