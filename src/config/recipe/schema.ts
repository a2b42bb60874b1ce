// A recipe's file as JSON Schema: what stands around its sources, channels and sinks. Those are checked as a part of the
// config that uses the recipe, because only there are the inputs known.

import type { JsonSchema } from "../../contract.ts";
import { namePattern } from "../schema/name-pattern.ts";
import { anyTests } from "../schema/tests.ts";

const named = { propertyNames: { pattern: namePattern } } as const;

const item = {
  enum: { type: "array", minItems: 1, description: "The only values that are taken." },
  pattern: {
    type: "string",
    minLength: 1,
    description:
      "An RE2 pattern that must fit the text; begin it with ^ and end it with $ for the whole of it.",
  },
  minimum: { type: "number", description: "The least number." },
  maximum: { type: "number", description: "The greatest number." },
} as const;

const input = {
  type: "object",
  additionalProperties: false,
  required: ["type", "description"],
  properties: {
    type: {
      enum: ["string", "number", "integer", "boolean", "array"],
      description: "What kind of value it is.",
    },
    description: { type: "string", minLength: 1, description: "What it is for, in a sentence." },
    default: { description: "What it is when nothing is given. Without a default it must be given." },
    ...item,
    items: {
      type: "object",
      additionalProperties: false,
      required: ["type"],
      description: "What each item of a list must be.",
      properties: {
        type: {
          enum: ["string", "number", "integer", "boolean"],
          description: "What kind of value an item is.",
        },
        ...item,
      },
    },
    examples: { type: "array", minItems: 1, description: "Values that could be given." },
    secret: {
      type: "boolean",
      default: false,
      description: "Whether it is never shown. Events, templates and expressions do not see it.",
    },
  },
} as const;

const entries = (what: string) => ({
  type: "object",
  default: {},
  ...named,
  additionalProperties: { type: "object" },
  description: `${what}, as in channels.yaml. \${inputs.NAME} stands for what an input was given.`,
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
      description: "The recipe's name: lower-case words with - between them.",
      examples: ["github-ci-failed"],
    },
    version: {
      type: "string",
      pattern: "^[0-9]+\\.[0-9]+\\.[0-9]+$",
      description: "The recipe's own version, in quotes: three numbers.",
      examples: ["1.0.0"],
    },
    title: { type: "string", minLength: 1, description: "What it is, in a few words." },
    description: { type: "string", minLength: 1, description: "What reaches Claude, and what does not." },
    setup: { type: "string", description: "What a person has to do at the sender, step by step." },
    inputs: {
      type: "object",
      default: {},
      ...named,
      additionalProperties: input,
      description: "What a config gives the recipe, by name.",
    },
    sources: entries("Where events come from"),
    channels: entries("Which events reach Claude and how they look"),
    sinks: entries("Tools with which Claude answers"),
    tests: anyTests,
  },
};
