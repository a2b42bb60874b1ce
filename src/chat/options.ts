// The options that every chat source has, as JSON Schema: a connector puts them among its own.

const id = { type: ["string", "integer"], minLength: 1, maximum: Number.MAX_SAFE_INTEGER } as const;
const ids = { type: "array", items: id, default: [] } as const;

export const chatOptions = {
  access: {
    description:
      "Who may write. Whoever is not admitted gets no answer, and nothing of what they write reaches Claude.",
    type: "object",
    additionalProperties: false,
    default: {},
    properties: {
      dm: {
        "x-inert": false,
        description:
          "What happens to a stranger who writes to the bot alone: pairing gives a code that you approve with channel-router access pair; allowlist ignores them; disabled ignores everybody, in groups too.",
        type: "string",
        enum: ["pairing", "allowlist", "disabled"],
        default: "pairing",
      },
      allow: {
        "x-inert": false,
        ...ids,
        description:
          "Ids of people who may always write; such ids wait for channel-router trust. Quote those of 16 digits and more.",
        examples: [["412587349"]],
      },
      groups: {
        description:
          "The groups, by the id of the chat, in which the bot takes part; in all others it is deaf.",
        type: "object",
        default: {},
        additionalProperties: {
          type: "object",
          additionalProperties: false,
          properties: {
            mention: {
              "x-inert": true,
              description: "Whether only messages count that mention the bot or answer one of its own.",
              type: "boolean",
              default: true,
            },
            allow: {
              "x-inert": false,
              ...ids,
              description: "Ids of the people who may write there; empty admits nobody.",
            },
          },
        },
      },
      mention_patterns: {
        "x-inert": true,
        description:
          "RE2 patterns that count as a mention of the bot, for instance its name; (?i) at the beginning ignores case.",
        type: "array",
        items: { type: "string", minLength: 1, "x-regex": true },
        default: [],
        examples: [["(?i)\\bclaude\\b"]],
      },
      bots: {
        "x-inert": false,
        ...ids,
        description:
          "Ids of bots that may write as people do; ten of their messages in a row, with none of a person between them, are the most that is taken.",
      },
    },
  },
  // The connector puts it there once `emit` has settled; that an answer is being written is shown by the router.
  ack_reaction: {
    "x-inert": false,
    description: "An emoji that is put under each message that was taken. None by default.",
    type: "string",
    minLength: 1,
    maxLength: 64,
    examples: ["👀"],
  },
} as const;

/** For platforms on which people change what they wrote. */
export const editsOption = {
  edits: {
    "x-inert": true,
    description: "Whether a message that its writer changes comes again, with edited: true in data.",
    type: "boolean",
    default: true,
  },
} as const;

/** Meta of the default channel of every chat: who wrote, where, and what is attached. */
export const chatMeta = {
  user: "{{default sender.name sender.id}}",
  user_id: "{{sender.id}}",
  chat: "{{data.chat_name}}",
  quote: "{{data.quote}}",
  attachments:
    "{{#each data.attachments}}{{#unless @first}}; {{/unless}}{{id}}: {{kind}} {{name}}{{#if path}}, saved at {{path}}{{/if}}{{/each}}",
} as const;
