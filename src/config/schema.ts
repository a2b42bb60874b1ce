// The core of the config language as JSON Schema, plain data: what the top level, a source, a channel and a sink may
// hold. The validator, schema/channels.schema.json and the docs are generated from it. A source's own options are
// declared by its connector, so `sources` is open here.
// `x-template`: rendered on each event. `x-cel`: an expression. Rules that a schema cannot say are in meaning.ts.

import type { JsonSchema } from "../contract.ts";
import { namePattern } from "./name-pattern.ts";
import { permissionsSchema } from "./permissions-schema.ts";
import { channelBudget, shapingKeys, usualBudget } from "./shaping-schema.ts";
import { sinkSchema } from "./sink-schema.ts";
import { anyTests } from "./tests-schema.ts";
import { useSchema } from "./use-schema.ts";

export const metaKeyPattern = "^[A-Za-z_][A-Za-z0-9_]*$";

/** Attributes that the router sets itself. `source` is set by the client. */
export const ownMetaKeys = ["channel", "event_id", "trust", "attempt", "count", "thread", "error"] as const;

/** Keys of the top that may stand there with nothing under them; a channel may, too. */
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

const named = { propertyNames: { pattern: namePattern } } as const;
const reference = { type: "string", minLength: 1 };

const priority = { enum: ["low", "normal", "high"] } as const;

const source = {
  type: "object",
  required: ["type"],
  properties: {
    type: {
      type: "string",
      description: "The connector's name; its options stand beside this key.",
      examples: ["http"],
    },
    enabled: {
      type: "boolean",
      default: true,
      description: "Whether the source is started. A source that is off may still be named by channels.",
    },
    rate: {
      type: "string",
      format: "rate",
      description:
        "How many events are taken in how long; the sender of more is told to wait. No limit by default.",
      examples: ["5/10m"],
    },
    expect: {
      type: "string",
      format: "duration",
      description:
        "When nothing has arrived for so long, an event says so, on the first channel of the source. Never by default.",
      examples: ["24h"],
    },
  },
} as const;

const channel = {
  type: "object",
  additionalProperties: false,
  properties: {
    from: {
      description:
        "The source, or a list of sources, that feed this channel. Default: the source with the channel's name.",
      anyOf: [reference, { type: "array", items: reference, minItems: 1, uniqueItems: true }],
      examples: ["github"],
    },
    description: {
      type: "string",
      description: "What arrives here, in a sentence for Claude; part of the server's instructions.",
    },
    match: {
      description:
        "A pattern in the shape of the event: dotted paths and what they must hold. A list of patterns means any of them.",
      anyOf: [
        { type: "object", minProperties: 1 },
        { type: "array", items: { type: "object" }, minItems: 1 },
      ],
      examples: [{ "data.action": "opened" }],
    },
    when: {
      type: "string",
      minLength: 1,
      "x-cel": true,
      description: "A CEL expression that must be true for the event to be taken.",
      examples: ["size(data.commits) > 0"],
    },
    vars: {
      type: "object",
      ...named,
      additionalProperties: { type: "string", minLength: 1, "x-cel": true },
      description: "Values computed by CEL for this channel's templates, by name: used as {{vars.name}}.",
    },
    changed: {
      description:
        "Only events whose value differs from that of the last event with the same `by` are taken.",
      anyOf: [
        { type: "string", minLength: 1, "x-cel": true },
        {
          type: "object",
          additionalProperties: false,
          required: ["value"],
          properties: {
            value: {
              type: "string",
              minLength: 1,
              "x-cel": true,
              description: "A CEL expression: what is compared.",
              examples: ["data.state"],
            },
            by: {
              type: "string",
              minLength: 1,
              "x-template": true,
              description:
                "A template: events with different texts are compared apart. One for the whole channel by default.",
              examples: ["{{data.host}}"],
            },
          },
        },
      ],
      examples: ["data.state"],
    },
    dedupe: {
      type: "object",
      additionalProperties: false,
      required: ["key"],
      description: "The same key again within a time is a duplicate and is not delivered.",
      properties: {
        key: {
          type: "string",
          minLength: 1,
          "x-template": true,
          description:
            "A template that says what makes two events the same. An empty part in it means no key: the event passes.",
          examples: ["{{data.id}}"],
        },
        for: {
          type: "string",
          format: "duration",
          default: "24h",
          description: "How long a key is remembered, counted from the event that was delivered.",
        },
      },
    },
    ...shapingKeys,
    content: {
      type: "string",
      "x-template": true,
      description: "The template of the event's text. Default: the payload, cut to the budget.",
      examples: ["{{data.title}}"],
    },
    meta: {
      type: "object",
      propertyNames: { pattern: metaKeyPattern, not: { enum: ["source", ...ownMetaKeys] } },
      additionalProperties: { type: "string", "x-template": true },
      description:
        "Attributes of the event as templates, by name; empty ones are left out. Default: who wrote and what is attached where all sources are chats, else none; {} for none.",
    },
    budget: channelBudget,
    continue: {
      type: "boolean",
      default: false,
      description: "Whether later channels are tried too after this one took the event.",
    },
    reply: {
      description:
        "The sinks that may answer this channel's events: a name, a list, true for the source's own, false for none. Default: the source's own, where it can be answered.",
      anyOf: [
        { type: "boolean" },
        reference,
        { type: "array", items: reference, minItems: 1, uniqueItems: true },
      ],
    },
    priority: {
      ...priority,
      description:
        "How urgent the events are: high may overtake others and cannot be silenced by a tool. Default: defaults.priority.",
    },
    ttl: {
      type: "string",
      format: "duration",
      description:
        "How long after its arrival an event is still worth delivering. Default: defaults.ttl, or what its source says.",
      examples: ["2h"],
    },
    receipt: {
      description:
        "Whether Claude must acknowledge each event with the ack tool: none, ack, or how long and how often to try. Default none.",
      anyOf: [
        { type: "string", enum: ["none", "ack"] },
        {
          type: "object",
          additionalProperties: false,
          properties: {
            ack_within: {
              type: "string",
              format: "duration",
              description: "How long to wait for ack before the event is sent again. Default 10m.",
            },
            attempts: {
              type: "integer",
              minimum: 1,
              maximum: 10,
              description: "How many times an event is sent in all before it counts as dead. Default 3.",
            },
          },
        },
      ],
      examples: ["ack"],
    },
    to: {
      description:
        "The sessions that get the events: one (the best fitting), all, or those with a project folder, a label or an id. Default one.",
      anyOf: [
        { type: "string", enum: ["one", "all"] },
        {
          type: "object",
          additionalProperties: false,
          minProperties: 1,
          maxProperties: 1,
          properties: {
            project: {
              type: "string",
              pattern: "^(/|~(/|$)|\\.{1,2}(/|$)|\\*\\*)",
              description:
                "A glob for the session's project folder, from / or ~/ or ./ (beside the config file), or beginning with **.",
              examples: ["~/code/api"],
            },
            label: {
              type: "string",
              minLength: 1,
              description: "The label that the session was started with.",
            },
            session: { type: "string", minLength: 1, description: "The id of one session." },
          },
        },
      ],
      examples: [{ project: "~/code/api" }],
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
      type: "integer",
      enum: [1],
      default: 1,
      description: "The version of this language.",
    },
    server: {
      type: "object",
      additionalProperties: false,
      default: {},
      description: "The MCP server as the client sees it.",
      properties: {
        name: {
          type: "string",
          pattern: "^[A-Za-z0-9_-]{1,64}$",
          default: "router",
          description:
            "The server's name: letters, digits, - and _. It must be what .mcp.json calls the server.",
        },
        instructions: {
          type: "string",
          default: "",
          description: "Your own words to Claude, put before the generated instructions.",
        },
      },
    },
    listen: {
      type: "string",
      minLength: 1,
      description:
        'The address of the one listener that all http sources share; ":0" takes a free port. Default: the default port on loopback, else the next free one.',
      examples: ["127.0.0.1:8788"],
    },
    public_url: {
      type: "string",
      pattern: "^https?://[^\\s/?#@]+(/[^\\s?#]*)?$",
      description:
        "The address under which the outside reaches the listener, for senders that sign it and for printed links.",
      examples: ["https://hooks.example.com"],
    },
    hosts: {
      type: "array",
      default: [],
      uniqueItems: true,
      items: {
        type: "string",
        pattern: "^([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:\\d{1,5})?$",
        examples: ["my-machine.local"],
      },
      description: "Further Host names that unverified sources accept beside those of loopback.",
    },
    budget: usualBudget,
    delivery: {
      type: "object",
      additionalProperties: false,
      default: {},
      description: "What is kept, and how a session catches up.",
      properties: {
        catch_up: {
          type: "integer",
          minimum: 0,
          maximum: 1_000,
          default: 20,
          description:
            "How many events that waited a new session gets one by one; of more it gets one summary, and the rest with the pending tool.",
        },
        keep: {
          type: "string",
          format: "duration",
          default: "7d",
          description: "How long events that are done with are kept, for event, why and replay.",
        },
        max_size: {
          type: "string",
          format: "size",
          default: "256MiB",
          description:
            "The size of the journal from which events that are done with go earlier. Those that wait are never dropped for it.",
        },
      },
    },
    defaults: {
      type: "object",
      additionalProperties: false,
      default: {},
      description: "What every channel inherits that does not say otherwise.",
      properties: {
        ttl: {
          type: "string",
          format: "duration",
          default: "24h",
          description: "How long after its arrival an event is still worth delivering.",
        },
        priority: { ...priority, default: "normal", description: "How urgent events are." },
      },
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
      additionalProperties: channel,
      description: "Which events reach Claude and how they look, by name; tried in this order.",
    },
    sinks: {
      type: "object",
      default: {},
      ...named,
      additionalProperties: sinkSchema,
      description: "Tools with which Claude answers, by name.",
    },
    permissions: permissionsSchema,
    tests: anyTests,
  },
};
