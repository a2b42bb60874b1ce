// The senders of all schemes: what each puts into the headers of a request that proves it.

import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signWith,
} from "node:crypto";
import { crc32 } from "node:zlib";
import type { VerifyOptions } from "../../../src/connectors/http/verify/generic.ts";
import type { PresetName } from "../../../src/connectors/http/verify/preset-names.ts";

export const hmac = (
  algorithm: string,
  key: string | Buffer,
  text: string,
  encoding: "hex" | "base64" = "hex",
) => createHmac(algorithm, key).update(text).digest(encoding);

export const now = 1_700_000_000_000;
export const seconds = "1700000000";
export const secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
export const other = "AAAA9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

export const publicUrl = "https://me.test";

import { certificateOf } from "./published.ts";

type Headers = Record<string, string>;
/** `at` in seconds; `id` where one is signed. */
type Signer = (secret: string, body: string, at?: string, id?: string) => Headers;

function standard(family: string, before: string): Signer {
  return (key, body, at = seconds, id = "m1") => ({
    [`${family}-id`]: id,
    [`${family}-timestamp`]: at,
    [`${family}-signature`]: `${before}v1,${hmac("sha256", Buffer.from(key, "base64"), `${id}.${at}.${body}`, "base64")}`,
  });
}

/** For each preset that signs with HMAC: the headers of a good request. */
export const signers: Partial<Record<PresetName, Signer>> = {
  asana: (key, body) => ({ "x-hook-signature": hmac("sha256", key, body) }),
  bitbucket: (key, body) => ({ "x-hub-signature": `sha256=${hmac("sha256", key, body)}` }),
  buildkite: (key, body, at = seconds) => ({
    "x-buildkite-signature": `timestamp=${at},signature=${hmac("sha256", key, `${at}.${body}`)}`,
  }),
  calendly: (key, body, at = seconds) => ({
    "calendly-webhook-signature": `t=${at},v1=${hmac("sha256", key, `${at}.${body}`)}`,
  }),
  circleci: (key, body) => ({ "circleci-signature": `v1=${hmac("sha256", key, body)}` }),
  dropbox: (key, body) => ({ "x-dropbox-signature": hmac("sha256", key, body) }),
  gitea: (key, body) => ({ "x-gitea-signature": hmac("sha256", key, body) }),
  github: (key, body) => ({ "x-hub-signature-256": `sha256=${hmac("sha256", key, body)}` }),
  intercom: (key, body) => ({ "x-hub-signature": `sha1=${hmac("sha1", key, body)}` }),
  jira: (key, body) => ({ "x-hub-signature": `sha256=${hmac("sha256", key, body)}` }),
  linear: (key, body) => ({ "linear-signature": hmac("sha256", key, body) }),
  linkedin: (key, body) => ({ "x-li-signature": hmac("sha256", key, `hmacsha256=${body}`) }),
  meta: (key, body) => ({ "x-hub-signature-256": `sha256=${hmac("sha256", key, body)}` }),
  paddle: (key, body, at = seconds) => ({
    "paddle-signature": `ts=${at};h1=${hmac("sha256", key, `${at}:${body}`)}`,
  }),
  pagerduty: (key, body) => ({
    "x-pagerduty-signature": `v1=${"0".repeat(64)},v1=${hmac("sha256", key, body)}`,
  }),
  sentry: (key, body) => ({ "sentry-hook-signature": hmac("sha256", key, body) }),
  shopify: (key, body) => ({ "x-shopify-hmac-sha256": hmac("sha256", key, body, "base64") }),
  slack: (key, body, at = seconds) => ({
    "x-slack-signature": `v0=${hmac("sha256", key, `v0:${at}:${body}`)}`,
    "x-slack-request-timestamp": at,
  }),
  standard_webhooks: standard("webhook", ""),
  stripe: (key, body, at = seconds) => ({
    "stripe-signature": `t=${at},v1=${hmac("sha256", key, `${at}.${body}`)},v0=${"0".repeat(64)}`,
  }),
  svix: standard("svix", "v2,x "),
  trello: (key, body) => ({
    "x-trello-webhook": hmac("sha1", key, `${body}${publicUrl}/hook`, "base64"),
  }),
  twitch: (key, body, at = seconds, id = "m1") => {
    const time = new Date(Number(at) * 1_000).toISOString();
    return {
      "twitch-eventsub-message-id": id,
      "twitch-eventsub-message-timestamp": time,
      "twitch-eventsub-message-signature": `sha256=${hmac("sha256", key, `${id}${time}${body}`)}`,
    };
  },
  twitter: (key, body) => ({
    "x-twitter-webhooks-signature": `sha256=${hmac("sha256", key, body, "base64")}`,
  }),
  typeform: (key, body) => ({ "typeform-signature": `sha256=${hmac("sha256", key, body, "base64")}` }),
  vercel: (key, body) => ({ "x-vercel-signature": hmac("sha1", key, body) }),
  whatsapp: (key, body) => ({ "x-hub-signature-256": `sha256=${hmac("sha256", key, body)}` }),
  xero: (key, body) => ({ "x-xero-signature": hmac("sha256", key, body, "base64") }),
  zoom: (key, body, at = seconds) => ({
    "x-zm-signature": `v0=${hmac("sha256", key, `v0:${at}:${body}`)}`,
    "x-zm-request-timestamp": at,
  }),
};

const discordKey = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${"07".repeat(32)}`, "hex"),
  format: "der",
  type: "pkcs8",
});
export const discordPublicKey = Buffer.from(
  createPublicKey(discordKey).export({ format: "jwk" }).x ?? "",
  "base64url",
).toString("hex");

/** One way to prove oneself. */
export interface Sender {
  readonly name: string;
  readonly verify: VerifyOptions;
  /** Is the secret itself sent? Then there is no signature to remember. */
  readonly sendsSecret: boolean;
  /** Is the time of sending signed? */
  readonly isTimed: boolean;
  readonly contentType: string;
  /** A body whose fields are these, as this sender writes it; `n` tells deliveries apart, `atMs` is when it is sent. */
  body(n: number, atMs: number): string;
  headers(body: string, atMs: number, id: string): Headers;
}

const jsonBody = (n: number, atMs: number) =>
  JSON.stringify({
    ...{ id: `d${n}`, event_id: `d${n}`, update_id: n, event: { id: `d${n}` } },
    ...{ type: 2, n, webhookTimestamp: atMs },
  });
/** Without an id, and without the time of sending. */
const plainBody = (n: number) => JSON.stringify({ n });
const inSeconds = (atMs: number) => String(Math.floor(atMs / 1_000));
const timedPresets: readonly string[] = [
  ...["buildkite", "calendly", "discord", "gitlab", "linear", "paddle", "slack"],
  ...["standard_webhooks", "stripe", "svix", "twitch", "zoom"],
];

function presetSender(scheme: PresetName, sign: Signer): Sender {
  return {
    name: scheme,
    verify: { scheme, secret },
    sendsSecret: false,
    isTimed: timedPresets.includes(scheme),
    contentType: "application/json",
    body: scheme === "linear" || withBodyId.includes(scheme) ? jsonBody : plainBody,
    headers: (body, atMs, id) => sign(secret, body, inSeconds(atMs), id),
  };
}

const withBodyId: readonly string[] = [
  ...["circleci", "intercom", "paddle", "pagerduty", "slack", "stripe", "typeform", "vercel"],
];

function genericSender(name: string, verify: Partial<VerifyOptions>, sign: Sender["headers"]): Sender {
  return {
    name,
    verify: { scheme: "hmac", secret, header: "x-sig", ...verify },
    sendsSecret: false,
    isTimed: verify.signed?.includes("{timestamp}") === true,
    contentType: "application/json",
    body: plainBody,
    headers: sign,
  };
}

function tokenSender(name: string, verify: VerifyOptions, headers: (id: string) => Headers): Sender {
  return {
    name,
    verify,
    sendsSecret: true,
    isTimed: false,
    contentType: "application/json",
    body: name === "telegram" ? jsonBody : plainBody,
    headers: (_body, _atMs, id) => headers(id),
  };
}

/** Key pairs of this run, as a sender would show its public half. */
export const pairs = {
  ed25519: generateKeyPairSync("ed25519"),
  p256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
};
export const spki = (key: KeyObject) => key.export({ format: "der", type: "spki" }).toString("base64");
export const pem = (key: KeyObject) => key.export({ format: "pem", type: "spki" }).toString();
export const jwkOf = (key: KeyObject) => JSON.stringify(key.export({ format: "jwk" }));
export const rawEd25519 = (key: KeyObject) =>
  Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url").toString("base64");
export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

type Json = Readonly<Record<string, unknown>>;
const encoded = (value: Json) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token with this algorithm in its header, signed with this key or secret in whichever way fits that. */
export function jwt(claims: Json, key: string | KeyObject, alg: string, header: Json = {}): string {
  const input = `${encoded({ alg, typ: "JWT", ...header })}.${encoded(claims)}`;
  if (typeof key === "string")
    return `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
  const hash = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  const signature = signWith(hash, Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

/** A sender that is known by its public key, or by a token, or signs with whatever is not an HMAC over text of its head and body. */
function otherSender(
  scheme: PresetName,
  verify: Partial<VerifyOptions>,
  headers: Sender["headers"],
  more: Partial<Sender> = {},
): Sender {
  return { ...presetSender(scheme, () => ({})), verify: { scheme, ...verify }, headers, ...more };
}

const adyenBody = (n: number): string => {
  const item = {
    pspReference: `P${n}`,
    merchantAccountCode: "M",
    merchantReference: "a\\:b",
    amount: { value: 1130, currency: "EUR" },
    eventCode: "AUTHORISATION",
    success: "true",
  };
  const signed = `P${n}::M:a\\:b:1130:EUR:AUTHORISATION:true`;
  const hmacSignature = hmac("sha256", Buffer.from(adyenKey, "hex"), signed, "base64");
  return JSON.stringify({
    live: "false",
    notificationItems: [{ NotificationRequestItem: { ...item, additionalData: { hmacSignature } } }],
  });
};
export const adyenKey = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";

const mailgunBody = (n: number, atMs: number): string => {
  const token = `token${n}`;
  const timestamp = inSeconds(atMs);
  const signature = { timestamp, token, signature: hmac("sha256", secret, timestamp + token) };
  return JSON.stringify({ signature, "event-data": { id: `d${n}` } });
};

const otherSenders: readonly Sender[] = [
  otherSender("adyen", { secret: adyenKey }, () => ({}), { body: adyenBody, isTimed: false }),
  otherSender("mailgun", { secret }, () => ({}), { body: mailgunBody, isTimed: true }),
  otherSender(
    "sendgrid",
    { publicKey: spki(pairs.p256.publicKey) },
    (body, atMs) => ({
      "x-twilio-email-event-webhook-timestamp": inSeconds(atMs),
      "x-twilio-email-event-webhook-signature": signWith(
        "sha256",
        Buffer.from(inSeconds(atMs) + body),
        pairs.p256.privateKey,
      ).toString("base64"),
    }),
    { isTimed: true },
  ),
  otherSender(
    "telnyx",
    { publicKey: rawEd25519(pairs.ed25519.publicKey) },
    (body, atMs) => ({
      "telnyx-timestamp": inSeconds(atMs),
      "telnyx-signature-ed25519": signWith(
        null,
        Buffer.from(`${inSeconds(atMs)}|${body}`),
        pairs.ed25519.privateKey,
      ).toString("base64"),
    }),
    { isTimed: true, body: (n) => JSON.stringify({ data: { id: `d${n}` } }) },
  ),
  otherSender("wise", { publicKey: pem(pairs.rsa.publicKey) }, (body) => ({
    "x-signature-sha256": signWith("sha256", Buffer.from(body), pairs.rsa.privateKey).toString("base64"),
  })),
  otherSender("netlify", { secret }, (body) => ({
    "x-webhook-signature": jwt({ iss: "netlify", sha256: sha256(body) }, secret, "HS256"),
  })),
  otherSender(
    "vonage",
    { secret },
    (body, atMs) => ({
      authorization: `Bearer ${jwt({ iss: "Vonage", iat: Math.floor(atMs / 1_000), payload_hash: sha256(body) }, secret, "HS256")}`,
    }),
    { isTimed: true },
  ),
  otherSender(
    "plaid",
    { publicKey: jwkOf(pairs.p256.publicKey) },
    (body, atMs) => ({
      "plaid-verification": jwt(
        { iat: Math.floor(atMs / 1_000), request_body_sha256: sha256(body) },
        pairs.p256.privateKey,
        "ES256",
      ),
    }),
    { isTimed: true },
  ),
  otherSender("websub", { secret }, (body) => ({ "x-hub-signature": `sha1=${hmac("sha1", secret, body)}` })),
];

export const topic = "arn:aws:sns:eu-west-1:123456789012:alarms";
const certificate = certificateOf(pairs.rsa.publicKey);
const snsCertificate = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem";
const paypalCertificate = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270";
export const googleKeys = "https://www.googleapis.com/oauth2/v3/certs";
export const keySet = (id: string, key: KeyObject) =>
  JSON.stringify({ keys: [{ ...key.export({ format: "jwk" }), kid: id, use: "sig", alg: "RS256" }] });
/** What the senders of this file publish. */
export const documents = (): Record<string, string | Error> => ({
  [snsCertificate]: certificate,
  [paypalCertificate]: certificate,
  [googleKeys]: keySet("k1", pairs.rsa.publicKey),
  "https://api.travis-ci.com/config": JSON.stringify({
    config: { notifications: { webhook: { public_key: pem(pairs.rsa.publicKey) } } },
  }),
});

/** Of a notification of SNS with these fields, signed by the way of its `SignatureVersion`. */
export function snsBody(fields: Readonly<Record<string, string>>): string {
  const names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
  const all: Readonly<Record<string, string>> = {
    ...{ Type: "Notification", TopicArn: topic, Message: "hi", SignatureVersion: "2" },
    SigningCertURL: snsCertificate,
    ...fields,
  };
  const text = names.flatMap((name) => (all[name] === undefined ? [] : `${name}\n${all[name]}\n`)).join("");
  const hash = all.SignatureVersion === "1" ? "sha1" : "sha256";
  const Signature = signWith(hash, Buffer.from(text), pairs.rsa.privateKey).toString("base64");
  return JSON.stringify({ ...all, Signature });
}

export const googleAccount = "push@project.iam.gserviceaccount.com";
export const googleToken = (claims: Json = {}, id = "k1", key = pairs.rsa.privateKey) => {
  const usual = {
    iss: "https://accounts.google.com",
    aud: "https://me.test/hook",
    exp: now / 1_000 + 86_400,
    email: googleAccount,
    email_verified: true,
  };
  return jwt({ ...usual, ...claims }, key, "RS256", { kid: id });
};

/** Senders whose keys are fetched. */
export const remoteSenders: readonly Sender[] = [
  otherSender("sns", { audience: topic }, () => ({}), {
    contentType: "text/plain; charset=UTF-8",
    isTimed: true,
    body: (n, atMs) => snsBody({ MessageId: `d${n}`, Timestamp: new Date(atMs).toISOString() }),
  }),
  otherSender(
    "paypal",
    { audience: "8PT597110X687430LKGECATA" },
    (body, atMs, id) => {
      const time = new Date(atMs).toISOString();
      const signed = `${id}|${time}|8PT597110X687430LKGECATA|${crc32(body)}`;
      return {
        "paypal-transmission-id": id,
        "paypal-transmission-time": time,
        "paypal-cert-url": paypalCertificate,
        "paypal-transmission-sig": signWith("sha256", Buffer.from(signed), pairs.rsa.privateKey).toString(
          "base64",
        ),
      };
    },
    { isTimed: true, body: (n) => JSON.stringify({ id: `d${n}` }) },
  ),
  otherSender(
    "travis",
    {},
    (body) => ({
      signature: signWith(
        "sha1",
        Buffer.from(new URLSearchParams(body).get("payload") ?? ""),
        pairs.rsa.privateKey,
      ).toString("base64"),
    }),
    {
      contentType: "application/x-www-form-urlencoded",
      body: (n) => `payload=${encodeURIComponent(JSON.stringify({ n }))}`,
    },
  ),
  otherSender(
    "google_pubsub",
    { audience: "https://me.test/hook", claims: { email: googleAccount } },
    () => ({ authorization: `Bearer ${googleToken()}` }),
    { sendsSecret: true, body: (n) => JSON.stringify({ message: { messageId: `d${n}` } }) },
  ),
];

const withToken = (scheme: PresetName, body: (n: number) => string, headers: Headers = {}): Sender =>
  otherSender(scheme, { secret }, () => headers, { body, sendsSecret: true });

const tokenSenders: readonly Sender[] = [
  withToken("figma", (n) => JSON.stringify({ passcode: secret, n })),
  withToken("mattermost", (n) => JSON.stringify({ token: secret, trigger_id: `t${n}` })),
  withToken("microsoft_graph", (n) => JSON.stringify({ value: [{ clientState: secret, n }] })),
  withToken("okta", (n) => JSON.stringify({ eventId: `d${n}` }), { authorization: secret }),
  withToken("monday", (n) => JSON.stringify({ event: { n } }), {
    authorization: jwt({ exp: now / 1_000 + 300 }, secret, "HS256"),
  }),
];

function formSender(scheme: PresetName, header: string): Sender {
  return {
    ...presetSender(scheme, () => ({})),
    contentType: "application/x-www-form-urlencoded",
    body: (n) => `Body=hello&n=${n}`,
    headers: (body) => ({
      [header]: hmac(
        "sha1",
        secret,
        `${publicUrl}/hook${[...new URLSearchParams(body)].flat().join("")}`,
        "base64",
      ),
    }),
  };
}

const gitlabSecret = `whsec_${secret}`;

/** All of them: every preset, and the generic schemes in every form. */
export const senders: readonly Sender[] = [
  ...Object.entries(signers).map(([scheme, sign]) => presetSender(scheme as PresetName, sign)),
  {
    ...presetSender("gitlab", signers.standard_webhooks as Signer),
    name: "gitlab, signing",
    verify: { scheme: "gitlab", secret: gitlabSecret },
  },
  {
    ...presetSender("discord", () => ({})),
    verify: { scheme: "discord", secret: discordPublicKey },
    body: jsonBody,
    headers: (body, atMs) => ({
      "x-signature-ed25519": signWith(null, Buffer.from(inSeconds(atMs) + body), discordKey).toString("hex"),
      "x-signature-timestamp": inSeconds(atMs),
    }),
  },
  formSender("twilio", "x-twilio-signature"),
  formSender("mandrill", "x-mandrill-signature"),
  ...otherSenders,
  ...tokenSenders,
  ...remoteSenders,
  genericSender("hmac of the body", {}, (body) => ({ "x-sig": hmac("sha256", secret, body) })),
  genericSender(
    "hmac of time and body",
    { signed: "{timestamp}.{body}", timestamp: { header: "x-time", toleranceMs: 60_000 } },
    (body, atMs) => ({
      "x-time": inSeconds(atMs),
      "x-sig": hmac("sha256", secret, `${inSeconds(atMs)}.${body}`),
    }),
  ),
  genericSender(
    "hmac of time and body in one header",
    { signed: "{timestamp}.{body}", key: "v1" },
    (body, atMs) => ({
      "x-sig": `t=${inSeconds(atMs)},v1=${hmac("sha256", secret, `${inSeconds(atMs)}.${body}`)}`,
    }),
  ),
  genericSender(
    "hmac of id, URL and body",
    { signed: "{id}.{url}.{body}", deliveryId: "x-id" },
    (body, _atMs, id) => ({
      "x-id": id,
      "x-sig": hmac("sha256", secret, `${id}.${publicUrl}/hook.${body}`),
    }),
  ),
  tokenSender("gitlab, token", { scheme: "gitlab", secret }, (id) => ({
    "x-gitlab-token": secret,
    "idempotency-key": id,
  })),
  tokenSender("telegram", { scheme: "telegram", secret }, () => ({
    "x-telegram-bot-api-secret-token": secret,
  })),
  tokenSender("bearer", { scheme: "bearer", secret, deliveryId: "x-id" }, (id) => ({
    authorization: `Bearer ${secret}`,
    "x-id": id,
  })),
  tokenSender("basic", { scheme: "basic", username: "u", secret, deliveryId: "x-id" }, (id) => ({
    authorization: `Basic ${Buffer.from(`u:${secret}`).toString("base64")}`,
    "x-id": id,
  })),
  tokenSender("token", { scheme: "token", header: "x-key", secret, deliveryId: "x-id" }, (id) => ({
    "x-key": secret,
    "x-id": id,
  })),
];
