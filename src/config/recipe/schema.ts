// The JSON Schema of a recipe file, except for sources, channels and sinks, which are checked as part of the config
// that uses the recipe, because only there the inputs are known.

import type { JsonSchema } from "../../contract.ts";
import { versionPattern } from "../../semver.ts";
import { namePattern } from "../schema/channel.ts";
import { anyTests } from "../schema/tests.ts";

const named = { propertyNames: { pattern: namePattern } } as const;

const scalars = ["string", "integer", "number", "boolean", "duration", "choice", "glob"] as const;

const item = {
  choices: {
    type: "array",
    minItems: 1,
    uniqueItems: true,
    items: { type: "string" },
    description: "The allowed values of a choice.",
  },
  enum: { type: "array", minItems: 1, description: "The allowed values. For text, prefer type: choice." },
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
      enum: [...scalars, "list", "secret", "array"],
      description:
        "The type of the value: string, integer, number, boolean, duration (5m), choice (one of choices), glob (release/*), list, or secret (a text that is never shown). array is the older name of list.",
    },
    description: { type: "string", minLength: 1, description: "The purpose of the input, in a sentence." },
    default: { description: "The value if the config sets none. An input without a default is required." },
    ...item,
    items: {
      type: "object",
      additionalProperties: false,
      required: ["type"],
      description: "The type of the items. Default: string.",
      properties: { type: { enum: scalars, description: "The type of an item." }, ...item },
    },
    example: { description: 'An example value; for a secret, the usual variable: "${BUILD_TOKEN}".' },
    examples: { type: "array", minItems: 1, description: "Example values; prefer example." },
    deprecated: {
      type: "array",
      minItems: 1,
      uniqueItems: true,
      items: { type: "string", pattern: namePattern },
      description: "Former names of the input, still accepted with a warning.",
    },
    secret: {
      type: "boolean",
      default: false,
      description:
        "The older form of type: secret. A secret is never shown, and is not available in events, templates and expressions.",
    },
  },
} as const;

const texts = (description: string) => ({
  type: "array",
  maxItems: 100,
  uniqueItems: true,
  items: { type: "string", minLength: 1, maxLength: 500 },
  description,
});

const capabilities = {
  type: ["object", "null"],
  additionalProperties: false,
  description:
    "Everything that the recipe may reach: checked when it is loaded, enforced at run time, and not widened by override. A missing list allows nothing.",
  properties: {
    listen: texts("The paths of its HTTP routes."),
    hosts: texts(
      "The hosts that it connects to: api.example.com for the usual ports, or host:port. No wildcards. An input may be a host or a URL. http://HOST: secrets may go there without TLS.",
    ),
    files: texts(
      "The paths and globs that it reads, writes or moves, relative to the config's folder or ~. One without wildcards is a file, or a folder with its contents.",
    ),
    commands: texts("The programs that it runs, as they are named in command."),
    tools: texts("The sinks that it adds, by their names in the recipe: each is a tool for Claude."),
    secrets: {
      type: "object",
      ...named,
      additionalProperties: texts("verify, a host of hosts, or a program of commands."),
      description:
        "Where each secret input may go, by name: verify (to check callers), a host, or a program.",
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
      pattern: versionPattern,
      description: "The recipe's own version, in quotes: a semantic version.",
      examples: ["1.0.0"],
    },
    title: { type: "string", minLength: 1, description: "The title, in a few words." },
    description: { type: "string", minLength: 1, description: "What reaches Claude, and what does not." },
    requires: {
      type: "object",
      additionalProperties: false,
      description: "What the recipe needs.",
      properties: {
        router: {
          type: "string",
          minLength: 1,
          description: "The supported versions of channel-router, as a semver range.",
          examples: [">=0.1.0"],
        },
      },
    },
    author: { type: "string", minLength: 1, description: "The author." },
    license: { type: "string", minLength: 1, description: "Its license.", examples: ["Apache-2.0"] },
    homepage: { type: "string", pattern: "^https?://", description: "Where to read more about it." },
    status: {
      enum: ["unverified"],
      description: "unverified: the sender's format was not confirmed from a public source.",
    },
    setup: {
      type: "string",
      description: "The setup steps at the sender, in Markdown. ${inputs.NAME} is the value of an input.",
    },
    inputs: {
      type: "object",
      default: {},
      ...named,
      additionalProperties: input,
      description: "The inputs of the recipe, by name.",
    },
    capabilities,
    sources: entries("Where events come from"),
    channels: entries("Which events reach Claude and how they look"),
    sinks: entries("Tools with which Claude answers and acts"),
    tests: anyTests,
  },
};
