// The `imessage` source type: the Messages app of this Mac, read from its database; answers are sent through
// the app itself.

import { join } from "node:path";
import { chatMeta } from "../../chat/options.ts";
import type { ChatTraits } from "../../contract/chat.ts";
import type { SourceType, Surroundings } from "../../contract.ts";
import { sampleArrival } from "./incoming.ts";
import { type ImessageOptions, imessageOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { createImessageSource } from "./source.ts";

const traits: ChatTraits = {
  can: ["history", "send", "ask"],
  // Addresses are normalised as in incoming.ts, whatever their case and spaces.
  personId: {
    pattern: "^(\\+?\\d{3,15}|[^\\sA-Z@]+@[^\\sA-Z@]+|urn:[^\\sA-Z().-]+)$",
    example: "+15550100",
  },
  messageId: { pattern: "^[!-~]{1,200}$", example: "1D2F9A30-7C45-4F0E-9B7A-0C5E1B2D3F4A" },
  promptLength: 1_500,
  maxFiles: 10,
  maxFileBytes: 100 * 1024 * 1024,
};

export const imessage: SourceType<ImessageOptions> = {
  type: "imessage",
  summary: "The Messages app of this Mac: what people, and you yourself, write to you.",
  options: imessageOptions,
  validate,
  meta: chatMeta,
  content: "text",
  chat: traits,
  claims: ({ database }) => [`file:${database}`],
  answers: () => true,
  storeKey: ({ database }) => ({ database }),
  reaches: ({ database }, { folder, home }) => [
    { to: "read", path: expand(database, { home }), outside: true },
    { to: "program", command: ["osascript"], cwd: folder, env: {} },
    { to: "program", command: ["sqlite3", "-readonly", expand(database, { home })], cwd: folder, env: {} },
  ],
  sampleArrival,
  create: createImessageSource,
};

function expand(path: string, { home }: Pick<Surroundings, "home">): string {
  return path.startsWith("~/") ? join(home, path.slice(2)) : path;
}
