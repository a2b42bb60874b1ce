import { createHash, createHmac, generateKeyPairSync, sign as signWith } from "node:crypto";
import { gzipSync } from "node:zlib";
import { sign as signAsGitHub } from "@octokit/webhooks-methods";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import type { VerifyOptions } from "../../../src/connectors/http/verify/generic.ts";
import { type PresetName, presetNames } from "../../../src/connectors/http/verify/preset-names.ts";
import { presets } from "../../../src/connectors/http/verify/presets.ts";
import { isPublicKeyAlgorithm } from "../../../src/connectors/http/verify/public-key.ts";
import { createVerifier } from "../../../src/connectors/http/verify/scheme.ts";
import type { Inbound } from "../../../src/connectors/http/verify/verifier.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { type Request, serve } from "./serving.ts";
import { hmac, now, other, seconds, secret, signers } from "./signing.ts";

function verify(
  options: VerifyOptions,
  request: { headers: Record<string, string>; body?: string | Buffer; target?: string; method?: string },
  nowMs = 0,
  publicUrl = "https://me.test",
): boolean {
  const verifier = createVerifier(options, { now: () => nowMs }, publicUrl);
  if (verifier === undefined) throw new Error("nothing is verified");
  const { headers, body = "", target = "/hook", method = "POST" } = request;
  const inbound: Inbound = { method, target, headers, body: Buffer.from(body) };
  return verifier.check(inbound) !== undefined;
}

describe("published examples", () => {
  it("of GitHub", () => {
    const headers = {
      "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    };
    const options = { scheme: "github", secret: "It's a Secret to Everybody" } as const;
    expect(verify(options, { headers, body: "Hello, World!" })).toBe(true);
    expect(verify(options, { headers, body: "Hello, World" })).toBe(false);
  });

  it("of Bitbucket", () => {
    const headers = {
      "x-hub-signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
    };
    const options = { scheme: "bitbucket", secret: "It's a Secret to Everybody" } as const;
    expect(verify(options, { headers, body: "Hello World!" })).toBe(true);
  });

  it("of Slack", () => {
    const body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const headers = {
      "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
      "x-slack-request-timestamp": "1531420618",
    };
    const options = { scheme: "slack", secret: "8f742231b10e8888abcd99yyyzzz85a5" } as const;
    expect(verify(options, { headers, body }, 1_531_420_618_000)).toBe(true);
    expect(verify(options, { headers, body }, 1_531_420_618_000 + 300_001)).toBe(false);
  });

  it("of Standard Webhooks, under both names", () => {
    const signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const values = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: "1614265330", signature };
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    for (const scheme of ["standard_webhooks", "svix"] as const) {
      for (const family of ["webhook", "svix"]) {
        const headers = Object.fromEntries(
          Object.entries(values).map(([key, value]) => [`${family}-${key}`, value]),
        );
        const request = { headers, body: '{"test": 2432232314}' };
        expect(verify({ scheme, secret }, request, 1_614_265_330_000)).toBe(true);
        expect(
          verify(
            { scheme, secret },
            { ...request, headers: { ...headers, [`${family}-id`]: "msg_other" } },
            1_614_265_330_000,
          ),
        ).toBe(false);
      }
    }
  });

  // The cases of twilio-node's own suite, spec/validation.spec.js.
  const form =
    "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
  const target = "/myapp.php?foo=1&bar=2";
  const hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
  it.each([
    ["a form", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "https://mycompany.com", target, form],
    [
      "a URL whose port was not signed",
      "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
      "https://mycompany.com:1234",
      target,
      form,
    ],
    ["a port that was signed", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", "http://mycompany.com:1234", target, form],
    ["the standard port of https", "kvajT1Ptam85bY51eRf/AJRuM3w=", "https://mycompany.com", target, form],
    ["the standard port of http", "0ZXoZLH/DfblKGATFgpif+LLRf4=", "http://mycompany.com", target, form],
    [
      "special characters",
      "dsq4Ehbj6cs+KdTkpF5sSSplOWw=",
      "https://mycompany.com",
      `${target}&Body=It's+amazing`,
      form,
    ],
    [
      "a repeated field",
      "83O6e2vORAoJHUNzJjDWN1jz+BA=",
      "https://mycompany.com",
      target,
      "MessagingBinding.Address=%2B1415xxxxxxx&MessagingBinding.Address=%2B1325xxxxxxx",
    ],
    [
      "a field repeated with equal values",
      "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
      "https://mycompany.com",
      target,
      "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234",
    ],
    [
      "a JSON body by its hash",
      "a9nBmqA0ju/hNViExpshrM61xv4=",
      "https://mycompany.com",
      `${target}&bodySHA256=${hash}`,
      '{"property": "value", "boolean": true}',
    ],
  ])("of Twilio: %s", (_, signature, publicUrl, path, body) => {
    const type = body.startsWith("{") ? "application/json" : "application/x-www-form-urlencoded";
    const headers = { "x-twilio-signature": signature, "content-type": type };
    const options = { scheme: "twilio", secret: "12345" } as const;
    expect(verify(options, { headers, body, target: path }, 0, publicUrl)).toBe(true);
    expect(verify(options, { headers, body: `${body} `, target: path }, 0, publicUrl)).toBe(false);
    expect(verify(options, { headers, body, target: `${path}&x=1` }, 0, publicUrl)).toBe(false);
  });

  it("of Twilio: a body that is no form needs its hash in the URL", () => {
    const signature = hmac("sha1", "12345", "https://me.test/hook", "base64");
    const headers = { "x-twilio-signature": signature, "content-type": "application/json" };
    expect(verify({ scheme: "twilio", secret: "12345" }, { headers, body: "{}" }, 0, "https://me.test")).toBe(
      false,
    );
    expect(verify({ scheme: "twilio", secret: "12345" }, { headers }, 0, "https://me.test")).toBe(true);
  });
});

describe("the senders' own signers", () => {
  it("@octokit/webhooks-methods", async () => {
    const body = '{"zen":"é 漢"}';
    const headers = { "x-hub-signature-256": await signAsGitHub("s3cret", body) };
    expect(verify({ scheme: "github", secret: "s3cret" }, { headers, body })).toBe(true);
  });

  it("standardwebhooks, also for a GitLab signing token", () => {
    const secret = `whsec_${Buffer.from("a key of thirty-two bytes, truly").toString("base64")}`;
    const body = '{"a":1}';
    const headers = {
      "webhook-id": "m1",
      "webhook-timestamp": "1700000000",
      "webhook-signature": new Webhook(secret).sign("m1", new Date(1_700_000_000_000), body),
    };
    for (const scheme of ["standard_webhooks", "svix", "gitlab"] as const) {
      expect(verify({ scheme, secret }, { headers, body }, 1_700_000_000_000)).toBe(true);
      expect(verify({ scheme, secret }, { headers, body: `${body} ` }, 1_700_000_000_000)).toBe(false);
    }
    // A signing token that is sent in the clear is not what it is for.
    expect(verify({ scheme: "gitlab", secret }, { headers: { "x-gitlab-token": secret }, body })).toBe(false);
  });
});

it("takes what Discord signs, with a real key pair", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const secret = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("hex");
  const body = '{"type":2}';
  const signature = signWith(null, Buffer.from(`1700000000${body}`), privateKey).toString("hex");
  const headers = { "x-signature-ed25519": signature, "x-signature-timestamp": "1700000000" };
  const options = { scheme: "discord", secret } as const;
  expect(verify(options, { headers, body }, 1_700_000_000_000)).toBe(true);
  expect(verify(options, { headers, body: `${body} ` }, 1_700_000_000_000)).toBe(false);
  expect(
    verify(
      options,
      { headers: { ...headers, "x-signature-timestamp": "1700000001" }, body },
      1_700_000_000_000,
    ),
  ).toBe(false);
  expect(verify(options, { headers, body }, 1_700_000_000_000 + 300_001)).toBe(false);
});

describe.each(
  Object.entries(signers) as [PresetName, (secret: string, body: string) => Record<string, string>][],
)("the preset %s", (scheme, signed) => {
  const text = '{"id":"evt_1","n":1}';

  it("takes a good request, with either of two secrets, and no other", () => {
    const request = { headers: signed(secret, text), body: text };
    expect(verify({ scheme, secret }, request, now)).toBe(true);
    expect(verify({ scheme, secret: [other, secret] }, request, now)).toBe(true);
    expect(verify({ scheme, secret: other }, request, now)).toBe(false);
  });

  it("refuses a request in which any bit of the body or of the signature is flipped", () => {
    const headers = signed(secret, text);
    const digest = /[0-9a-f]{40,}|[A-Za-z0-9+/]{27,}=*/g;
    const header = Object.keys(headers).find((name) => /signature|hmac|webhook$/.test(name)) ?? "";
    const good = hmacTextIn(headers[header] ?? "", digest);
    fc.assert(
      fc.property(fc.nat(), fc.nat(7), fc.boolean(), (at, bit, inBody) => {
        const flipped = (value: string) => {
          const bytes = Buffer.from(value, "latin1");
          const index = at % bytes.length;
          bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
          return bytes.toString("latin1");
        };
        const changed = flipped(good);
        // Hex in capitals is the same signature.
        fc.pre(inBody || changed.toLowerCase() !== good || presetEncoding(scheme) === "base64");
        const request = inBody
          ? { headers, body: Buffer.from(flipped(text), "latin1") }
          : {
              headers: { ...headers, [header]: (headers[header] ?? "").replace(good, () => changed) },
              body: text,
            };
        expect(verify({ scheme, secret }, request, now)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it("refuses headers that make no sense, without an exception", () => {
    const headers = signed(secret, text);
    const names = Object.keys(headers);
    const junk = [
      "",
      " ",
      ",",
      "=",
      "v1=",
      "sha256=",
      "zz",
      "v1,",
      "t=,v1=",
      "sha256=".repeat(1_000),
      "\u00ff",
      "null",
    ];
    for (const name of names) {
      const { [name]: _, ...without } = headers;
      expect(verify({ scheme, secret }, { headers: without, body: text }, now)).toBe(false);
      for (const value of junk) {
        expect(verify({ scheme, secret }, { headers: { ...headers, [name]: value }, body: text }, now)).toBe(
          false,
        );
      }
    }
  });

  const timed = /timestamp/.test(JSON.stringify(presets[scheme].scheme));
  if (!timed) return;
  it("refuses a replay outside the tolerance, before and after", () => {
    const request = { headers: signed(secret, text), body: text };
    for (const [offset, fresh] of [
      [300_000, true],
      [-300_000, true],
      [300_001, false],
      [-300_001, false],
    ] as const) {
      expect(verify({ scheme, secret }, request, now + offset)).toBe(fresh);
    }
    const narrow = { scheme, secret, timestamp: { toleranceMs: 10_000 } };
    expect(verify(narrow, request, now + 10_000)).toBe(true);
    expect(verify(narrow, request, now + 10_001)).toBe(false);
  });
});

function presetEncoding(name: PresetName): string {
  const { scheme } = presets[name];
  return typeof scheme === "object" && "encoding" in scheme ? scheme.encoding : "hex";
}

/** The last digest in the header that is not our filler. */
function hmacTextIn(header: string, digest: RegExp): string {
  const found = [...header.matchAll(digest)].map((match) => match[0]).filter((text) => !/^0+$/.test(text));
  return found.at(-1) ?? "";
}

it("every preset name has a preset, and the other way round", () => {
  expect(Object.keys(presets)).toEqual([...presetNames]);
  const signedByData = Object.entries(presets).filter(
    ([, { scheme }]) =>
      typeof scheme === "object" &&
      "signed" in scheme &&
      scheme.field === undefined &&
      !isPublicKeyAlgorithm(scheme.algorithm),
  );
  expect(Object.keys(signers)).toEqual(signedByData.map(([name]) => name));
});

describe("generic hmac", () => {
  const body = '{"a":1}';
  it.each([
    [{ header: "X-Sig" }, { "x-sig": hmac("sha256", secret, body) }],
    [{ header: "x-sig" }, { "x-sig": hmac("sha256", secret, body).toUpperCase() }],
    [
      { header: "x-sig", algorithm: "sha1" as const, prefix: "sha1=" },
      { "x-sig": `sha1=${hmac("sha1", secret, body)}` },
    ],
    [
      { header: "x-sig", algorithm: "sha512" as const, encoding: "base64" as const },
      { "x-sig": hmac("sha512", secret, body, "base64") },
    ],
    [
      { header: "x-sig", key: "v1", signed: "{timestamp}.{body}" },
      { "x-sig": `t=${seconds}, v1=${hmac("sha256", secret, `${seconds}.${body}`)}` },
    ],
    [
      { header: "x-sig", key: "s", signed: "{body}{timestamp}", timestamp: { key: "at" } },
      { "x-sig": `s=00,at=${seconds},s=${hmac("sha256", secret, body + seconds)}` },
    ],
    [
      {
        header: "x-sig",
        signed: "{id}/{timestamp}/{url}/{body}",
        timestamp: { header: "X-Time" },
        deliveryId: "X-Id",
      },
      {
        "x-sig": hmac("sha256", secret, `7/2023-11-14T22:13:20Z/https://me.test/base/hook?a=1/${body}`),
        "x-time": "2023-11-14T22:13:20Z",
        "x-id": "7",
      },
    ],
    [
      { header: "x-sig", signed: "{timestamp}.{body}", timestamp: { header: "x-time" } },
      { "x-sig": hmac("sha256", secret, `1700000000123.${body}`), "x-time": "1700000000123" },
    ],
    ...["2023-11-14T22:13:20.5+00:00", "Tue, 14 Nov 2023 22:13:20 GMT", "1700000000.25"].map(
      (time): [object, Record<string, string>] => [
        { header: "x-sig", signed: "{timestamp}.{body}", timestamp: { header: "x-time" } },
        { "x-sig": hmac("sha256", secret, `${time}.${body}`), "x-time": time },
      ],
    ),
  ])("spells a scheme out: %j", (options, headers: Record<string, string>) => {
    const request = { headers, body, target: "/hook?a=1" };
    expect(verify({ scheme: "hmac", secret, ...options }, request, now, "https://me.test/base/")).toBe(true);
    expect(
      verify(
        { scheme: "hmac", secret, ...options },
        { ...request, body: "{}" },
        now,
        "https://me.test/base/",
      ),
    ).toBe(false);
  });

  it("refuses a header with two times", () => {
    const options = {
      scheme: "hmac",
      secret,
      header: "x-sig",
      key: "v1",
      signed: "{timestamp}.{body}",
    } as const;
    const headers = { "x-sig": `t=1,t=${seconds},v1=${hmac("sha256", secret, `${seconds}.${body}`)}` };
    expect(verify(options, { headers, body }, now)).toBe(false);
  });

  it("looks at no more than a few signatures in one header", () => {
    const options = { scheme: "hmac", secret, header: "x-sig", key: "v1" } as const;
    const good = `v1=${hmac("sha256", secret, body)}`;
    const bad = `v1=${"0".repeat(64)}`;
    expect(verify(options, { headers: { "x-sig": [...Array(15).fill(bad), good].join() }, body })).toBe(true);
    expect(verify(options, { headers: { "x-sig": [...Array(16).fill(bad), good].join() }, body })).toBe(
      false,
    );
  });
});

describe("secrets that are sent", () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  it.each<[VerifyOptions, Record<string, string>, string, boolean]>([
    [{ scheme: "bearer", secret: ["a", "b"] }, { authorization: "Bearer b" }, "/", true],
    [{ scheme: "bearer", secret: "b" }, { authorization: "bearer  b" }, "/", true],
    [{ scheme: "bearer", secret: "b" }, { authorization: "Bearer bb" }, "/", false],
    [{ scheme: "bearer", secret: "b" }, { authorization: "b" }, "/", false],
    [{ scheme: "bearer", secret: "b" }, {}, "/", false],
    [{ scheme: "basic", username: "u", secret: ["x", "p:w"] }, { authorization: basic("u:p:w") }, "/", true],
    [{ scheme: "basic", username: "u", secret: "p" }, { authorization: basic("v:p") }, "/", false],
    [{ scheme: "basic", username: "u", secret: "p" }, { authorization: "Basic !!!" }, "/", false],
    [{ scheme: "token", header: "X-Key", secret: "k" }, { "x-key": "k" }, "/", true],
    [{ scheme: "token", header: "X-Key", secret: "k" }, { "x-key": "k, k" }, "/", false],
    [
      { scheme: "token", header: "authorization", prefix: "Token ", secret: "k" },
      { authorization: "Token k" },
      "/",
      true,
    ],
    [
      { scheme: "token", header: "authorization", prefix: "Token ", secret: "k" },
      { authorization: "k" },
      "/",
      false,
    ],
    [{ scheme: "token", query: "key", secret: "k" }, {}, "/?key=k", true],
    [{ scheme: "token", query: "key", secret: "k" }, {}, "/?key=k&key=k", false],
    [{ scheme: "token", query: "key", secret: "k" }, {}, "/", false],
    [{ scheme: "gitlab", secret: "t" }, { "x-gitlab-token": "t" }, "/", true],
    [{ scheme: "gitlab", secret: "t" }, { "x-gitlab-token": "T" }, "/", false],
    [{ scheme: "telegram", secret: "t" }, { "x-telegram-bot-api-secret-token": "t" }, "/", true],
    [{ scheme: "telegram", secret: "t" }, { "x-telegram-bot-api-secret-token": "" }, "/", false],
  ])("%j with %j at %s: %s", (options, headers, target, verified) => {
    expect(verify(options, { headers, target })).toBe(verified);
  });

  it("are asked for in the way that clients know", async () => {
    const hook = await serve({ verify: { scheme: "basic", username: "u", secret: "p" } });
    const answer = await hook.send({ body: "x" });
    expect([answer.status, answer.headers["www-authenticate"]]).toEqual([
      401,
      'Basic realm="channel-router"',
    ]);
  });
});

describe("through the listener", () => {
  const clock = () => manualClock(now);

  it.each(
    Object.entries(signers) as [PresetName, (secret: string, body: string) => Record<string, string>][],
  )("%s: takes the event, knows its delivery, shows no signature", async (scheme, signed) => {
    const body = JSON.stringify({ id: "d1", event_id: "d1", event: { id: "d1" }, webhookTimestamp: now });
    const { delivery } = presets[scheme];
    const idHeaders = delivery !== undefined && "header" in delivery ? { [delivery.header]: "d1" } : {};
    const hook = await serve(
      { verify: { scheme, secret } },
      { clock: clock(), publicUrl: "https://me.test" },
    );
    const headers = { ...idHeaders, ...signed(secret, body), "content-type": "application/json" };
    expect((await hook.send({ headers, body })).status).toBe(presets[scheme].answer?.status ?? 202);
    const [arrival] = hook.arrivals;
    expect(arrival?.trust).toBe("verified");
    // A header that is not signed is no id: what is signed is.
    const id = { standard_webhooks: "m1", svix: "m1", twitch: "m1", linear: expect.any(String) as string }[
      scheme as string
    ];
    expect(arrival?.deliveryId).toEqual(
      id ?? (delivery !== undefined && "field" in delivery ? "d1" : undefined),
    );
    expect(arrival?.known?.proof?.hash).toMatch(/^[\w-]{43}$/);
    expect(Object.keys(arrival?.headers ?? {}).filter((name) => /signature|hmac/.test(name))).toEqual([]);
  });

  it("checks the signature of a compressed body over its content or over the bytes sent", async () => {
    const hook = await serve({ verify: { scheme: "github", secret } });
    const body = '{"a":1}';
    const zipped = gzipSync(body);
    for (const signedBytes of [body, zipped]) {
      const signature = `sha256=${createHmac("sha256", secret).update(signedBytes).digest("hex")}`;
      const headers = {
        "content-encoding": "gzip",
        "content-type": "application/json",
        "x-hub-signature-256": signature,
      };
      expect((await hook.send({ headers, body: zipped })).status).toBe(202);
    }
    expect(hook.arrivals.map(({ data }) => data)).toEqual([{ a: 1 }, { a: 1 }]);
  });

  it("refuses Linear's old requests by the time in their body", async () => {
    const body = JSON.stringify({ webhookTimestamp: now - 300_001 });
    const hook = await serve({ verify: { scheme: "linear", secret } }, { clock: clock() });
    expect(
      (await hook.send({ headers: { "linear-signature": hmac("sha256", secret, body) }, body })).status,
    ).toBe(401);
  });

  it("refuses two signature headers where only one may be", async () => {
    const hook = await serve({ verify: { scheme: "github", secret } });
    const good = `sha256=${hmac("sha256", secret, "{}")}`;
    const headers = [
      "x-hub-signature-256",
      good,
      "x-hub-signature-256",
      good,
      "host",
      "localhost",
      "content-length",
      "2",
    ];
    expect((await hook.send({ headers, body: "{}" })).status).toBe(401);
  });

  it("leaves out a delivery id that nobody would send", async () => {
    const hook = await serve({ verify: { scheme: "bearer", secret: "s", deliveryId: "X-Id" } });
    const send = (id: string) => hook.send({ headers: { authorization: "Bearer s", "x-id": id }, body: "x" });
    await send("d1");
    await send("x".repeat(257));
    expect(hook.arrivals.map(({ deliveryId }) => deliveryId)).toEqual(["d1", undefined]);
  });
});

describe("first calls that are no events", () => {
  const signedBy = (scheme: PresetName, body: string, headers: Record<string, string> = {}): Request => ({
    headers: { ...signers[scheme]?.(secret, body), "content-type": "application/json", ...headers },
    body,
  });
  const zoom = '{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8"}}';
  it.each<[PresetName, Request, unknown]>([
    ["github", signedBy("github", '{"zen":"x"}', { "x-github-event": "ping" }), { ok: true }],
    [
      "bitbucket",
      signedBy("bitbucket", '{"test":true}', { "x-event-key": "diagnostics:ping" }),
      { ok: true },
    ],
    ["buildkite", signedBy("buildkite", "{}", { "x-buildkite-event": "ping" }), { ok: true }],
    ["intercom", signedBy("intercom", '{"topic":"ping"}'), { ok: true }],
    ["slack", signedBy("slack", '{"type":"url_verification","challenge":"3eZb"}'), { challenge: "3eZb" }],
    ["zoom", signedBy("zoom", zoom), { plainToken: "qgg8", encryptedToken: hmac("sha256", secret, "qgg8") }],
  ])("%s: answered without an event, and only when verified", async (scheme, request, answer) => {
    const hook = await serve({ verify: { scheme, secret } }, { clock: manualClock(now) });
    expect(await hook.send(request)).toMatchObject({ status: 200, json: answer });
    const stranger = await serve({ verify: { scheme, secret: other } }, { clock: manualClock(now) });
    expect((await stranger.send(request)).status).toBe(401);
    expect([...hook.arrivals, ...stranger.arrivals]).toEqual([]);
  });

  it("zoom: answered with the secret that signed, whichever it is while secrets change", async () => {
    const hook = await serve(
      { verify: { scheme: "zoom", secret: [other, secret] } },
      { clock: manualClock(now) },
    );
    expect(await hook.send(signedBy("zoom", zoom))).toMatchObject({
      status: 200,
      json: { encryptedToken: hmac("sha256", secret, "qgg8") },
    });
  });

  it("discord: both kinds of ping, and an event that only looks like one", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const key = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("hex");
    const hook = await serve({ verify: { scheme: "discord", secret: key } }, { clock: manualClock(now) });
    const send = (body: string) => {
      const signature = signWith(null, Buffer.from(seconds + body), privateKey).toString("hex");
      const headers = {
        "x-signature-ed25519": signature,
        "x-signature-timestamp": seconds,
        "content-type": "application/json",
      };
      return hook.send({ headers, body });
    };
    expect(await send('{"type":1,"id":"1"}')).toMatchObject({ status: 200, json: { type: 1 } });
    expect(await send('{"version":1,"type":0}')).toMatchObject({ status: 204, text: "" });
    expect(hook.arrivals).toEqual([]);
    expect((await send('{"type":1,"event":{"type":"APPLICATION_AUTHORIZED"}}')).status).toBe(202);
    expect((await send('{"type":2,"id":"42"}')).status).toBe(202);
    expect(hook.arrivals.map(({ deliveryId }) => deliveryId)).toEqual([undefined, "42"]);
  });

  it("github and slack: a form whose payload is JSON", async () => {
    const body = `payload=${encodeURIComponent('{"action":"opened"}')}`;
    for (const scheme of ["github", "slack"] as const) {
      const hook = await serve({ verify: { scheme, secret } }, { clock: manualClock(now) });
      await hook.send(signedBy(scheme, body, { "content-type": "application/x-www-form-urlencoded" }));
      expect(hook.arrivals[0]?.data).toEqual({ action: "opened" });
    }
  });

  it("twilio: through the public URL", async () => {
    const hook = await serve({ verify: { scheme: "twilio", secret } }, { publicUrl: "https://me.test/" });
    const body = "Body=hello&From=%2B1";
    const signature = hmac("sha1", secret, "https://me.test/hook?a=1BodyhelloFrom+1", "base64");
    const headers = {
      "x-twilio-signature": signature,
      "i-twilio-idempotency-token": createHash("sha256").update(body).digest("hex"),
      "content-type": "application/x-www-form-urlencoded",
    };
    const answer = await hook.send({ path: "/hook?a=1", headers, body });
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, "text/xml; charset=utf-8"]);
    expect(answer.text).toContain("<Response/>");
    expect(hook.arrivals[0]).toMatchObject({ data: { Body: "hello", From: "+1" }, query: { a: "1" } });
    expect(hook.arrivals[0]?.deliveryId).toBeUndefined();
    expect(hook.arrivals[0]?.known?.proof?.hash).toMatch(/^[\w-]{43}$/);
  });
});
