// The console shows the page of a webchat source as its own: it verifies the browser, and the source answers as it answers its own page.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { webchat } from "../../../src/connectors/webchat/index.ts";
import type { Arrival, Source } from "../../../src/contract.ts";
import { createListener } from "../../../src/http/server.ts";
import { fakePeople } from "../../support/fake-people.ts";
import { hostOf, quiet } from "../../support/host.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { accept } from "../conformance.ts";

const browser = "0123-4567-89ab-cdef-0123";
const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

async function open(people = fakePeople()) {
  const listener = createListener({
    addresses: [{ host: "127.0.0.1", port: 0, loopback: true }],
    hosts: [],
    trusted: () => true,
    log: quiet,
  });
  const source: Source = webchat.create(
    "desk",
    {
      path: "/chat",
      access: { dm: "pairing", allow: [], groups: {}, mentionPatterns: [], bots: [] },
      history: 200,
      maxUploadBytes: 1024 * 1024,
    },
    hostOf({ clock: manualClock(), listener, people }),
  );
  const arrivals: Arrival[] = [];
  const console = createServer((request, response) => {
    const bodyHash = String(request.headers["x-hash"] ?? "");
    void source.page?.serve(request.url as string, { browser, bodyHash }, request, response);
  });
  await new Promise<void>((resolve) => console.listen(0, "127.0.0.1", resolve));
  clean.push(
    () => listener.close(AbortSignal.abort()),
    () => source.stop(AbortSignal.abort()),
    () => console.close(),
    () => console.closeAllConnections(),
  );
  const address = `http://127.0.0.1:${(console.address() as AddressInfo).port}`;
  return {
    address,
    source,
    start: () => source.start(accept(arrivals)),
    arrivals,
    post: (path: string, body: unknown, hashed = JSON.stringify(body)) =>
      fetch(`${address}${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-hash": createHash("sha256").update(hashed).digest("base64url"),
        },
        body: JSON.stringify(body),
      }),
  };
}

test("a message of a verified browser is an event, and its answer names it", async () => {
  const desk = await open();
  await desk.start();
  const answer = await desk.post("/messages", { id: "u1", text: "hello" });
  expect([answer.status, await answer.json()]).toEqual([
    202,
    { id: "u1", outcome: "accepted", event_id: expect.any(String) },
  ]);
  expect(desk.arrivals).toMatchObject([{ text: "hello", sender: { id: browser } }]);
});

test("the stream begins with what was said, and which event each message became", async () => {
  const desk = await open();
  await desk.start();
  await desk.post("/messages", { id: "u1", text: "hello" });
  const stream = await fetch(`${desk.address}/stream`);
  const { value } = await (stream.body as ReadableStream<Uint8Array>).getReader().read();
  const [event = "", data = ""] = Buffer.from(value as Uint8Array)
    .toString()
    .split("\n");
  expect(event).toBe("event: history");
  expect(JSON.parse(data.slice("data: ".length))).toMatchObject({
    browser,
    sessions: 1,
    messages: [{ id: "u1", from: "you", text: "hello", event_id: expect.any(String) }],
  });
});

test("a body that is not the signed one is refused, and a browser that access does not admit gets nothing", async () => {
  const people = fakePeople({ receive: () => ({ as: "nothing" }), admits: () => false });
  const desk = await open(people);
  await desk.start();
  expect((await desk.post("/messages", { id: "u1", text: "hello" }, "other")).status).toBe(401);
  expect((await desk.post("/messages", { id: "u1", text: "hello" })).status).toBe(403);
  expect(desk.arrivals).toEqual([]);
});

test.each(["/", "/hello", "/stream/more", "/files/", "/files/..%2fx", "/../chat"])(
  "%s is no path of it",
  async (path) => {
    const desk = await open();
    await desk.start();
    expect((await desk.post(path, {})).status).toBe(404);
  },
);

test("a source that has not started, or has stopped, asks to try again", async () => {
  const desk = await open();
  expect((await desk.post("/messages", { id: "u1", text: "hello" })).status).toBe(503);
  await desk.start();
  await desk.source.stop(AbortSignal.abort());
  expect((await desk.post("/messages", { id: "u1", text: "hello" })).status).toBe(503);
});
