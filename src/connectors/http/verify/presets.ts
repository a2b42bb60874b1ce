// What each sender signs and how, as data, with where its documentation says so. A preset that takes more than data (an
// odd signature, an answer to a first call) names a function; everything else about it is a line in this table.

import type { IncomingHttpHeaders } from "node:http";
import type { Json } from "../../../contract.ts";
import type { Challenge } from "./challenge.ts";
import { discordHandshake } from "./discord.ts";
import { buildkitePing, githubPing, intercomPing, serverPing, zoomUrlValidation } from "./handshakes.ts";
import type { PresetName } from "./preset-names.ts";
import type { SignatureScheme } from "./signature.ts";
import type { FormScheme } from "./twilio.ts";
import type { Handshake } from "./verifier.ts";

export interface Preset {
  /** Where the sender documents it. */
  readonly source: string;
  /** How a request is checked: a signature as data, a shared token in a header, or a scheme with its own file. */
  readonly scheme: SignatureScheme | { readonly token: string } | FormScheme | "gitlab" | "discord";
  /** Further headers that must not be seen, because they hold a signature too. */
  readonly secretHeaders?: readonly string[];
  /**
   * Where the delivery's id stands: in this field of the payload, or in a header. A header counts where the secret itself is sent,
   * and where it is signed (see `SignatureScheme.headers`). Any other could be changed by whoever sends a request again, and only
   * names a delivery that is imagined: for a real one, what is signed is its identity.
   */
  readonly delivery?: { readonly header: string } | { readonly field: string };
  readonly formField?: string;
  /** The payload's field that holds the time of sending, in milliseconds: what differs when the same delivery is sent again. */
  readonly sentAtField?: string;
  handshake?(headers: IncomingHttpHeaders, data: Json, secret: string): Handshake | undefined;
  readonly challenge?: Challenge;
  /** What the sender is answered once the event is safe, where it does not take any 2xx with JSON. */
  readonly answer?: PresetAnswer;
  /** What the sender documents as its largest body, where that is more than is taken by default. */
  readonly maxBodyBytes?: number;
}

export interface PresetAnswer {
  readonly status: number;
  /** Default: the event's id and its outcome as JSON. */
  readonly body?: string;
  readonly contentType?: string;
}

const mebibyte = 1024 * 1024;

/** HMAC-SHA256 of the body in hex: what most senders do, apart from the header's name. */
function ofBody(header: string, changes: Partial<SignatureScheme> = {}): SignatureScheme {
  return {
    algorithm: "sha256",
    encoding: "hex",
    headers: [{ signature: header }],
    prefix: "",
    signed: "{body}",
    secret: "text",
    ...changes,
  };
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md; Svix differs in the names. */
export const standardWebhooks: SignatureScheme = {
  algorithm: "sha256",
  encoding: "base64",
  headers: [
    { signature: "webhook-signature", timestamp: "webhook-timestamp", id: "webhook-id" },
    { signature: "svix-signature", timestamp: "svix-timestamp", id: "svix-id" },
  ],
  prefix: "v1,",
  separator: " ",
  signed: "{id}.{timestamp}.{body}",
  secret: "base64",
};

/** Facebook, Instagram, Messenger, Threads and WhatsApp. A verify token is agreed on with each subscription. */
const meta: Preset = {
  source: "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
  scheme: ofBody("x-hub-signature-256", { prefix: "sha256=" }),
  secretHeaders: ["x-hub-signature"],
  challenge: {
    from: "query.hub.challenge",
    when: { "query.hub.mode": "subscribe" },
    tokenFrom: "query.hub.verify_token",
    to: "body",
    signed: false,
  },
  answer: { status: 200 },
  maxBodyBytes: 3 * mebibyte,
};

export const presets: Readonly<Record<PresetName, Preset>> = {
  asana: {
    source: "https://developers.asana.com/docs/webhooks-guide",
    scheme: ofBody("x-hook-signature"),
    challenge: { from: "headers.x-hook-secret", to: "headers.x-hook-secret", signed: false },
    answer: { status: 200 },
  },
  bitbucket: {
    source: "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
    scheme: ofBody("x-hub-signature", { prefix: "sha256=" }),
    delivery: { header: "x-request-uuid" },
    handshake: serverPing,
  },
  buildkite: {
    source: "https://buildkite.com/docs/apis/webhooks/pipelines",
    scheme: ofBody("x-buildkite-signature", {
      prefix: "signature=",
      separator: ",",
      timestampKey: "timestamp",
      signed: "{timestamp}.{body}",
    }),
    secretHeaders: ["x-buildkite-token"],
    handshake: buildkitePing,
  },
  calendly: {
    source: "https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures",
    scheme: ofBody("calendly-webhook-signature", {
      prefix: "v1=",
      separator: ",",
      timestampKey: "t",
      signed: "{timestamp}.{body}",
    }),
  },
  circleci: {
    source: "https://circleci.com/docs/webhooks/#validate-webhooks",
    scheme: ofBody("circleci-signature", { prefix: "v1=", separator: "," }),
    delivery: { field: "id" },
  },
  discord: {
    source: "https://docs.discord.com/developers/events/webhook-events",
    scheme: "discord",
    delivery: { field: "id" },
    handshake: discordHandshake,
  },
  dropbox: {
    source: "https://www.dropbox.com/developers/reference/webhooks",
    scheme: ofBody("x-dropbox-signature"),
    challenge: { from: "query.challenge", to: "body", signed: false },
    answer: { status: 200 },
  },
  gitea: {
    source: "https://docs.gitea.com/usage/repository/webhooks",
    scheme: ofBody("x-gitea-signature"),
    secretHeaders: ["x-hub-signature", "x-hub-signature-256", "x-gogs-signature", "x-forgejo-signature"],
    delivery: { header: "x-gitea-delivery" },
  },
  github: {
    source: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
    scheme: ofBody("x-hub-signature-256", { prefix: "sha256=" }),
    secretHeaders: ["x-hub-signature"],
    delivery: { header: "x-github-delivery" },
    formField: "payload",
    handshake: githubPing,
    // "Payloads are capped at 25 MB", and what was refused is not sent again.
    maxBodyBytes: 25 * mebibyte,
  },
  gitlab: {
    source: "https://docs.gitlab.com/user/project/integrations/webhooks/",
    scheme: "gitlab",
    // Since 17.4. x-gitlab-event-uuid is shared by all events that one action causes.
    delivery: { header: "idempotency-key" },
    // https://gitlab.com/gitlab-org/gitlab/-/merge_requests/38687
    maxBodyBytes: 25 * mebibyte,
  },
  intercom: {
    source: "https://developers.intercom.com/docs/references/webhooks/webhook-models",
    scheme: ofBody("x-hub-signature", { algorithm: "sha1", prefix: "sha1=" }),
    delivery: { field: "id" },
    handshake: intercomPing,
  },
  jira: {
    source: "https://developer.atlassian.com/cloud/jira/platform/webhooks",
    scheme: ofBody("x-hub-signature", { prefix: "sha256=" }),
    delivery: { header: "x-atlassian-webhook-identifier" },
  },
  linear: {
    source: "https://linear.app/developers/webhooks",
    scheme: ofBody("linear-signature"),
    delivery: { header: "linear-delivery" },
    sentAtField: "webhookTimestamp",
    // Anything but 200 is sent again.
    answer: { status: 200 },
  },
  mandrill: {
    source: "https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/",
    scheme: { form: "x-mandrill-signature" },
    formField: "mandrill_events",
    answer: { status: 200 },
    maxBodyBytes: 25 * mebibyte,
  },
  meta,
  paddle: {
    source: "https://developer.paddle.com/webhooks/signature-verification",
    scheme: ofBody("paddle-signature", {
      prefix: "h1=",
      separator: ";",
      timestampKey: "ts",
      signed: "{timestamp}:{body}",
    }),
    delivery: { field: "event_id" },
  },
  pagerduty: {
    source: "https://github.com/PagerDuty/developer-docs/blob/main/docs/webhooks/04-Signatures.md",
    scheme: ofBody("x-pagerduty-signature", { prefix: "v1=", separator: "," }),
    delivery: { field: "event.id" },
  },
  sentry: {
    source: "https://docs.sentry.io/integrations/integration-platform/webhooks/",
    scheme: ofBody("sentry-hook-signature"),
    delivery: { header: "request-id" },
  },
  shopify: {
    source: "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
    scheme: ofBody("x-shopify-hmac-sha256", { encoding: "base64" }),
    delivery: { header: "x-shopify-webhook-id" },
  },
  slack: {
    source: "https://docs.slack.dev/authentication/verifying-requests-from-slack",
    scheme: ofBody("x-slack-signature", {
      headers: [{ signature: "x-slack-signature", timestamp: "x-slack-request-timestamp" }],
      prefix: "v0=",
      signed: "v0:{timestamp}:{body}",
    }),
    delivery: { field: "event_id" },
    formField: "payload",
    // https://docs.slack.dev/reference/events/url_verification
    challenge: {
      from: "data.challenge",
      when: { "data.type": "url_verification" },
      to: "data.challenge",
      signed: true,
    },
  },
  standard_webhooks: {
    source: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    scheme: standardWebhooks,
  },
  stripe: {
    source: "https://docs.stripe.com/webhooks/signature",
    scheme: ofBody("stripe-signature", {
      prefix: "v1=",
      separator: ",",
      timestampKey: "t",
      signed: "{timestamp}.{body}",
    }),
    delivery: { field: "id" },
  },
  svix: {
    source: "https://docs.svix.com/receiving/verifying-payloads/how-manual",
    scheme: standardWebhooks,
  },
  telegram: {
    source: "https://core.telegram.org/bots/api#setwebhook",
    scheme: { token: "x-telegram-bot-api-secret-token" },
    delivery: { field: "update_id" },
  },
  trello: {
    source: "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/#webhook-signatures",
    scheme: ofBody("x-trello-webhook", { algorithm: "sha1", encoding: "base64", signed: "{body}{url}" }),
    answer: { status: 200 },
  },
  twilio: {
    source: "https://www.twilio.com/docs/usage/security#validating-requests",
    scheme: { form: "x-twilio-signature", settings: "x-twilio-webhooks-signature-settings" },
    delivery: { header: "i-twilio-idempotency-token" },
    // TwiML that does nothing: JSON is error 12300, and text would be sent to the phone.
    answer: {
      status: 200,
      body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
      contentType: "text/xml; charset=utf-8",
    },
  },
  twitch: {
    source: "https://dev.twitch.tv/docs/eventsub/handling-webhook-events/",
    scheme: ofBody("twitch-eventsub-message-signature", {
      headers: [
        {
          signature: "twitch-eventsub-message-signature",
          timestamp: "twitch-eventsub-message-timestamp",
          id: "twitch-eventsub-message-id",
        },
      ],
      prefix: "sha256=",
      signed: "{id}{timestamp}{body}",
    }),
    challenge: {
      from: "data.challenge",
      when: { "headers.twitch-eventsub-message-type": "webhook_callback_verification" },
      to: "body",
      signed: true,
    },
  },
  typeform: {
    source: "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
    scheme: ofBody("typeform-signature", { encoding: "base64", prefix: "sha256=" }),
    delivery: { field: "event_id" },
  },
  vercel: {
    source: "https://vercel.com/docs/webhooks/webhooks-api#securing-webhooks",
    scheme: ofBody("x-vercel-signature", { algorithm: "sha1" }),
    delivery: { field: "id" },
  },
  whatsapp: meta,
  zoom: {
    source: "https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events",
    scheme: ofBody("x-zm-signature", {
      headers: [{ signature: "x-zm-signature", timestamp: "x-zm-request-timestamp" }],
      prefix: "v0=",
      signed: "v0:{timestamp}:{body}",
    }),
    handshake: zoomUrlValidation,
    // "200 or 204".
    answer: { status: 200 },
  },
};
