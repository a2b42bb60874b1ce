// The options of a discord source as they are written in YAML. The type, the validator, the editor's schema and the table in
// docs/connectors/discord.md are generated from here.

import { chatOptions, editsOption } from "../../chat/options.ts";
import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";

export const discordOptions = {
  type: "object",
  additionalProperties: false,
  required: ["token"],
  properties: {
    token: {
      "x-credential": true,
      description:
        "The bot's token, from the Bot page of its application at discord.com/developers. The bot needs the Message Content intent, which you enable there.",
      type: "string",
      minLength: 1,
      "x-secret": true,
      examples: ["${DISCORD_BOT_TOKEN}"],
    },
    ...chatOptions,
    ...editsOption,
    max_download: {
      "x-inert": true,
      description: "The maximum size of an attachment that is downloaded.",
      type: "string",
      format: "size",
      default: "25MiB",
    },
    api_root: {
      "x-inert": false,
      description: "The URL of Discord's API; for tests and for proxies.",
      type: "string",
      pattern: "^https?://[^\\s?#]+$",
      default: "https://discord.com/api",
    },
  },
} as const satisfies JsonSchema;

export type DiscordOptions = OptionsOf<typeof discordOptions>;
