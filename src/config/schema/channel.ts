// The keys of a channel, as JSON Schema.

import { channelBudget, shapingKeys } from "./shaping.ts";

// The pattern of user-chosen names: of sources, channels, sinks, vars, recipes in use and their inputs.

export const namePattern = "^[a-z][a-z0-9_]*$";

export const metaKeyPattern = "^[A-Za-z_][A-Za-z0-9_]*$";

/** Attributes that the router sets itself. `source` is set by the client. */
export const ownMetaKeys = ["channel", "event_id", "trust", "attempt", "count", "thread", "error"] as const;

export const named = { propertyNames: { pattern: namePattern } } as const;
const reference = { type: "string", minLength: 1 };

export const priority = { enum: ["low", "normal", "high"] } as const;

export const channelSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    from: {
      "x-inert": true,
      description:
        "The source, or list of sources, of this channel. Default: the source with the channel's name.",
      anyOf: [reference, { type: "array", items: reference, minItems: 1, uniqueItems: true }],
      examples: ["github"],
    },
    description: {
      "x-shown": "always",
      type: "string",
      description:
        "What arrives on this channel, in a sentence for Claude; part of the server's instructions.",
    },
    match: {
      "x-inert": true,
      description:
        "A pattern in the shape of the event: dotted paths and the values they must have. In a list of patterns, any one may match.",
      anyOf: [
        { type: "object", minProperties: 1 },
        { type: "array", items: { type: "object" }, minItems: 1 },
      ],
      examples: [{ "data.action": "opened" }],
    },
    when: {
      // Claude and the senders see whether an event passed: an expression or a template that decides on it
      // reveals what it reads, a character at a time.
      "x-shown": "event",
      type: "string",
      minLength: 1,
      "x-cel": true,
      description: "A CEL expression that must be true for the channel to take the event.",
      examples: ["size(data.commits) > 0"],
    },
    vars: {
      "x-shown": "event",
      type: "object",
      ...named,
      additionalProperties: { type: "string", minLength: 1, "x-cel": true },
      description: "Values computed by CEL for this channel's templates, by name: used as {{vars.name}}.",
    },
    changed: {
      "x-shown": "event",
      description: "Take only events whose value differs from that of the last event with the same `by`.",
      anyOf: [
        { type: "string", minLength: 1, "x-cel": true },
        {
          type: "object",
          additionalProperties: false,
          required: ["value"],
          properties: {
            value: {
              "x-shown": "event",
              type: "string",
              minLength: 1,
              "x-cel": true,
              description: "A CEL expression for the value to compare.",
              examples: ["data.state"],
            },
            by: {
              "x-shown": "event",
              type: "string",
              minLength: 1,
              "x-template": true,
              description:
                "A template for the key: events with different keys are compared separately. Default: one key for the whole channel.",
              examples: ["{{data.host}}"],
            },
            initial: {
              "x-shown": "event",
              description:
                "The value that counts as the last one before the first event of a key: an event with this value is then no change. Default: the first event of a key counts as a change.",
              examples: ["healthy"],
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
      description: "Drop events whose key was already seen within a period.",
      properties: {
        key: {
          "x-shown": "event",
          type: "string",
          minLength: 1,
          "x-template": true,
          description:
            "A template for the key that identifies duplicates. If a placeholder in it is empty, the event has no key and is not deduplicated.",
          examples: ["{{data.id}}"],
        },
        for: {
          "x-inert": true,
          type: "string",
          format: "duration",
          default: "24h",
          description: "How long a key is remembered, counted from the event that was delivered.",
        },
      },
    },
    ...shapingKeys,
    content: {
      "x-shown": "event",
      type: "string",
      "x-template": true,
      description: "The template of the event's text. Default: the payload, cut to the budget.",
      examples: ["{{data.title}}"],
    },
    meta: {
      "x-shown": "event",
      type: "object",
      propertyNames: { pattern: metaKeyPattern, not: { enum: ["source", ...ownMetaKeys] } },
      additionalProperties: { type: "string", "x-template": true },
      description:
        "Attributes of the event as templates, by name; empty ones are omitted. Default: the sender and attachments if all sources are chats, else none; {} for none.",
    },
    budget: channelBudget,
    continue: {
      "x-inert": true,
      type: "boolean",
      default: false,
      description: "Whether later channels are also tried after this one took the event.",
    },
    reply: {
      "x-inert": true,
      description:
        "The sinks that may answer this channel's events: a name, a list, true for the source's own, false for none. Default: the source's own, if it can be answered.",
      anyOf: [
        { type: "boolean" },
        reference,
        { type: "array", items: reference, minItems: 1, uniqueItems: true },
      ],
    },
    priority: {
      "x-inert": true,
      ...priority,
      description:
        "How urgent the events are: high may overtake others and cannot be silenced by a tool. Default: defaults.priority.",
    },
    ttl: {
      "x-inert": true,
      type: "string",
      format: "duration",
      description:
        "How long after its arrival an event may still be delivered. Default: defaults.ttl, or the source's default.",
      examples: ["2h"],
    },
    wake: {
      "x-inert": true,
      type: "boolean",
      default: true,
      description:
        "Whether waiting events of this channel may wake a session that does not show channels; see the top-level wake.",
    },
    receipt: {
      "x-inert": true,
      description:
        "Whether Claude must acknowledge each event with the ack tool: none, ack, or the timeout and number of attempts. Default none.",
      anyOf: [
        { type: "string", enum: ["none", "ack"] },
        {
          type: "object",
          additionalProperties: false,
          properties: {
            ack_within: {
              "x-inert": true,
              type: "string",
              format: "duration",
              description: "How long to wait for ack before the event is sent again. Default 10m.",
            },
            attempts: {
              "x-inert": true,
              type: "integer",
              minimum: 1,
              maximum: 10,
              description: "How many times an event is sent in total before it counts as dead. Default 3.",
            },
          },
        },
      ],
      examples: ["ack"],
    },
    to: {
      "x-inert": true,
      description:
        "The sessions that get the events: one (the best match), all, or those with a project folder, a label or an id. Default one.",
      anyOf: [
        { type: "string", enum: ["one", "all"] },
        {
          type: "object",
          additionalProperties: false,
          minProperties: 1,
          maxProperties: 1,
          properties: {
            project: {
              "x-inert": true,
              type: "string",
              pattern: "^(/|~(/|$)|\\.{1,2}(/|$)|\\*\\*)",
              description:
                "A glob for the session's project folder, starting with /, ~/, ./ (the config's folder) or **.",
              examples: ["~/code/api"],
            },
            label: {
              "x-inert": true,
              type: "string",
              minLength: 1,
              description: "The label that the session was started with.",
            },
            session: {
              "x-inert": true,
              type: "string",
              minLength: 1,
              description: "The id of one session, or the name that you gave it with /rename.",
            },
          },
        },
      ],
      examples: [{ project: "~/code/api" }],
    },
  },
} as const;
