// Who may use the console: a browser whose key came with a code of the user, and nobody else.

import { readFileSync, statSync } from "node:fs";
import { get, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { ConsoleBrowser, keyOf, replyOf } from "../support/console-browser.ts";
import { manualClock } from "../support/manual-clock.ts";
import { freePort } from "../support/router.ts";
import { markOf } from "../support/servers/webchat-browser.ts";
import { openConsole } from "./open-console.ts";

const code401 = (code: string) => ({ status: 401, body: { error: { code } } });

describe("a code", () => {
  test("lets one browser in, and that one comes in again without a code", async () => {
    const console = await openConsole();
    const browser = new ConsoleBrowser("anna", console.address());
    expect(await browser.call("status")).toMatchObject(code401("unknown_browser"));
    const entered = await browser.enter(await console.code());
    expect(entered).toMatchObject({ status: 200, body: { read_only: false } });
    expect(await browser.call("status")).toMatchObject({ status: 200, body: { command: "status" } });
    expect(await browser.post("/enter", {})).toMatchObject({ status: 200, body: entered.body });
  });

  test("is valid once", async () => {
    const console = await openConsole();
    const code = await console.code();
    await new ConsoleBrowser("anna", console.address()).enter(code);
    const other = new ConsoleBrowser("bob", console.address());
    expect(await other.enter(code)).toMatchObject(code401("code"));
    expect(await other.call("status")).toMatchObject(code401("unknown_browser"));
  });

  test("is valid for ten minutes", async () => {
    const clock = manualClock();
    const console = await openConsole({ clock });
    const [first, second] = [await console.code(), await console.code()];
    const browser = new ConsoleBrowser("anna", console.address());
    await clock.advance(9 * 60_000);
    expect((await browser.enter(first)).status).toBe(200);
    await clock.advance(60_001);
    expect(await new ConsoleBrowser("bob", console.address()).enter(second)).toMatchObject(code401("code"));
  });

  test("cannot be guessed: after ten wrong ones in a minute none is looked at", async () => {
    const clock = manualClock();
    const console = await openConsole({ clock });
    const right = await console.code();
    const guesser = new ConsoleBrowser("mallory", console.address());
    for (let guess = 0; guess < 10; guess += 1)
      expect(await guesser.enter(`abcd-efgh-jkmn-${1_000 + guess}`)).toMatchObject(code401("code"));
    expect((await guesser.enter(right)).status).toBe(429);
    await clock.advance(61_000);
    expect((await guesser.enter(right)).status).toBe(200);
  });

  test("may be typed without its dashes, and in capitals", async () => {
    const console = await openConsole();
    const typed = (await console.code()).replaceAll("-", " ").toUpperCase();
    expect((await new ConsoleBrowser("anna", console.address()).enter(typed)).status).toBe(200);
  });
});

describe("what is kept", () => {
  test("is private, survives the process, and has neither a key nor a token in it", async () => {
    const console = await openConsole();
    const browser = await console.browser("anna");
    const { token = "" } = await console.listener.command({ do: "token", name: "grafana" });
    const path = join(console.folder, "console-browsers.json");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const kept = readFileSync(path, "utf8");
    expect(kept).not.toContain(keyOf("anna").spki);
    expect(kept).not.toContain(token);
    await console.listener.close(AbortSignal.abort());

    const next = await openConsole({ folder: console.folder });
    const again = new ConsoleBrowser("anna", next.address(), browser.address);
    // Another port is another origin: a browser would make another key there, and this one is refused.
    expect((await again.call("status")).status).toBe(401);
  });

  test("a browser that was revoked is out at once, and so is its stream", async () => {
    const console = await openConsole();
    const browser = await console.browser();
    const stream = await browser.follow();
    const [{ id } = { id: "" }] = (await console.listener.command({ do: "list" })).browsers;
    await console.listener.command({ do: "revoke", id });
    await stream.ended;
    expect(await browser.call("status")).toMatchObject(code401("unknown_browser"));
  });

  test("a browser can revoke another one, and sees which is itself", async () => {
    const console = await openConsole();
    const [anna, bob] = [await console.browser("anna"), await console.browser("bob")];
    const { browsers } = (await anna.call("browsers")).body;
    expect(browsers.map(({ own }: { own: boolean }) => own)).toEqual([true, false]);
    expect((await anna.call("revoke", { id: browsers[1].id })).body.browsers).toHaveLength(1);
    expect((await bob.call("status")).status).toBe(401);
    expect((await anna.call("revoke", { id: "no-such" })).status).toBe(400);
  });
});

describe("a signature", () => {
  test("is worthless for another path, body, method, origin, router, session, or for webchat", async () => {
    const console = await openConsole();
    const other = await openConsole();
    const browser = await console.browser("anna");
    const elsewhere = await other.browser("anna");
    const refused = (reply: { status: number; body: { error?: { code?: string } } }) => [
      reply.status,
      reply.body.error?.code,
    ];
    const tried = {
      path: await browser.post("/api/status", {}, { path: "/api/sessions" }),
      query: await browser.post("/api/status?x=1", {}, { path: "/api/status" }),
      body: await browser.post("/api/status", {}, { body: Buffer.from('{"a":1}') }),
      method: await browser.post("/api/status", {}, { method: "GET" }),
      origin: await browser.post("/api/status", {}, { origin: "https://evil.example" }),
      webchat: await browser.post("/api/status", {}, { scope: "webchat" }),
      stranger: await browser.post("/api/status", {}, { name: "mallory" }),
      unopened: await browser.post("/api/status", {}, { mark: "" }),
      router: await browser.post("/api/status", {}, { session: await elsewhere.session() }),
      mark: await browser.post("/api/status", {}, { mark: await elsewhere.mark() }),
    };
    expect(Object.fromEntries(Object.entries(tried).map(([what, reply]) => [what, refused(reply)]))).toEqual({
      path: [401, "signature"],
      query: [401, "signature"],
      body: [401, "signature"],
      method: [401, "signature"],
      origin: [401, "signature"],
      webchat: [401, "signature"],
      stranger: [401, "hello"],
      unopened: [401, "page"],
      router: [401, "hello"],
      mark: [401, "page"],
    });
    expect(console.commands).toEqual([]);
  });

  test("is valid once", async () => {
    const console = await openConsole();
    const browser = await console.browser();
    const body = Buffer.from("{}");
    const authorization = await browser.authorize("POST", "/api/status", body);
    const send = async () =>
      replyOf(
        await fetch(`${console.address()}/api/status`, {
          method: "POST",
          headers: { "content-type": "application/json", authorization },
          body,
        }),
      );
    expect((await send()).status).toBe(200);
    expect(await send()).toMatchObject(code401("hello"));
    expect(console.commands).toHaveLength(1);
  });

  test("is needed: nothing of the router is answered without", async () => {
    const console = await openConsole();
    await console.browser();
    for (const [method, path] of [
      ["POST", "/api/status"],
      ["POST", "/enter"],
      ["POST", "/chat/room/messages"],
      ["GET", "/stream"],
      ["GET", "/chat/room/stream"],
      ["POST", "/api/no_such_command"],
    ] as const) {
      const answer = await fetch(`${console.address()}${path}`, {
        method,
        headers: { "content-type": "application/json" },
        ...(method === "POST" ? { body: "{}" } : {}),
      });
      expect([path, answer.status]).toEqual([path, 401]);
    }
    const token = { authorization: `Bearer crt_${"a".repeat(43)}` };
    expect((await fetch(`${console.address()}/stream`, { headers: token })).status).toBe(401);
  });
});

describe("a request of another page", () => {
  const statusOf = (address: string, headers: Record<string, string>, method = "GET", path = "/") =>
    new Promise<number>((resolve, reject) => {
      const sent = request(`${address}${path}`, { method, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      sent.on("error", reject);
      sent.end(method === "POST" ? "{}" : undefined);
    });

  test("is refused: a rebound name, a foreign or opaque origin, another site, a tunnel", async () => {
    const console = await openConsole();
    const address = console.address();
    const { port, host } = new URL(address);
    const refused: Record<string, Record<string, string>> = {
      rebound: { host: "evil.example" },
      "rebound with the port": { host: `evil.example:${port}` },
      "localhost of another port": { host: "localhost:1" },
      "a name that ends with ours": { host: `x.127.0.0.1:${port}` },
      "another loopback address": { host: `127.0.0.2:${port}` },
      "a trailing dot": { host: `127.0.0.1.:${port}` },
      "another site": { host, origin: "https://evil.example" },
      "another port": { host, origin: "http://127.0.0.1:1" },
      "https of the same name": { host, origin: `https://127.0.0.1:${port}` },
      "an opaque origin": { host, origin: "null" },
      "an empty origin": { host, origin: "" },
      "cross-site": { host, "sec-fetch-site": "cross-site" },
      "same-site": { host, "sec-fetch-site": "same-site" },
      forwarded: { host, "x-forwarded-for": "203.0.113.1" },
      tunneled: { host, "cf-connecting-ip": "203.0.113.1" },
    };
    for (const [what, headers] of Object.entries(refused)) {
      for (const [method, path] of [
        ["GET", "/"],
        ["GET", "/stream"],
        ["POST", "/hello"],
        ["POST", "/api/status"],
      ] as const)
        expect([what, path, await statusOf(address, headers, method, path)]).toEqual([what, path, 403]);
    }
    expect(await statusOf(address, { host, "sec-fetch-site": "none" })).toBe(200);
    expect(await statusOf(address, { host, "sec-fetch-site": "same-origin" })).toBe(200);
  });

  test("two Host headers, or a target with another host, are refused", async () => {
    const console = await openConsole();
    const { port, host } = new URL(console.address());
    const raw = (lines: string[]) =>
      new Promise<string>((resolve) => {
        const socket = connect(Number(port), "127.0.0.1", () =>
          socket.write(`${[...lines, "connection: close"].join("\r\n")}\r\n\r\n`),
        );
        text(socket).then(resolve, () => resolve("closed"));
      });
    expect(await raw(["GET / HTTP/1.1", `host: ${host}`, "host: evil.example"])).toMatch(/ 40[03] /);
    expect(await raw(["GET http://evil.example/ HTTP/1.1", `host: ${host}`])).toContain(" 403 ");
  });

  test("localhost leads to the one address whose key counts", async () => {
    const console = await openConsole();
    const { port } = new URL(console.address());
    const answer = await new Promise<[number | undefined, string | undefined]>((resolve, reject) => {
      get(console.address(), { headers: { host: `localhost:${port}` } }, (got) => {
        got.resume();
        resolve([got.statusCode, got.headers.location]);
      }).on("error", reject);
    });
    expect(answer).toEqual([307, `${console.address()}/`]);
  });

  test("has no mark, where a script loaded the page; and a service worker is replaced", async () => {
    const console = await openConsole();
    const address = `${console.address()}/`;
    const script = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
    expect(await markOf(address, script)).toBe("");
    expect(await markOf(address, { "service-worker-navigation-preload": "true" })).toBe("");
    expect(await markOf(address)).not.toBe("");
    const worker = await fetch(`${address}sw.js`, { headers: { "service-worker": "script" } });
    expect(await worker.text()).toContain("unregister");
  });

  test("by console.origin is let in, forwarded or not, and only by that name", async () => {
    const port = await freePort();
    const address = { host: "127.0.0.1", port, loopback: true };
    const console = await openConsole({ settings: { address, origin: "https://console.example.com" } });
    expect(console.address()).toBe("https://console.example.com");
    const bound = `http://127.0.0.1:${port}`;
    const host = "console.example.com";
    expect(await statusOf(bound, { host, "x-forwarded-for": "203.0.113.1" })).toBe(200);
    expect(await statusOf(bound, { host: `${host}:443` })).toBe(200);
    expect(await statusOf(bound, { host, origin: `http://${host}` })).toBe(403);
    expect(await statusOf(bound, { host: "other.example.com" })).toBe(403);
    expect(await statusOf(bound, { host: new URL(bound).host })).toBe(200);
  });
});

test("answers carry no CORS header, a strict policy, and are not cached", async () => {
  const console = await openConsole();
  const browser = await console.browser();
  const page = await fetch(console.address());
  expect(page.headers.get("content-security-policy")).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; worker-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  expect(await page.text()).not.toMatch(/<style|<script>|\son\w+=|style=/);
  const answer = await browser.call("status");
  for (const { headers } of [page, answer, await fetch(`${console.address()}/none`)]) {
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
  const preflight = await fetch(`${console.address()}/api/status`, { method: "OPTIONS" });
  expect(preflight.status).toBe(405);
});
