// The flow-control part of the schema: how often, when and grouped with what events are delivered, and their
// budget.

const hourBudget = {
  "x-inert": true,
  description:
    "The maximum number of tokens sent to one session in an hour, or none for no limit. Above it the session gets digests; events of priority high always pass.",
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
        "The maximum number of tokens of one event; a longer one is cut. Four characters count as one token.",
    },
  },
} as const;

export const channelBudget = {
  ...eventBudget,
  description: "Token budgets for this channel.",
  properties: {
    ...eventBudget.properties,
    hour: {
      ...hourBudget,
      description:
        "The maximum number of tokens of this channel sent to one session in an hour, or none. Above it the session gets digests of this channel. Default none; budget.hour applies as well.",
    },
  },
} as const;

export const usualBudget = {
  ...eventBudget,
  default: {},
  description: "Token budgets: for one event, unless its channel sets its own, and for one session.",
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
      description: "When it begins, such as 22:00.",
      examples: ["22:00"],
    },
    to: {
      "x-inert": true,
      type: "string",
      pattern: "^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$",
      description: "When it ends, such as 07:00. A time not later than `from` is on the next day.",
      examples: ["07:00"],
    },
    tz: {
      "x-inert": true,
      type: "string",
      minLength: 1,
      description: "The IANA time zone of both times. Default: the machine's time zone.",
      examples: ["Europe/Berlin"],
    },
  },
} as const;

export const shapingKeys = {
  throttle: {
    type: "object",
    additionalProperties: false,
    required: ["max", "per"],
    description: "Limits the events in a time window, which opens with the first event.",
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
        description: "The length of a window.",
        examples: ["10m"],
      },
      by: {
        ...by,
        description:
          "A template for the key: each key has its own windows. If a placeholder in it is empty, the event is not counted. Default: one key for the whole channel.",
      },
      overflow: {
        "x-inert": true,
        enum: ["digest", "drop"],
        default: "digest",
        description:
          "What happens to the rest: one summary event when the window closes (digest), or only a count (drop).",
      },
    },
  },
  digest: {
    type: "object",
    additionalProperties: false,
    required: ["every"],
    description: "Collects events and delivers them as one: counts, the newest lines, and ids.",
    properties: {
      every: {
        "x-inert": true,
        type: "string",
        format: "duration",
        description: "The minimum time between two digests.",
        examples: ["10m"],
      },
      wait: {
        "x-inert": true,
        type: "string",
        format: "duration",
        description:
          "The delay between the first event and the first digest. Default: 30s, or `every` if that is less.",
      },
      max: {
        "x-inert": true,
        type: "integer",
        minimum: 2,
        maximum: 1_000_000,
        description: "Send the digest early once it has this many events. No limit by default.",
      },
      by: {
        ...by,
        description:
          "A template for the key: each key has its own digest. If a placeholder in it is empty, the event is delivered by itself. Default: one key for the whole channel.",
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
    "x-shown": "event",
    type: "string",
    minLength: 1,
    "x-template": true,
    description:
      "A template for the key: an event replaces an older unsent event with the same key. If a placeholder in it is empty, the event replaces nothing.",
    examples: ["{{data.pull_request.number}}"],
  },
  quiet: {
    "x-inert": true,
    description:
      "Periods in which only events of priority high are delivered; the rest follows as one digest. A window or a list of windows.",
    anyOf: [quietWindow, { type: "array", items: quietWindow, minItems: 1, maxItems: 20 }],
    examples: [[{ from: "22:00", to: "07:00", tz: "Europe/Berlin" }]],
  },
  thread: {
    "x-shown": "event",
    type: "string",
    minLength: 1,
    "x-template": true,
    description:
      "A template for the key: events with the same key, on any channel, carry it as `thread` and go to the same session.",
    examples: ["pr-{{data.pull_request.number}}"],
  },
} as const;
