// What every sink may hold, whatever its type, as JSON Schema.

export const sinkSchema = {
  type: "object",
  required: ["type", "description"],
  properties: {
    type: {
      "x-inert": true,
      type: "string",
      description: "The connector's name; its options stand beside this key.",
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
        "The arguments of the tool by name, each as JSON Schema; one without a default must be given. Templates see them as input.",
      examples: [{ text: { type: "string", maxLength: 4_000 } }],
    },
    result: {
      "x-shown": "event",
      type: "string",
      "x-template": { only: ["input", "event", "time", "response"] },
      description:
        "What Claude is told when it was done: a template, which also sees what came back as response. Default: what the type says.",
    },
  },
} as const;
