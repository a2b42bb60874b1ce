import { describe, expect, it } from "vitest";
import { type Served, serve } from "./serving.ts";

const status = async (hook: Served, headers: Record<string, string>, path = "/hook") =>
  (await hook.send({ path, headers, body: "x" })).status;

describe("an unverified source", () => {
  it.each([
    "localhost",
    "LOCALHOST:8788",
    "localhost.:80",
    "127.0.0.1",
    "127.9.9.9:1",
    "[::1]",
    "[::1]:8788",
    "extra.test",
    "Extra.Test:99",
  ])("takes the host %s", async (host) => {
    const hook = await serve({}, { hosts: ["extra.test"] });
    expect(await status(hook, { host })).toBe(202);
  });

  it.each([
    "evil.test",
    "localhost.evil.test",
    "evil.test:8788",
    "127.0.0.1.evil.test",
    "127.0.0.256",
    "127.1",
    "0.0.0.0",
    "[::ffff:127.0.0.1]",
    "[::2]",
    "user@localhost",
    "localhost:80:80",
    "localhost:x",
    "localhost/",
    ".",
  ])("refuses the host %j with 403", async (host) => {
    const hook = await serve();
    expect(await status(hook, { host })).toBe(403);
    expect(hook.arrivals).toEqual([]);
  });

  it("refuses the host of public_url, which is for signed URLs and printed links", async () => {
    const hook = await serve({}, { publicUrl: "https://me.example" });
    expect(await status(hook, { host: "me.example" })).toBe(403);
  });

  it.each(["X-Forwarded-For: 1.2.3.4", "Origin: https://evil.test", "Sec-Fetch-Site: cross-site"])(
    "sees %s behind 2,500 other headers",
    async (header) => {
      const hook = await serve();
      const { socket, until } = await hook.open();
      const many = "a:\r\n".repeat(2_500);
      socket.write(
        `POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\n${many}${header}\r\n\r\nx`,
      );
      expect(await until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 403 /);
      expect(hook.arrivals).toEqual([]);
    },
  );

  it("refuses two hosts, no host, and a target that contradicts the host", async () => {
    const hook = await serve();
    const cases = [
      "POST /hook HTTP/1.1\r\nhost: localhost\r\nhost: evil.test\r\n",
      "POST /hook HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n",
      "POST /hook HTTP/1.0\r\n",
      "POST /hook HTTP/1.1\r\nhost:\r\n",
      "POST http://evil.test/hook HTTP/1.1\r\nhost: localhost\r\n",
    ];
    for (const head of cases) {
      const { socket, until } = await hook.open();
      socket.write(`${head}content-length: 1\r\n\r\nx`);
      expect(await until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 (403|400) /);
    }
    expect(hook.arrivals).toEqual([]);
  });

  it("takes an absolute target that names the same host", async () => {
    const hook = await serve();
    const { socket, until } = await hook.open();
    socket.write("POST http://localhost/hook?a=1 HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\n\r\nx");
    expect(await until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 202 /);
    expect(hook.arrivals[0]).toMatchObject({ path: "/hook", query: { a: "1" } });
  });

  it.each([
    { origin: "https://evil.test" },
    { origin: "null" },
    { origin: "http://localhost:3000" },
    { origin: "http://localhost:8788.evil.test" },
    { origin: "file://" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "" },
    { forwarded: "for=1.2.3.4" },
    { "x-forwarded-for": "1.2.3.4" },
    { "x-forwarded-proto": "https" },
    { "cf-connecting-ip": "1.2.3.4" },
    { "x-real-ip": "1.2.3.4" },
    { via: "1.1 proxy" },
  ])("refuses %j with 403", async (headers) => {
    const hook = await serve();
    expect(await status(hook, { host: "localhost:8788", ...headers })).toBe(403);
    expect(hook.arrivals).toEqual([]);
  });

  it.each([
    { origin: "http://localhost:8788" },
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
  ])("takes %j", async (headers) => {
    const hook = await serve();
    expect(await status(hook, { host: "localhost:8788", ...headers })).toBe(202);
  });
});

describe("a source with a proof", () => {
  const foreign = {
    host: "hooks.test",
    origin: "https://x.test",
    "x-forwarded-for": "1.2.3.4",
    "sec-fetch-site": "cross-site",
  };

  it("works behind tunnels and proxies", async () => {
    const bearer = await serve({ verify: { scheme: "bearer", secret: "s" } });
    expect(await status(bearer, { ...foreign, authorization: "Bearer s" })).toBe(202);
    const token = await serve({ verify: { scheme: "token", secret: "s", query: "key" } });
    expect(await status(token, foreign, "/hook?key=s")).toBe(202);
  });

  it("is guarded all the same when browsers send the proof by themselves", async () => {
    const basic = await serve({ verify: { scheme: "basic", username: "u", secret: "s" } });
    const authorization = `Basic ${Buffer.from("u:s").toString("base64")}`;
    expect(await status(basic, { authorization })).toBe(202);
    expect(await status(basic, { ...foreign, authorization })).toBe(403);
  });
});
