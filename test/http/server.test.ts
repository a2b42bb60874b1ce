import { createServer, get, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Route } from "../../src/contract/host.ts";
import type { ListenAddress, Log } from "../../src/contract.ts";
import { createListener, type OpenListener } from "../../src/http/server.ts";

const lines: string[] = [];
const log: Log = {
  info: (line) => lines.push(line),
  warn: (line) => lines.push(line),
  error: (line) => lines.push(line),
};
const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0)) await step();
  lines.length = 0;
});

const anyPort: ListenAddress = { host: "127.0.0.1", port: 0, loopback: true };

function listener(addresses: readonly ListenAddress[] = [anyPort], more = {}): OpenListener {
  const open = createListener({ addresses, hosts: [], trusted: () => false, log, ...more });
  cleanUp.push(() => open.close(AbortSignal.abort()));
  return open;
}

const hello = (path: string, handle?: Route["handle"]): Route => ({
  path,
  methods: ["GET"],
  sourceName: "hello",
  handle: handle ?? (async (_, response) => void response.end(path)),
});

async function fetchText(url: string): Promise<[number, string]> {
  const response = await fetch(url);
  return [response.status, await response.text()];
}

async function occupied(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  cleanUp.push(() => new Promise((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

test("a route answers from the moment route() settles until it is removed, without rebinding", async () => {
  const open = listener();
  const remove = await open.route(hello("/one"));
  const address = open.address() as string;
  await open.route(hello("/two"));
  expect(await fetchText(`${address}/one`)).toEqual([200, "/one"]);
  remove();
  expect(await fetchText(`${address}/one`)).toEqual([404, '{"error":"no such path"}\n']);
  expect(await fetchText(`${address}/two`)).toEqual([200, "/two"]);
  expect(open.address()).toBe(address);
});

test("a taken port is told with its holder, and can be had once it is free", async () => {
  const port = await occupied();
  const open = listener([{ host: "127.0.0.1", port, loopback: true }]);
  const failure = await open.route(hello("/one")).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "E_LISTEN_IN_USE", retryable: true });
  expect((failure as Error).message).toContain(`http://127.0.0.1:${port} is taken`);
  if (process.platform === "linux") expect((failure as Error).message).toContain(`(pid ${process.pid})`);
  await cleanUp.pop()?.();
  await cleanUp.pop()?.();
  const again = listener([{ host: "127.0.0.1", port, loopback: true }]);
  await again.route(hello("/one"));
  expect(again.address()).toBe(`http://127.0.0.1:${port}`);
});

test("of several addresses the first free one is taken, and told", async () => {
  const bound: ListenAddress[] = [];
  const open = listener([{ host: "127.0.0.1", port: await occupied(), loopback: true }, anyPort], {
    onBound: (a: ListenAddress) => bound.push(a),
  });
  await open.route(hello("/"));
  expect(bound).toEqual([{ ...anyPort, port: Number(new URL(open.address() as string).port) }]);
});

test("an address beyond loopback is not bound without consent", async () => {
  const refused = listener([{ host: "0.0.0.0", port: 0, loopback: false }]);
  await expect(refused.route(hello("/"))).rejects.toMatchObject({
    code: "E_CONSENT_REQUIRED",
    retryable: true,
  });
  expect(refused.address()).toBeUndefined();
  const trusted = listener([{ host: "0.0.0.0", port: 0, loopback: false }], { trusted: () => true });
  await trusted.route(hello("/"));
  expect(trusted.loopback).toBe(false);
});

test("a bug in a route is answered 500 and logged, and the next request is served", async () => {
  const open = listener();
  await open.route(hello("/bug", () => Promise.reject(new Error("boom"))));
  await open.route(hello("/fine"));
  expect((await fetchText(`${open.address()}/bug`))[0]).toBe(500);
  expect((await fetchText(`${open.address()}/fine`))[0]).toBe(200);
  expect(lines.join()).toContain("boom");
});

test.each([
  ["rubbish", "\u0000\u0001 what\r\n\r\n", "400"],
  ["a head of 100 KB", `GET / HTTP/1.1\r\nhost: x\r\nbig: ${"x".repeat(100_000)}\r\n\r\n`, "431"],
  [
    "10,000 headers",
    `GET / HTTP/1.1\r\nhost: x\r\n${Array.from({ length: 10_000 }, (_, i) => `h${i}: v\r\n`).join("")}\r\n`,
    "431",
  ],
  [
    "two lengths",
    "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
    "400",
  ],
])("%s on the wire gets a short answer and the next client is served", async (_, bytes, status) => {
  const open = listener();
  await open.route(hello("/"));
  const { port } = new URL(open.address() as string);
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", () => resolve(text));
    socket.on("close", () => resolve(text));
  });
  expect(answer).toContain(`HTTP/1.1 ${status}`);
  expect((await fetchText(`${open.address()}/`))[0]).toBe(200);
});

test("closing waits for a request in flight until the deadline, and cuts it then", async () => {
  const open = listener();
  await open.route(hello("/slow", () => new Promise(() => {})));
  const cut = new Promise((resolve) => {
    get(`${open.address()}/slow`).on("error", resolve);
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const deadline = new AbortController();
  let closed = false;
  const closing = open.close(deadline.signal).then(() => {
    closed = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(false);
  deadline.abort();
  await closing;
  expect(await cut).toMatchObject({ code: "ECONNRESET" });
});

test("a socket file left by a killed process does not stand in the way, one in use does", async () => {
  const { mkdtemp, rm, stat, writeFile } = await import("node:fs/promises");
  const folder = await mkdtemp("/tmp/cr-listener-");
  cleanUp.push(() => rm(folder, { recursive: true }));
  const address: ListenAddress = { unix: `${folder}/http.sock`, loopback: true };
  const open = listener([address]);
  await open.route(hello("/x"));
  expect((await stat(address.unix)).mode & 0o777).toBe(0o600);
  const body = await new Promise((resolve) => {
    request({ socketPath: address.unix, path: "/x" }, (response) =>
      response.on("data", (chunk) => resolve(`${chunk}`)),
    ).end();
  });
  expect(body).toBe("/x");
  await expect(listener([address]).route(hello("/x"))).rejects.toMatchObject({
    code: "E_LISTEN_IN_USE",
    message: `another process serves the socket ${address.unix}`,
    hint: 'stop that process, or name another path: listen: "unix:/path/to/socket"',
  });
  await writeFile(`${folder}/plain`, "");
  await expect(
    listener([{ unix: `${folder}/plain`, loopback: true }]).route(hello("/x")),
  ).rejects.toMatchObject({
    code: "E_LISTEN_IN_USE",
    message: `${folder}/plain exists and is not a socket`,
    hint: 'remove it when it is not needed, or name another path: listen: "unix:/path/to/socket"',
  });
});
