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

  it.each(
    ["X-Forwarded-For: 1.2.3.4", "Origin: https://evil.test", "Sec-Fetch-Site: cross-site"].flatMap(
      (header) => [[header, 250, 403] as const, [header, 2_500, 431] as const],
    ),
  )("does not miss %s behind %i other headers", async (header, others, answered) => {
    const hook = await serve();
    const { socket, until } = await hook.open();
    const many = "a:\r\n".repeat(others);
    socket.write(`POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\n${many}${header}\r\n\r\nx`);
    expect(await until(/\r\n\r\n/)).toMatch(new RegExp(`^HTTP/1\\.1 ${answered} `));
    expect(hook.arrivals).toEqual([]);
  });

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

  /** Headers of proxies, tunnels and hosting platforms, by their own documentation, that no sender on this machine sends. */
  it.each(
    [
      ..."Via Forwarded X-Real-IP X-Real-Port X-Client-IP X-Cluster-Client-IP X-Scheme X-Nginx-Proxy Client-IP".split(
        " ",
      ),
      ..."X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Port X-Forwarded-Server X-Forwarded".split(
        " ",
      ),
      ..."X-Forwarded-Prefix X-Forwarded-Client-Cert X-Original-Forwarded-For X-Original-URL X-Original-Host".split(
        " ",
      ),
      ..."Forwarded-For X-Originating-IP X-Remote-IP X-Remote-Addr X-Rewrite-URL Front-End-Https Proxy-Connection".split(
        " ",
      ),
      ..."CF-Connecting-IP CF-Ray CF-Visitor CF-IPCountry CDN-Loop True-Client-IP CF-Access-Jwt-Assertion".split(
        " ",
      ),
      ..."Fly-Client-IP Fly-Forwarded-Proto Fly-Region Fly-Request-Id Fastly-Client-IP Fastly-FF X-Varnish".split(
        " ",
      ),
      ..."X-Envoy-External-Address X-Envoy-Original-Path X-Envoy-Expected-Rq-Timeout-Ms X-Kong-Request-Id".split(
        " ",
      ),
      ..."X-Amzn-Trace-Id X-Amzn-Oidc-Identity X-Amz-Cf-Id CloudFront-Viewer-Address X-Cloud-Trace-Context".split(
        " ",
      ),
      ..."X-Azure-ClientIP X-Azure-FDID X-FD-HealthProbe X-ARR-ClientCert X-AppEngine-User-IP X-Request-Start".split(
        " ",
      ),
      ..."X-Goog-IAP-JWT-Assertion X-Goog-Authenticated-User-Email WL-Proxy-Client-IP Incap-Client-IP X-Sucuri-ClientIP".split(
        " ",
      ),
      ..."Ngrok-Auth-User-Email Ngrok-Skip-Browser-Warning Tailscale-User-Login Tailscale-Funnel-Request".split(
        " ",
      ),
      ..."X-Vercel-Id X-Vercel-Forwarded-For X-NF-Client-Connection-IP X-Akamai-Edgescape Akamai-Origin-Hop".split(
        " ",
      ),
      ..."X-Traefik-Router X-MS-DevTunnel-Host DO-Connecting-IP X-Railway-Edge Bypass-Tunnel-Reminder".split(
        " ",
      ),
    ].map((name) => [name]),
  )("refuses a request with %s with 403, whatever it says", async (name) => {
    const hook = await serve();
    expect(await status(hook, { host: "localhost", [name]: "" })).toBe(403);
    expect(await status(hook, { host: "localhost", [name.toLowerCase()]: "127.0.0.1" })).toBe(403);
    expect(hook.arrivals).toEqual([]);
  });

  it("takes what senders on this machine do send", async () => {
    const hook = await serve();
    const headers = {
      ...{ host: "localhost", "user-agent": "curl/8.5.0", accept: "*/*", connection: "close" },
      ...{ "x-request-id": "1", traceparent: "00-1-1-01", "x-b3-traceid": "1", "x-correlation-id": "1" },
      ...{
        "x-github-event": "push",
        "x-gitlab-event": "x",
        "x-vercel-signature": "x",
        "x-goog-channel-id": "1",
      },
      ...{ "x-amz-sns-message-type": "Notification", "x-cluster": "a", "x-original": "a" },
    };
    expect(await status(hook, headers)).toBe(202);
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

/** What a browser sends of its own accord: nothing of this can be left out or changed by a page. */
describe("an unverified source that takes GET", () => {
  const open = () =>
    serve({ methods: ["GET", "POST"] }, { hosts: ["box.lan", "box.lan:8788", "localhost.localdomain"] });
  const get = async (hook: Served, headers: Record<string, string>, method = "GET") =>
    (await hook.send({ method, path: "/hook?x=1", headers })).status;

  it.each(["box.lan", "BOX.lan:8788", "box.lan.", "localhost.", "localhost.localdomain", "127.0.0.1."])(
    "refuses a GET by the name %s, with which browsers say nothing of the page it comes from",
    async (host) => {
      const hook = await open();
      expect(await get(hook, { host })).toBe(403);
      expect(await get(hook, { host, referer: "http://box.lan/" })).toBe(403);
      expect(
        await get(hook, { host, accept: "image/avif,image/webp,*/*", "user-agent": "Mozilla/5.0" }),
      ).toBe(403);
      expect(hook.arrivals).toEqual([]);
      expect(hook.refusals[0]?.reason).toContain("give the source a verify, or use POST");
    },
  );

  it("takes a GET by such a name from a browser that says that no other page sent it", async () => {
    const hook = await open();
    expect(await get(hook, { host: "box.lan", "sec-fetch-site": "same-origin" })).toBe(202);
    expect(await get(hook, { host: "box.lan", "sec-fetch-site": "none" })).toBe(202);
    for (const site of ["cross-site", "same-site", ""])
      expect(await get(hook, { host: "box.lan", "sec-fetch-site": site })).toBe(403);
    expect(await get(hook, { host: "box.lan:8788", origin: "http://box.lan:8788" })).toBe(202);
    expect(await get(hook, { host: "box.lan", origin: "http://evil.test" })).toBe(403);
  });

  it("takes a POST by such a name, with which every browser names the page", async () => {
    const hook = await open();
    expect(await status(hook, { host: "box.lan" })).toBe(202);
    expect(await status(hook, { host: "box.lan", origin: "http://evil.test" })).toBe(403);
    expect(await status(hook, { host: "box.lan", origin: "null" })).toBe(403);
  });

  it("takes a program's GET on loopback, and no page's", async () => {
    const hook = await open();
    for (const host of ["localhost", "127.0.0.1:8788", "[::1]"]) {
      expect(await get(hook, { host })).toBe(202);
      expect(await get(hook, { host, "sec-fetch-site": "cross-site" })).toBe(403);
      expect(await get(hook, { host, referer: "http://evil.test/" })).toBe(403);
      expect(await get(hook, { host, referer: `http://${host}/` })).toBe(202);
    }
  });

  it("never takes HEAD for more than GET", async () => {
    const hook = await open();
    for (const host of ["localhost", "box.lan"]) {
      expect(await get(hook, { host }, "HEAD")).toBe(host === "localhost" ? 200 : 403);
      expect(await get(hook, { host, "sec-fetch-site": "cross-site" }, "HEAD")).toBe(403);
    }
    expect(hook.arrivals).toEqual([]);
  });

  it("takes a GET by any name with a proof; basic is none, because browsers send it by themselves", async () => {
    const token = await serve(
      { methods: ["GET"], verify: { scheme: "token", query: "key", secret: "s3cret" } },
      { hosts: ["box.lan"] },
    );
    expect(
      (await token.send({ method: "GET", path: "/hook?key=s3cret", headers: { host: "box.lan" } })).status,
    ).toBe(202);
    const basic = await serve(
      { methods: ["GET"], verify: { scheme: "basic", username: "u", secret: "s" } },
      { hosts: ["box.lan"] },
    );
    const authorization = `Basic ${Buffer.from("u:s").toString("base64")}`;
    expect(await get(basic, { host: "box.lan", authorization })).toBe(403);
    expect(await get(basic, { host: "localhost", authorization })).toBe(202);
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
