// The senders that docs/senders.md describes with the generic scheme: the options on that page accept what each sender's
// documentation says it sends, with either of two secrets, and nothing else.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { http } from "../../../src/connectors/http/index.ts";
import type { VerifyOptions } from "../../../src/connectors/http/verify/generic.ts";
import { createVerifier } from "../../../src/connectors/http/verify/scheme.ts";
import { surroundings } from "../../support/host.ts";
import { hmac, now, other, publicUrl, seconds, secret } from "./signing.ts";

const page = readFileSync(new URL("../../../docs/senders.md", import.meta.url), "utf8");
const described = new Map(
  [...page.matchAll(/^\| ([^|`]+) \| `(\{[^`]+\})` \|$/gm)].map(([, name = "", options = ""]) => [
    name,
    parse(options) as Readonly<Record<string, never>>,
  ]),
);

const body = '{"a":"é"}';
const target = "/hook?x=1";
const key = (text: string) => Buffer.from(text, "base64");
const time = new Date(now).toISOString().replace(".000", "");
const canonical = (at: string) =>
  `POST\n/hook\nx-contentful-signed-headers:x-contentful-signed-headers,x-contentful-timestamp;x-contentful-timestamp:${at}\n${body}`;

type Headers = Record<string, string>;
const senders: Readonly<Record<string, (by: string) => Headers>> = {
  Airtable: (by) => ({ "x-airtable-content-mac": `hmac-sha256=${hmac("sha256", key(by), body)}` }),
  Box: (by) => ({
    "box-signature-primary": hmac("sha256", by, body + time, "base64"),
    "box-delivery-timestamp": time,
  }),
  "Cal.com": (by) => ({ "x-cal-signature-256": hmac("sha256", by, body) }),
  Contentful: (by) => ({
    "x-contentful-signature": hmac("sha256", by, canonical(String(now))),
    "x-contentful-signed-headers": "x-contentful-signed-headers,x-contentful-timestamp",
    "x-contentful-timestamp": String(now),
  }),
  DocuSign: (by) => ({ "x-docusign-signature-1": hmac("sha256", by, body, "base64") }),
  Grafana: (by) => ({
    "x-grafana-alerting-signature": hmac("sha256", by, `${seconds}:${body}`),
    "x-grafana-alerting-timestamp": seconds,
  }),
  HubSpot: (by) => ({
    "x-hubspot-signature-v3": hmac("sha256", by, `POST${publicUrl}${target}${body}${now}`, "base64"),
    "x-hubspot-request-timestamp": String(now),
  }),
  LINE: (by) => ({ "x-line-signature": hmac("sha256", by, body, "base64") }),
  "Microsoft Teams": (by) => ({ authorization: `HMAC ${hmac("sha256", key(by), body, "base64")}` }),
  Notion: (by) => ({ "x-notion-signature": `sha256=${hmac("sha256", by, body)}` }),
  Nylas: (by) => ({ "x-nylas-signature": hmac("sha256", by, body) }),
  Razorpay: (by) => ({ "x-razorpay-signature": hmac("sha256", by, body) }),
  Square: (by) => ({
    "x-square-hmacsha256-signature": hmac("sha256", by, `${publicUrl}${target}${body}`, "base64"),
  }),
  Webex: (by) => ({ "x-spark-signature": hmac("sha1", by, body) }),
  WooCommerce: (by) => ({ "x-wc-webhook-signature": hmac("sha256", by, body, "base64") }),
  Zendesk: (by) => ({
    "x-zendesk-webhook-signature": hmac("sha256", by, time + body, "base64"),
    "x-zendesk-webhook-signature-timestamp": time,
  }),
};

test("the page and this file describe the same senders", () => {
  expect([...described.keys()]).toEqual(Object.keys(senders));
});

test.each(Object.entries(senders))("%s", (name, sign) => {
  const { secret_encoding: secretEncoding, ...rest } = described.get(name) ?? {};
  const options: VerifyOptions = {
    scheme: "hmac",
    ...rest,
    ...(secretEncoding === undefined ? {} : { secretEncoding }),
    secret: [other, secret],
  };
  const source = { path: "/hook", methods: ["POST"] as ["POST"], verify: options };
  expect(http.check?.(source, { ...surroundings, publicUrl })).toEqual([]);

  const accepts = (headers: Headers, changed: object = {}, atMs = now) => {
    const inbound = { method: "POST", target, headers, body: Buffer.from(body), ...changed };
    return createVerifier(options, { now: () => atMs }, publicUrl)?.check(inbound) !== undefined;
  };
  expect([accepts(sign(secret)), accepts(sign(other))]).toEqual([true, true]);
  expect(accepts(sign("BBBB9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))).toBe(false);
  expect(accepts(sign(secret), { body: Buffer.from('{"a":"e"}') })).toBe(false);
  expect(accepts({})).toBe(false);
  const [header = "", text = ""] = Object.entries(sign(secret))[0] ?? [];
  // Base64 without padding is the same signature; two joined headers are none.
  expect(accepts({ ...sign(secret), [header]: text.replace(/=+$/, "") })).toBe(true);
  expect(accepts({ ...sign(secret), [header]: `${text}, ${text}` })).toBe(false);
  if (options.timestamp === undefined) return;
  expect(accepts(sign(secret), {}, now + 299_000)).toBe(true);
  expect([accepts(sign(secret), {}, now + 301_000), accepts(sign(secret), {}, now - 301_000)]).toEqual([
    false,
    false,
  ]);
});
