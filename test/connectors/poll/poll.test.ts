// A poll against a server that the test runs: what becomes an event, and what does not.

import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { poll } from "../../../src/connectors/poll/index.ts";
import type { Arrival, Emit, JsonObject, SourceType } from "../../../src/contract.ts";
import { DeliveryError } from "../../../src/errors.ts";
import {
  type FarSide,
  farSide,
  json,
  type RunningSource,
  type RunOptions,
  runSource,
} from "../../support/far-side.ts";
import { surroundings } from "../../support/host.ts";

let server: FarSide;
const running: RunningSource[] = [];
beforeEach(async () => {
  server = await farSide(json([]));
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  await server.close();
});

async function start(options: JsonObject = {}, more: RunOptions = {}): Promise<RunningSource> {
  const one = await runSource(poll as SourceType<never>, { url: `${server.url}/items`, ...options }, more);
  running.push(one);
  return one;
}

/** Items `from` to `to`, the newest (the highest) first. */
const items = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ id: to - index, title: `item ${to - index}` }));
const ids = (arrivals: readonly Arrival[]) => arrivals.map(({ data }) => (data as { id: number }).id);

describe("the first answer", () => {
  test("of 250 old items makes no event", async () => {
    server.answer = json(items(1, 250));
    const source = await start();
    await source.rested();
    expect(source.arrivals).toEqual([]);
    server.answer = json(items(2, 251));
    await source.nextRound();
    expect(source.data()).toEqual([{ id: 251, title: "item 251" }]);
  });

  test.each<[string, FarSide["answer"], JsonObject]>([
    ["has no content", (response) => response.writeHead(204).end(), {}],
    [
      "has no content where items are asked for",
      (response) => response.writeHead(204).end(),
      { items: "data.list" },
    ],
    ["is null", json(null), {}],
    ["has null in place of a list", json({ list: null }), { items: "data.list" }],
  ])("that %s leaves nothing to be history, and is no failure later", async (_, nothing, options) => {
    const list = (value: unknown) => json(options.items === undefined ? value : { list: value });
    server.answer = nothing;
    const source = await start(options);
    await source.rested();
    server.answer = list(items(1, 2));
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([1, 2]);
    server.answer = nothing;
    await source.nextRound();
    server.answer = list(items(1, 3));
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([1, 2, 3]);
    expect(source.told).toEqual([]);
  });

  test("makes events of the newest of it with backfill, oldest first", async () => {
    server.answer = json(items(1, 250));
    const source = await start({ backfill: 3 });
    await source.rested();
    expect(ids(source.arrivals)).toEqual([248, 249, 250]);
  });

  test("makes events of all with since: start", async () => {
    server.answer = json(items(1, 300));
    const source = await start({ since: "start" });
    await source.rested();
    expect(ids(source.arrivals)).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
  });

  test("that is empty leaves nothing to be history", async () => {
    const source = await start();
    await source.rested();
    server.answer = json(items(1, 2));
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([1, 2]);
  });
});

describe("what is new", () => {
  test("is an item with an id that was not there before, whatever else changes", async () => {
    server.answer = json([{ id: 1, title: "a" }]);
    const source = await start();
    await source.rested();
    server.answer = json([
      { id: 2, title: "b" },
      { id: 1, title: "changed" },
    ]);
    await source.nextRound();
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([2]);
  });

  test("is an item that differs in any way, where there is no id", async () => {
    server.answer = json([{ name: "a", n: 1 }]);
    const source = await start();
    await source.rested();
    server.answer = json([
      { n: 1, name: "a" },
      { name: "a", n: 2 },
    ]);
    await source.nextRound();
    expect(source.data()).toEqual([{ name: "a", n: 2 }]);
  });

  test("is what key says", async () => {
    server.answer = json([{ id: 1, updated: "mon" }]);
    const source = await start({ key: "string(data.id) + data.updated" });
    await source.rested();
    server.answer = json([{ id: 1, updated: "tue" }]);
    await source.nextRound();
    expect(source.data()).toEqual([{ id: 1, updated: "tue" }]);
  });

  test("is still found where key does not fit an item, and that is told once", async () => {
    const source = await start({ key: "data.id" });
    await source.rested();
    server.answer = json([{ name: "no id" }, { name: "nor here" }]);
    await source.nextRound();
    await source.nextRound();
    expect(source.arrivals).toHaveLength(2);
    expect(source.told.filter((line) => line.includes("key"))).toHaveLength(1);
  });

  test.each([[{}], [{ key: "data.id" }]])(
    "is found where ids have more digits than a number can hold: %j",
    async (options) => {
      const list = (...last: number[]) =>
        `[${last.map((digit) => `{"id":1234567890123456780${digit},"n":${digit}}`)}]`;
      const answer =
        (text: string): FarSide["answer"] =>
        (response) =>
          response.setHeader("content-type", "application/json").end(text);
      server.answer = answer(list(1));
      const source = await start(options);
      await source.rested();
      server.answer = answer(list(2, 1));
      await source.nextRound();
      expect(source.data()).toMatchObject([{ n: 2 }]);
    },
  );

  test("is looked for in the list that items gives", async () => {
    server.answer = json({ total: 1, results: [{ id: 1 }] });
    const source = await start({ items: "data.results" });
    await source.rested();
    server.answer = json({ total: 2, results: [{ id: 2 }, { id: 1 }] });
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([2]);
  });

  test("is listed once although the answer has it twice", async () => {
    const source = await start();
    await source.rested();
    server.answer = json([{ id: 7 }, { id: 7 }]);
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([7]);
  });

  test("comes in the order of an answer that lists the oldest first", async () => {
    const source = await start({ order: "oldest_first" });
    await source.rested();
    server.answer = json([{ id: 1 }, { id: 2 }, { id: 3 }]);
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([1, 2, 3]);
  });

  test("is not an old item that slides back in, thousands later", async () => {
    let newest = 20;
    server.answer = (response) =>
      json(items(newest - 19, newest).concat({ id: 0, title: "pinned" }))(response, {} as never);
    const source = await start();
    await source.rested();
    for (let n = 0; n < 260; n++) {
      newest += 20;
      await source.nextRound();
    }
    expect(ids(source.arrivals)).toHaveLength(5_200);
    expect(ids(source.arrivals)).not.toContain(0);
  });
});

describe("an answer that is no list", () => {
  test("is an event each time that it changes, also back to what it was", async () => {
    server.answer = json({ version: "1" });
    const source = await start();
    await source.rested();
    for (const version of ["1", "2", "2", "1", "2"]) {
      server.answer = json({ version });
      await source.nextRound();
    }
    expect(source.data()).toEqual([{ version: "2" }, { version: "1" }, { version: "2" }]);
    // A delivery id that comes again within a day would be taken for the same delivery.
    expect(new Set(source.arrivals.map(({ deliveryId }) => deliveryId)).size).toBe(3);
  });

  test("may be nothing at times, which is a change too", async () => {
    server.answer = json({ on: true });
    const source = await start();
    await source.rested();
    server.answer = json(null);
    await source.nextRound();
    await source.nextRound();
    server.answer = json({ on: true });
    await source.nextRound();
    expect(source.data()).toEqual([null, { on: true }]);
    expect(source.told).toEqual([]);
  });

  test("is an event when its key changes", async () => {
    server.answer = json({ version: "1", at: 1 });
    const source = await start({ key: "data.version" });
    await source.rested();
    server.answer = json({ version: "1", at: 2 });
    await source.nextRound();
    server.answer = json({ version: "2", at: 3 });
    await source.nextRound();
    expect(source.data()).toEqual([{ version: "2", at: 3 }]);
  });

  test("may be a text", async () => {
    const text = (body: string) => (response: Parameters<FarSide["answer"]>[0]) => {
      response.setHeader("content-type", "text/plain; charset=iso-8859-1");
      response.end(Buffer.from(body, "latin1"));
    };
    server.answer = text("grün");
    const source = await start({ backfill: 1 });
    await source.rested();
    server.answer = text("rot");
    await source.nextRound();
    expect(source.data()).toEqual(["grün", "rot"]);
  });

  test("may be lines of JSON, which are a list", async () => {
    const lines = (body: string) => (response: Parameters<FarSide["answer"]>[0]) => {
      response.setHeader("content-type", "application/x-ndjson");
      response.end(body);
    };
    server.answer = lines('{"id":1}\r\n');
    const source = await start();
    await source.rested();
    server.answer = lines('{"id":2}\n{"id":1}\n');
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([2]);
  });
});

describe("the request", () => {
  test("carries headers and credentials, and shows them to nobody", async () => {
    const source = await start({
      headers: { "X-Team": "core" },
      auth: { scheme: "bearer", secret: "s3cret-t0ken" },
    });
    await source.rested();
    expect(server.asked[0]?.headers).toMatchObject({
      "x-team": "core",
      authorization: "Bearer s3cret-t0ken",
    });
    server.answer = (response) => response.writeHead(401).end();
    await source.nextRound();
    await source.nextRound();
    await source.nextRound();
    const failing = source.told.filter((line) => !line.startsWith("event"));
    expect(failing).toHaveLength(1);
    expect(failing[0]).toMatch(/401 \(not logged in/);
    expect(source.told.filter((line) => line.startsWith("event"))).toHaveLength(1);
    expect(source.source.health?.()).toMatchObject({
      state: "waiting",
      lastError: expect.stringContaining("401"),
    });
    expect(JSON.stringify([source.told, source.source.health?.()])).not.toContain("s3cret");
    server.answer = json([{ id: 1 }]);
    await source.nextRound();
    expect(source.told.at(-1)).toMatch(/^event: source tested works again/);
    expect(ids(source.arrivals)).toEqual([1]);
  });

  test.each([
    [{ scheme: "basic", username: "me", secret: "pass" }, { authorization: `Basic ${btoa("me:pass")}` }],
    [{ scheme: "header", header: "X-Api-Key", prefix: "k=", secret: "pass" }, { "x-api-key": "k=pass" }],
  ])("proves itself with %j", async (auth, headers) => {
    const source = await start({ auth });
    await source.rested();
    expect(server.asked[0]?.headers).toMatchObject(headers);
  });

  test("is a POST with what there is to post, and JSON keeps its own keys", async () => {
    const source = await start({ json: { page_size: 5, camelCase: [true] } });
    await source.rested();
    expect(server.asked[0]).toMatchObject({ method: "POST", body: '{"page_size":5,"camelCase":[true]}' });
    expect(server.asked[0]?.headers["content-type"]).toBe("application/json");
  });

  test("has the cursor of the answer before, percent-encoded in the URL", async () => {
    server.answer = json({ next: "a b&c", list: [] });
    const source = await start({
      url: `${server.url}/items?limit=5{{#if cursor}}&after={{cursor}}{{/if}}`,
      items: "data.list",
      cursor: "data.next",
    });
    await source.rested();
    server.answer = json({ next: null, list: [] });
    await source.nextRound();
    await source.nextRound();
    expect(server.asked.map(({ url }) => url)).toEqual([
      "/items?limit=5",
      "/items?limit=5&after=a%20b%26c",
      "/items?limit=5&after=a%20b%26c",
    ]);
  });

  test("has the cursor in a body, as JSON", async () => {
    server.answer = json({ cursor: 'x"y', list: [] });
    const source = await start({
      body: '{"after": {{json cursor}} }',
      items: "data.list",
      cursor: "data.cursor",
    });
    await source.nextRound();
    expect(server.asked.map(({ body }) => body)).toEqual(['{"after": "" }', '{"after": "x\\"y" }']);
  });

  test("has the cursor and the time in a body that is written as a value, and the cursor keeps its type", async () => {
    server.answer = json({ cursor: 17, list: [] });
    const source = await start({
      json: { filter: [{ after: "{{cursor}}", until: "{{time}}" }], note: "after {{cursor}}", size: 5 },
      items: "data.list",
      cursor: "data.cursor",
    });
    await source.nextRound();
    expect(server.asked.map(({ body }) => JSON.parse(body))).toEqual([
      { filter: [{ until: "2026-01-05T09:00:00.000Z" }], note: "after ", size: 5 },
      {
        filter: [{ after: 17, until: expect.stringMatching(/^2026-01-05T09:01/) }],
        note: "after 17",
        size: 5,
      },
    ]);
  });

  test("keeps the cursor where its expression does not fit an answer without items", async () => {
    const options = { url: `${server.url}/items?since={{cursor}}`, cursor: "data[0].id" };
    server.answer = json(items(5, 6));
    const source = await start(options);
    await source.rested();
    server.answer = json([]);
    await source.nextRound();
    await source.nextRound();
    expect(server.asked.map(({ url }) => url)).toEqual(["/items?since=", "/items?since=6", "/items?since=6"]);
    expect(source.told).toEqual([]);
  });

  test("may begin with the time where there is no cursor yet", async () => {
    server.answer = json({ list: [], next: "later" });
    const url = `${server.url}/items?since={{default cursor time}}`;
    const source = await start({ url, items: "data.list", cursor: "data.next" });
    await source.nextRound();
    expect(server.asked.map((asked) => asked.url)).toEqual([
      "/items?since=2026-01-05T09%3A00%3A00.000Z",
      "/items?since=later",
    ]);
  });
});

describe("a server that says what has changed", () => {
  test("is asked under conditions, and 304 is no news and no failure", async () => {
    server.answer = json([{ id: 1 }], { etag: '"one"', "last-modified": "Mon, 05 Jan 2026 08:00:00 GMT" });
    const source = await start();
    await source.rested();
    server.answer = (response) => response.writeHead(304).end();
    await source.nextRound();
    expect(server.asked[1]?.headers).toMatchObject({
      "if-none-match": '"one"',
      "if-modified-since": "Mon, 05 Jan 2026 08:00:00 GMT",
    });
    expect(source.told).toEqual([]);
    server.answer = json([{ id: 2 }], { etag: '"two"' });
    await source.nextRound();
    await source.nextRound();
    expect(server.asked[3]?.headers["if-none-match"]).toBe('"two"');
    expect(ids(source.arrivals)).toEqual([2]);
  });

  test("is not told of a version whose events are not safe", async () => {
    let refuse = true;
    const taken: Arrival[] = [];
    const emit: Emit = async (arrival) => {
      if (refuse) throw new DeliveryError("E_JOURNAL_FULL", "the disk is full");
      taken.push(arrival);
      return { eventId: "e", outcome: "accepted" };
    };
    server.answer = json([], { etag: '"zero"' });
    const first = await start({}, { emit });
    await first.rested();
    server.answer = json([{ id: 1 }], { etag: '"one"' });
    await first.clock.advance(70_000);
    await expect.poll(() => first.source.health?.().state).toBe("waiting");
    expect(first.source.health?.().detail).toMatch(/1 event waits to be taken: the disk is full/);
    await first.stop();
    refuse = false;
    const second = await start({}, { emit, cursors: first.cursors });
    await second.rested();
    expect(server.asked.at(-1)?.headers["if-none-match"]).toBe('"zero"');
    expect(ids(taken)).toEqual([1]);
  });

  test.each([
    ["seconds", "300", 300_000],
    ["a date", "Mon, 05 Jan 2026 09:10:00 GMT", 600_000],
  ])("is left alone after 429 for as long as Retry-After says in %s", async (_, value, ms) => {
    server.answer = (response) => response.writeHead(429, { "retry-after": value }).end();
    const source = await start();
    await source.rested();
    expect((source.source.health?.().nextTryMs ?? 0) - source.clock.now()).toBeGreaterThanOrEqual(ms - 1_000);
  });

  test("is asked no more often than it wants", async () => {
    server.answer = json([], { "x-poll-interval": "120" });
    const source = await start({ every: "10s" });
    await source.rested();
    expect((source.source.health?.().nextTryMs ?? 0) - source.clock.now()).toBeGreaterThanOrEqual(120_000);
  });
});

describe("pages", () => {
  /** Five items a page, the newest first, with a Link to the next. */
  const paged =
    (
      newest: () => number,
      link = (page: number) => `</items?page=${page}>; rel="next", </items?page=9>; rel="last"`,
    ): FarSide["answer"] =>
    (response, { url }) => {
      const page = Number(new URL(url, "http://x").searchParams.get("page") ?? 1);
      const to = newest() - (page - 1) * 5;
      const isLast = to - 5 < 1;
      json(items(Math.max(1, to - 4), to), isLast ? {} : { link: link(page + 1) })(response, {} as never);
    };

  test("are read while all is new, and no further", async () => {
    let newest = 30;
    server.answer = paged(() => newest);
    const source = await start();
    await source.rested();
    expect(server.asked).toHaveLength(6);
    newest = 42;
    await source.nextRound();
    expect(server.asked.slice(6).map(({ url }) => url)).toEqual(["/items", "/items?page=2", "/items?page=3"]);
    expect(ids(source.arrivals)).toEqual(Array.from({ length: 12 }, (_, index) => 31 + index));
  });

  test("are read to the end where the oldest come first", async () => {
    let count = 3;
    server.answer = (response, { url }) => {
      const page = Number(new URL(url, "http://x").searchParams.get("page") ?? 1);
      const start = (page - 1) * 2;
      const list = Array.from({ length: count }, (_, index) => ({ id: index + 1 })).slice(start, start + 2);
      json({ list, next: start + 2 < count ? `?page=${page + 1}` : null }, { etag: '"same"' })(
        response,
        {} as never,
      );
    };
    const source = await start({ order: "oldest_first", items: "data.list", next: "data.next" });
    await source.rested();
    count = 6;
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([4, 5, 6]);
    // The first page does not change when the new stands on the last.
    expect(server.asked.every(({ headers }) => headers["if-none-match"] === undefined)).toBe(true);
  });

  /** An API that lists the oldest first, two at a time, from a cursor on. */
  const fromCursor =
    (count: () => number): FarSide["answer"] =>
    (response, { url }) => {
      const after = Number(new URL(url, "http://x").searchParams.get("after") || 0);
      const list = Array.from({ length: count() }, (_, index) => ({ id: index + 1 })).slice(after, after + 2);
      json({ list, cursor: after + list.length })(response, {} as never);
    };
  const cursorOptions = () => ({
    url: `${server.url}/items?after={{cursor}}`,
    order: "oldest_first",
    items: "data.list",
    cursor: "data.cursor",
  });

  test("that a cursor leads to are read until nothing new comes, and what was there at first is history", async () => {
    let count = 7;
    server.answer = fromCursor(() => count);
    const source = await start(cursorOptions());
    await source.rested();
    expect(source.arrivals).toEqual([]);
    expect(server.asked.map(({ url }) => url.slice(13))).toEqual(["", "2", "4", "6", "7"]);
    await source.nextRound();
    expect(server.asked).toHaveLength(6);
    count = 12;
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([8, 9, 10, 11, 12]);
  });

  test("that a cursor leads to are bounded, in the next round it goes on, and history stays history", async () => {
    server.answer = fromCursor(() => 9);
    const source = await start({ ...cursorOptions(), max_pages: 2 });
    await source.rested();
    await source.nextRound();
    await source.nextRound();
    expect(source.arrivals).toEqual([]);
    expect(source.told).toEqual([expect.stringMatching(/fills more than 2 pages: no events are made until/)]);
    server.answer = fromCursor(() => 16);
    await source.nextRound();
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([10, 11, 12, 13, 14, 15, 16]);
  });

  test("that a cursor leads to are kept as far as they came when a server wants no more requests", async () => {
    const whole = fromCursor(() => 9);
    server.answer = (response, asked) =>
      server.asked.length % 3 === 0 ? void response.writeHead(429).end() : whole(response, asked);
    const source = await start({ ...cursorOptions(), since: "start" });
    await source.rested();
    expect(ids(source.arrivals)).toEqual([1, 2, 3, 4]);
    expect(source.source.health?.()).toMatchObject({
      state: "waiting",
      lastError: expect.stringContaining("429"),
    });
    await source.nextRound();
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("are not asked for again by a cursor that moves while the answer stays", async () => {
    let cursor = 0;
    server.answer = (response) => {
      cursor += 1;
      json({ list: items(1, 3), cursor })(response, {} as never);
    };
    const source = await start(cursorOptions());
    await source.rested();
    expect(server.asked).toHaveLength(2);
    await source.nextRound();
    expect(server.asked).toHaveLength(3);
    expect(source.arrivals).toEqual([]);
  });

  test("that a cursor leads to are all events with since: start", async () => {
    server.answer = fromCursor(() => 5);
    const source = await start({ ...cursorOptions(), since: "start", max_pages: 2 });
    await source.rested();
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([1, 2, 3, 4, 5]);
    expect(source.told).toEqual([]);
  });

  test("are bounded, and that something was left is told", async () => {
    let newest = 4;
    server.answer = paged(() => newest);
    const source = await start({ max_pages: 2 });
    await source.rested();
    newest = 100;
    await source.nextRound();
    expect(source.arrivals).toHaveLength(10);
    expect(source.told).toEqual([expect.stringContaining("more than 2 pages")]);
  });

  test("are bounded for since: start too, and that is told", async () => {
    server.answer = paged(() => 100);
    const source = await start({ max_pages: 2, since: "start" });
    await source.rested();
    expect(source.arrivals).toHaveLength(10);
    expect(source.told).toEqual([expect.stringContaining("the others were not read")]);
  });

  test("on another host are refused in words", async () => {
    server.answer = paged(
      () => 30,
      () => '<http://elsewhere.example/items?page=2>; rel="next"',
    );
    const source = await start();
    await source.rested();
    expect(source.told).toEqual([
      expect.stringContaining("the next page is on another host, elsewhere.example"),
    ]);
    expect(source.arrivals).toEqual([]);
  });

  test("that lead back to themselves end", async () => {
    server.answer = json([{ id: 1 }], { link: '</items>; rel="next"' });
    const source = await start();
    await source.rested();
    expect(server.asked).toHaveLength(1);
  });
});

describe("what survives", () => {
  test("a restart repeats nothing and loses nothing", async () => {
    server.answer = json(items(1, 10));
    const first = await start();
    await first.rested();
    await first.stop();
    server.answer = json(items(4, 13));
    const second = await start({}, { cursors: first.cursors });
    await second.rested();
    expect(ids(second.arrivals)).toEqual([11, 12, 13]);
  });

  test("a stop in the middle of an answer: what was not taken comes after the restart, under the same delivery id", async () => {
    const first = await start(
      {},
      {
        emit: async ({ data }) => {
          if ((data as { id: number }).id > 2) throw new DeliveryError("E_SESSION_BUSY", "busy");
          return { eventId: "e", outcome: "accepted" };
        },
      },
    );
    await first.rested();
    server.answer = json(items(1, 5));
    await first.clock.advance(70_000);
    await expect.poll(() => first.source.health?.().state).toBe("waiting");
    await first.stop();
    const second = await start({}, { cursors: first.cursors });
    await second.rested();
    expect(ids(second.arrivals)).toEqual([3, 4, 5]);
    expect(new Set(second.arrivals.map(({ deliveryId }) => deliveryId)).size).toBe(3);
  });

  test("a refusal is waited out in order, and the next request waits too", async () => {
    const taken: number[] = [];
    let left = 2;
    const emit: Emit = async ({ data }) => {
      if (left <= 0) throw new DeliveryError("E_RATE", "over its rate", { retryAfterMs: 600_000 });
      left -= 1;
      taken.push((data as { id: number }).id);
      return { eventId: "e", outcome: "accepted" };
    };
    const source = await start({}, { emit });
    await source.rested();
    server.answer = json(items(1, 5));
    await source.clock.advance(70_000);
    await expect.poll(() => source.source.health?.().state).toBe("waiting");
    const before = server.asked.length;
    left = 1;
    await source.clock.advance(610_000);
    left = 9;
    await source.clock.advance(610_000);
    await expect.poll(() => taken).toEqual([1, 2, 3, 4, 5]);
    expect(server.asked).toHaveLength(before);
  });
});

describe("an answer that cannot be used is a failure in words, and changes nothing", () => {
  const html = "<!doctype html><html><body>Please log in</body></html>";
  const page: FarSide["answer"] = (response) => {
    response.setHeader("content-type", "text/html");
    response.end(html);
  };

  test.each<[string, FarSide["answer"], RegExp]>([
    ["a page to log in where a list was", page, /is a text \(text\/html that begins "<!doctype html>/],
    [
      "an error object where a list was",
      json({ error: "rate limited" }),
      /is an object .*where it was a list/,
    ],
    [
      "what calls itself JSON and is not",
      (response) => response.setHeader("content-type", "application/json").end('{"a":1'),
      /invalid JSON at line 1 column 7/,
    ],
    ["more than max_body", json("x".repeat(20_000)), /longer than 10240 bytes \(raise max_body/],
    [
      "more than max_body when inflated",
      (response) => {
        response.setHeader("content-encoding", "gzip");
        response.end(gzipSync("x".repeat(10_000_000)));
      },
      /longer than 10240 bytes/,
    ],
    [
      "a redirect to another host",
      (response) => response.writeHead(302, { location: "http://elsewhere.example/" }).end(),
      /redirects to another host, elsewhere\.example/,
    ],
    ["a connection that is cut", (response) => response.destroy(), /the connection was closed/],
    [
      "an answer that is cut",
      (response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("[");
        setImmediate(() => response.destroy());
      },
      /broke off/,
    ],
  ])("%s", async (_, answer, words) => {
    server.answer = json(items(1, 3), { etag: '"one"' });
    const source = await start({ max_body: "10KiB" });
    await source.rested();
    server.answer = answer;
    await source.nextRound();
    expect(source.told).toEqual([expect.stringMatching(words)]);
    server.answer = json(items(1, 4));
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([4]);
  });

  test("a page of an error as the very first answer, until what was meant has come three times", async () => {
    server.answer = (response) => response.setHeader("content-type", "text/html").end("<p>We are back soon");
    const source = await start();
    await source.rested();
    server.answer = json(items(1, 3));
    for (let round = 0; round < 3; round += 1) await source.nextRound();
    expect(source.told[0]).toMatch(/the answer is a list .* where it was a text before/);
    expect(source.source.health?.()).toMatchObject({ state: "running" });
    expect(source.arrivals).toEqual([]);
    server.answer = json(items(1, 4));
    await source.nextRound();
    expect(ids(source.arrivals)).toEqual([4]);
    server.answer = (response) => response.setHeader("content-type", "text/html").end("<p>Sign in");
    for (let round = 0; round < 5; round += 1) await source.nextRound();
    expect(source.source.health?.()).toMatchObject({ state: "waiting" });
  });

  test("items that gives no list", async () => {
    server.answer = json({ results: { none: true } });
    const source = await start({ items: "data.results" });
    await source.rested();
    expect(source.told).toEqual([expect.stringMatching(/items: gave an object, not a list/)]);
  });

  test("a server that hangs in the middle of an answer is left too", async () => {
    server.answer = (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write("[");
    };
    const source = await start({ timeout: "1s" });
    await source.rested();
    expect(source.told).toEqual([expect.stringMatching(/broke off: no more data arrived/)]);
  });

  test("a server that hangs is left after the time-out", async () => {
    server.answer = () => {};
    const source = await start({ timeout: "1s" });
    await source.rested();
    expect(source.told).toEqual([expect.stringContaining("no answer within 1 s")]);
  });
});

test("a compressed answer, and a redirect within the host, are read as any other", async () => {
  server.answer = (response, { url }) => {
    if (url === "/items") return void response.writeHead(302, { location: "/moved" }).end();
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    response.end(gzipSync(JSON.stringify([{ id: 1 }])));
  };
  const source = await start({ backfill: 1 });
  await source.rested();
  expect(ids(source.arrivals)).toEqual([1]);
});

describe("trust", () => {
  test.each([
    ["https://api.example.com/x", "verified"],
    ["http://127.0.0.1:8080/x", "local"],
    ["http://localhost/x", "local"],
    ["http://localhost.example.com/x", "unverified"],
    ["http://api.example.com/x", "unverified"],
  ])("of %s is %s", (url, trust) => {
    expect(poll.sampleArrival({ url } as never, '{"id":1}', {}).trust).toBe(trust);
  });
});

test("it reaches the host of its address", () => {
  const url = "https://api.example.com:8443/x";
  expect(poll.reaches?.({ url } as never, surroundings)).toEqual([{ to: "host", url }]);
});
