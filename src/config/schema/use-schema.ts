// `use:` as JSON Schema: a recipe, what it is given, and what is changed in it. What a recipe's inputs may be is declared by
// the recipe itself; what may be changed is checked as a part of the config that comes out.

import { namePattern } from "./name-pattern.ts";

const named = { propertyNames: { pattern: namePattern } } as const;
const changes = (what: string) => ({
  // What it changes counts where it ends up, as what the inputs bring does.
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
