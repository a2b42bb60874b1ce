// The options of a telegram source as they are written in YAML. The type, the validator, the editor's schema and the table in
// docs/connectors/telegram.md are generated from here.

import { chatOptions } from "../../chat/options.ts";
import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";

export const telegramOptions = {
  type: "object",
  additionalProperties: false,
  required: ["token"],
  properties: {
    token: {
      "x-credential": true,
      description: "The bot's token, from @BotFather.",
      type: "string",
      pattern: "^[A-Za-z0-9:_-]{8,256}$",
      examples: ["${TELEGRAM_BOT_TOKEN}"],
      "x-secret": true,
    },
    ...chatOptions,
    edits: {
      "x-inert": true,
      description:
        "Whether an edited message is delivered again, with edited: true in data; edits of a location never are.",
      type: "boolean",
      default: true,
    },
    quote: {
      "x-inert": true,
      description:
        "Which parts of an answer quote the original message: the first, all, or none; a message that Claude names is always quoted.",
      type: "string",
      enum: ["first", "all", "none"],
      default: "first",
    },
    part_length: {
      "x-inert": true,
      description:
        "The maximum number of characters per message; a longer answer is split. Telegram accepts at most 4096.",
      type: "integer",
      minimum: 200,
      maximum: 4096,
      default: 4096,
    },
    webhook: {
      description:
        "Receives updates through the HTTP server, at public_url with this path, instead of polling Telegram.",
      type: "object",
      additionalProperties: false,
      required: ["path", "secret"],
      properties: {
        path: {
          "x-inert": false,
          description: "The path that Telegram posts to, beginning with a slash.",
          type: "string",
          pattern: "^(/[A-Za-z0-9._~-]+)+$",
          examples: ["/telegram"],
        },
        secret: {
          "x-credential": true,
          description:
            "The secret with which Telegram proves itself: 16 to 256 letters, digits, - and _, your choice.",
          type: "string",
          pattern: "^[A-Za-z0-9_-]{16,256}$",
          "x-secret": true,
        },
      },
    },
    api_root: {
      "x-inert": false,
      description: "The URL of the Bot API; it receives your token, so another URL requires consent again.",
      type: "string",
      pattern: "^https?://[^/?#@\\s]+(/[^?#\\s]*)?$",
      default: "https://api.telegram.org",
    },
  },
} as const satisfies JsonSchema;

export type TelegramOptions = OptionsOf<typeof telegramOptions>;
