// Senders that sign with a private key, send a token with claims, or put their proof into the body: published vectors, and what must
// never pass.

import { createHmac, sign as signWith } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { http } from "../../../src/connectors/http/index.ts";
import type { VerifyOptions } from "../../../src/connectors/http/verify/generic.ts";
import { createVerifier } from "../../../src/connectors/http/verify/scheme.ts";
import type { Proof } from "../../../src/connectors/http/verify/verifier.ts";
import { surroundings } from "../../support/host.ts";
import {
  adyenKey,
  hmac,
  jwkOf,
  jwt,
  now,
  pairs,
  pem,
  rawEd25519,
  remoteSenders,
  seconds,
  secret,
  senders,
  sha256,
  spki,
} from "./signing.ts";

const json = { "content-type": "application/json" };

function check(
  options: VerifyOptions,
  request: { headers?: Record<string, string>; body?: string | Buffer; target?: string; method?: string },
  nowMs = now,
): Proof | undefined {
  const verifier = createVerifier(options, { now: () => nowMs }, "https://me.test");
  const { headers = {}, body = "", target = "/hook", method = "POST" } = request;
  return verifier?.check({ method, target, headers: { ...json, ...headers }, body: Buffer.from(body) });
}
const passes = (...args: Parameters<typeof check>) => check(...args) !== undefined;

describe("published vectors", () => {
  it("of SendGrid's libraries", () => {
    const options: VerifyOptions = {
      scheme: "sendgrid",
      publicKey:
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
    };
    const headers = {
      "x-twilio-email-event-webhook-signature":
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
      "x-twilio-email-event-webhook-timestamp": "1600112502",
    };
    const event = {
      ...{ email: "hello@world.com", event: "dropped", reason: "Bounced Address" },
      sg_event_id: "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
      sg_message_id: "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
      "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
      timestamp: 1600112492,
    };
    const body = `${JSON.stringify([event])}\r\n`;
    expect(passes(options, { headers, body }, 1_600_112_502_000)).toBe(true);
    expect(passes(options, { headers, body: body.trim() }, 1_600_112_502_000)).toBe(false);
  });

  it("of Adyen's documentation", () => {
    const item = {
      pspReference: "7914073381342284",
      merchantAccountCode: "TestMerchant",
      merchantReference: "TestPayment-1407325143704",
      amount: { value: 1130, currency: "EUR" },
      eventCode: "AUTHORISATION",
      success: "true",
      additionalData: { hmacSignature: "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=" },
    };
    const body = (...items: object[]) =>
      JSON.stringify({ notificationItems: items.map((one) => ({ NotificationRequestItem: one })) });
    const options: VerifyOptions = { scheme: "adyen", secret: adyenKey };
    expect(passes(options, { body: body(item) })).toBe(true);
    expect(passes(options, { body: body({ ...item, success: "false" }) })).toBe(false);
    expect(passes(options, { body: body(item, { ...item, amount: { value: 1 } }) })).toBe(false);
    expect(passes(options, { body: body() })).toBe(false);
  });

  const claims =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  it.each<[string, Partial<VerifyOptions>, string]>([
    [
      "RFC 7515 A.1, HS256",
      {
        secret: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        secretEncoding: "base64url",
      },
      `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${claims}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`,
    ],
    [
      "RFC 7515 A.3, ES256",
      {
        algorithm: "ES256",
        publicKey:
          '{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}',
      },
      `eyJhbGciOiJFUzI1NiJ9.${claims}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`,
    ],
  ])("of a token: %s", (_, options, token) => {
    const verify: VerifyOptions = { scheme: "jwt", issuer: "joe", ...options };
    const headers = { authorization: `Bearer ${token}` };
    expect(passes(verify, { headers }, 1_300_819_000_000)).toBe(true);
    expect(passes(verify, { headers }, 1_300_819_380_000 + 60_001)).toBe(false);
    expect(passes({ ...verify, issuer: "jane" }, { headers }, 1_300_819_000_000)).toBe(false);
  });

  it("of Ed25519: RFC 8032 section 7.1, test 3", () => {
    const options: VerifyOptions = {
      scheme: "signature",
      header: "x-sig",
      encoding: "hex",
      publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    };
    const headers = {
      "x-sig":
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    };
    expect(passes(options, { headers, body: Buffer.from("af82", "hex") })).toBe(true);
    expect(passes(options, { headers, body: Buffer.from("af83", "hex") })).toBe(false);
  });
});

describe("public keys", () => {
  const { ed25519, p256, rsa } = pairs;
  it.each([
    [
      "ed25519" as const,
      ed25519,
      [
        pem(ed25519.publicKey),
        spki(ed25519.publicKey),
        rawEd25519(ed25519.publicKey),
        jwkOf(ed25519.publicKey),
      ],
    ],
    ["ecdsa-sha256" as const, p256, [pem(p256.publicKey), spki(p256.publicKey), jwkOf(p256.publicKey)]],
    ["rsa-sha256" as const, rsa, [pem(rsa.publicKey), spki(rsa.publicKey), jwkOf(rsa.publicKey)]],
    ["rsa-sha1" as const, rsa, [pem(rsa.publicKey).replaceAll("\n", "\\n")]],
  ])("%s: takes the key in each way that senders show it, and base64url", (algorithm, pair, keys) => {
    const body = '{"a":1}';
    const hash = algorithm === "ed25519" ? null : algorithm === "rsa-sha1" ? "sha1" : "sha256";
    const signature = signWith(hash, Buffer.from(`${seconds}.POST./hook.${body}`), pair.privateKey);
    for (const publicKey of keys) {
      for (const encoding of ["base64", "base64url", "hex"] as const) {
        const options: VerifyOptions = {
          ...{ scheme: "signature", algorithm, encoding, publicKey, header: "x-sig" },
          signed: "{timestamp}.{method}.{path}.{body}",
          timestamp: { header: "x-time" },
        };
        const headers = { "x-sig": signature.toString(encoding), "x-time": seconds };
        const request = { headers, body, target: "/hook?a=1" };
        expect(issuesOf(options)).toEqual([]);
        expect(passes(options, request)).toBe(true);
        expect(passes(options, { ...request, method: "PUT" })).toBe(false);
        expect(passes(options, { ...request, body: `${body} ` })).toBe(false);
        expect(passes(options, request, now + 300_001)).toBe(false);
      }
    }
  });

  it("of another kind, private ones and nonsense are refused before anything starts", () => {
    const privateKey = rsa.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    const wrong: [VerifyOptions["algorithm"], string][] = [
      ["ed25519", pem(rsa.publicKey)],
      ["rsa-sha256", pem(p256.publicKey)],
      ["ecdsa-sha256", rawEd25519(ed25519.publicKey)],
      ["rsa-sha256", privateKey],
      ["ed25519", "hunter2hunter2"],
      ["ed25519", "{}"],
      ["ed25519", ""],
    ];
    for (const [algorithm, publicKey] of wrong) {
      const options = { scheme: "signature", header: "x", algorithm, publicKey } as VerifyOptions;
      expect(issuesOf(options)).toEqual([`verify.public_key: is not a public key for ${algorithm}`]);
    }
  });

  it("never pass for a signature of whatever bytes", () => {
    const options: VerifyOptions = { scheme: "wise", publicKey: pem(rsa.publicKey) };
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.constantFrom("", "=", "AA==")), (text) => {
        expect(passes(options, { headers: { "x-signature-sha256": text }, body: "{}" })).toBe(false);
      }),
    );
  });
});

describe("tokens with claims", () => {
  const shared: VerifyOptions = { scheme: "jwt", secret };
  const exp = now / 1_000 + 60;
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  it("have the one algorithm of the config: no none, and no public key for a secret", () => {
    expect(passes(shared, bearer(jwt({ exp }, secret, "HS256")))).toBe(true);
    const [head, body] = jwt({ exp }, secret, "none").split(".");
    for (const alg of ["none", "None", "HS512", "RS256", ""])
      expect(passes(shared, bearer(jwt({ exp }, secret, alg)))).toBe(false);
    expect(passes(shared, bearer(`${head}.${body}.`))).toBe(false);
    // The public key of an RSA pair, used as an HMAC secret: what many libraries once took.
    for (const text of [pem(pairs.rsa.publicKey), spki(pairs.rsa.publicKey)]) {
      const rsa: VerifyOptions = { scheme: "jwt", publicKey: text };
      expect(passes(rsa, bearer(jwt({ exp }, text, "HS256")))).toBe(false);
      expect(passes(rsa, bearer(jwt({ exp }, pairs.rsa.privateKey, "RS256")))).toBe(true);
      expect(passes(rsa, bearer(jwt({ exp }, pairs.p256.privateKey, "ES256")))).toBe(false);
    }
    const embedded = { jwk: pairs.rsa.publicKey.export({ format: "jwk" }) };
    const other: VerifyOptions = {
      scheme: "jwt",
      algorithm: "ES256",
      publicKey: jwkOf(pairs.p256.publicKey),
    };
    expect(passes(other, bearer(jwt({ exp }, pairs.rsa.privateKey, "RS256", embedded)))).toBe(false);
  });

  it.each<[string, object, object, boolean]>([
    ["exp", { exp: now / 1_000 - 61 }, {}, false],
    ["a little late", { exp: now / 1_000 - 59 }, {}, true],
    ["no exp", {}, {}, false],
    ["exp as text", { exp: String(exp) }, {}, false],
    ["nbf", { exp, nbf: now / 1_000 + 61 }, {}, false],
    ["iat in the future", { exp, iat: now / 1_000 + 301 }, {}, false],
    ["another audience", { exp, aud: "x" }, { audience: "y" }, false],
    ["no audience", { exp }, { audience: "y" }, false],
    ["one of several audiences", { exp, aud: ["x", "y"] }, { audience: "y" }, true],
    ["another issuer", { exp, iss: "x" }, { issuer: "y" }, false],
    ["a claim", { exp, email: "a@b" }, { claims: { email: "a@b" } }, true],
    ["another claim", { exp, email: "a@c" }, { claims: { email: "a@b" } }, false],
    ["a missing claim", { exp }, { claims: { constructor: "x" } }, false],
    ["stale iat where the time counts", { exp, iat: now / 1_000 - 301 }, { timestamp: {} }, false],
    ["no iat where the time counts", { exp }, { timestamp: {} }, false],
  ])("%s", (_, claims, options, right) => {
    const token = jwt(claims as Record<string, unknown>, secret, "HS256");
    expect(passes({ ...shared, ...options }, bearer(token))).toBe(right);
  });

  it("cover the body only where they hold its hash", () => {
    const options: VerifyOptions = { ...shared, header: "x-jwt", bodyClaim: "sha256" };
    const token = jwt({ sha256: sha256("{}") }, secret, "HS256");
    const proof = check(options, { headers: { "x-jwt": token }, body: "{}" });
    expect(proof?.signed).toMatch(/^[\w-]{43}$/);
    expect(passes(options, { headers: { "x-jwt": token }, body: "{ }" })).toBe(false);
    expect(passes(options, { headers: { "x-jwt": jwt({}, secret, "HS256") }, body: "{}" })).toBe(false);
    expect(check(shared, bearer(jwt({ exp }, secret, "HS256")))?.signed).toBeUndefined();
  });

  it("never throw, whatever comes", () => {
    const part = fc.oneof(
      fc.base64String(),
      fc.json().map((text) => Buffer.from(text).toString("base64url")),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        expect(passes(shared, bearer(parts.join(".")))).toBe(false);
      }),
    );
  });
});

describe("a proof in the body", () => {
  it("must be right in every place, and stand in one at least", () => {
    const graph: VerifyOptions = { scheme: "microsoft_graph", secret };
    const body = (...states: unknown[]) =>
      JSON.stringify({ value: states.map((clientState) => ({ clientState })) });
    expect(passes(graph, { body: body(secret, secret) })).toBe(true);
    for (const wrong of [
      body(),
      body(secret, "x"),
      body("x", secret),
      body(null),
      body({}),
      "{}",
      "[]",
      "x",
      "",
    ])
      expect(passes(graph, { body: wrong })).toBe(false);
  });

  it("is read from a form as well, and hidden from the event", async () => {
    const options: VerifyOptions = { scheme: "mattermost", secret };
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect(passes(options, { headers: form, body: `token=${secret}&text=hi` })).toBe(true);
    expect(passes(options, { headers: form, body: `token=${secret}&token=${secret}` })).toBe(false);
    expect(passes(options, { headers: form, body: "token=&text=hi" })).toBe(false);
  });

  it("can be an HMAC over fields, spelled out", () => {
    const options: VerifyOptions = {
      scheme: "hmac",
      secret: Buffer.from("a key of bytes").toString("hex"),
      secretEncoding: "hex",
      encoding: "base64url",
      field: "sig",
      signed: "{field:at}:{field:token}",
      timestamp: { field: "at" },
    };
    expect(issuesOf(options)).toEqual([]);
    const sig = createHmac("sha256", "a key of bytes").update(`${seconds}:t`).digest("base64url");
    const body = (more: object) => ({
      body: JSON.stringify({ sig, at: Number(seconds), token: "t", ...more }),
    });
    expect(passes(options, body({}))).toBe(true);
    expect(passes(options, body({ sig: `${sig}=` }))).toBe(true);
    expect(passes(options, body({ token: "u" }))).toBe(false);
    expect(passes(options, body({}), now + 300_001)).toBe(false);
  });

  it("websub: counts by the hash that it names, and by no weaker one than HMAC", () => {
    const options: VerifyOptions = { scheme: "websub", secret };
    for (const hash of ["sha1", "sha256", "sha384", "sha512"] as const) {
      const headers = { "x-hub-signature": `${hash}=${hmac(hash, secret, "{}")}` };
      expect(passes(options, { headers, body: "{}" })).toBe(true);
    }
    const md5 = createHmac("md5", secret).update("{}").digest("hex");
    expect(passes(options, { headers: { "x-hub-signature": `md5=${md5}` }, body: "{}" })).toBe(false);
  });
});

it("every sender is refused when any byte of a body that it signs is another", () => {
  const partly = ["adyen", "mailgun", "monday", "okta", "figma", "mattermost", "microsoft_graph"];
  for (const sender of senders) {
    if (remoteSenders.includes(sender) || sender.sendsSecret || partly.includes(sender.name)) continue;
    const body = sender.body(1, now);
    const headers = { "content-type": sender.contentType, ...sender.headers(body, now, "id-1") };
    expect([sender.name, passes(sender.verify, { headers, body })]).toEqual([sender.name, true]);
    expect([sender.name, passes(sender.verify, { headers, body: `${body}x` })]).toEqual([sender.name, false]);
  }
});

function issuesOf(verify: VerifyOptions): string[] {
  const found = http.check?.({ path: "/hook", methods: ["POST"], verify }, surroundings) ?? [];
  for (const { hint } of found) expect(hint).toMatch(/\S/);
  return found.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

it.each<[VerifyOptions, string[]]>([
  [
    { scheme: "signature" },
    ["verify: scheme signature needs header", "verify: scheme signature needs public_key"],
  ],
  [{ scheme: "jwt" }, ["verify: scheme jwt needs public_key"]],
  [{ scheme: "jwt", algorithm: "HS256" }, ["verify: scheme jwt needs secret"]],
  [{ scheme: "jwt", secret: "s", publicKey: "x" }, ["verify.public_key: scheme jwt does not use public_key"]],
  [
    { scheme: "sendgrid", secret: "s" },
    ["verify: scheme sendgrid needs public_key", "verify.secret: scheme sendgrid does not use secret"],
  ],
  [
    { scheme: "hmac", secret: "s", header: "x", algorithm: "RS256" },
    ["verify.algorithm: is not one for scheme hmac"],
  ],
  [{ scheme: "hmac", secret: "xyz", header: "x", secretEncoding: "hex" }, ["verify.secret: is not hex"]],
  [{ scheme: "adyen", secret: "not hex" }, ["verify.secret: is not hex"]],
  [
    { scheme: "hmac", secret: "s", field: "a" },
    ["verify.signed: has the body, which cannot hold its own signature"],
  ],
  [
    { scheme: "hmac", secret: "s", field: "a", signed: "{field:b}", timestamp: { field: "c" } },
    ["verify.timestamp.field: is not signed, so that anybody could change it"],
  ],
  [
    { scheme: "jwt", secret: "s", timestamp: { header: "x" } },
    ["verify.timestamp.header: has no effect here: the time is the claim iat"],
  ],
  [
    { scheme: "token", secret: "s", field: "a", header: "b" },
    ["verify.field: scheme token takes header or field, not both"],
  ],
])("%j is told what is wrong", (verify, messages) => {
  const own = issuesOf(verify).filter((message) => !/is not a public key/.test(message));
  expect(own).toEqual(messages);
});
