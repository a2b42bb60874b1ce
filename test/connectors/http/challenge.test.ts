// First calls that want a text of the request back, by preset and by `respond.challenge`; HEAD; and what must never come of them: an
// event, a page in a browser, an answer to a wrong token.

import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { http } from "../../../src/connectors/http/index.ts";
import type { HttpOptions } from "../../../src/connectors/http/options.ts";
import { presetNames } from "../../../src/connectors/http/verify/preset-names.ts";
import { presets } from "../../../src/connectors/http/verify/presets.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { type Cursors, createMemoryCursors } from "../../../src/host/store.ts";
import { surroundings } from "../../support/host.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { type Request, serve } from "./serving.ts";
import { now, other, secret, signers } from "./signing.ts";

type Verify = NonNullable<HttpOptions["verify"]>;
const json = { "content-type": "application/json" };
const inQuery = (fields: Record<string, string>) => `/hook?${new URLSearchParams(fields)}`;
const subscription = (token: string, challenge = "1158201444") => ({
  method: "GET",
  path: inQuery({ "hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token }),
});
const twitchBody = '{"challenge":"pogchamp-kappa-360noscope-vohiyo","subscription":{"id":"1"}}';
const twitchCall: Request = {
  headers: {
    ...json,
    ...signers.twitch?.(secret, twitchBody),
    "twitch-eventsub-message-type": "webhook_callback_verification",
  },
  body: twitchBody,
};

describe("presets", () => {
  it.each<[string, Verify, Request, Record<string, unknown>]>([
    [
      "meta",
      { scheme: "meta", secret, verifyToken: "meaty" },
      subscription("meaty"),
      { status: 200, text: "1158201444" },
    ],
    [
      "whatsapp",
      { scheme: "whatsapp", secret, verifyToken: "m" },
      subscription("m"),
      { status: 200, text: "1158201444" },
    ],
    [
      "dropbox",
      { scheme: "dropbox", secret },
      { method: "GET", path: inQuery({ challenge: "abc-1" }) },
      { status: 200, text: "abc-1" },
    ],
    [
      "twitch",
      { scheme: "twitch", secret },
      twitchCall,
      { status: 200, text: "pogchamp-kappa-360noscope-vohiyo" },
    ],
    [
      "asana",
      { scheme: "asana", secret },
      { headers: { ...json, "x-hook-secret": "b537207f20cbfa02357cf448134da559" }, body: "{}" },
      {
        status: 200,
        headers: expect.objectContaining({ "x-hook-secret": "b537207f20cbfa02357cf448134da559" }),
      },
    ],
  ])("%s", async (_, verify, request, answer) => {
    const hook = await serve({ verify }, { clock: manualClock(now) });
    const got = await hook.send(request);
    expect(got).toMatchObject(answer);
    expect(got.headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    expect(hook.arrivals).toEqual([]);
  });

  it("twitch: not answered when it was signed with another secret", async () => {
    const hook = await serve({ verify: { scheme: "twitch", secret: other } }, { clock: manualClock(now) });
    expect((await hook.send(twitchCall)).status).toBe(401);
  });

  it("of a data challenge that must be signed are never answered unsigned", async () => {
    for (const scheme of presetNames) {
      const { challenge } = presets[scheme];
      if (challenge?.signed !== true) continue;
      const hook = await serve({ verify: { scheme, secret } }, { clock: manualClock(now) });
      const headers = { ...json, "twitch-eventsub-message-type": "webhook_callback_verification" };
      const body = '{"type":"url_verification","challenge":"x"}';
      expect((await hook.send({ headers, body })).status).toBe(401);
    }
  });

  it("meta: any other verify token, or none, or two, is answered with 403", async () => {
    const hook = await serve({ verify: { scheme: "meta", secret, verifyToken: "meaty" } });
    const { path } = subscription("meaty");
    const bad = [
      subscription("Meaty"),
      subscription(""),
      { method: "GET", path: inQuery({ "hub.mode": "subscribe", "hub.challenge": "1" }) },
      { method: "GET", path: `${path}&hub.verify_token=meaty` },
    ];
    for (const request of bad) expect((await hook.send(request)).status).toBe(403);
    // Not a subscription at all: a GET like any other.
    const none = await hook.send({ method: "GET", path: inQuery({ "hub.challenge": "1" }) });
    expect([none.status, none.headers.allow]).toEqual([405, "HEAD, POST"]);
    expect(hook.arrivals).toEqual([]);
  });

  it("need a verify token where their sender has one", () => {
    const check = (verify: Verify) =>
      http.check?.({ path: "/hook", methods: ["POST"], verify }, surroundings).map(({ message }) => message);
    expect(check({ scheme: "meta", secret })).toEqual(["scheme meta needs verify_token"]);
    expect(check({ scheme: "meta", secret, verifyToken: "t" })).toEqual([]);
    expect(check({ scheme: "github", secret, verifyToken: "t" })).toEqual([
      "scheme github does not use verify_token",
    ]);
  });
});

describe("a first call that wants an HMAC of its text", () => {
  const token = "MTU3ZDk-_.~=";
  const hashOf = (text: string, encoding: "hex" | "base64") =>
    createHmac("sha256", secret).update(text).digest(encoding);

  it.each<["twitter" | "linkedin", string, object]>([
    ["twitter", "crc_token", { response_token: `sha256=${hashOf(token, "base64")}` }],
    ["linkedin", "challengeCode", { challengeCode: token, challengeResponse: hashOf(token, "hex") }],
  ])("%s", async (scheme, name, answer) => {
    const hook = await serve({ verify: { scheme, secret: [secret, other] } });
    const got = await hook.send({ method: "GET", path: inQuery({ [name]: token, nonce: "1" }) });
    expect(got).toMatchObject({ status: 200, json: answer });
    expect((await hook.send({ method: "GET", path: "/hook" })).status).toBe(405);
    expect(hook.arrivals).toEqual([]);
  });

  it("never signs what would be accepted as an event", async () => {
    for (const scheme of ["twitter", "linkedin"] as const) {
      const hook = await serve({ verify: { scheme, secret } });
      const name = scheme === "twitter" ? "crc_token" : "challengeCode";
      for (const body of ["deploy-now", "a=b", "hmacsha256=x", "{}", ' {"a":1}', "[1]"]) {
        const asked = scheme === "twitter" ? body : `hmacsha256=${body}`;
        const { status } = await hook.send({ method: "GET", path: inQuery({ [name]: asked }) });
        const headers = { ...json, ...signers[scheme]?.(secret, body) };
        const taken = (await hook.send({ headers, body })).status === 200;
        expect([scheme, body, status === 200 && taken]).toEqual([scheme, body, false]);
      }
      expect(hook.arrivals).toMatchObject([{ data: {} }]);
    }
  });
});

it("xero: intent to receive is answered 200 and empty, and 401 with a wrong signature", async () => {
  const hook = await serve({ verify: { scheme: "xero", secret } });
  const body = '{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4N0m3t3xt"}';
  const right = { ...json, ...signers.xero?.(secret, body) };
  expect(await hook.send({ headers: right, body })).toMatchObject({ status: 200, text: "" });
  const wrong = { ...json, ...signers.xero?.(other, body) };
  expect((await hook.send({ headers: wrong, body })).status).toBe(401);
  expect(hook.arrivals).toEqual([]);
  const event = '{"events":[{"resourceId":"1"}]}';
  const got = await hook.send({ headers: { ...json, ...signers.xero?.(secret, event) }, body: event });
  expect(got).toMatchObject({ status: 200, text: "" });
  expect(hook.arrivals).toHaveLength(1);
});

it("slack: an event is answered 200 and empty, as slash commands and forms need it", async () => {
  const hook = await serve({ verify: { scheme: "slack", secret } }, { clock: manualClock(now) });
  const body = "command=%2Fdeploy&text=now";
  const headers = { "content-type": "application/x-www-form-urlencoded", ...signers.slack?.(secret, body) };
  expect(await hook.send({ headers, body })).toMatchObject({ status: 200, text: "" });
});

describe("a sender of CloudEvents asks by OPTIONS whether it may send", () => {
  const respond = { challenge: "headers.WebHook-Request-Origin" };
  const verify = { scheme: "token", query: "key", secret } as const;
  const asking = {
    method: "OPTIONS",
    headers: { "webhook-request-origin": "eventgrid.azure.net", "webhook-request-rate": "120" },
  };

  it("and is answered where the config says so, without its key", async () => {
    const hook = await serve({ verify, respond });
    expect(await hook.send(asking)).toMatchObject({
      status: 200,
      text: "",
      headers: {
        "webhook-allowed-origin": "eventgrid.azure.net",
        "webhook-allowed-rate": "*",
        allow: "POST",
      },
    });
    expect((await hook.send({ method: "OPTIONS" })).status).toBe(405);
    expect((await hook.send({ ...asking, method: "GET" })).status).toBe(405);
    expect((await hook.send({ path: `/hook?key=${secret}`, body: "{}", headers: json })).status).toBe(202);
    expect(hook.arrivals).toHaveLength(1);
  });

  it("and not elsewhere, nor for a page of a browser", async () => {
    const other = await serve({ verify });
    expect((await other.send(asking)).status).toBe(405);
    const hook = await serve({ respond });
    const headers = { ...asking.headers, origin: "https://page.example" };
    expect((await hook.send({ ...asking, headers })).status).toBe(403);
    const preflight = { origin: "https://page.example", "access-control-request-method": "POST" };
    const named = await serve({ verify, respond });
    const got = await named.send({ method: "OPTIONS", headers: preflight });
    expect([got.status, got.headers["access-control-allow-origin"]]).toEqual([405, undefined]);
  });

  it("and may be limited to a name", async () => {
    const challenge = {
      from: "headers.webhook-request-origin",
      when: { "headers.webhook-request-origin": "eventgrid.azure.net" },
    };
    const hook = await serve({ verify, respond: { challenge } });
    expect((await hook.send(asking)).status).toBe(200);
    const stranger = { ...asking, headers: { "webhook-request-origin": "flood.example" } };
    expect((await hook.send(stranger)).status).toBe(405);
  });
});

describe("a secret that the sender chooses (asana)", () => {
  const first = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
  const offer = (text: string): Request => ({ headers: { ...json, "x-hook-secret": text }, body: "{}" });
  const signed = (key: string, body = '{"events":[]}'): Request => ({
    headers: { ...json, "x-hook-signature": createHmac("sha256", key).update(body).digest("hex") },
    body,
  });
  const options = { verify: { scheme: "asana" } } as const;

  it("is stored at the first call, and verifies all later ones, also after a restart", async () => {
    const cursors = createMemoryCursors();
    const hook = await serve(options, { cursors });
    expect((await hook.send(signed(first))).status).toBe(401);
    const got = await hook.send(offer(first));
    expect(got).toMatchObject({ status: 200, headers: { "x-hook-secret": first } });
    expect((await hook.send(signed(first))).status).toBe(200);
    expect((await hook.send(signed(other))).status).toBe(401);
    const again = await serve(options, { cursors });
    expect((await again.send(signed(first, '{"events":[1]}'))).status).toBe(200);
    expect(hook.arrivals).toMatchObject([{ trust: "verified" }]);
    // Not even in the log.
    expect(hook.log.join()).toContain("stored the secret");
    expect(hook.log.join()).not.toContain(first);
  });

  it("is never replaced: the same is answered again, any other is 403", async () => {
    const hook = await serve(options);
    expect((await hook.send(offer(first))).status).toBe(200);
    expect((await hook.send(offer(first))).status).toBe(200);
    const refused = await hook.send(offer(first.replace("b", "c")));
    expect([refused.status, refused.headers["x-hook-secret"]]).toEqual([403, undefined]);
    expect((await hook.send(signed(first))).status).toBe(200);
  });

  it("is the first of those that come at once, and is stored before it is answered", async () => {
    const cursors = createMemoryCursors();
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isAsked = false;
    const slow: Cursors = {
      ...cursors,
      async moveCursor(...given) {
        isAsked = true;
        await gate;
        await cursors.moveCursor(...given);
      },
    };
    const hook = await serve(options, { cursors: slow });
    const one = hook.send(offer(first));
    await expect.poll(() => isAsked).toBe(true);
    const two = hook.send(offer(other.repeat(4)));
    expect((await two).status).toBe(403);
    expect((await hook.send(signed(first))).status).toBe(401);
    release();
    expect((await one).status).toBe(200);
    expect((await hook.send(signed(first))).status).toBe(200);
  });

  it("that cannot be stored is 503, and the next one counts", async () => {
    const cursors = createMemoryCursors();
    let isFull = true;
    const full: Cursors = {
      ...cursors,
      async moveCursor(...given) {
        if (isFull) throw new DeliveryError("E_JOURNAL_FULL", "full", { retryable: true });
        await cursors.moveCursor(...given);
      },
    };
    const hook = await serve(options, { cursors: full });
    expect((await hook.send(offer(first))).status).toBe(503);
    expect((await hook.send(signed(first))).status).toBe(401);
    isFull = false;
    expect((await hook.send(offer(`${first}2`))).status).toBe(200);
    expect((await hook.send(signed(`${first}2`))).status).toBe(200);
  });

  it("is not taken when it is short, comes by GET, or the config has one", async () => {
    const hook = await serve(options);
    expect((await hook.send(offer("short"))).status).toBe(403);
    await hook.send({ ...offer(first), method: "GET" });
    expect((await hook.send(signed(first))).status).toBe(401);
    const known = await serve({ verify: { scheme: "asana", secret } });
    expect((await known.send(offer(first))).status).toBe(200);
    expect((await known.send(signed(first))).status).toBe(401);
    expect((await known.send(signed(secret))).status).toBe(200);
  });

  it("needs no secret in the config", () => {
    const check = (verify: Verify) =>
      http.check?.({ path: "/hook", methods: ["POST"], verify }, surroundings).map(({ message }) => message);
    expect(check({ scheme: "asana" })).toEqual([]);
    expect(check({ scheme: "asana", secret })).toEqual([]);
    expect(check({ scheme: "dropbox" })).toEqual(["scheme dropbox needs secret"]);
  });
});

describe("respond.challenge", () => {
  type ChallengeOption = NonNullable<NonNullable<HttpOptions["respond"]>["challenge"]>;
  const bearer = { scheme: "bearer", secret: "s3cret-s3cret" } as const;
  const open = (challenge: ChallengeOption, options: Partial<HttpOptions> = {}) =>
    serve({ ...options, respond: { challenge } }, { clock: manualClock(now) });

  it("is found in a list of the body (Azure Event Grid)", async () => {
    const hook = await open({
      from: "data.0.data.validationCode",
      when: { "headers.aeg-event-type": "SubscriptionValidation" },
      to: "data.validationResponse",
    });
    const body = '[{"id":"1","data":{"validationCode":"512d38b6-c7b8","validationUrl":"https://x"}}]';
    const headers = { ...json, "aeg-event-type": "SubscriptionValidation" };
    expect((await hook.send({ headers, body })).json).toEqual({ validationResponse: "512d38b6-c7b8" });
    expect(hook.arrivals).toEqual([]);
    expect((await hook.send({ headers: json, body })).status).toBe(202);
  });

  it("gives a text of the query back, by GET, though events come by POST", async () => {
    const hook = await open("query.hub.challenge", { verify: bearer });
    expect(await hook.send({ method: "GET", path: "/hook?hub.challenge=42" })).toMatchObject({
      status: 200,
      text: "42",
    });
    expect((await hook.send({ method: "GET", path: "/hook" })).status).toBe(405);
    expect((await hook.send({ body: "x" })).status).toBe(401);
    expect(hook.arrivals).toEqual([]);
  });

  it("gives it back as a field of JSON, a header, or plain text", async () => {
    const strava = await open({
      from: "query.hub.challenge",
      to: "data.hub.challenge",
      token: "t",
      tokenFrom: "query.hub.verify_token",
    });
    expect(await strava.send(subscription("t"))).toMatchObject({
      status: 200,
      json: { "hub.challenge": "1158201444" },
    });
    expect((await strava.send(subscription("u"))).status).toBe(403);
    const okta = await open(
      { from: "headers.X-Okta-Verification-Challenge", to: "data.verification" },
      { verify: bearer },
    );
    const asked = { method: "GET", headers: { "x-okta-verification-challenge": "aZ9_-" } };
    expect(await okta.send(asked)).toMatchObject({ status: 200, json: { verification: "aZ9_-" } });
    const header = await open("headers.x-hook-secret");
    expect(
      (await header.send({ headers: { "x-hook-secret": "k" }, body: "{}" })).headers["x-hook-secret"],
    ).toBe("k");
  });

  it("of the body is signed by default, and may be answered unsigned", async () => {
    const request = { headers: json, body: '{"challenge":"3eZbrw1aB10FEMAGAZd4FyFQ"}' };
    const strict = await open("data.challenge", { verify: bearer });
    expect((await strict.send(request)).status).toBe(401);
    const proven = { ...request, headers: { ...json, authorization: `Bearer ${bearer.secret}` } };
    expect(await strict.send(proven)).toMatchObject({ json: { challenge: "3eZbrw1aB10FEMAGAZd4FyFQ" } });
    const hmac = { scheme: "hmac", header: "x-sig", secret } as const;
    for (const verify of [bearer, hmac]) {
      const monday = await open({ from: "data.challenge", signed: false }, { verify });
      expect(await monday.send(request)).toMatchObject({
        status: 200,
        json: { challenge: "3eZbrw1aB10FEMAGAZd4FyFQ" },
      });
      expect((await monday.send({ ...request, body: '{"event":1}' })).status).toBe(401);
      expect((await monday.send({ ...request, body: "{" })).status).toBe(401);
      const long = { ...request, body: JSON.stringify({ challenge: "x", pad: "y".repeat(20_000) }) };
      expect([401, 413]).toContain((await monday.send(long)).status);
      expect(monday.arrivals).toEqual([]);
    }
  });

  it("applies only where all conditions hold; else it is an event", async () => {
    const hook = await open({ from: "data.challenge", when: { "data.type": ["a", "b"] } });
    const send = (type: string) =>
      hook.send({ headers: json, body: JSON.stringify({ type, challenge: "x" }) });
    expect([(await send("b")).status, (await send("c")).status]).toEqual([200, 202]);
    expect(hook.arrivals).toHaveLength(1);
  });

  it("never reflects what a browser, a shell or a header could act on, whatever is asked", async () => {
    const hook = await open("query.c", { verify: bearer });
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom(
        "<script>alert(1)</script>",
        "a\r\nset-cookie: x=1",
        "{{constructor}}",
        '"',
        "x".repeat(513),
      ),
      fc.stringMatching(/^[A-Za-z0-9_.~-]{1,64}$/),
    );
    await fc.assert(
      fc.asyncProperty(text, async (c) => {
        const answer = await hook.send({ method: "GET", path: inQuery({ c }) });
        expect(answer.headers["x-content-type-options"]).toBe("nosniff");
        if (answer.status === 200) {
          expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
          expect(answer.text).toBe(c);
          expect(c).toMatch(/^[\w.~=+/-]{1,512}$/);
        } else expect(answer.text).not.toContain("<");
      }),
      { numRuns: 100 },
    );
    expect(hook.arrivals).toEqual([]);
  });

  it("refuses pages and foreign hosts where nothing else protects the source", async () => {
    const hook = await open("query.c", { methods: ["GET"] });
    const send = (headers: Record<string, string>) =>
      hook.send({ method: "GET", path: "/hook?c=1", headers });
    expect((await send({ host: "evil.test" })).status).toBe(403);
    expect((await send({ "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await send({})).status).toBe(200);
  });

  it.each<[ChallengeOption, string[]]>([
    ["query.hub.challenge", []],
    ["hub.challenge", ["respond.challenge"]],
    ["query.", ["respond.challenge"]],
    [{ from: "data.a b" }, ["respond.challenge.from"]],
    [{ from: "query.a", to: "html" }, ["respond.challenge.to"]],
    [{ from: "query.a", to: "headers.Set-Cookie" }, ["respond.challenge.to"]],
    ["headers.location", ["respond.challenge"]],
    [{ from: "query.a", to: "headers.content-type" }, ["respond.challenge.to"]],
    // nginx and Apache would answer with a file of theirs.
    [{ from: "query.a", to: "headers.X-Accel-Redirect" }, ["respond.challenge.to"]],
    [{ from: "query.a", to: "headers.x-sendfile" }, ["respond.challenge.to"]],
    [{ from: "query.a", to: "headers.alt-svc" }, ["respond.challenge.to"]],
    [{ from: "query.a", to: "headers.webhook-allowed-origin" }, []],
    ["headers.x-hook-secret", []],
    [{ from: "query.a", when: { b: "c" } }, ["respond.challenge.when.b"]],
    [{ from: "query.a", token: "t" }, ["respond.challenge.token"]],
    [{ from: "query.a", tokenFrom: "query.t" }, ["respond.challenge.token_from"]],
    [{ from: "query.a", token: " ", tokenFrom: "query.t" }, ["respond.challenge.token"]],
    [{ from: "query.a", signed: true }, ["respond.challenge.signed"]],
  ])("%j is checked", (challenge, paths) => {
    const issues =
      http.check?.({ path: "/hook", methods: ["POST"], respond: { challenge } }, surroundings) ?? [];
    expect(issues.map(({ path }) => path.join("."))).toEqual(paths);
  });

  it("claims GET of its path", () => {
    const claims = (from: string) =>
      http.claims?.({ path: "/hook", methods: ["POST"], respond: { challenge: from } });
    expect(claims("query.a")).toEqual(["route:POST /hook", "route:GET /hook"]);
    expect(claims("data.a")).toEqual(["route:POST /hook"]);
  });
});

describe("HEAD", () => {
  it.each<HttpOptions["methods"]>([["POST"], ["GET", "POST"]])(
    "says that somebody is there: %j",
    async (...methods) => {
      const hook = await serve({
        methods: methods as HttpOptions["methods"],
        verify: { scheme: "bearer", secret },
      });
      const answer = await hook.send({ method: "HEAD" });
      expect([answer.status, answer.text, answer.headers["content-type"]]).toEqual([
        200,
        "",
        "application/json",
      ]);
      expect((await hook.send({ method: "HEAD", path: "/other" })).status).toBe(404);
      expect(hook.arrivals).toEqual([]);
    },
  );
});

describe("the answer to an event", () => {
  it("is what the sender of the preset wants, unless the config says something else", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const { createHmac } = await import("node:crypto");
    const signature = createHmac("sha1", secret).update("https://me.test/hookBodyhi").digest("base64");
    const request = { headers: { ...form, "x-twilio-signature": signature }, body: "Body=hi" };
    const ask = async (respond?: HttpOptions["respond"]) => {
      const hook = await serve(
        { verify: { scheme: "twilio", secret }, ...(respond === undefined ? {} : { respond }) },
        { publicUrl: "https://me.test" },
      );
      const { status, text, headers } = await hook.send(request);
      return [status, text, headers["content-type"]];
    };
    const xml = "text/xml; charset=utf-8";
    expect(await ask()).toEqual([200, '<?xml version="1.0" encoding="UTF-8"?><Response/>', xml]);
    expect(await ask({ body: "<Response><Message>hi</Message></Response>" })).toEqual([
      200,
      "<Response><Message>hi</Message></Response>",
      xml,
    ]);
    expect(await ask({ body: "thanks" })).toEqual([200, "thanks", "text/plain; charset=utf-8"]);
    expect(await ask({ status: 204 })).toEqual([204, "", undefined]);
    expect(await ask({ body: "<a/>", contentType: "application/xml" })).toEqual([
      200,
      "<a/>",
      "application/xml; charset=utf-8",
    ]);
  });

  it("twilio: a shared key signs with the hash that its header names, and with no other", async () => {
    const { createHmac } = await import("node:crypto");
    const hook = await serve({ verify: { scheme: "twilio", secret } }, { publicUrl: "https://me.test" });
    const send = (hash: string, settings: string, n: number) => {
      const signed = `https://me.test/hookn${n}`;
      return hook.send({
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "x-twilio-signature": createHmac(hash, secret).update(signed).digest("base64"),
          "x-twilio-webhooks-signature-settings": settings,
        },
        body: `n=${n}`,
      });
    };
    expect((await send("sha256", "key=WK1,algorithm=HMAC_SHA256", 1)).status).toBe(200);
    expect((await send("sha1", "key=WK1,algorithm=HMAC_SHA1", 2)).status).toBe(200);
    expect((await send("sha1", "key=WK1,algorithm=HMAC_SHA256", 3)).status).toBe(401);
    expect((await send("sha256", "key=WK1,algorithm=NONE", 4)).status).toBe(401);
    expect((await send("sha256", "key=WK1,algorithm=constructor", 5)).status).toBe(401);
  });

  it("takes bodies as large as the sender of the preset documents", async () => {
    const body = JSON.stringify({ pad: "x".repeat(2 * 1024 * 1024) });
    const send = async (options: Partial<HttpOptions>, scheme: "github" | "gitea") => {
      const hook = await serve({ verify: { scheme, secret }, ...options });
      return (await hook.send({ headers: { ...json, ...signers[scheme]?.(secret, body) }, body })).status;
    };
    expect(await send({}, "github")).toBe(202);
    expect(await send({ maxBodyBytes: 1024 }, "github")).toBe(413);
    expect(await send({}, "gitea")).toBe(413);
    const bare = await serve({});
    expect((await bare.send({ headers: json, body })).status).toBe(413);
  });
});
