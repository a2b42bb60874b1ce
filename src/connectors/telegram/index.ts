// The `telegram` source type: a bot that users write to, in private chats and groups.

import { chatMeta } from "../../chat/options.ts";
import type { SourceType } from "../../contract.ts";
import { numberForm } from "./chat.ts";
import { checkOptions, reachesOf, sampleArrival } from "./check.ts";
import { type TelegramOptions, telegramOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { libraries } from "./packages.ts";
import { botOf, createTelegramSource, fingerprintOf } from "./source.ts";

export const telegram: SourceType<TelegramOptions> = {
  type: "telegram",
  summary: "A Telegram bot: messages to it become events, and Claude answers in the chat.",
  options: telegramOptions,
  validate,
  meta: { ...chatMeta, forwarded_from: "{{data.forwarded_from}}", edited: "{{data.edited}}" },
  content: "text",
  claims: ({ token, webhook }) => [
    `token:${fingerprintOf(token)}`,
    ...(webhook === undefined ? [] : [`route:POST ${webhook.path}`]),
  ],
  answers: () => true,
  chat: {
    can: ["react", "edit", "download", "send", "typing", "ask"],
    // Ids of groups and channels are negative.
    personId: { pattern: "^[1-9]\\d{0,18}$", example: "412587349" },
    messageId: numberForm,
    threadId: numberForm,
    promptLength: 3_000,
    maxFiles: 10,
    maxFileBytes: 50_000_000,
    typingForMs: 5_000,
    credentials: [{ variable: "TELEGRAM_BOT_TOKEN", title: "bot token", pattern: "^\\d+:[\\w-]{30,}$" }],
  },
  check: checkOptions,
  reaches: reachesOf,
  libraries,
  storeKey: ({ apiRoot, token }) => ({ apiRoot, bot: botOf(token) }),
  sampleArrival,
  create: createTelegramSource,
};
