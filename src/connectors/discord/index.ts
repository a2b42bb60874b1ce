// The `discord` source type: a bot that users talk to in direct messages and in configured channels and
// threads.

import { createHash } from "node:crypto";
import { chatMeta } from "../../chat/options.ts";
import type { ChatTraits } from "../../contract/chat.ts";
import type { SourceType } from "../../contract.ts";
import { sampleArrival } from "./incoming.ts";
import { type DiscordOptions, discordOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { snowflake } from "./outgoing.ts";
import { libraries } from "./packages.ts";
import { createDiscordSource } from "./source.ts";

const traits: ChatTraits = {
  can: ["react", "edit", "download", "history", "send", "typing", "ask"],
  personId: { pattern: "^\\d{1,20}$", example: "184405311681986560" },
  messageId: snowflake,
  threadId: snowflake,
  promptLength: 900,
  maxFiles: 10,
  // What a bot may upload to a server without boosts: docs/reference, "Uploading Files".
  maxFileBytes: 10 * 1024 * 1024,
  // "The typing indicator lasts for 10 seconds": docs/resources/channel, "Trigger Typing Indicator".
  typingForMs: 9_000,
  credentials: [
    { variable: "DISCORD_BOT_TOKEN", title: "bot token", pattern: "^[\\w-]+\\.[\\w-]+\\.[\\w-]+$" },
  ],
};

export const discord: SourceType<DiscordOptions> = {
  type: "discord",
  summary: "A Discord bot: direct messages, and the channels and threads that you name.",
  options: discordOptions,
  validate,
  meta: { ...chatMeta, edited: "{{data.edited}}" },
  content: "text",
  chat: traits,
  claims: ({ token }) => [
    `token:${createHash("sha256").update(`discord ${token}`).digest("hex").slice(0, 16)}`,
  ],
  answers: () => true,
  libraries,
  storeKey: ({ token, apiRoot }) => ({ bot: botOf(token), apiRoot }),
  platformHosts: ["discord.com", ".discord.gg", "cdn.discordapp.com", "media.discordapp.net"],
  reaches: ({ apiRoot }) => [{ to: "host", url: apiRoot }],
  sampleArrival,
  create: createDiscordSource,
};

/** A new token of the same bot continues with the old state: a token begins with the bot's id. */
function botOf(token: string): string {
  return createHash("sha256")
    .update(token.split(".")[0] ?? token)
    .digest("hex")
    .slice(0, 16);
}
