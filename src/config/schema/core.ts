// The core of the config language as JSON Schema, plain data: the keys of the top level, a source, a channel
// and a sink. The validator, schema/channels.schema.json and the docs are generated from it. A source's own
// options are declared by its connector, so `sources` is open here. `x-template`: rendered for each event.
// `x-cel`: an expression. Rules that a schema cannot express are in semantics.ts.

import type { JsonSchema } from "../../contract.ts";
import { channelSchema, named, priority } from "./channel.ts";
import { consoleSchema } from "./console.ts";
import { permissionsSchema } from "./permissions.ts";
import { usualBudget } from "./shaping.ts";
import { sinkSchema } from "./sink.ts";
import { anyTests } from "./tests.ts";
import { useSchema } from "./use-schema.ts";

/** Top-level keys that may be empty; a channel may be, too. */
export const mayBeEmpty = [
  "server",
  "budget",
  "delivery",
  "defaults",
  "sources",
  "channels",
  "sinks",
  "hosts",
  "use",
  "tests",
] as const;

const source = {
  type: "object",
  required: ["type"],
  properties: {
    type: {
      "x-inert": true,
      type: "string",
      description: "The connector's name; its options are set next to this key.",
      examples: ["http"],
    },
    enabled: {
      "x-inert": true,
      type: "boolean",
      default: true,
      description: "Whether to start the source. Channels may still name a source that is off.",
    },
    rate: {
      "x-inert": true,
      type: "string",
      format: "rate",
      description:
        "The maximum number of events in a period; senders above it are asked to retry later. No limit by default.",
      examples: ["5/10m"],
    },
    expect: {
      "x-inert": true,
      type: "string",
      format: "duration",
      description:
        "Send an event on the source's first channel when nothing has arrived for this long. Off by default.",
      examples: ["24h"],
    },
  },
} as const;

export const coreSchema: JsonSchema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "channel-router configuration",
  type: "object",
  additionalProperties: false,
  properties: {
    version: {
      "x-inert": true,
      type: "integer",
      enum: [1],
      default: 1,
      description: "The version of the config language.",
    },
    server: {
      type: "object",
      additionalProperties: false,
      default: {},
      description: "The MCP server as the client sees it.",
      properties: {
        name: {
          "x-shown": "always",
          type: "string",
          pattern: "^[A-Za-z0-9_-]{1,64}$",
          default: "router",
          description:
            "The server's name: letters, digits, - and _. It must match the server's name in .mcp.json.",
        },
        instructions: {
          "x-shown": "always",
          type: "string",
          default: "",
          description: "Your own instructions to Claude, placed before the generated ones.",
        },
      },
    },
    listen: {
      "x-inert": false,
      type: "string",
      minLength: 1,
      description:
        'The bind address shared by all http sources; ":0" picks a free port. Default: the default port on loopback, else the next free one.',
      examples: ["127.0.0.1:8788"],
    },
    public_url: {
      "x-inert": false,
      type: "string",
      pattern: "^https?://[^\\s/?#@]+(/[^\\s?#]*)?$",
      description: "The public URL of the HTTP server, for senders that sign the URL and for printed links.",
      examples: ["https://hooks.example.com"],
    },
    console: consoleSchema,
    catalogues: {
      "x-inert": true,
      type: "array",
      maxItems: 50,
      uniqueItems: true,
      items: { type: "string", minLength: 1, maxLength: 300, examples: ["github:acme/channel-recipes"] },
      description:
        "Repositories in which recipes search and recipes list look, in your own config alone. A running router ignores them.",
    },
    hosts: {
      "x-inert": true,
      type: "array",
      default: [],
      uniqueItems: true,
      items: {
        type: "string",
        pattern: "^([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:\\d{1,5})?$",
        examples: ["my-machine.local"],
      },
      description: "Additional Host names that unverified sources accept, besides the loopback names.",
    },
    budget: usualBudget,
    delivery: {
      type: "object",
      additionalProperties: false,
      default: {},
      description: "How long events are kept, and how a session catches up.",
      properties: {
        catch_up: {
          "x-inert": true,
          type: "integer",
          minimum: 0,
          maximum: 1_000,
          default: 20,
          description:
            "How many waiting events a new session gets one by one; if there are more, it gets one summary and fetches them with the pending tool.",
        },
        keep: {
          "x-inert": true,
          type: "string",
          format: "duration",
          default: "7d",
          description: "How long finished events are kept, for event, why and replay.",
        },
        max_size: {
          "x-inert": true,
          type: "string",
          format: "size",
          default: "256MiB",
          description:
            "The journal size above which finished events are removed early. Waiting events are never removed for space.",
        },
      },
    },
    defaults: {
      type: "object",
      additionalProperties: false,
      default: {},
      description: "Defaults for all channels.",
      properties: {
        ttl: {
          "x-inert": true,
          type: "string",
          format: "duration",
          default: "24h",
          description: "How long after its arrival an event may still be delivered.",
        },
        priority: { "x-inert": true, ...priority, default: "normal", description: "How urgent events are." },
      },
    },
    wake: {
      "x-inert": true,
      default: "off",
      description:
        "How a session that does not show channels is notified of waiting events: auto uses the first way that it has, a list allows only some. Only the number of events is sent.",
      anyOf: [
        { type: "string", enum: ["auto", "off"] },
        {
          type: "array",
          items: { type: "string", enum: ["monitor", "hook", "inbox"] },
          minItems: 1,
          uniqueItems: true,
        },
      ],
      examples: ["auto"],
    },
    use: useSchema,
    sources: {
      type: "object",
      default: {},
      ...named,
      additionalProperties: source,
      description: "Where events come from, by name.",
    },
    channels: {
      type: "object",
      default: {},
      ...named,
      additionalProperties: channelSchema,
      description: "Which events reach Claude and how they look, by name; tried in this order.",
    },
    sinks: {
      type: "object",
      default: {},
      ...named,
      additionalProperties: sinkSchema,
      description: "Tools with which Claude answers and acts, by name.",
    },
    permissions: permissionsSchema,
    tests: anyTests,
  },
};
