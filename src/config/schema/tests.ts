// `tests:` as JSON Schema: what is sent, and what is expected to come of it. How it is run: cli/test/.

import { namePattern } from "./name-pattern.ts";

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
    equals: { type: "string", description: "The whole text; line breaks at its end do not count." },
    contains: oneOrMore("A text, or a list of texts, that must all be in it."),
    excludes: oneOrMore("A text, or a list of texts, that must not be in it."),
    matches: {
      type: "string",
      minLength: 1,
      description: "An RE2 pattern that must fit somewhere in it.",
    },
    snapshot: {
      const: true,
      description:
        "The text is as it was when it was last recorded with --update, in __snapshots__ beside the file.",
    },
  },
} as const;

const bounds = {
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  properties: {
    eq: { type: "integer", minimum: 0, description: "Exactly so many." },
    lte: { type: "integer", minimum: 0, description: "At most so many." },
    gte: { type: "integer", minimum: 0, description: "At least so many." },
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
    source: { type: "string", minLength: 1, description: "The source that the event comes from." },
    at: {
      type: "string",
      pattern:
        "^(\\+?[0-9]+(ms|s|m|h|d)|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2}))$",
      description:
        "When it arrives: 5m after the test began, +5m after what was sent before, or an RFC 3339 time. Default: with what was sent before.",
      examples: ["+5m"],
    },
    headers: texts("Headers of the request, by name."),
    data: {
      description:
        "The payload: any value, or {file: PATH} for a file beside this one, read as JSON when its name ends in .json.",
    },
    text: { type: "string", description: "The payload as it comes over the wire, in place of data." },
    event: {
      type: "string",
      minLength: 1,
      description: "An event that the running router keeps, by its event_id, in place of data.",
    },
    method: { type: "string", minLength: 1, description: "The request's method." },
    path: { type: "string", minLength: 1, description: "The request's path." },
    query: texts("The query of the request, by name."),
    params: texts("What stands at the named parts of the path, by name."),
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
      description: "The person who sends it, where the source knows one.",
      properties: {
        id: { type: "string", minLength: 1, description: "The platform's own id of the person." },
        name: { type: "string", description: "The name shown for the person." },
      },
    },
  },
} as const;

const deliveryTests = {
  channel: {
    type: "string",
    minLength: 1,
    description: "The channel that delivers the event; the other tests here are about its latest one.",
  },
  content: { ...contentTests, description: "What Claude reads." },
  meta: {
    type: "object",
    additionalProperties: {
      anyOf: [{ type: ["string", "number", "boolean", "null"] }, contentTests],
    },
    description:
      "Attributes of the event, by name: a text, null for one that is not there, or tests as in content.",
  },
  tokens: count("What it costs: characters / 4, rounded up. A number is the exact one."),
  priority: { enum: ["low", "normal", "high"], description: "How urgent it is." },
  digest: {
    description: "Whether it is a digest of several events: true, false, or of how many.",
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
  description:
    "What the call would send; nothing is sent. A text is the whole of it; null is for what is not there.",
  properties: {
    method: textOrTests("The method of the request."),
    url: textOrTests("The address of the request."),
    headers: {
      type: "object",
      additionalProperties: { anyOf: [{ type: ["string", "number", "boolean", "null"] }, contentTests] },
      description: "Headers of the request, by name.",
    },
    body: textOrTests("The body of the request, as text."),
    json: { description: "The body of the request, read as JSON: any value." },
    command: {
      type: "array",
      items: { type: "string" },
      description: "The program and its arguments.",
    },
    stdin: textOrTests("What the program is given to read."),
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
        "Not delivered (by the channel, where one is named): true, or the path or the filter because of which.",
      anyOf: [{ const: true }, { type: "string", minLength: 1 }],
    },
    outcome: {
      enum: ["accepted", "duplicate", "dropped", "unmatched"],
      description: "What the sender of the last event was told.",
    },
    sent: sentTests,
    refused: {
      description:
        "The call is refused and nothing is sent: true, or a part of the reason that Claude is told.",
      anyOf: [{ const: true }, { type: "string", minLength: 1 }],
    },
    delivered: count("How many events reached Claude in the whole test."),
  },
} as const;

const callSchema = {
  type: "object",
  additionalProperties: false,
  required: ["sink"],
  description: "A call of a sink by Claude, after all events. One that needs an event answers the last one.",
  properties: {
    sink: { type: "string", minLength: 1, description: "The sink." },
    input: { type: "object", default: {}, description: "The arguments of the tool, without event_id." },
  },
} as const;

/** As far as every start looks at them; each test is checked by `testsSchema`, which is loaded when there is one. */
export const anyTests = {
  "x-inert": true,
  type: "array",
  default: [],
  description:
    "What must become of events, run by channel-router test. Nothing in here is replaced: ${ is text.",
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
          "In a recipe: its inputs in this test. What is not given has its default, or a stand-in.",
      },
      send: {
        description: "An event, or a list of events, one after the other.",
        anyOf: [sendSchema, { type: "array", items: sendSchema, minItems: 1 }],
      },
      call: callSchema,
      wait: {
        type: "string",
        format: "duration",
        description: "How much time passes after the last event before the test looks. Default 0s.",
      },
      expect: {
        description:
          "What came of it. A list is about what was delivered, one after the other, and nothing more.",
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
