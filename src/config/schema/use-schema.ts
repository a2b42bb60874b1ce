// `use:` as JSON Schema: a recipe, its inputs, and its overrides. Inputs are declared by the recipe itself;
// overrides are checked as a part of the resulting config.

import { namePattern } from "./channel.ts";

const named = { propertyNames: { pattern: namePattern } } as const;
const changes = (what: string) => ({
  // An override is classified where it ends up, like the value of an input.
  "x-inert": true,
  type: "object",
  description: `Changes to the recipe's ${what}, by their names in the recipe. Null removes a key.`,
  ...named,
  additionalProperties: { type: ["object", "null"] },
});

export const useSchema = {
  type: "object",
  default: {},
  ...named,
  description: "Recipes in use, by a name that becomes the prefix of all names in the recipe.",
  additionalProperties: {
    type: "object",
    additionalProperties: false,
    required: ["recipe"],
    properties: {
      recipe: {
        "x-inert": true,
        type: "string",
        minLength: 1,
        description: "The name of a bundled recipe, or a file next to the config.",
        examples: ["github-ci-failed", "./recipes/ci.yaml"],
      },
      with: {
        "x-inert": true,
        type: "object",
        default: {},
        ...named,
        description: "The values of the recipe's inputs, by name.",
      },
      override: {
        type: "object",
        default: {},
        additionalProperties: false,
        description: "Changes to the recipe: mappings are merged, other values are replaced.",
        properties: {
          sources: changes("sources"),
          channels: changes("channels"),
          sinks: changes("sinks"),
        },
      },
    },
  },
} as const;
