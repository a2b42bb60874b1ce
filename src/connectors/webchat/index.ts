// The `webchat` source type: a page on this machine through which the user talks to Claude.

import { chatMeta } from "../../chat/options.ts";
import type { OptionIssue, SourceType, Surroundings } from "../../contract.ts";
import { maxFileBytes } from "./chat.ts";
import { mainRoom } from "./incoming.ts";
import { type WebchatOptions, webchatOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { createWebchatSource } from "./source.ts";
import { arrivalOf } from "./take.ts";

export const webchat: SourceType<WebchatOptions> = {
  type: "webchat",
  summary: "A page on this machine on which the user talks to Claude.",
  options: webchatOptions,
  validate,
  meta: { ...chatMeta, room: "{{data.room}}" },
  content: "text",
  claims: ({ path }) => [
    `route:GET ${path}`,
    `route:GET ${path}/stream`,
    `route:GET ${path}/files/:`,
    ...["hello", "messages", "upload", "press"].map((rest) => `route:POST ${path}/${rest}`),
  ],
  answers: () => true,
  chat: {
    can: ["react", "edit", "send", "typing", "ask"],
    personId: { pattern: "^[0-9a-f]{4}(-[0-9a-f]{4}){4}$", example: "9f86-d081-884c-7d65-9a2f" },
    messageId: { pattern: "^[A-Za-z0-9_-]{1,64}$", example: "mlx2k1a9-3f9c1e" },
    promptLength: 6_000,
    maxFiles: 10,
    maxFileBytes,
    typingForMs: 5_000,
  },
  check: checkOptions,
  reaches: ({ path }) => [{ to: "callers", of: `the page ${path}` }],
  // The messages belong to the page, whatever its other options are.
  storeKey: () => null,
  sampleArrival: (_options, payload) =>
    arrivalOf(
      { id: "m1", text: textOf(payload), room: mainRoom, replyTo: undefined, files: [] },
      { id: "browser" },
      { browser: "browser", room: mainRoom },
      [],
      { find: () => undefined },
    ),
  create: createWebchatSource,
};

/** A JSON text, or the payload as it is. */
function textOf(payload: string): string {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === "string" ? value : payload;
  } catch {
    return payload;
  }
}

const maxUploadBytes = 64 * 1024 * 1024;

function checkOptions(options: WebchatOptions, { loopback }: Surroundings): OptionIssue[] {
  if (options.maxUploadBytes < 1024 || options.maxUploadBytes > maxUploadBytes)
    return [{ path: ["max_upload"], message: "must be from 1KiB to 64MiB" }];
  if (loopback) return [];
  return [
    {
      path: [],
      code: "E_CONFIG_EXPOSED",
      message: "an unencrypted page would be reachable from other machines",
      hint: "set listen to an address of this machine, for instance 127.0.0.1:8788",
    },
  ];
}
