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
      description: "The token of the bot, as @BotFather gave it.",
      type: "string",
      pattern: "^[A-Za-z0-9:_-]{8,256}$",
      examples: ["${TELEGRAM_BOT_TOKEN}"],
      "x-secret": true,
    },
    ...chatOptions,
    edits: {
      "x-inert": true,
      description:
        "Whether a message that its writer changes comes again, with edited: true in data; a change of a mere location never does.",
      type: "boolean",
      default: true,
    },
    quote: {
      "x-inert": true,
      description:
        "Which parts of an answer quote the message that they answer: the first, all, or none; a message that Claude names is quoted in any case.",
      type: "string",
      enum: ["first", "all", "none"],
      default: "first",
    },
    part_length: {
      "x-inert": true,
      description:
        "The number of characters from which an answer is sent in several messages; Telegram takes at most 4096.",
      type: "integer",
      minimum: 200,
      maximum: 4096,
      default: 4096,
    },
    webhook: {
      description:
        "Takes what comes over the config's own listener, at public_url with this path, in place of asking Telegram for it.",
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
            "What Telegram has to prove itself with: 16 to 256 letters, digits, - and _ that you make up.",
          type: "string",
          pattern: "^[A-Za-z0-9_-]{16,256}$",
          "x-secret": true,
        },
      },
    },
    api_root: {
      "x-inert": false,
      description:
        "Where the Bot API is served; it gets your token, so another address waits for channel-router trust anew.",
      type: "string",
      pattern: "^https?://[^/?#@\\s]+(/[^?#\\s]*)?$",
      default: "https://api.telegram.org",
    },
  },
} as const satisfies JsonSchema;

export type TelegramOptions = OptionsOf<typeof telegramOptions>;
