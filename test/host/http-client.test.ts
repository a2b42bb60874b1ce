import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { createHttpClient, redirectTarget } from "../../src/host/http-client.ts";
import { retryAfterMs, statusFailure } from "../../src/host/http-failure.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const client = createHttpClient({ userAgent: "channel-router/test", clock: { now: () => 0 } });
const signal = new AbortController().signal;

test("a request carries what was asked for, and the answer comes as text, decompressed", async () => {
  const base = await serve(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const seen = [request.method, request.url, request.headers["x-a"], request.headers["user-agent"], body];
    response.writeHead(201, { "content-encoding": "gzip", "x-answer": "1" }).end(gzipSync(seen.join(" ")));
  });
  const answer = await client.request({
    url: `${base}/a?b=1`,
    method: "POST",
    headers: { "x-a": "y" },
    body: "hello",
    signal,
  });
  expect(answer.status).toBe(201);
  expect(answer.headers["x-answer"]).toBe("1");
  expect(await answer.text(1_000)).toBe("POST /a?b=1 y channel-router/test hello");
  expect(answer.failure()).toBeUndefined();
});

test("an answer that is too long is refused, also when it was compressed", async () => {
  const base = await serve((_, response) =>
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("x".repeat(100_000))),
  );
  const answer = await client.request({ url: base, signal });
  await expect(answer.bytes(10_000)).rejects.toMatchObject({ code: "E_HTTP_SIZE", retryable: false });
});

test("redirects are followed within the host and never to another one", async () => {
  const other = await serve((_, response) => response.end("secret was here"));
  const base = await serve((request, response) => {
    const to = { "/within": "/end", "/away": `${other}/x`, "/round": "/round" }[request.url ?? ""];
    if (to === undefined) response.end("end");
    else response.writeHead(302, { location: to }).end();
  });
  const within = await client.request({ url: `${base}/within`, signal });
  expect([await within.text(10), within.url]).toEqual(["end", `${base}/end`]);
  await expect(client.request({ url: `${base}/away`, signal })).rejects.toMatchObject({
    code: "E_HTTP_FAILED",
    message: expect.stringContaining("redirects to another host"),
  });
  await expect(client.request({ url: `${base}/round`, signal })).rejects.toThrow(/more than 5 redirects/);
  expect((await client.request({ url: `${base}/within`, method: "POST", signal })).status).toBe(302);
});

test("a redirect from https to http within the host is refused in words", () => {
  const from = new URL("https://api.example.com/x");
  expect(() => redirectTarget("http://api.example.com/x", from)).toThrow(
    /redirects to http:\/\/, without TLS/,
  );
  expect(() => redirectTarget("https://me:pass@api.example.com/x", from)).toThrow(/a user name in it/);
  expect(redirectTarget("https://api.example.com/y", from).href).toBe("https://api.example.com/y");
  expect(redirectTarget("//api.example.com/y", new URL("http://api.example.com/x")).protocol).toBe("http:");
  expect(redirectTarget("https://api.example.com/y", new URL("http://api.example.com/x")).protocol).toBe(
    "https:",
  );
});

test("a failure says why, shows no secret of the address, and may be tried again", async () => {
  const base = await serve((_, response) => response.end());
  servers.pop()?.close();
  const url = `${base}/hooks/T0P5ECRET?token=abcdefgh`;
  const error = await client.request({ url, signal }).catch((reason: Error) => reason);
  expect(error).toMatchObject({ code: "E_HTTP_FAILED", retryable: true });
  expect((error as Error).message).toMatch(
    /^request to 127\.0\.0\.1:\d+\/… failed: the connection is refused$/,
  );
});

test.each<[string, (socket: Socket) => void, string]>([
  ["does not speak HTTP", (socket) => socket.end("\0\0 nothing\r\n\r\n"), "http"],
  ["does not speak TLS", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"), "https"],
])("a server that %s is told so", async (words, answer, scheme) => {
  const server = createTcpServer((socket) => socket.on("error", () => {}).once("data", () => answer(socket)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const asked = client.request({ url: `${scheme}://127.0.0.1:${port}/`, signal });
  await expect(asked).rejects.toThrow(`it ${words}`);
  server.close();
});

test("a port that no request may go to is told so", async () => {
  await expect(client.request({ url: "http://127.0.0.1:6667/", signal })).rejects.toThrow(
    /reserved for another protocol/,
  );
});

test("a server that does not answer in time is given up", async () => {
  const base = await serve(() => undefined);
  await expect(client.request({ url: base, signal, timeoutMs: 50 })).rejects.toThrow(
    /no answer within 0.05 s/,
  );
});

test("an answer that never ends is given up, however little of it comes at a time", async () => {
  const base = await serve((_, response) => {
    const dripping = setInterval(() => response.write("x"), 10);
    response.once("close", () => clearInterval(dripping));
  });
  const answer = await client.request({ url: base, signal, bodyMs: 100 });
  await expect(answer.text(1_000_000)).rejects.toThrow(/broke off: it did not finish within 0.1 s/);
});

test("an answer that breaks off is a failure that may be tried again", async () => {
  const base = await serve((_, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half");
    setImmediate(() => response.destroy());
  });
  const answer = await client.request({ url: base, signal });
  await expect(answer.text(1_000)).rejects.toMatchObject({ code: "E_HTTP_FAILED", retryable: true });
});

test("a status that is no success is a failure with the far side's own pause", async () => {
  const base = await serve((request, response) =>
    response.writeHead(Number(request.url?.slice(1)), { "retry-after": "7" }).end(),
  );
  const failureOf = async (status: number) =>
    (await client.request({ url: `${base}/${status}`, signal })).failure();
  expect(await failureOf(503)).toMatchObject({ code: "E_HTTP_STATUS", retryable: true, retryAfterMs: 7_000 });
  expect(await failureOf(429)).toMatchObject({ retryable: true });
  expect(await failureOf(401)).toMatchObject({ retryable: false });
  expect(String(await failureOf(401))).toContain("not logged in");
});

test("a limit of requests that is used up is no refusal, and is waited for", () => {
  const nowMs = 1_800_000_000_000;
  const failureOf = (status: number, headers: Record<string, string>) =>
    statusFailure(new URL("https://api.example.com/x"), status, headers, nowMs);
  const used = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1800000090" };
  expect(failureOf(403, used)).toMatchObject({
    retryable: true,
    retryAfterMs: 90_000,
    message: expect.stringContaining("403 (too many requests)"),
  });
  expect(failureOf(429, { ...used, "x-ratelimit-reset": "30" }).retryAfterMs).toBe(30_000);
  expect(failureOf(429, { ...used, "retry-after": "5" }).retryAfterMs).toBe(5_000);
  expect(failureOf(403, { ...used, "x-ratelimit-remaining": "12" })).toMatchObject({
    retryable: false,
    retryAfterMs: undefined,
    message: expect.stringContaining("403 (not allowed)"),
  });
  expect(
    failureOf(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon" }).retryAfterMs,
  ).toBeUndefined();
});

test("Retry-After is seconds or a date, and at most a day", () => {
  expect(retryAfterMs("120", 0)).toBe(120_000);
  expect(retryAfterMs("Thu, 01 Jan 1970 00:01:00 GMT", 0)).toBe(60_000);
  expect(retryAfterMs("99999999", 0)).toBe(86_400_000);
  expect(retryAfterMs("soon", 0)).toBeUndefined();
});
