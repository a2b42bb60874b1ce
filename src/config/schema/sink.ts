// The common keys of every sink, as JSON Schema.

export const sinkSchema = {
  type: "object",
  required: ["type", "description"],
  properties: {
    type: {
      "x-inert": true,
      type: "string",
      description: "The connector's name; its options are set next to this key.",
      examples: ["http"],
    },
    description: {
      "x-shown": "always",
      type: "string",
      minLength: 1,
      maxLength: 1_000,
      description: "What the tool does, in a sentence for Claude.",
      examples: ["Comment on the pull request of a CI event."],
    },
    input: {
      "x-shown": "always",
      type: "object",
      default: {},
      propertyNames: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$" },
      additionalProperties: { type: "object", examples: [{ type: "string" }] },
      description:
        "The tool's arguments by name, each as JSON Schema; an argument without a default is required. Templates see them as input.",
      examples: [{ text: { type: "string", maxLength: 4_000 } }],
    },
    result: {
      "x-shown": "event",
      type: "string",
      "x-template": { only: ["input", "event", "time", "response"] },
      description:
        "The result that Claude gets on success: a template, which can also use response. Default: depends on the type.",
    },
  },
} as const;
