// `GET /events` for programs: who may read it, what it holds, and what a program gets that comes back.

import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EventFeed } from "../../src/console/event-feed.ts";
import type { RouterEvent } from "../../src/contract.ts";
import { Observers } from "../../src/daemon/metrics/observers.ts";
import type { DaemonState } from "../../src/daemon/state.ts";
import { createEventIds } from "../../src/router/event-id.ts";
import { manualClock } from "../support/manual-clock.ts";
import { eventually } from "../support/router.ts";

const clock = manualClock();
const newId = createEventIds();
let observers: Observers;
let journal: { event: RouterEvent; deliveries: unknown[] }[];
let feed: EventFeed;
let server: ReturnType<typeof createServer>;
let recent = async () => [...journal].reverse();

beforeEach(async () => {
  observers = new Observers();
  journal = [];
  recent = async () => [...journal].reverse();
  const state = {
    ...{ clock, observers },
    running: () => ({ journal: { recent: () => recent() } }),
    mask: (text: string) => text.replaceAll("hunter2", "•••"),
  };
  feed = new EventFeed({
    state: state as unknown as DaemonState,
    tokenOf: (given) => (given === "Bearer good" ? "t-1" : undefined),
  });
  server = createServer((incoming, response) => {
    if (!feed.serve(incoming, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  feed.close();
  server.close();
  server.closeAllConnections();
});

function store(source: string, channel: string, data: RouterEvent["data"], isObserved = true): string {
  const id = newId(clock.now());
  const event = { id, source, connector: "http", timeMs: clock.now(), trust: "verified", data, text: "" };
  const deliveries = [
    { channel, content: `said ${JSON.stringify(data)}`, meta: { event_id: id }, tokens: 3, terms: {} },
  ];
  journal.push({ event: event as RouterEvent, deliveries });
  if (isObserved) observers.stored(event as RouterEvent, deliveries as never);
  return id;
}

interface Connection {
  readonly status: number;
  readonly messages: EventSourceMessage[];
  readonly comments: string[];
  readonly body: () => string;
  readonly isOpen: () => boolean;
}

function connect(query = "", headers: Record<string, string> = { authorization: "Bearer good" }) {
  const { port } = server.address() as AddressInfo;
  return new Promise<Connection>((resolve, reject) => {
    const asking = request(
      { port, path: `/events${query}`, headers, host: "127.0.0.1", agent: false },
      (answer) => {
        const messages: EventSourceMessage[] = [];
        const comments: string[] = [];
        let body = "";
        let isOpen = true;
        const parser = createParser({
          onEvent: (message) => void messages.push(message),
          onComment: (comment) => void comments.push(comment),
        });
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          body += chunk;
          parser.feed(chunk);
        });
        answer.on("error", () => undefined);
        answer.on("close", () => {
          isOpen = false;
        });
        resolve({
          status: answer.statusCode ?? 0,
          messages,
          comments,
          body: () => body,
          isOpen: () => isOpen,
        });
      },
    );
    asking.on("error", reject);
    asking.end();
  });
}

test("a program with a token gets each accepted event, masked, with what its channels made of it", async () => {
  const program = await connect();
  const id = store("github", "ci", { state: "failed", token: "hunter2" });
  const message = await eventually(() => program.messages[0]);
  expect(message).toMatchObject({ id, event: "event" });
  expect(JSON.parse(message.data)).toEqual({
    event_id: id,
    time: new Date(clock.now()).toISOString(),
    ...{ source: "github", connector: "http", trust: "verified" },
    channels: [
      { name: "ci", content: 'said {"state":"failed","token":"•••"}', meta: { event_id: id }, tokens: 3 },
    ],
    data: { state: "failed", token: "•••" },
  });
});

test("sources and channels can be selected", async () => {
  const bySource = await connect("?source=github&source=gitlab");
  const byChannel = await connect("?channel=ci");
  const ids = [store("github", "prs", 1), store("cron", "ci", 2), store("gitlab", "ci", 3)];
  await eventually(() => bySource.messages.length === 2 && byChannel.messages.length === 2);
  expect(bySource.messages.map(({ id }) => id)).toEqual([ids[0], ids[2]]);
  expect(byChannel.messages.map(({ id }) => id)).toEqual([ids[1], ids[2]]);
});

test("a program that comes back gets what it missed, once, and in order", async () => {
  const ids = [store("a", "a", 1), store("a", "a", 2), store("b", "b", 3), store("a", "a", 4)];
  let read = () => {};
  const reading = new Promise<void>((resolve) => {
    read = resolve;
  });
  recent = async () => {
    await reading;
    return [...journal].reverse();
  };
  const program = await connect("?source=a", {
    authorization: "Bearer good",
    "last-event-id": ids[0] as string,
  });
  ids.push(store("a", "a", 5));
  read();
  await eventually(() => program.messages.length === 3);
  ids.push(store("a", "a", 6));
  await eventually(() => program.messages.length === 4);
  expect(program.messages.map(({ id }) => id)).toEqual([ids[1], ids[3], ids[4], ids[5]]);
});

test("a program that missed more than is kept is notified of the gap", async () => {
  const id = store("a", "a", 1);
  const program = await connect("?after=0000000000000");
  await eventually(() => program.messages.length === 2);
  expect(program.messages[0]).toMatchObject({ event: "gap", data: '{"after":"0000000000000"}' });
  expect(program.messages[1]?.id).toBe(id);
});

test("a long payload is left out", async () => {
  const program = await connect();
  store("a", "a", "x".repeat(300_000));
  const message = await eventually(() => program.messages[0]);
  expect(JSON.parse(message.data)).toMatchObject({ data_left_out: true });
  expect(JSON.parse(message.data)).not.toHaveProperty("data");
});

test("an idle connection gets a comment every 15 seconds, and one that does not read is closed", async () => {
  const program = await connect();
  await clock.advance(15_000);
  await clock.advance(15_000);
  await eventually(() => program.comments.length === 2);
  const asking = request({
    port: (server.address() as AddressInfo).port,
    ...{ path: "/events", host: "127.0.0.1", agent: false, headers: { authorization: "Bearer good" } },
  });
  const stuck = await new Promise<import("node:http").IncomingMessage>((resolve) => {
    asking.on("response", (answer) => {
      answer.pause();
      resolve(answer);
    });
    asking.end();
  });
  let isClosed = false;
  stuck
    .on("error", () => undefined)
    .on("close", () => {
      isClosed = true;
    });
  const data = "x".repeat(200_000);
  for (let count = 0; count < 100; count++) store("a", "a", data);
  await eventually(() => {
    store("a", "a", data);
    stuck.resume();
    return isClosed;
  });
});

test("without a token, from a page, with another method or beyond 16 programs nothing is read", async () => {
  const good = { authorization: "Bearer good" };
  const statusOf = async (headers: Record<string, string>) => (await connect("", headers)).status;
  expect(await statusOf({})).toBe(401);
  expect(await statusOf({ authorization: "Bearer bad" })).toBe(401);
  expect(await statusOf({ authorization: "good" })).toBe(401);
  expect(await statusOf({ ...good, origin: "http://127.0.0.1:8787" })).toBe(403);
  expect(await statusOf({ ...good, "sec-fetch-site": "cross-site" })).toBe(403);
  const programs = await Promise.all(Array.from({ length: 17 }, () => connect()));
  expect(programs.map(({ status }) => status).filter((status) => status === 429)).toHaveLength(1);
});

test("a revoked token reads nothing more, and the end of the console ends all", async () => {
  const program = await connect();
  feed.revoke("t-2");
  const id = store("a", "a", 1);
  await eventually(() => program.messages.at(-1)?.id === id);
  feed.revoke("t-1");
  await eventually(() => !program.isOpen());
  const other = await connect();
  feed.close();
  await eventually(() => !other.isOpen());
});
