import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { http } from "../../../src/connectors/http/index.ts";
import type { HttpOptions } from "../../../src/connectors/http/options.ts";
import { serve } from "./serving.ts";

const secret = "it's a s3cret";
const run = promisify(execFile);

describe("the endpoint info", () => {
  it.each<Partial<HttpOptions>>([
    {},
    { methods: ["GET"] },
    { path: "/deploy/:env/*", methods: ["PUT"] },
    { verify: { scheme: "github", secret } },
    { verify: { scheme: "shopify", secret } },
    { verify: { scheme: "pagerduty", secret } },
    { verify: { scheme: "hmac", secret, header: "x-sig", prefix: "sha512=", algorithm: "sha512" } },
    { verify: { scheme: "bearer", secret } },
    { verify: { scheme: "basic", username: "u", secret } },
    { verify: { scheme: "token", secret, header: "x-key", prefix: "Token " } },
    { verify: { scheme: "token", secret: "s3cret", query: "key" } },
  ])("is a command that makes one event: %j", async (options) => {
    const hook = await serve(options);
    const { example = "" } = hook.source.endpointInfo?.() ?? {};
    expect(example).not.toContain("s3cret");
    const env = { ...process.env, SECRET: [options.verify?.secret].flat()[0] ?? "" };
    const { stdout } = await run("sh", ["-c", example], { env });
    expect(JSON.parse(stdout)).toMatchObject({ outcome: "accepted" });
    expect(hook.arrivals).toHaveLength(1);
  });

  it.each(["stripe", "slack", "standard_webhooks", "twilio"] as const)(
    "has no command where none would last: %s",
    async (scheme) => {
      const hook = await serve({ verify: { scheme, secret: "c2VjcmV0" } }, { publicUrl: "https://me.test" });
      expect(hook.source.endpointInfo?.()).toEqual({ address: "POST https://me.test/hook" });
    },
  );

  it("names the public URL, and its command goes to this machine all the same", async () => {
    const hook = await serve({ verify: { scheme: "github", secret } }, { publicUrl: "https://me.test/in/" });
    const { address, example = "" } = hook.source.endpointInfo?.() ?? {};
    expect(address).toBe("POST https://me.test/in/hook");
    expect(hook.source.health?.().detail).toBe(address);
    expect(example).toContain(`'http://127.0.0.1:${hook.port}/hook'`);
    expect(example).not.toContain("me.test");
  });

  it("names this machine where forwarded requests are refused", async () => {
    const hook = await serve({}, { publicUrl: "https://me.test" });
    expect(hook.source.endpointInfo?.().address).toBe(`POST http://127.0.0.1:${hook.port}/hook`);
  });

  it("is also what health says while the source runs", async () => {
    const hook = await serve();
    expect(hook.source.health?.()).toEqual({
      state: "running",
      detail: `POST http://127.0.0.1:${hook.port}/hook`,
    });
    await hook.source.stop(AbortSignal.abort());
    expect(hook.source.health?.()).toEqual({ state: "stopped" });
  });
});

describe("an imagined arrival", () => {
  const options: HttpOptions = {
    path: "/repos/:owner/*",
    methods: ["POST"],
    maxBodyBytes: 1_000,
    verify: { scheme: "github", secret },
  };

  it("is what the real request would make, without a signature", () => {
    const headers = {
      "x-github-event": "push",
      "x-github-delivery": "d1",
      authorization: "x",
      "x-hub-signature-256": "y",
    };
    expect(http.sampleArrival(options, '{"ref":"main"}', headers)).toEqual({
      data: { ref: "main" },
      text: '{"ref":"main"}',
      trust: "verified",
      method: "POST",
      path: "/repos/owner/any",
      params: { owner: "owner", "*": "any" },
      query: {},
      headers: { "x-github-event": "push", "x-github-delivery": "d1" },
      deliveryId: "d1",
      known: { idMs: 24 * 60 * 60 * 1_000 },
    });
  });

  it("is refused with the answer that the source would give", () => {
    expect(() => http.sampleArrival(options, '{"a":', {})).toThrow(
      /would answer 400: invalid JSON at line 1 column 6/,
    );
    expect(() => http.sampleArrival(options, "x", { "content-type": "image/png" })).toThrow(
      /would answer 415/,
    );
  });
});
