// `permissions:` as JSON Schema: who is asked on a phone when Claude asks for a permission.

import { namePattern } from "./name-pattern.ts";
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
    "Who may answer Claude's permission prompts in a chat, beside the terminal, and which files may leave through chats.",
  properties: {
    files: {
      "x-inert": false,
      type: "array",
      items: { type: "string", minLength: 1, maxLength: 500 },
      minItems: 1,
      maxItems: 100,
      uniqueItems: true,
      description:
        "Folders, files and globs, from the config's folder or ~, of which files may be sent through chats unasked, beside the project and the inbox. Files for secrets are refused even there. They wait for channel-router trust.",
      examples: [["~/reports", "build/**/*.pdf"]],
    },
    relay: {
      "x-inert": false,
      type: "array",
      items: { type: "string", pattern: namePattern },
      minItems: 1,
      uniqueItems: true,
      description: "The chat sources on which prompts are sent.",
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
        "Ids of the people who are asked and whose word counts, by relay source. They wait for channel-router trust. Quote ids of 16 digits and more.",
      examples: [{ phone: ["412587349"] }],
    },
    tools: {
      type: "object",
      additionalProperties: false,
      description: "Which tools may be asked about in a chat; a * in a name stands for anything.",
      properties: {
        allow: {
          "x-inert": false,
          ...toolNames,
          description: "Only prompts for these tools are sent. Default: all.",
          examples: [["Bash"]],
        },
        deny: {
          "x-inert": false,
          ...toolNames,
          description: "Prompts for these tools stay at the terminal, even if allow names them.",
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
        "How long a prompt in a chat can be answered, from 10s to 24h; the one in the terminal stays.",
    },
    quiet: {
      "x-inert": true,
      type: "array",
      items: quietWindow,
      minItems: 1,
      maxItems: 20,
      description: "Windows of time in which prompts stay at the terminal.",
      examples: [[{ from: "23:00", to: "07:00" }]],
    },
  },
} as const;
