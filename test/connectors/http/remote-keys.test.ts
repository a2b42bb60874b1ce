// Keys that are fetched: from the sender's own hosts only, kept, asked for once, and never often; and what is answered when they cannot be
// had.

import { describe, expect, it } from "vitest";
import { isPublicAddress } from "../../../src/addresses.ts";
import { http } from "../../../src/connectors/http/index.ts";
import type { HttpOptions } from "../../../src/connectors/http/options.ts";
import type { VerifyOptions } from "../../../src/connectors/http/verify/generic.ts";
import { surroundings } from "../../support/host.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { certificateOf, createPublished } from "./published.ts";
import { serve } from "./serving.ts";
import {
  documents,
  googleAccount,
  googleKeys,
  googleToken,
  jwt,
  keySet,
  now,
  pairs,
  publicUrl,
  remoteSenders,
  snsBody,
  topic,
} from "./signing.ts";

const pubsub: VerifyOptions = {
  ...{ scheme: "google_pubsub", audience: "https://me.test/hook" },
  claims: { email: googleAccount },
};
const sns: VerifyOptions = { scheme: "sns", audience: topic };

async function open(verify: VerifyOptions, published = createPublished(documents())) {
  const clock = manualClock(now);
  const hook = await serve({ verify }, { clock, publicUrl, http: published.http });
  const send = async (headers: Record<string, string>, body: string) =>
    (await hook.send({ headers: { "content-type": "application/json", ...headers }, body })).status;
  return {
    ...{ hook, clock, published, send },
    token: (token: string) => send({ authorization: `Bearer ${token}` }, '{"message":{}}'),
    notify: (fields: Record<string, string> = {}) =>
      send({}, snsBody({ MessageId: "m", Timestamp: new Date(clock.now()).toISOString(), ...fields })),
  };
}

it.each(remoteSenders)("$name: is verified with one fetch, from its own host", async (sender) => {
  const { published, send } = await open(sender.verify);
  for (const n of [1, 2]) {
    const body = sender.body(n, now);
    const headers = { "content-type": sender.contentType, ...sender.headers(body, now, `id-${n}`) };
    expect(await send(headers, body)).toBeLessThan(300);
    const other = sender.name === "sns" ? body.replace(`d${n}`, "x") : sender.body(9, now);
    expect(await send(headers, other)).toBe(sender.sendsSecret ? 202 : 401);
  }
  expect(published.asked).toHaveLength(1);
  expect(published.asked[0]).toMatchObject({ redirects: false, publicOnly: true });
  const reached =
    http.reaches?.({ path: "/hook", methods: ["POST"], verify: sender.verify }, surroundings) ?? [];
  const hosts = reached.flatMap((one) => (one.to === "host" ? [new URL(one.url).host] : []));
  expect(hosts).toContain(new URL(published.asked[0]?.url ?? "").host);
});

describe("a set of keys", () => {
  it("is asked for again for a key that it lacks, once a minute, and after an hour", async () => {
    const published = createPublished(documents());
    const { clock, token } = await open(pubsub, published);
    const count = () => published.asked.length;
    expect([await token(googleToken()), count()]).toEqual([202, 1]);
    for (let n = 0; n < 20; n++) expect(await token(googleToken({}, `k-${n}`))).toBe(401);
    expect(count()).toBe(1);
    clock.set(now + 60_001);
    published.documents[googleKeys] = keySet("k2", pairs.rsa.publicKey);
    expect([await token(googleToken({}, "k2")), count()]).toEqual([202, 2]);
    // The key that was withdrawn counts no more.
    expect([await token(googleToken()), count()]).toEqual([401, 2]);
    clock.set(now + 60_001 + 3_600_001);
    expect([await token(googleToken({}, "k2")), count()]).toEqual([202, 3]);
  });

  it("that cannot be had is 503, not 401, and not asked for at each request; an old one goes on for a day", async () => {
    const published = createPublished({ ...documents(), [googleKeys]: new Error("down") });
    const { clock, token } = await open(pubsub, published);
    expect([await token(googleToken()), await token(googleToken())]).toEqual([503, 503]);
    expect(published.asked).toHaveLength(1);
    published.documents[googleKeys] = keySet("k1", pairs.rsa.publicKey);
    clock.set(now + 5_001);
    expect(await token(googleToken())).toBe(202);
    published.documents[googleKeys] = new Error("down again");
    clock.set(now + 2 * 3_600_000);
    expect(await token(googleToken())).toBe(202);
    clock.set(now + 26 * 3_600_000);
    expect(await token(googleToken({ exp: now / 1_000 + 200_000 }))).toBe(503);
  });

  it("is asked for once, however many wait for it", async () => {
    const { published, token } = await open(pubsub);
    expect(await Promise.all(Array.from({ length: 10 }, () => token(googleToken())))).toEqual(
      Array(10).fill(202),
    );
    expect(published.asked).toHaveLength(1);
  });

  it("is not asked for a request that cannot count", async () => {
    const { published, send, token } = await open(pubsub);
    expect(await send({}, "{}")).toBe(401);
    expect(await token("a.b.c")).toBe(401);
    expect(await token(jwt({ exp: now }, "a secret", "HS256"))).toBe(401);
    expect(published.asked).toEqual([]);
  });

  it("never makes a shared secret, a key of another kind or a wrong audience pass", async () => {
    const set = JSON.stringify({
      keys: [
        { kty: "oct", k: "c2VjcmV0", kid: "k1" },
        { ...pairs.p256.publicKey.export({ format: "jwk" }), kid: "k1" },
        { ...pairs.rsa.publicKey.export({ format: "jwk" }), kid: "k1", use: "enc" },
        "nonsense",
      ],
    });
    const { token } = await open(pubsub, createPublished({ [googleKeys]: set }));
    expect(await token(googleToken())).toBe(401);
    expect(await token(jwt({ exp: now }, "secret", "HS256", { kid: "k1" }))).toBe(401);
    const good = await open(pubsub);
    expect(await good.token(googleToken({ aud: "https://other.test" }))).toBe(401);
    expect(await good.token(googleToken({ iss: "https://evil.test" }))).toBe(401);
    // Anybody's account gets a token for any audience.
    expect(await good.token(googleToken({ email: "push@evil.iam.gserviceaccount.com" }))).toBe(401);
    expect(await good.token(googleToken({ email: [googleAccount] }))).toBe(401);
    expect(await good.token(googleToken({ email_verified: false }))).toBe(401);
    const nobody: VerifyOptions = { scheme: "google_pubsub", audience: "https://me.test/hook" };
    for (const claims of [undefined, {}, { sub: "1" }, { email: " " }]) {
      const verify = { ...nobody, ...(claims === undefined ? {} : { claims }) } as VerifyOptions;
      expect(http.check?.({ path: "/hook", methods: ["POST"], verify }, surroundings)).toHaveLength(1);
    }
    expect(await good.token(googleToken({ exp: now / 1_000 - 61 }))).toBe(401);
  });

  it("of a config is asked where the config says, in any network", async () => {
    const jwks = "https://keys.example/set";
    const published = createPublished({ [jwks]: keySet("k1", pairs.rsa.publicKey) });
    const { token } = await open({ scheme: "jwt", jwks, audience: "https://me.test/hook" }, published);
    expect(await token(googleToken())).toBe(202);
    expect(published.asked[0]).toMatchObject({ url: jwks, publicOnly: false, redirects: false });
    const check = (verify: VerifyOptions) =>
      http.check?.({ path: "/hook", methods: ["POST"], verify }, surroundings);
    const issues = (url: string) => check({ scheme: "jwt", jwks: url, audience: "me" });
    expect(issues(jwks)).toEqual([]);
    // Its tokens for others would count here.
    expect(check({ scheme: "jwt", jwks, issuer: "https://keys.example" })).toHaveLength(1);
    expect(check({ scheme: "jwt", jwks, claims: { sub: "a" } })).toEqual([]);
    for (const url of ["http://keys.example/set", "ftp://a/b", "keys", "https://u:p@keys.example/"])
      expect(issues(url)).toHaveLength(1);
  });
});

describe("a certificate whose address the request names", () => {
  it("is on a host of a region, and nothing else of the config becomes a part of it", () => {
    const check = (region: string) => {
      const verify: VerifyOptions = { scheme: "sns", audience: `arn:aws:sns:${region}:123456789012:a` };
      const options: HttpOptions = { path: "/hook", methods: ["POST"], verify };
      return [http.check?.(options, surroundings)?.length, http.reaches?.(options, surroundings)?.length];
    };
    for (const region of [
      "eu-west-1",
      "us-gov-east-1",
      "cn-north-1",
      "ap-southeast-4",
      "us-isob-east-1",
      "eusc-central-1",
    ])
      expect([region, ...check(region)]).toEqual([region, 0, 1]);
    for (const region of [
      "a-secret-1",
      "ghp-0123456789abcdef",
      "s3cret",
      "eu-west-1-x",
      "eu-west-12",
      "token",
    ])
      expect([region, ...check(region)]).toEqual([region, 1, 0]);
  });

  it.each([
    "https://evil.example/SimpleNotificationService-0123456789abcdef.pem",
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
    "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-01.pem",
    "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-01.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-01.pem",
    "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem",
    "https://sns.eu-west-1.amazonaws.com/x/../SimpleNotificationService-01.pem",
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem?x=1",
    "https://sns.eu-west-1.amazonaws.com/other.pem",
    "https://SNS.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem",
    "https://169.254.169.254/SimpleNotificationService-01.pem",
    "file:///etc/passwd",
    "",
  ])("is not asked at %s", async (url) => {
    const { published, notify } = await open(sns);
    expect(await notify({ SigningCertURL: url })).toBe(401);
    expect(published.asked).toEqual([]);
  });

  describe("in a flood of strangers that name new ones", () => {
    const name = (n: number) => `https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-${n}.pem`;
    const rotated = name(1_000_000);
    const openFlooded = async () => {
      const published = createPublished({
        ...documents(),
        [rotated]: certificateOf(pairs.rsa.publicKey),
      });
      const opened = await open(sns, published);
      let flooded = 0;
      const flood = async (count: number) => {
        for (const end = flooded + count; flooded < end; flooded++)
          expect(await opened.notify({ SigningCertURL: name(flooded) })).toBe(503);
      };
      return { ...opened, flood, asked: () => published.asked.length };
    };

    it("is asked few times a minute, and a known one goes on", async () => {
      const { notify, clock, flood, asked } = await openFlooded();
      expect(await notify()).toBe(200);
      await flood(30);
      expect(asked()).toBe(3);
      expect(await notify({ MessageId: "n" })).toBe(200);
      clock.set(now + 60_001);
      await flood(30);
      expect(asked()).toBe(6);
    });

    it("is fetched again if it was good, at any time of the flood", async () => {
      const { notify, clock, flood, asked } = await openFlooded();
      expect(await notify()).toBe(200);
      for (let hours = 1; hours <= 30; hours++) {
        clock.set(now + hours * 3_600_001);
        const before = asked();
        await flood(30);
        expect(await notify({ MessageId: `n${hours}` })).toBe(200);
        expect(asked()).toBe(before + 4);
      }
    });

    it("is not forgotten for theirs, even if those are keys too", async () => {
      const published = createPublished(documents());
      const { notify, clock } = await open(sns, published);
      expect(await notify()).toBe(200);
      for (let n = 0; n < 40; n++) {
        published.documents[name(n)] = certificateOf(pairs.p256.publicKey);
        clock.set(now + n * 60_001);
        expect(await notify({ SigningCertURL: name(n), MessageId: `${n}` })).toBe(401);
      }
      for (const url of Object.keys(published.documents)) published.documents[url] = new Error("down");
      clock.set(now + 3_000_000);
      expect(await notify({ MessageId: "n" })).toBe(200);
    });

    it("is fetched when its sender tries again, if it is new", async () => {
      const { notify, clock, flood } = await openFlooded();
      await flood(30);
      expect(await notify({ SigningCertURL: rotated })).toBe(503);
      clock.set(now + 5_001);
      await flood(30);
      expect(await notify({ SigningCertURL: rotated })).toBe(200);
    });

    it("that has no key is not asked for again", async () => {
      const { notify, clock, asked } = await openFlooded();
      for (let n = 0; n < 9; n++) {
        clock.set(now + n * 60_001);
        expect(await notify({ SigningCertURL: name(1) })).toBe(503);
      }
      expect(asked()).toBe(1);
      clock.set(now + 600_001);
      await notify({ SigningCertURL: name(1) });
      expect(asked()).toBe(2);
    });
  });

  it("must be valid now", async () => {
    const expired = Object.fromEntries(
      Object.keys(documents()).map((url) => [
        url,
        certificateOf(pairs.rsa.publicKey, "200101000000Z", "210101000000Z"),
      ]),
    );
    const { notify } = await open(sns, createPublished(expired));
    expect(await notify()).toBe(503);
  });
});

/** As SNS writes it. */
function subscribeUrl(changes: Record<string, string> = {}): string {
  const query = { Action: "ConfirmSubscription", TopicArn: topic, Token: "t", ...changes };
  return `https://sns.eu-west-1.amazonaws.com/?${Object.entries(query)
    .map(([name, value]) => `${name}=${value}`)
    .join("&")}`;
}

describe("the subscription to a topic of SNS", () => {
  const confirmation = { Type: "SubscriptionConfirmation", Token: "t", SubscribeURL: subscribeUrl() };
  const called = `https://sns.eu-west-1.amazonaws.com/?${new URLSearchParams({ Action: "ConfirmSubscription", TopicArn: topic, Token: "t" })}`;
  const confirmable = (answer: string | Error = "<ok/>") =>
    createPublished({ ...documents(), [called]: answer });

  it("is confirmed once, with the host that signed it, and is no event", async () => {
    const { notify, hook, published } = await open(sns, confirmable());
    expect(await notify(confirmation)).toBe(200);
    expect(await notify({ ...confirmation, MessageId: "again" })).toBe(200);
    const calls = published.asked.filter(({ url }) => url.includes("Action"));
    expect(calls).toMatchObject([{ url: called, redirects: false, publicOnly: true }]);
    expect(calls[0]?.method ?? "GET").toBe("GET");
    expect(hook.arrivals).toEqual([]);
    expect(hook.log).toEqual([`source hook: confirmed the subscription to ${topic}`, expect.any(String)]);
  });

  it("that the host refuses is 503, said in the log, and tried again", async () => {
    const published = confirmable(new Error("down"));
    const { notify, hook } = await open(sns, published);
    expect(await notify(confirmation)).toBe(503);
    expect(hook.log).toEqual([expect.stringContaining("could not be confirmed (down)")]);
    published.documents[called] = "<ok/>";
    expect(await notify(confirmation)).toBe(200);
  });

  it("is not confirmed without the signature", async () => {
    const { send, published } = await open(sns, confirmable());
    const body = snsBody({ MessageId: "m", Timestamp: new Date(now).toISOString(), ...confirmation });
    expect(await send({}, body.replace('"t"', '"u"'))).toBe(401);
    expect(published.asked.filter(({ url }) => url.includes("Action"))).toEqual([]);
  });

  it.each([
    subscribeUrl({ Action: "DeleteTopic" }),
    subscribeUrl({ TopicArn: "arn:aws:sns:eu-west-1:999999999999:alarms" }),
    subscribeUrl({ Token: "other" }),
    subscribeUrl({ AuthenticateOnUnsubscribe: "true" }),
    `${subscribeUrl()}&Action=DeleteTopic`,
    subscribeUrl().replace("eu-west-1", "us-east-1"),
    subscribeUrl().replace("sns.eu-west-1.amazonaws.com", "evil.example"),
    subscribeUrl().replace("sns.eu-west-1.amazonaws.com", "sns.eu-west-1.amazonaws.com.evil.example"),
    subscribeUrl().replace("https://", "https://me@"),
    subscribeUrl().replace("https:", "http:"),
    subscribeUrl().replace(".com/", ".com:8443/"),
    subscribeUrl().replace("/?", "/admin?"),
    `${subscribeUrl()}#x`,
    "",
  ])("is not confirmed at %s", async (url) => {
    const { notify, hook, published } = await open(sns, confirmable());
    expect(await notify({ ...confirmation, SubscribeURL: url })).toBe(503);
    expect(published.asked.filter((asked) => asked.url.includes("Action"))).toEqual([]);
    expect(hook.arrivals).toEqual([]);
  });

  it("causes ten calls a minute at most", async () => {
    const { notify, published } = await open(sns, confirmable());
    for (let n = 0; n < 20; n++) {
      const one = { Token: `t${n}`, SubscribeURL: subscribeUrl({ Token: `t${n}` }) };
      expect(await notify({ ...confirmation, ...one })).toBe(503);
    }
    expect(published.asked.filter(({ url }) => url.includes("Action"))).toHaveLength(10);
  });

  it("is a part of what the user consents to", () => {
    const options: HttpOptions = { path: "/hook", methods: ["POST"], verify: sns };
    expect(http.reaches?.(options, surroundings)).toEqual([
      { to: "host", url: "https://sns.eu-west-1.amazonaws.com", method: "ConfirmSubscription at" },
    ]);
  });
});

describe("sns", () => {
  it("counts only for the topic of the config, fresh, and in its three types and both versions", async () => {
    const { notify, hook } = await open(sns);
    expect(await notify({ SignatureVersion: "1", MessageId: "1", Subject: "s" })).toBe(200);
    const unsubscribed = { Type: "UnsubscribeConfirmation", Token: "t", SubscribeURL: subscribeUrl() };
    expect(await notify({ ...unsubscribed, MessageId: "2" })).toBe(200);
    expect(hook.arrivals.map(({ deliveryId }) => deliveryId)).toEqual(["1", "2"]);
    expect(await notify({ TopicArn: "arn:aws:sns:eu-west-1:999999999999:alarms" })).toBe(401);
    expect(await notify({ Type: "Other" })).toBe(401);
    expect(await notify({ SignatureVersion: "3" })).toBe(401);
    expect(await notify({ Timestamp: new Date(now - 3_600_001).toISOString() })).toBe(401);
  });

  it("needs the ARN of a topic", () => {
    const issues = (audience?: string) =>
      http
        .check?.(
          {
            path: "/hook",
            methods: ["POST"],
            verify: { scheme: "sns", ...(audience === undefined ? {} : { audience }) },
          },
          surroundings,
        )
        .map(({ message }) => message);
    expect(issues()).toEqual(["scheme sns needs audience"]);
    expect(issues("alarms")).toEqual(["is not the ARN of a topic"]);
    expect(issues(topic)).toEqual([]);
  });
});

it("addresses of this machine and of private networks are not public", () => {
  const own = [
    "127.0.0.1",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
  ];
  for (const address of [...own, "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "::", "nonsense"])
    expect([address, isPublicAddress(address)]).toEqual([address, false]);
  for (const address of [
    "::ffff:7f00:1",
    "0:0:0:0:0:ffff:a00:1",
    "::127.0.0.1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "fec0::1",
  ])
    expect([address, isPublicAddress(address)]).toEqual([address, false]);
  for (const address of ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])
    expect([address, isPublicAddress(address)]).toEqual([address, true]);
});
