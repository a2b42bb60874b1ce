// What whoever serves the page's port for a while, or stands between it and the router, gets out of it: nothing that is worth
// anything. Requests are made by hand here, with keys that the tests can read, which no browser gives out.

import { generateKeyPairSync, sign as signBytes } from "node:crypto";
import { createServer, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { openIdentity } from "../../../src/browser/identity.ts";
import { createSessions } from "../../../src/browser/signed.ts";
import { systemClock } from "../../../src/clock.ts";
import { webchat } from "../../../src/connectors/webchat/index.ts";
import type { WebchatOptions } from "../../../src/connectors/webchat/options.ts";
import type { Arrival, Json, Source } from "../../../src/contract.ts";
import { type Cursors, createMemoryCursors } from "../../../src/host/store.ts";
import { Refusal } from "../../../src/http/answer.ts";
import { createListener } from "../../../src/http/server.ts";
import { type FakePeople, fakePeople } from "../../support/fake-people.ts";
import { hostOf, quiet } from "../../support/host.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { eventually } from "../../support/router.ts";
import {
  hello,
  idOf,
  markOf,
  openPage,
  type Session,
  type Signing,
  sign,
} from "../../support/servers/webchat-browser.ts";
import { accept } from "../conformance.ts";

const options: WebchatOptions = {
  path: "/chat",
  access: { dm: "pairing", allow: [], groups: {}, mentionPatterns: [], bots: [] },
  history: 200,
  maxUploadBytes: 1024 * 1024,
};

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

interface Router {
  readonly address: string;
  readonly port: number;
  readonly arrivals: Arrival[];
  readonly people: FakePeople;
  readonly source: Source & Required<Pick<Source, "chat">>;
  end(): Promise<void>;
}

async function open(
  test: { readonly port?: number; readonly cursors?: Cursors; readonly hosts?: readonly string[] } = {},
): Promise<Router> {
  const listener = createListener({
    addresses: [{ host: "127.0.0.1", port: test.port ?? 0, loopback: true }],
    hosts: test.hosts ?? [],
    trusted: () => true,
    log: quiet,
  });
  const people = fakePeople({ press: () => ({ show: "notice", text: "Sent: allow" }) });
  const host = hostOf({
    clock: systemClock,
    listener,
    people,
    cursors: test.cursors ?? createMemoryCursors(),
  });
  const source = webchat.create("desk", options, host);
  const arrivals: Arrival[] = [];
  await source.start(accept(arrivals));
  let hasEnded = false;
  const end = async () => {
    if (hasEnded) return;
    hasEnded = true;
    await source.stop(AbortSignal.abort());
    await listener.close(AbortSignal.abort());
  };
  clean.push(end);
  const port = Number(new URL(String(listener.address())).port);
  return {
    address: `http://127.0.0.1:${port}/chat`,
    port,
    arrivals,
    people,
    source: source as Router["source"],
    end,
  };
}

interface Sent {
  readonly status: number | undefined;
  readonly error: string | undefined;
}

function send(
  { port }: Pick<Router, "port">,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array = new Uint8Array(),
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", method, path, headers, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece) => {
        text += piece;
        // A stream does not end by itself.
        if (answer.statusCode === 200) answer.destroy();
      });
      answer.on("close", () =>
        resolve({
          status: answer.statusCode,
          error: text.startsWith("{") ? (JSON.parse(text) as { error?: string }).error : undefined,
        }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const written = (id: string) => Buffer.from(JSON.stringify({ id, text: "hello" }));
const json = { "content-type": "application/json" };

/** What a page of Ada's knows when it is about to send its first message. */
async function ready({ address }: Router, more: Partial<Signing> = {}): Promise<Signing> {
  const met: Session = more.session === undefined ? await hello(address) : { session: "", server: "" };
  return {
    ...met,
    name: "ada",
    mark: more.mark ?? (await markOf(address)),
    count: 1,
    method: "POST",
    path: "/chat/messages",
    body: written("u1"),
    origin: new URL(address).origin,
    ...more,
  };
}

async function post(
  router: Router,
  signing: Signing,
  body = signing.body,
  path = signing.path,
  method = signing.method,
) {
  return send(router, method, path, { ...json, authorization: await sign(signing) }, body);
}

describe("a signed request", () => {
  it("is taken once, and never again", async () => {
    const router = await open();
    const signing = await ready(router);
    const authorization = await sign(signing);
    const again = () => send(router, "POST", signing.path, { ...json, authorization }, signing.body);
    expect((await again()).status).toBe(202);
    for (let count = 0; count < 3; count += 1)
      expect(await again()).toEqual({ status: 401, error: "say hello first" });
    // Nor is its number with another signature.
    expect((await post(router, { ...signing, body: written("u2") })).status).toBe(401);
    expect((await post(router, { ...signing, count: 2, body: written("u2") })).status).toBe(202);
    // Two that overtake each other are both taken.
    expect((await post(router, { ...signing, count: 9, body: written("u3") })).status).toBe(202);
    expect((await post(router, { ...signing, count: 4, body: written("u4") })).status).toBe(202);
    expect(router.arrivals).toHaveLength(4);
  });

  it.each([
    ["another body", (s: Signing) => ({ body: Buffer.from(s.body.toString()).fill("x", 10, 12) })],
    ["another path", () => ({ path: "/chat/press" })],
    ["another path with a query", () => ({ path: "/chat/messages?x" })],
    ["another method", () => ({ method: "GET", path: "/chat/stream", body: new Uint8Array() })],
  ])("is not good for %s", async (_, change) => {
    const router = await open();
    const signing = await ready(router);
    const {
      body = signing.body,
      path = signing.path,
      method = signing.method,
    } = change(signing) as Partial<Signing>;
    expect((await post(router, signing, body, path, method)).status).toBe(401);
    expect(router.arrivals).toEqual([]);
  });

  it("is not good when anything of it is changed", async () => {
    const router = await open();
    const signing = await ready(router);
    const authorization = await sign(signing);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(authorization.length - 1),
        fc.constantFrom(..."AZaz09-_.,= "),
        async (at, character) => {
          const changed = authorization.slice(0, at) + character + authorization.slice(at + 1);
          if (changed === authorization) return;
          const { status } = await send(
            router,
            "POST",
            signing.path,
            { ...json, authorization: changed },
            signing.body,
          );
          // The last letter of a signature has bits that mean nothing: it is the same one, and is taken once.
          if (at < authorization.length - 1) expect([changed, status]).toEqual([changed, 401]);
        },
      ),
      { numRuns: 150, examples: [[authorization.indexOf(",s=") - 1, "9"]] },
    );
    expect(router.arrivals.length).toBeLessThanOrEqual(1);
  });

  it.each([
    ["for another origin", { origin: "http://127.0.0.1:1" }],
    ["for another name of this machine", { origin: "http://localhost:8788" }],
    ["for another router", { server: "A".repeat(43) }],
    ["with the key of another browser", { name: "eve" }],
  ] as [string, Partial<Signing>][])("that was made %s is refused, or is not Ada's", async (_, more) => {
    const router = await open();
    const { status } = await post(router, await ready(router, more));
    if (more.name === undefined) expect(status).toBe(401);
    else expect(router.arrivals[0]?.sender?.id).toBe(idOf("eve", router.address));
  });

  it("is refused with what is no key of a browser", async () => {
    const router = await open();
    const signing = await ready(router);
    const authorization = await sign(signing);
    for (const key of ["A".repeat(122), Buffer.alloc(91, 1).toString("base64url")]) {
      const other = authorization.replace(/k=[\w-]+/, `k=${key}`);
      expect((await send(router, "POST", signing.path, { ...json, authorization: other })).status).toBe(401);
    }
  });
});

describe("whoever served the port while the router was away", () => {
  it("has signatures that are worth nothing when it is back, whatever they were made for", async () => {
    const cursors = createMemoryCursors();
    const before = await open({ cursors });
    const known = await ready(before);
    // The browser signs what an impostor asks for: with what it knew of the router, and with what the impostor makes up.
    const signatures = await Promise.all([
      sign({ ...known, count: 50 }),
      sign({
        ...known,
        count: 51,
        session: `${Date.now().toString(36)}.${"A".repeat(24)}.${"A".repeat(43)}`,
      }),
    ]);
    await before.end();
    const after = await open({ cursors, port: before.port });
    for (const authorization of signatures) {
      const answer = await send(after, "POST", known.path, { ...json, authorization }, known.body);
      expect(answer).toEqual({ status: 401, error: "say hello first" });
    }
    // It is the same router, with the same browsers.
    expect((await hello(after.address)).server).toBe(known.server);
    expect((await post(after, await ready(after, { mark: known.mark }))).status).toBe(202);
    expect(after.arrivals[0]?.sender?.id).toBe(idOf("ada", before.address));
  });

  it("cannot prove to be the router, though it repeats the router's key", async () => {
    const router = await open();
    const said = await fetch(`${router.address}/hello`, {
      method: "POST",
      headers: json,
      body: JSON.stringify({ nonce: "n".repeat(43) }),
    });
    const { server, session } = (await said.json()) as Record<string, string>;
    await router.end();
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const impostor = createServer((asked, answer) => {
      void text(asked).then((body) => {
        const { nonce } = JSON.parse(body) as { nonce: string };
        const origin = `http://127.0.0.1:${router.port}`;
        const proven = ["channel-router webchat server", origin, nonce, session].join("\n");
        const proof = signBytes("sha256", Buffer.from(proven), {
          key: privateKey,
          dsaEncoding: "ieee-p1363",
        });
        answer.end(JSON.stringify({ server, session, proof: proof.toString("base64url") }));
      });
    });
    await new Promise<void>((resolve) => impostor.listen(router.port, "127.0.0.1", resolve));
    clean.push(() => impostor.close());
    await expect(hello(router.address)).rejects.toThrow("did not prove itself");
  });

  it("has no page that the router takes for its own", async () => {
    const router = await open();
    const elsewhere = await open();
    const own = await markOf(router.address);
    expect(own).not.toBe("");
    for (const mark of ["", "x", await markOf(elsewhere.address), own.slice(0, -2), `${own.slice(1)}a`])
      expect(await post(router, await ready(router, { mark }))).toEqual({
        status: 401,
        error: "this page was not opened by its address: open it again",
      });
    expect(router.arrivals).toEqual([]);
  });

  it.each([
    [
      "fetched by a script",
      { "sec-fetch-dest": "empty", "sec-fetch-mode": "cors", "sec-fetch-site": "same-origin" },
    ],
    [
      "in a frame",
      { "sec-fetch-dest": "iframe", "sec-fetch-mode": "navigate", "sec-fetch-site": "same-origin" },
    ],
    [
      "opened by a script",
      { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "same-origin" },
    ],
    [
      "through a service worker",
      { "sec-fetch-dest": "empty", "sec-fetch-mode": "navigate", "sec-fetch-site": "same-origin" },
    ],
    [
      "preloaded for a service worker",
      {
        "sec-fetch-dest": "document",
        "sec-fetch-mode": "navigate",
        "sec-fetch-site": "none",
        "service-worker-navigation-preload": "true",
      },
    ],
  ])("gets no mark for a page that is %s", async (_, headers) => {
    const { address } = await open();
    expect(await markOf(address, headers)).toBe("");
  });

  it("left no service worker that stays", async () => {
    const router = await open();
    const answer = await fetch(`http://127.0.0.1:${router.port}/chat`, {
      headers: { "service-worker": "script" },
    });
    expect(answer.headers.get("content-type")).toBe("text/javascript");
    expect(await answer.text()).toContain("unregister()");
  });
});

it("forgets no request that could be sent again, however many pages there are", async () => {
  const clock = manualClock();
  const memory = new Map<string, Json>();
  const identity = await openIdentity(
    { get: (key) => memory.get(key), set: async (key, value) => void memory.set(key, value) },
    "webchat",
  );
  const sessions = createSessions(identity, clock);
  const origin = "http://127.0.0.1:8788";
  const mark = identity.markPage(origin, clock.now());
  const headers: string[] = [];
  const check = (authorization: string) =>
    sessions.check(
      { method: "GET", url: "/chat/stream", headers: { authorization } } as IncomingMessage,
      origin,
    );
  for (let index = 0; index < 1_050; index += 1) {
    await clock.advance(1);
    const { session } = sessions.hello({ nonce: "n".repeat(43) }, origin) as { session: string };
    const met = { session, server: identity.id, name: "ada", mark, origin };
    headers.push(
      await sign({ ...met, count: 1, method: "GET", path: "/chat/stream", body: new Uint8Array() }),
    );
    expect(check(headers[index] ?? "")).not.toBeInstanceOf(Refusal);
  }
  for (const header of headers) expect(check(header)).toBeInstanceOf(Refusal);
  // A day later none of them is good, and neither is a page that was opened a month ago.
  const { session } = sessions.hello({ nonce: "n".repeat(43) }, origin) as { session: string };
  const late = { session, server: identity.id, name: "ada", mark, origin, count: 1, method: "GET" };
  const unused = await sign({ ...late, path: "/chat/stream", body: new Uint8Array() });
  await clock.advance(24 * 60 * 60_000);
  expect(check(unused)).toMatchObject({ error: "say hello first" });
  await clock.advance(30 * 24 * 60 * 60_000);
  expect(check(unused)).toMatchObject({ error: expect.stringContaining("not opened by its address") });
});

describe("the origin of the page", () => {
  const asked = (router: Router, host: string, path = "/chat") =>
    send(router, "GET", path, {
      host,
      "sec-fetch-dest": "document",
      "sec-fetch-mode": "navigate",
      "sec-fetch-site": "none",
    });

  it("is one: localhost leads there, and other names must be in hosts", async () => {
    const router = await open({ hosts: ["desk.test", "127.0.0.1:9999"] });
    const { port } = router;
    expect((await asked(router, `127.0.0.1:${port}`)).status).toBe(200);
    expect((await asked(router, `localhost:${port}`)).status).toBe(307);
    expect((await asked(router, `desk.test:${port}`)).status).toBe(200);
    // An ssh tunnel, named in hosts.
    expect((await asked(router, "127.0.0.1:9999")).status).toBe(200);
    for (const host of ["127.0.0.1:9998", `127.0.0.2:${port}`, `[::1]:${port}`, "127.0.0.1"])
      expect(await asked(router, host)).toEqual({
        status: 403,
        error: `open it as http://127.0.0.1:${port}, or name ${new URL(`http://${host}`).host} in hosts`,
      });
  });

  it("is part of who a browser is: a key that was let in under one is a stranger's under another", async () => {
    const router = await open({ hosts: ["127.0.0.1:9999"] });
    const origin = "http://127.0.0.1:9999";
    const host = { host: "127.0.0.1:9999" };
    // What a page under the other origin would get and sign.
    const mark = await markOf(router.address, host);
    const nonce = "n".repeat(43);
    const { session } = await new Promise<{ session: string }>((resolve, reject) => {
      const sent = request(
        {
          port: router.port,
          host: "127.0.0.1",
          method: "POST",
          path: "/chat/hello",
          headers: { ...host, ...json },
        },
        (answer) => {
          let text = "";
          answer.on("data", (piece) => {
            text += piece;
          });
          answer.on("end", () => resolve(JSON.parse(text)));
        },
      );
      sent.on("error", reject);
      sent.end(JSON.stringify({ nonce }));
    });
    const signing = { ...(await ready(router)), origin, mark, session };
    const authorization = await sign(signing);
    expect(
      (await send(router, "POST", signing.path, { ...json, ...host, authorization }, signing.body)).status,
    ).toBe(202);
    expect(router.arrivals[0]?.sender?.id).toBe(idOf("ada", `${origin}/chat`));
    expect(router.arrivals[0]?.sender?.id).not.toBe(idOf("ada", router.address));
    // And it is of no use at the router's own address.
    expect(
      (
        await send(router, "POST", signing.path, {
          ...json,
          authorization: await sign({ ...signing, count: 2 }),
        })
      ).status,
    ).toBe(401);
  });
});

describe("an approval", () => {
  const prompt = (quoted: string) => ({
    id: "abcde0123",
    text: { title: ["🔐 Permission"], quoted: [quoted], foot: [["yes abcde"]] },
    buttons: [
      { button: "allow" as const, label: "Allow" },
      { button: "deny" as const, label: "Deny" },
    ],
  });

  it("counts only for what the page showed", async () => {
    const router = await open();
    const page = openPage("ada", router.address);
    clean.push(page.close);
    await page.post("/messages", { id: "u1", text: "hello" });
    const asked = await router.source.chat.askPermission?.(page.id, prompt("rm -rf /"));
    const id = asked?.message_ids[0] ?? "";
    const shown = await eventually(() => page.messages.get(id));
    // Somebody between the router and the page shows something harmless.
    (page.messages as Map<string, typeof shown>).set(id, {
      ...shown,
      html: shown.html?.replace("rm -rf /", "npm test") ?? "",
    });
    for (const answer of [
      await page.press("abcde0123", "allow"),
      await page.post("/press", { prompt: "abcde0123", button: "allow" }),
      await page.post("/messages", { id: "u2", text: "yes abcde" }),
    ])
      expect(answer).toMatchObject({
        status: 409,
        body: { error: expect.stringContaining("does not show the prompt that was sent") },
      });
    expect(router.people.presses).toEqual([]);
    expect(router.people.received).toHaveLength(1);
    // To deny needs nothing, and what was sent can be allowed.
    expect((await page.press("abcde0123", "deny")).status).toBe(202);
    (page.messages as Map<string, typeof shown>).set(id, shown);
    expect((await page.press("abcde0123", "allow")).status).toBe(202);
    expect((await page.post("/messages", { id: "u3", text: "yes abcde" })).status).toBe(202);
  });
});
