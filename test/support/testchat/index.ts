// A chat source for tests: the smallest platform that can do all that a chat can, over HTTP to an emulator in the test's own
// process. Written as a connector is, against the contract alone.

import { Ajv } from "ajv";
import { chatMeta, chatOptions } from "../../../src/chat/options.ts";
import type { AccessOptions } from "../../../src/contract/chat.ts";
import type { JsonObject, SourceType } from "../../../src/contract.ts";
import { createTestChat } from "./source.ts";

export interface TestChatOptions {
  readonly url: string;
  readonly access: AccessOptions;
  readonly ackReaction?: string;
}

const options = {
  type: "object",
  additionalProperties: false,
  required: ["url"],
  properties: { url: { type: "string", description: "Where the emulator is." }, ...chatOptions },
};

const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: true, allowUnionTypes: true });
ajv.addVocabulary(["x-regex", "x-inert", "x-credential"]);

export const testchat: SourceType<TestChatOptions> = {
  type: "testchat",
  summary: "Talks to the emulator of a test.",
  options,
  validate: ajv.compile(options),
  meta: chatMeta,
  content: "text",
  answers: () => true,
  chat: {
    can: ["react", "edit", "download", "history", "send", "typing", "ask"],
    messageId: { pattern: "^m[1-9]\\d*$", example: "m12" },
    maxFiles: 2,
    maxFileBytes: 100_000,
    typingForMs: 1_000,
    credentials: [{ variable: "TESTCHAT_TOKEN", title: "bot token", pattern: "^\\d+:\\w+$" }],
  },
  claims: ({ url }) => [`token:${url}`],
  storeKey: ({ url }) => ({ url }) as JsonObject,
  sampleArrival: (_, payload) => ({ data: { text: payload }, text: payload, trust: "sender" }),
  create: createTestChat,
};
