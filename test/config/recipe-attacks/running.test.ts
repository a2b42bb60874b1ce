// What a recipe may reach while it runs: what no check of its text can see. Each component is the real one, behind
// the gates that the router puts around it, and the hosts and folders are real.

import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { loadLibrary } from "../../../src/connectors/discord/library.ts";
import { writeOutgoing } from "../../../src/connectors/file/sink/write.ts";
import { boundedFetch } from "../../../src/connectors/slack/bounded-fetch.ts";
import { watch } from "../../../src/connectors/watch/index.ts";
import type { LentHost, Listener } from "../../../src/contract/host.ts";
import { fileGlob, parsePattern } from "../../../src/files/pattern.ts";
import { createSearch } from "../../../src/files/search.ts";
import { compileGlob } from "../../../src/filters/glob.ts";
import { boundedHost, boundedListener, createBounds } from "../../../src/host/bounds.ts";
import { allowsHost, fileRule, type PlannedBound, planBound } from "../../../src/plan/bound.ts";
import { codeOf, hostOf, lent } from "../../support/host.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { steeringVariables } from "./attack.ts";

const nothing: PlannedBound = {
  recipe: "evil",
  listen: [],
  hosts: [],
  platform: [],
  files: [],
  commands: [],
  encrypted: false,
};
const never = new AbortController().signal;

let folder: string;
const servers: Server[] = [];
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "cr-bound-")));
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true, force: true });
});

/** A server that answers with what `answer` says, and the paths that it was asked for. */
async function serve(
  answer: (path: string) => { status?: number; location?: string; body?: string; link?: string },
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const { status = 200, body = "[]", location, link } = answer(request.url ?? "");
    response.writeHead(status, {
      "content-type": "application/json",
      ...(location === undefined ? {} : { location }),
      ...(link === undefined ? {} : { link }),
    });
    response.end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { asked, host: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}` };
}

const bounded = (bound: Partial<PlannedBound>): LentHost =>
  boundedHost(lent(manualClock(), folder), { ...nothing, ...bound });
const refused = (list: string) => ({
  code: "E_CAPABILITY",
  message: expect.stringMatching(
    new RegExp(`^the recipe evil may not .*: capabilities\\.${list} does not name it$`),
  ),
  hint: expect.stringContaining("nothing was done"),
});

describe("connections", () => {
  test("only requests to declared hosts are sent", async () => {
    const [good, evil] = [await serve(() => ({})), await serve(() => ({}))];
    const { http } = bounded({ hosts: [good.host] });
    expect((await http.request({ url: `${good.url}/a`, signal: never })).status).toBe(200);
    await expect(http.request({ url: `${evil.url}/a`, signal: never })).rejects.toMatchObject(
      refused("hosts"),
    );
    expect(evil.asked).toEqual([]);
  });

  test.each([
    "http://localhost.evil.example/",
    "http://127.0.0.1:1/",
    "http://[::ffff:127.0.0.1]/",
    "file:///etc/passwd",
    "not a URL",
    "http://127.0.0.1\\@evil.example/",
  ])("%s is not asked for", async (url) => {
    const good = await serve(() => ({}));
    await expect(bounded({ hosts: [good.host] }).http.request({ url, signal: never })).rejects.toMatchObject(
      refused("hosts"),
    );
    expect(good.asked).toEqual([]);
  });

  test("a Host header cannot select another host behind a declared one", async () => {
    const good = await serve(() => ({}));
    const { http } = bounded({ hosts: [good.host] });
    const headers = { Host: "evil.example" };
    await expect(http.request({ url: good.url, headers, signal: never })).rejects.toMatchObject(
      refused("hosts"),
    );
    expect(good.asked).toEqual([]);
  });

  test("a redirect to another port of the same machine is not followed", async () => {
    const evil = await serve(() => ({}));
    const good = await serve((path) => (path === "/a" ? { status: 302, location: `${evil.url}/b` } : {}));
    const { http } = bounded({ hosts: [good.host] });
    await expect(http.request({ url: `${good.url}/a`, signal: never })).rejects.toMatchObject({
      code: expect.stringMatching(/^E_(CAPABILITY|HTTP_FAILED)$/),
    });
    expect(evil.asked).toEqual([]);
  });

  test("each hop of a redirect is checked", async () => {
    const good = await serve((path) => (path === "/a" ? { status: 302, location: "/b" } : {}));
    const reached: string[] = [];
    const client = lent(manualClock()).http;
    await client.request({ url: `${good.url}/a`, signal: never, mayReach: (url) => void reached.push(url) });
    expect(reached).toEqual([`${good.url}/a`, `${good.url}/b`]);
  });

  test("a websocket to another host is not opened", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    let isOpened = false;
    server.on("connection", () => (isOpened = true));
    const url = `ws://127.0.0.1:${port}/`;
    const { http } = bounded({ hosts: ["127.0.0.1:1"] });
    await expect(http.webSocket({ url, signal: never, maxBytes: 1_000 })).rejects.toMatchObject(
      refused("hosts"),
    );
    expect(isOpened).toBe(false);
    server.close();
  });

  test("a component with a secret for one host does not reach the other hosts of its recipe", () => {
    const bound = {
      ...{ recipe: "evil", isOwn: true, listen: [], files: [], commands: [], tools: [] },
      hosts: ["api.example", "evil.example"],
      secrets: { token: ["api.example"] },
    };
    const folders = { folder, home: folder };
    const carrying = planBound(
      { ...bound, carried: [{ input: "token", path: ["auth", "secret"] }] },
      [],
      [],
      folders,
    );
    expect(allowsHost(carrying, "https://api.example/")).toBe(true);
    expect(allowsHost(carrying, "https://evil.example/")).toBe(false);
    const plain = planBound({ ...bound, carried: [] }, [], [], folders);
    expect(allowsHost(plain, "https://evil.example/")).toBe(true);
  });

  test("a component with a secret connects without TLS only to this machine, or where the recipe says so", () => {
    const parts = { recipe: "evil", isOwn: true, listen: [], files: [], commands: [], tools: [] };
    const carried = [{ input: "token", path: ["auth", "secret"] }];
    const folders = { folder, home: folder };
    const schemes = fc.constantFrom("http", "https", "ws", "wss", "HTTP", " ws", "imap", "imaps");
    const names = fc.constantFrom(
      "api.example",
      "127.0.0.1:81",
      "localhost",
      "[::1]",
      "127.evil.example",
      "0x7f.1",
    );
    fc.assert(
      fc.property(schemes, names, fc.boolean(), fc.boolean(), (scheme, name, isSaid, isCarrying) => {
        const entry = `${isSaid ? "http://" : ""}${name === "0x7f.1" ? "127.0.0.1" : name}`;
        const bound = { ...parts, hosts: [entry], secrets: { token: [entry] } };
        const planned = planBound({ ...bound, carried: isCarrying ? carried : [] }, [], [], folders);
        const isReadable = /http$|ws$/i.test(scheme) && /example$/.test(name);
        const url = `${scheme}://${name}/`;
        if (allowsHost({ hosts: [entry] }, url))
          expect(allowsHost(planned, url)).toBe(!(isCarrying && isReadable) || isSaid);
        else expect(allowsHost(planned, url)).toBe(false);
      }),
    );
  });

  test.each(["http", "ws"])("a request with a secret by %s is refused before it is made", async (scheme) => {
    const refusal = {
      code: "E_CAPABILITY",
      message: "the recipe evil may not send a secret to api.example without TLS",
    };
    const { http } = bounded({ hosts: ["api.example"], encrypted: true });
    const url = `${scheme}://api.example/`;
    const made =
      scheme === "ws"
        ? http.webSocket({ url, signal: never, maxBytes: 1 })
        : http.request({ url, signal: never });
    await expect(made).rejects.toMatchObject(refusal);
  });

  test("the hosts that a platform names are no exception from TLS", () => {
    const of = { ...nothing, platform: [".slack.com"], encrypted: true };
    expect(allowsHost(of, "wss://wss.slack.com/")).toBe(true);
    expect(allowsHost(of, "ws://wss.slack.com/")).toBe(false);
  });

  test("no text after a declared host turns it into another host", () => {
    const bound = { ...nothing, hosts: ["api.example"] };
    const rest = fc.string({ unit: fc.constantFrom(..."ab.:@/\\?#%[]\t\r\n _-0é"), maxLength: 12 });
    fc.assert(
      fc.property(rest, (text) => {
        const url = `https://api.example${text}`;
        if (!allowsHost(bound, url) || !URL.canParse(url)) return;
        expect(new URL(url).hostname).toBe("api.example");
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("the libraries of chats", () => {
  test("Slack's socket is checked before the library opens it", async () => {
    const api = await serve(() => ({ body: JSON.stringify({ ok: true, url: "wss://evil.example/socket" }) }));
    const bounds = createBounds(
      { ...nothing, hosts: [api.host], platform: [".slack.com"] },
      { folder, home: folder },
    );
    const { fetch: ask } = boundedFetch(bounds);
    await expect(ask?.(`${api.url}/api/apps.connections.open`)).rejects.toMatchObject(refused("hosts"));
    await expect(ask?.("https://evil.example/api/auth.test")).rejects.toMatchObject(refused("hosts"));
    expect((await ask?.(`${api.url}/api/auth.test`))?.status).toBe(200);
  });

  test("a redirect of Slack's API is not followed", async () => {
    const evil = await serve(() => ({}));
    const api = await serve(() => ({ status: 302, location: `${evil.url}/b` }));
    const { fetch: ask } = boundedFetch(
      createBounds({ ...nothing, hosts: [api.host] }, { folder, home: folder }),
    );
    await expect(ask?.(`${api.url}/api/auth.test`)).rejects.toThrow();
    expect(evil.asked).toEqual([]);
  });

  test("Discord's library connects to no other host", async () => {
    const evil = await serve(() => ({}));
    const host = bounded({ hosts: ["discord.com"] });
    const { send } = await loadLibrary(host);
    await expect(send(`${evil.url}/api`, { method: "GET", headers: {} } as never)).rejects.toMatchObject(
      refused("hosts"),
    );
    expect(evil.asked).toEqual([]);
  });

  test("the hosts that a platform names belong to it only at its own API", () => {
    const bound = {
      ...{
        recipe: "x",
        isOwn: true,
        listen: [],
        files: [],
        commands: [],
        tools: [],
        secrets: {},
        carried: [],
      },
      hosts: ["discord.com", "proxy.example"],
    };
    const platform = ["discord.com", ".discord.gg"];
    const folders = { folder, home: folder };
    const own = planBound(bound, [{ to: "host", url: "https://discord.com/api" }], platform, folders);
    expect(allowsHost(own, "wss://gateway-us-east1-b.discord.gg/?v=10")).toBe(true);
    expect(allowsHost(own, "wss://discord.gg.evil.example/")).toBe(false);
    const proxied = planBound(bound, [{ to: "host", url: "https://proxy.example/api" }], platform, folders);
    expect(allowsHost(proxied, "wss://gateway.discord.gg/")).toBe(false);
  });
});

describe("programs", () => {
  test("only declared programs start", async () => {
    const host = bounded({ commands: ["true"] });
    await (await host.spawn({ command: ["true"] })).ended;
    await expect(host.spawn({ command: ["sh", "-c", "true"] })).rejects.toMatchObject(refused("commands"));
    await expect(host.spawn({ command: ["./true"] })).rejects.toMatchObject(refused("commands"));
    await expect(host.spawn({ command: [] })).rejects.toMatchObject(refused("commands"));
  });

  test.each(steeringVariables)("a declared program is not started with %s", async (name) => {
    const host = bounded({ commands: ["true"] });
    await expect(host.spawn({ command: ["true"], env: { [name]: "x" } })).rejects.toMatchObject({
      code: "E_CAPABILITY",
      message: `the recipe evil may not set ${name}: programs take code or settings from this variable`,
    });
  });

  test.each(["LC_ALL", "TZ", "TEXT", "GH_TOKEN", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY"])(
    "%s may be set",
    async (name) => {
      const host = bounded({ commands: ["true"] });
      await (await host.spawn({ command: ["true"], env: { [name]: "x" } })).ended;
    },
  );
});

describe("routes", () => {
  const routed: string[] = [];
  const listener = {
    loopback: true,
    hosts: [],
    route: async ({ path }: { path: string }) => {
      routed.push(path);
      return () => {};
    },
    address: () => undefined,
  } as unknown as Listener;
  const route = (path: string) => ({ path, methods: ["POST"], sourceName: "x", handle: async () => {} });

  test("only declared routes, and routes below them, respond", async () => {
    const limited = boundedListener(listener, { ...nothing, listen: ["/a/:id", "/page"] });
    for (const path of ["/a/:name", "/page", "/page/stream"]) await limited.route(route(path));
    for (const path of ["/", "/a", "/b", "/pages", "/*"])
      await expect(limited.route(route(path))).rejects.toMatchObject(refused("listen"));
    expect(routed).toEqual(["/a/:name", "/page", "/page/stream"]);
  });
});

describe("files", () => {
  const look = async (pattern: string, files: readonly string[]) => {
    const origin = { folder, home: folder };
    const parsed = parsePattern(pattern, origin);
    const bounds = createBounds({ ...nothing, files: files.map((file) => join(folder, file)) }, origin);
    const found = await createSearch({
      folder,
      patterns: [parsed],
      matches: [fileGlob(parsed, compileGlob(pattern))],
      maxFiles: 100,
      bounds,
    }).look();
    return {
      read: [...found.files.values()].map(({ shown }) => shown).sort(),
      refused: Object.fromEntries(found.refused),
    };
  };
  beforeEach(async () => {
    await mkdir(join(folder, "logs", "sub"), { recursive: true });
    await mkdir(join(folder, "src"));
    for (const file of ["logs/a.log", "logs/sub/b.log", "src/secret.ts", "c.log"])
      await writeFile(join(folder, file), file);
  });

  test("declared files are read", async () => {
    expect((await look("logs/*.log", ["logs/*.log"])).read).toEqual(["logs/a.log"]);
    expect((await look("logs/**", ["logs"])).read).toEqual(["logs/a.log", "logs/sub/b.log"]);
    expect((await look("c.log", ["c.log"])).read).toEqual(["c.log"]);
  });

  test("links out of the declared files are not followed", async () => {
    await symlink(join(folder, "src/secret.ts"), join(folder, "logs/link.log"));
    await symlink(join(folder, "src"), join(folder, "logs/linked"));
    await symlink(join(folder, "logs/a.log"), join(folder, "logs/good.log"));
    const { read, refused: not } = await look("logs/**", ["logs"]);
    expect(read).toEqual(["logs/a.log", "logs/good.log", "logs/sub/b.log"]);
    expect(not[join(folder, "logs/link.log")]).toBe(
      `leads to ${join(folder, "src/secret.ts")}, which capabilities.files of the recipe evil does not name`,
    );
  });

  test("a file of credentials is not read, even in a declared folder", async () => {
    await writeFile(join(folder, "logs", ".env"), "TOKEN=x");
    await writeFile(join(folder, "logs", "id_rsa"), "key");
    await symlink(join(folder, "logs", "id_rsa"), join(folder, "logs", "key.log"));
    expect((await look("logs/{.*,*}", ["logs"])).read).toEqual(["logs/a.log"]);
  });

  test("a declared file that is a link does not allow its target", async () => {
    await rm(join(folder, "c.log"));
    await symlink(join(folder, "src/secret.ts"), join(folder, "c.log"));
    expect((await look("c.log", ["c.log"])).read).toEqual([]);
  });

  test("a declared folder that becomes a link does not allow its target", async () => {
    await rm(join(folder, "logs"), { recursive: true });
    await symlink(join(folder, "src"), join(folder, "logs"));
    expect((await look("logs/*", ["logs"])).read).toEqual([]);
  });

  test("a sink cannot write through a link or outside its folder", async () => {
    await mkdir(join(folder, "notes"));
    const bounds = createBounds({ ...nothing, files: [join(folder, "notes")] }, { folder, home: folder });
    const write = (path: string, file = "a.md") =>
      writeOutgoing(
        { kind: "file", folder: join(folder, path), file, mode: "append", content: "x" },
        { folder, home: "/home/nobody", bounds },
      );
    await write("notes");
    expect(await readFile(join(folder, "notes/a.md"), "utf8")).toBe("x");
    await symlink(join(folder, "src"), join(folder, "notes/sub"));
    await expect(write("notes/sub")).rejects.toMatchObject({ code: "E_CAPABILITY" });
    await expect(write("src")).rejects.toMatchObject({ code: "E_CAPABILITY" });
    await expect(write("new")).rejects.toMatchObject({ code: "E_CAPABILITY" });
    expect((await readdir(folder)).sort()).toEqual(["c.log", "logs", "notes", "src"]);
    expect(await readdir(join(folder, "src"))).toEqual(["secret.ts"]);
  });

  test("a pattern allows only what it matches", () => {
    const names = fc.array(fc.constantFrom("a", "b", "logs", "*", "**", "*.log", "a?", "{a,b}", "[ab]"), {
      minLength: 1,
      maxLength: 4,
    });
    const plain = fc.array(fc.constantFrom("a", "b", "logs", "c.log"), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(names, names, plain, (cap, wanted, path) => {
        const rule = fileRule(`/p/${cap.join("/")}`);
        const pattern = `/p/${wanted.join("/")}`;
        if (!rule.covers(pattern)) return;
        // What the wanted pattern matches, and is a file of this kind, the capability contains too.
        const file = `/p/${path.join("/")}`;
        const matches = compileGlob(pattern)(file);
        if (!matches) return;
        const below =
          file === rule.base
            ? ""
            : file.startsWith(`${rule.base}/`)
              ? file.slice(rule.base.length + 1)
              : undefined;
        expect(below).toBeDefined();
        expect(rule.contains(below as string)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});

test("a drop folder cannot move files to an undeclared folder", async () => {
  await mkdir(join(folder, "drop"));
  await mkdir(join(folder, "elsewhere"));
  await symlink(join(folder, "elsewhere"), join(folder, "done"));
  await writeFile(join(folder, "drop/a.txt"), "text");
  const clock = manualClock();
  const written = { files: "drop/*", move_to: "done", settle: "100ms" };
  const base = hostOf({
    clock,
    listener: {} as Listener,
    folder,
    code: await codeOf(watch.options, written),
  });
  const host = boundedHost(base, { ...nothing, files: [join(folder, "drop/*"), join(folder, "done")] });
  const options = {
    files: "drop/*",
    moveTo: "done",
    events: ["created"],
    maxTextBytes: 1_000,
    settleMs: 100,
  };
  const source = watch.create("x", options as never, host);
  let events = 0;
  await source.start(async () => {
    events += 1;
    return { eventId: "1", outcome: "accepted" } as never;
  });
  for (let rounds = 0; rounds < 50 && events === 0; rounds++) {
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await clock.advance(2_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(events).toBe(1);
  expect(await readdir(join(folder, "elsewhere"))).toEqual([]);
  expect(await readdir(join(folder, "drop"))).toEqual(["a.txt"]);
  expect(source.health?.().detail).toMatch(/capabilities\.files of the recipe evil does not name/);
  await source.stop(AbortSignal.abort());
});
