// A recipe's file as JSON Schema: everything around its sources, channels and sinks. Those are checked as a
// part of the config that uses the recipe, because only there the inputs are known.

import type { JsonSchema } from "../../contract.ts";
import { namePattern } from "../schema/channel.ts";
import { anyTests } from "../schema/tests.ts";

const named = { propertyNames: { pattern: namePattern } } as const;

const item = {
  enum: { type: "array", minItems: 1, description: "The allowed values." },
  pattern: {
    type: "string",
    minLength: 1,
    description: "An RE2 pattern that must match the text; use ^ and $ to match the whole text.",
  },
  minimum: { type: "number", description: "The minimum." },
  maximum: { type: "number", description: "The maximum." },
} as const;

const input = {
  type: "object",
  additionalProperties: false,
  required: ["type", "description"],
  properties: {
    type: {
      enum: ["string", "number", "integer", "boolean", "array"],
      description: "The type of the value.",
    },
    description: { type: "string", minLength: 1, description: "The purpose of the input, in a sentence." },
    default: { description: "The value if the config sets none. An input without a default is required." },
    ...item,
    items: {
      type: "object",
      additionalProperties: false,
      required: ["type"],
      description: "The schema of each item of a list.",
      properties: {
        type: {
          enum: ["string", "number", "integer", "boolean"],
          description: "The type of an item.",
        },
        ...item,
      },
    },
    examples: { type: "array", minItems: 1, description: "Example values." },
    secret: {
      type: "boolean",
      default: false,
      description:
        "Whether the value is a secret: it is never shown, and events, templates and expressions do not see it.",
    },
  },
} as const;

const entries = (what: string) => ({
  type: "object",
  default: {},
  ...named,
  additionalProperties: { type: "object" },
  description: `${what}, as in channels.yaml. \${inputs.NAME} is the value of an input.`,
});

export const recipeSchema: JsonSchema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "channel-router recipe",
  type: "object",
  additionalProperties: false,
  required: ["recipe", "version", "title", "description"],
  properties: {
    recipe: {
      type: "string",
      pattern: "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
      description: "The recipe's name: lower-case words separated by -.",
      examples: ["github-ci-failed"],
    },
    version: {
      type: "string",
      pattern: "^[0-9]+\\.[0-9]+\\.[0-9]+$",
      description: "The recipe's own version, in quotes: three numbers.",
      examples: ["1.0.0"],
    },
    title: { type: "string", minLength: 1, description: "The title, in a few words." },
    description: { type: "string", minLength: 1, description: "What reaches Claude, and what does not." },
    setup: { type: "string", description: "The setup steps at the sender." },
    inputs: {
      type: "object",
      default: {},
      ...named,
      additionalProperties: input,
      description: "The inputs of the recipe, by name.",
    },
    sources: entries("Where events come from"),
    channels: entries("Which events reach Claude and how they look"),
    sinks: entries("Tools with which Claude answers and acts"),
    tests: anyTests,
  },
};
