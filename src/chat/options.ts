// The common options of chat sources, as JSON Schema: a connector includes them in its own.

const id = { type: ["string", "integer"], minLength: 1, maximum: Number.MAX_SAFE_INTEGER } as const;
const ids = { type: "array", items: id, default: [] } as const;

export const chatOptions = {
  access: {
    description: "Who may write. Messages from anyone else get no answer and do not reach Claude.",
    type: "object",
    additionalProperties: false,
    default: {},
    properties: {
      dm: {
        "x-inert": false,
        description:
          "How direct messages from strangers are handled: pairing replies with a code that you approve with channel-router access pair; allowlist ignores strangers; disabled ignores everyone, in groups too.",
        type: "string",
        enum: ["pairing", "allowlist", "disabled"],
        default: "pairing",
      },
      allow: {
        "x-inert": false,
        ...ids,
        description:
          "Ids of users who may always write; they require consent (channel-router trust). Quote ids of 16 or more digits.",
        examples: [["412587349"]],
      },
      groups: {
        description:
          "The groups in which the bot takes part, by chat id; messages in other groups are ignored.",
        type: "object",
        default: {},
        additionalProperties: {
          type: "object",
          additionalProperties: false,
          properties: {
            mention: {
              "x-inert": true,
              description: "Accept only messages that mention the bot or reply to one of its messages.",
              type: "boolean",
              default: true,
            },
            allow: {
              "x-inert": false,
              ...ids,
              description: "Ids of the users who may write in this group; an empty list admits nobody.",
            },
          },
        },
      },
      mention_patterns: {
        "x-inert": true,
        description:
          "RE2 patterns that count as a mention of the bot, such as its name; (?i) at the beginning ignores case.",
        type: "array",
        items: { type: "string", minLength: 1, "x-regex": true },
        default: [],
        examples: [["(?i)\\bclaude\\b"]],
      },
      bots: {
        "x-inert": false,
        ...ids,
        description:
          "Ids of bots that may write like users; at most ten bot messages in a row are accepted without a human message in between.",
      },
    },
  },
  // The connector adds it once `emit` has settled; the router shows the typing indicator.
  ack_reaction: {
    "x-inert": false,
    description: "An emoji to put under each accepted message. None by default.",
    type: "string",
    minLength: 1,
    maxLength: 64,
    examples: ["👀"],
  },
} as const;

/** For platforms on which users can edit messages. */
export const editsOption = {
  edits: {
    "x-inert": true,
    description: "Whether an edited message is delivered again, with edited: true in data.",
    type: "boolean",
    default: true,
  },
} as const;

/** Meta of the default channel of every chat: author, chat, and attachments. A name that equals the id is left out. */
export const chatMeta = {
  user: "{{#unless (eq sender.name sender.id)}}{{sender.name}}{{/unless}}",
  user_id: "{{sender.id}}",
  chat: "{{data.chat_name}}",
  quote: "{{data.quote}}",
  attachments:
    "{{#each data.attachments}}{{#unless @first}}; {{/unless}}{{id}}: {{kind}} {{name}}{{#if path}}, saved at {{path}}{{/if}}{{/each}}",
} as const;
