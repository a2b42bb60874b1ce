// The options of an imap source in YAML. The type, the validator, the editor's schema and the table in docs/connectors/imap.md are
// generated from them. check.ts has the checks that a schema cannot express.

import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";

export const imapOptions = {
  type: "object",
  additionalProperties: false,
  required: ["host", "user", "password"],
  properties: {
    host: {
      "x-inert": false,
      description: "The name or address of the IMAP server, such as imap.example.com.",
      type: "string",
      minLength: 1,
    },
    port: {
      "x-inert": false,
      description: "The port of the server. Default: 993, or 143 if tls is starttls or none.",
      type: "integer",
      minimum: 1,
      maximum: 65_535,
    },
    tls: {
      "x-inert": false,
      description:
        "How the connection is encrypted: implicit (from the first byte), starttls (required before login), or none (only to this machine).",
      type: "string",
      enum: ["implicit", "starttls", "none"],
      default: "implicit",
    },
    ca: {
      "x-inert": false,
      description:
        'The certificates, as PEM text, that are trusted in place of the public ones, for a server with its own: "${file:mail-ca.pem}".',
      type: "string",
      minLength: 1,
    },
    user: {
      "x-inert": false,
      description: "The user name, often the whole mail address.",
      type: "string",
      minLength: 1,
    },
    password: {
      "x-credential": true,
      description: "The password. Most providers require an app password.",
      type: "string",
      minLength: 1,
      "x-secret": true,
      examples: ["${MAIL_PASSWORD}"],
    },
    mailbox: {
      "x-inert": false,
      description: "The folder to read, as the server names it.",
      type: "string",
      minLength: 1,
      default: "INBOX",
    },
    backfill: {
      "x-inert": true,
      description: "How many of the newest messages become events at the first start. Default: none.",
      type: "integer",
      minimum: 1,
      maximum: 1000,
    },
    seen: {
      "x-inert": false,
      description:
        "What to do with a message after its event is stored: keep leaves it unchanged, mark marks it as read.",
      type: "string",
      enum: ["keep", "mark"],
      default: "keep",
    },
    auth_server: {
      "x-inert": true,
      description:
        "The server name at the beginning of the trusted Authentication-Results header, such as mx.google.com or *.messagingengine.com. Without it, data.auth is absent.",
      type: "string",
      pattern: "^(\\*\\.)?[A-Za-z0-9][A-Za-z0-9._-]*$",
    },
    every: {
      "x-inert": true,
      description: "The polling interval for a server without IDLE, from 10s to 1d.",
      type: "string",
      format: "duration",
      default: "1m",
    },
    idle: {
      "x-inert": true,
      description:
        "How long to wait for a notification before the connection is checked and IDLE is sent again, from 10s to 28m.",
      type: "string",
      format: "duration",
      default: "5m",
    },
    timeout: {
      "x-inert": true,
      description: "The timeout of a request to the server, from 1s to 10m; for messages, ten times as long.",
      type: "string",
      format: "duration",
      default: "30s",
    },
    max_message: {
      "x-inert": true,
      description:
        "How much of a message is read, from 4KiB to 256KiB; larger messages are cut. Attachments are only listed.",
      type: "string",
      format: "size",
      default: "64KiB",
    },
  },
} as const satisfies JsonSchema;

export type ImapOptions = OptionsOf<typeof imapOptions>;
