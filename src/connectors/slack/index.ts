// The `slack` source type: an app that users talk to, over Socket Mode, so that nothing has to be reachable
// from outside.

import { createHash } from "node:crypto";
import { chatMeta } from "../../chat/options.ts";
import type { ChatTraits } from "../../contract/chat.ts";
import type { SourceType } from "../../contract.ts";
import { sampleArrival } from "./incoming.ts";
import { type SlackOptions, slackOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { timestamp } from "./outgoing.ts";
import { libraries } from "./packages.ts";
import { createSlackSource } from "./source.ts";

const traits: ChatTraits = {
  // Slack shows no typing indicator for apps.
  can: ["react", "edit", "download", "history", "send", "ask"],
  personId: { pattern: "^[UW][A-Z0-9]{1,30}$", example: "U012AB3CD" },
  messageId: timestamp,
  threadId: timestamp,
  promptLength: 2_500,
  maxFiles: 10,
  maxFileBytes: 100 * 1024 * 1024,
  credentials: [
    { variable: "SLACK_BOT_TOKEN", title: "bot token", pattern: "^xoxb-[\\w-]+$" },
    { variable: "SLACK_APP_TOKEN", title: "app-level token", pattern: "^xapp-[\\w-]+$" },
  ],
};

export const slack: SourceType<SlackOptions> = {
  type: "slack",
  summary: "A Slack app over Socket Mode: direct messages, and the channels and threads that you name.",
  options: slackOptions,
  validate,
  meta: { ...chatMeta, edited: "{{data.edited}}" },
  content: "text",
  chat: traits,
  claims: ({ appToken }) => [
    `token:${createHash("sha256").update(`slack ${appToken}`).digest("hex").slice(0, 16)}`,
  ],
  answers: () => true,
  libraries,
  storeKey: ({ apiRoot }) => ({ apiRoot }),
  platformHosts: ["slack.com", ".slack.com", ".slack-edge.com"],
  reaches: ({ apiRoot }) => [{ to: "host", url: apiRoot }],
  sampleArrival,
  create: createSlackSource,
};
