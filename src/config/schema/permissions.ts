// `permissions:` as JSON Schema: who may answer permission prompts from a chat.

import { namePattern } from "./channel.ts";
import { quietWindow } from "./shaping.ts";

const toolNames = {
  type: "array",
  items: { type: "string", pattern: "^[A-Za-z0-9_*:.-]{1,200}$" },
  minItems: 1,
} as const;

export const permissionsSchema = {
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  dependencies: {
    relay: ["approvers"],
    approvers: ["relay"],
    tools: ["relay"],
    quiet: ["relay"],
  },
  description:
    "Who may answer Claude's permission prompts in a chat, besides the terminal, and which files may be sent through chats.",
  properties: {
    files: {
      "x-inert": false,
      type: "array",
      items: { type: "string", minLength: 1, maxLength: 500 },
      minItems: 1,
      maxItems: 100,
      uniqueItems: true,
      description:
        "Folders, files and globs, relative to the config's folder or ~, from which files may be sent through chats without a prompt, besides the project and the inbox. Files that hold secrets are always refused. Requires consent (channel-router trust).",
      examples: [["~/reports", "build/**/*.pdf"]],
    },
    relay: {
      "x-inert": false,
      type: "array",
      items: { type: "string", pattern: namePattern },
      minItems: 1,
      uniqueItems: true,
      description: "The chat sources to which prompts are sent.",
      examples: [["phone"]],
    },
    approvers: {
      "x-inert": false,
      type: "object",
      propertyNames: { pattern: namePattern },
      additionalProperties: {
        type: "array",
        items: { type: ["string", "integer"], minLength: 1, maximum: Number.MAX_SAFE_INTEGER },
        minItems: 1,
        uniqueItems: true,
      },
      description:
        "Ids of the users who are asked and whose answers count, by relay source. Requires consent (channel-router trust). Quote ids of 16 or more digits.",
      examples: [{ phone: ["412587349"] }],
    },
    tools: {
      type: "object",
      additionalProperties: false,
      description: "The tools whose prompts are sent to a chat; * in a name matches anything.",
      properties: {
        allow: {
          "x-inert": false,
          ...toolNames,
          description: "Send prompts for these tools only. Default: all.",
          examples: [["Bash"]],
        },
        deny: {
          "x-inert": false,
          ...toolNames,
          description: "Keep prompts for these tools at the terminal, even if allow names them.",
          examples: [["mcp__prod__*"]],
        },
      },
    },
    expire: {
      "x-inert": true,
      type: "string",
      format: "duration",
      default: "10m",
      description:
        "How long a prompt can be answered in a chat, from 10s to 24h; the one in the terminal stays open.",
    },
    quiet: {
      "x-inert": true,
      type: "array",
      items: quietWindow,
      minItems: 1,
      maxItems: 20,
      description: "Periods in which prompts stay at the terminal.",
      examples: [[{ from: "23:00", to: "07:00" }]],
    },
  },
} as const;
