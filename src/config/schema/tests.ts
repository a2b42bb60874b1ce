// `tests:` as JSON Schema: inputs and expectations. testing/ runs them.

import { namePattern } from "./channel.ts";

const texts = (description: string) => ({
  type: "object",
  additionalProperties: { type: ["string", "number", "boolean"] },
  description,
});

const oneOrMore = (description: string) => ({
  description,
  anyOf: [
    { type: "string", minLength: 1 },
    { type: "array", items: { type: "string", minLength: 1 }, minItems: 1 },
  ],
});

const contentTests = {
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  properties: {
    equals: { type: "string", description: "The whole text; trailing line breaks are ignored." },
    contains: oneOrMore("A text, or a list of texts, that must all occur."),
    excludes: oneOrMore("A text, or a list of texts, that must not occur."),
    matches: {
      type: "string",
      minLength: 1,
      description: "An RE2 pattern that must match somewhere in the text.",
    },
    snapshot: {
      const: true,
      description:
        "The text must equal the one last recorded with --update, in __snapshots__ next to the file.",
    },
  },
} as const;

const bounds = {
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  properties: {
    eq: { type: "integer", minimum: 0, description: "Exactly this many." },
    lte: { type: "integer", minimum: 0, description: "At most this many." },
    gte: { type: "integer", minimum: 0, description: "At least this many." },
  },
} as const;

const count = (description: string) => ({
  description,
  anyOf: [{ type: "integer", minimum: 0 }, bounds],
});

const sendSchema = {
  type: "object",
  additionalProperties: false,
  required: ["source"],
  properties: {
    source: { type: "string", minLength: 1, description: "The source of the event." },
    at: {
      type: "string",
      pattern:
        "^(\\+?[0-9]+(ms|s|m|h|d)|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2}))$",
      description:
        "When it arrives: 5m after the start of the test, +5m after the previous event, or an RFC 3339 time. Default: together with the previous event.",
      examples: ["+5m"],
    },
    headers: texts("Headers of the request, by name."),
    data: {
      description:
        "The payload: any value, or {file: PATH} for a file next to this one, parsed as JSON if its name ends in .json.",
    },
    text: { type: "string", description: "The raw payload as text, instead of data." },
    event: {
      type: "string",
      minLength: 1,
      description: "The event_id of an event stored by the running router, instead of data.",
    },
    method: { type: "string", minLength: 1, description: "The request's method." },
    path: { type: "string", minLength: 1, description: "The request's path." },
    query: texts("The query of the request, by name."),
    params: texts("The values of the named parts of the path, by name."),
    remote: {
      type: "object",
      additionalProperties: false,
      required: ["address"],
      description: "Where the request comes from.",
      properties: {
        address: { type: "string", minLength: 1, description: "The IP address." },
        proxy: { type: "string", minLength: 1, description: "The proxy that reported the address." },
      },
    },
    sender: {
      type: "object",
      additionalProperties: false,
      required: ["id"],
      description: "The sender, if the source knows one.",
      properties: {
        id: { type: "string", minLength: 1, description: "The sender's id on the platform." },
        name: { type: "string", description: "The sender's display name." },
      },
    },
  },
} as const;

const deliveryTests = {
  channel: {
    type: "string",
    minLength: 1,
    description: "The channel that delivers the event; the other tests here apply to its latest event.",
  },
  content: { ...contentTests, description: "What Claude reads." },
  meta: {
    type: "object",
    additionalProperties: {
      anyOf: [{ type: ["string", "number", "boolean", "null"] }, contentTests],
    },
    description: "Attributes of the event, by name: a text, null for an absent one, or tests as in content.",
  },
  tokens: count(
    "The estimated cost in tokens: characters / 2.8, rounded up. A number means exactly this many.",
  ),
  priority: { enum: ["low", "normal", "high"], description: "How urgent it is." },
  digest: {
    description: "Whether it is a digest of several events: true, false, or the number of events.",
    anyOf: [{ type: "boolean" }, { type: "integer", minimum: 2 }],
  },
} as const;

const textOrTests = (description: string) => ({
  description,
  anyOf: [{ type: ["string", "number", "boolean", "null"] }, contentTests],
});

const sentTests = {
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  description: "What the call would send; nothing is sent. A text means the whole value; null means absent.",
  properties: {
    method: textOrTests("The method of the request."),
    url: textOrTests("The URL of the request."),
    headers: {
      type: "object",
      additionalProperties: { anyOf: [{ type: ["string", "number", "boolean", "null"] }, contentTests] },
      description: "Headers of the request, by name.",
    },
    body: textOrTests("The body of the request, as text."),
    json: { description: "The body of the request, parsed as JSON: any value." },
    command: {
      type: "array",
      items: { type: "string" },
      description: "The program and its arguments.",
    },
    stdin: textOrTests("The program's standard input."),
    file: textOrTests("The name of the file."),
    content: textOrTests("What is written to the file."),
  },
} as const;

const expectSchema = {
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  properties: {
    ...deliveryTests,
    none: {
      description:
        "The event is not delivered (by the channel, if one is named): true, or the path or filter that rejected it.",
      anyOf: [{ const: true }, { type: "string", minLength: 1 }],
    },
    outcome: {
      enum: ["accepted", "duplicate", "dropped", "unmatched"],
      description: "The outcome for the sender of the last event.",
    },
    sent: sentTests,
    refused: {
      description: "The call is refused and nothing is sent: true, or a part of the reason that Claude gets.",
      anyOf: [{ const: true }, { type: "string", minLength: 1 }],
    },
    delivered: count("How many events reached Claude in the whole test."),
  },
} as const;

const callSchema = {
  type: "object",
  additionalProperties: false,
  required: ["sink"],
  description:
    "A call of a sink by Claude, after all events. A sink that needs an event answers the last one.",
  properties: {
    sink: { type: "string", minLength: 1, description: "The sink." },
    input: { type: "object", default: {}, description: "The arguments of the tool, without event_id." },
  },
} as const;

/** The part that every start validates; each test is checked by `testsSchema`, which is loaded on demand. */
export const anyTests = {
  "x-inert": true,
  type: "array",
  default: [],
  description:
    "Tests of this config, run by channel-router test. Nothing inside is expanded: ${ is plain text.",
  items: { type: "object" },
} as const;

export const testsSchema = {
  ...anyTests,
  items: {
    type: "object",
    additionalProperties: false,
    required: ["name", "expect"],
    properties: {
      name: { type: "string", minLength: 1, description: "What the test shows, in a sentence." },
      with: {
        type: "object",
        propertyNames: { pattern: namePattern },
        description:
          "In a recipe: its inputs for this test. An input without a value gets its default, or a placeholder.",
      },
      send: {
        description: "An event, or a list of events, sent in order.",
        anyOf: [sendSchema, { type: "array", items: sendSchema, minItems: 1 }],
      },
      call: callSchema,
      wait: {
        type: "string",
        format: "duration",
        description:
          "How much time passes after the last event before the expectations are checked. Default 0s.",
      },
      expect: {
        description: "The expected result. A list describes all delivered events, in order.",
        anyOf: [
          expectSchema,
          {
            type: "array",
            items: { ...expectSchema, properties: deliveryTests },
          },
        ],
      },
    },
  },
} as const;
