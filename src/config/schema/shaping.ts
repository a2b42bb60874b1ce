// The part of the schema that is about flow control: how often, when and in what company events are delivered, and what they may cost.

const hourBudget = {
  "x-inert": true,
  description:
    "Tokens that one session may be sent in an hour, or none for no limit. Over it a session gets digests; events of priority high always pass.",
  anyOf: [{ type: "integer", minimum: 1_000, maximum: 100_000_000 }, { enum: ["none"] }],
} as const;

const eventBudget = {
  type: "object",
  additionalProperties: false,
  properties: {
    event: {
      "x-inert": true,
      type: "integer",
      minimum: 1,
      maximum: 1_000_000,
      description:
        "Tokens that one event may cost; what is longer is cut. A token is counted as four characters.",
    },
  },
} as const;

export const channelBudget = {
  ...eventBudget,
  description: "What events of this channel may cost, in tokens.",
  properties: {
    ...eventBudget.properties,
    hour: {
      ...hourBudget,
      description:
        "Tokens of this channel that one session may be sent in an hour, or none. Over it the session gets digests of it. Default none; budget.hour counts beside it.",
    },
  },
} as const;

export const usualBudget = {
  ...eventBudget,
  default: {},
  description:
    "What events may cost, in tokens, where a channel does not say, and what a session may be sent.",
  properties: {
    event: { ...eventBudget.properties.event, default: 500 },
    hour: { ...hourBudget, default: 20_000 },
  },
} as const;

const by = {
  "x-shown": "event",
  type: "string",
  minLength: 1,
  "x-template": true,
  examples: ["{{data.host}}"],
} as const;

export const quietWindow = {
  type: "object",
  additionalProperties: false,
  required: ["from", "to"],
  properties: {
    days: {
      "x-inert": true,
      description:
        "The days on which the window begins: a list such as [sat, sun], or a range such as mon-fri. Default: every day.",
      anyOf: [
        {
          type: "array",
          items: { enum: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] },
          minItems: 1,
          uniqueItems: true,
        },
        {
          type: "string",
          pattern: "^(mon|tue|wed|thu|fri|sat|sun)-(mon|tue|wed|thu|fri|sat|sun)$",
          examples: ["mon-fri"],
        },
      ],
    },
    from: {
      "x-inert": true,
      type: "string",
      pattern: "^([01]\\d|2[0-3]):[0-5]\\d$",
      description: "When it begins, as 22:00.",
      examples: ["22:00"],
    },
    to: {
      "x-inert": true,
      type: "string",
      pattern: "^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$",
      description: "When it ends, as 07:00. Not later than `from` means: on the next day.",
      examples: ["07:00"],
    },
    tz: {
      "x-inert": true,
      type: "string",
      minLength: 1,
      description: "The time zone of both, by its IANA name. Default: that of the machine.",
      examples: ["Europe/Berlin"],
    },
  },
} as const;

export const shapingKeys = {
  throttle: {
    type: "object",
    additionalProperties: false,
    required: ["max", "per"],
    description: "At most so many events in a window of time, which its first event opens.",
    properties: {
      max: {
        "x-inert": true,
        type: "integer",
        minimum: 1,
        maximum: 10_000,
        description: "How many events pass in a window.",
      },
      per: {
        "x-inert": true,
        type: "string",
        format: "duration",
        description: "How long a window is.",
        examples: ["10m"],
      },
      by: {
        ...by,
        description:
          "A template: each text has windows of its own. An empty part in it means that the event is not counted. One for the whole channel by default.",
      },
      overflow: {
        "x-inert": true,
        enum: ["digest", "drop"],
        default: "digest",
        description:
          "What becomes of the rest: one summary event when the window closes (digest), or nothing but a count (drop).",
      },
    },
  },
  digest: {
    type: "object",
    additionalProperties: false,
    required: ["every"],
    description: "Collects events and delivers them as one: counts, the newest few lines, and ids.",
    properties: {
      every: {
        "x-inert": true,
        type: "string",
        format: "duration",
        description: "How long after one digest the next one may come.",
        examples: ["10m"],
      },
      wait: {
        "x-inert": true,
        type: "string",
        format: "duration",
        description:
          "How long after its first event the first digest comes. Default: 30s, or `every` if that is less.",
      },
      max: {
        "x-inert": true,
        type: "integer",
        minimum: 2,
        maximum: 1_000_000,
        description: "A digest comes earlier once it has so many events. No limit by default.",
      },
      by: {
        ...by,
        description:
          "A template: each text has a digest of its own. An empty part in it means that the event is delivered by itself. One for the whole channel by default.",
      },
      content: {
        "x-shown": "event",
        type: "string",
        "x-template": true,
        description:
          "The template of the digest's text; its data is {count, key, first, last, reason, events}. Default: counts, newest lines, ids.",
        examples: ["{{data.count}} failures, {{data.first}} to {{data.last}}"],
      },
    },
  },
  supersede: {
    "x-inert": true,
    type: "string",
    minLength: 1,
    "x-template": true,
    description:
      "A template: an event takes the place of an older one with the same text that was not sent yet. An empty part in it means that it takes nobody's place.",
    examples: ["{{data.pull_request.number}}"],
  },
  quiet: {
    "x-inert": true,
    description:
      "Times in which only events of priority high are delivered; the rest comes afterwards as one digest. A window or a list of windows.",
    anyOf: [quietWindow, { type: "array", items: quietWindow, minItems: 1, maxItems: 20 }],
    examples: [[{ from: "22:00", to: "07:00", tz: "Europe/Berlin" }]],
  },
  thread: {
    "x-shown": "event",
    type: "string",
    minLength: 1,
    "x-template": true,
    description:
      "A template: events with the same text, of whatever channel, carry it as `thread` and go to the same session.",
    examples: ["pr-{{data.pull_request.number}}"],
  },
} as const;
