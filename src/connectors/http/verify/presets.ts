// The signature scheme of each sender as data, with a link to its documentation. A preset that needs more
// than data (an unusual signature, an answer to a first call) names a function; everything else is a line in
// this table.

import { discordHandshake } from "./discord.ts";
import {
  buildkitePing,
  githubPing,
  intercomPing,
  serverPing,
  xeroIntent,
  zoomUrlValidation,
} from "./handshakes.ts";
import { meta } from "./meta.ts";
import { ofBody, type Preset, standardWebhooks } from "./preset.ts";
import type { PresetName } from "./preset-names.ts";

const mebibyte = 1024 * 1024;

/** The fields of one notification; missing ones are signed as empty. */
const adyenSigned = [
  ...["pspReference", "originalReference", "merchantAccountCode", "merchantReference"],
  ...["amount.value", "amount.currency", "eventCode", "success"],
]
  .map((name) => `{field:notificationItems.*.NotificationRequestItem.${name}}`)
  .join(":");

const hour = 60 * 60 * 1_000;

export const presets: Readonly<Record<PresetName, Preset>> = {
  adyen: {
    source: "https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures/",
    scheme: ofBody("", {
      encoding: "base64",
      field: "notificationItems.*.NotificationRequestItem.additionalData.hmacSignature",
      signed: adyenSigned,
      secret: "hex",
    }),
    answer: { status: 200 },
  },
  asana: {
    source: "https://developers.asana.com/docs/webhooks-guide",
    scheme: ofBody("x-hook-signature"),
    challenge: { from: "headers.x-hook-secret", to: "headers.x-hook-secret", signed: false, isSecret: true },
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
  figma: {
    source: "https://developers.figma.com/docs/rest-api/webhooks-security/",
    scheme: { tokenField: "passcode" },
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
    // "Payloads are capped at 25 MB", and a rejected one is not sent again.
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
  google_pubsub: {
    source: "https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions",
    scheme: {
      jwt: {
        algorithm: "RS256",
        header: "authorization",
        prefix: "Bearer ",
        issuers: ["https://accounts.google.com", "accounts.google.com"],
        claims: { email_verified: "true" },
      },
    },
    keys: { url: "https://www.googleapis.com/oauth2/v3/certs", hosts: ["www.googleapis.com"], kind: "jwks" },
    needsAudience: true,
    needsClaims: ["email"],
    delivery: { field: "message.messageId" },
    // A message of 10 MB, in base64.
    maxBodyBytes: 14 * mebibyte,
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
  linkedin: {
    source: "https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation",
    scheme: ofBody("x-li-signature", { signed: "hmacsha256={body}" }),
    challenge: {
      from: "query.challengeCode",
      to: "data.challengeResponse",
      signed: false,
      digest: { encoding: "hex", prefix: "", echo: "challengeCode" },
    },
    answer: { status: 200 },
  },
  mailgun: {
    source: "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
    scheme: ofBody("", {
      field: "signature.signature",
      timestampField: "signature.timestamp",
      signed: "{field:signature.timestamp}{field:signature.token}",
    }),
    delivery: { field: "event-data.id" },
    // Sent again for 8 hours.
    toleranceMs: 12 * hour,
    answer: { status: 200 },
  },
  mandrill: {
    source: "https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/",
    scheme: { form: "x-mandrill-signature" },
    formField: "mandrill_events",
    answer: { status: 200 },
    maxBodyBytes: 25 * mebibyte,
  },
  mattermost: {
    source: "https://developers.mattermost.com/integrate/webhooks/outgoing/",
    scheme: { tokenField: "token" },
    delivery: { field: "trigger_id" },
  },
  meta,
  microsoft_graph: {
    source: "https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks",
    scheme: { tokenField: "value.*.clientState" },
    challenge: { from: "query.validationToken", to: "body", signed: false, isProse: true },
  },
  monday: {
    source: "https://developer.monday.com/apps/docs/integration-authorization",
    scheme: { jwt: { algorithm: "HS256", header: "authorization", prefix: "" } },
    challenge: { from: "data.challenge", to: "data.challenge", signed: false },
    answer: { status: 200 },
  },
  netlify: {
    source: "https://docs.netlify.com/deploy/deploy-notifications/#payload-signature",
    scheme: {
      jwt: {
        algorithm: "HS256",
        header: "x-webhook-signature",
        prefix: "",
        issuers: ["netlify"],
        bodyClaim: "sha256",
      },
    },
  },
  okta: {
    source: "https://developer.okta.com/docs/concepts/event-hooks/",
    scheme: { token: "authorization" },
    delivery: { field: "eventId" },
    challenge: {
      from: "headers.x-okta-verification-challenge",
      to: "data.verification",
      signed: false,
    },
    answer: { status: 200 },
  },
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
  paypal: {
    source: "https://developer.paypal.com/api/rest/webhooks/rest/#verify-event-notifications",
    // Only the CRC-32 covers the body.
    scheme: ofBody("", {
      algorithm: "rsa-sha256",
      encoding: "base64",
      headers: [{ signature: "paypal-transmission-sig", timestamp: "paypal-transmission-time" }],
      signed: "{header:paypal-transmission-id}|{timestamp}|{audience}|{body_crc32}",
    }),
    keys: {
      urlFrom: "headers.paypal-cert-url",
      hosts: ["api.paypal.com", "api.sandbox.paypal.com"],
      path: /^\/v1\/notifications\/certs\/[\w-]{1,100}$/,
      kind: "certificate",
    },
    needsAudience: true,
    delivery: { field: "id" },
    answer: { status: 200 },
  },
  plaid: {
    source: "https://plaid.com/docs/api/webhooks/webhook-verification/",
    scheme: {
      jwt: {
        algorithm: "ES256",
        header: "plaid-verification",
        prefix: "",
        bodyClaim: "request_body_sha256",
        isTimed: true,
      },
    },
    answer: { status: 200 },
  },
  sendgrid: {
    source:
      "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
    scheme: ofBody("", {
      algorithm: "ecdsa-sha256",
      encoding: "base64",
      headers: [
        {
          signature: "x-twilio-email-event-webhook-signature",
          timestamp: "x-twilio-email-event-webhook-timestamp",
        },
      ],
      signed: "{timestamp}{body}",
    }),
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
    // A slash command and a form want 200, and show what else they get.
    answer: { status: 200, body: "" },
    // https://docs.slack.dev/reference/events/url_verification
    challenge: {
      from: "data.challenge",
      when: { "data.type": "url_verification" },
      to: "data.challenge",
      signed: true,
    },
  },
  sns: {
    source: "https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
    scheme: "sns",
    keys: {
      urlFrom: "data.SigningCertURL",
      hosts: ["sns.{region}.amazonaws.com"],
      path: /^\/SimpleNotificationService-[0-9a-zA-Z]{1,64}\.pem$/,
      kind: "certificate",
      audienceAt: "data.TopicArn",
    },
    confirmsSubscription: true,
    needsAudience: true,
    // Sent again with the time of the first try.
    toleranceMs: hour,
    delivery: { field: "MessageId" },
    answer: { status: 200 },
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
  telnyx: {
    source: "https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks",
    scheme: ofBody("", {
      algorithm: "ed25519",
      encoding: "base64",
      headers: [{ signature: "telnyx-signature-ed25519", timestamp: "telnyx-timestamp" }],
      signed: "{timestamp}|{body}",
    }),
    delivery: { field: "data.id" },
    answer: { status: 200 },
  },
  travis: {
    source: "https://docs.travis-ci.com/user/notifications/#verifying-webhook-requests",
    scheme: ofBody("signature", { algorithm: "rsa-sha1", encoding: "base64", signed: "{form:payload}" }),
    keys: {
      url: "https://api.travis-ci.com/config",
      hosts: ["api.travis-ci.com"],
      kind: { pemAt: "config.notifications.webhook.public_key" },
    },
    formField: "payload",
    answer: { status: 200 },
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
  twitter: {
    source: "https://docs.x.com/x-api/webhooks/introduction",
    scheme: ofBody("x-twitter-webhooks-signature", { encoding: "base64", prefix: "sha256=" }),
    challenge: {
      from: "query.crc_token",
      to: "data.response_token",
      signed: false,
      digest: { encoding: "base64", prefix: "sha256=" },
    },
    answer: { status: 200 },
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
  vonage: {
    source: "https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks",
    scheme: {
      jwt: {
        algorithm: "HS256",
        header: "authorization",
        prefix: "Bearer ",
        issuers: ["Vonage"],
        bodyClaim: "payload_hash",
        isTimed: true,
      },
    },
    answer: { status: 200 },
  },
  websub: {
    source: "https://www.w3.org/TR/websub/#authenticated-content-distribution",
    scheme: {
      anyOf: (["sha256", "sha1", "sha384", "sha512"] as const).map((algorithm) =>
        ofBody("x-hub-signature", { algorithm, prefix: `${algorithm}=` }),
      ),
    },
    challenge: {
      from: "query.hub.challenge",
      when: { "query.hub.mode": ["subscribe", "unsubscribe"] },
      to: "body",
      signed: false,
    },
  },
  whatsapp: meta,
  wise: {
    source: "https://docs.wise.com/guides/developer/webhooks/event-handling",
    scheme: ofBody("x-signature-sha256", { algorithm: "rsa-sha256", encoding: "base64" }),
    delivery: { header: "x-delivery-id" },
    answer: { status: 200 },
  },
  xero: {
    source: "https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/",
    scheme: ofBody("x-xero-signature", { encoding: "base64" }),
    handshake: xeroIntent,
    // "200 OK", with an empty body.
    answer: { status: 200, body: "" },
  },
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
