// The options that differ between two versions of a recipe: whatever is changed has a sentence.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  changeSentence,
  filledRecipe,
  optionChanges,
  reachOfChange,
} from "../../../src/cli/recipes/option-changes.ts";
import type { Json, JsonObject } from "../../../src/contract.ts";

const key = fc.stringMatching(/^[a-z_]{1,6}$/);
const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(key, tie("tree"), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

test("two trees have no changes if and only if they are equal", () => {
  fc.assert(
    fc.property(tree, tree, (one, other) => {
      expect(optionChanges(one, structuredClone(one))).toEqual([]);
      const changes = optionChanges(one, other);
      const isEqual = (() => {
        try {
          expect(one).toEqual(other);
          return true;
        } catch {
          return false;
        }
      })();
      expect(changes.length === 0).toBe(isEqual);
      for (const change of changes) expect(changeSentence(change)).toMatch(/ is /);
    }),
  );
});

test("any change below an option that decides whose events a source accepts is new reach", () => {
  const options = fc.constantFrom("type", "enabled", "verify", "access", "webhook", "proxies");
  fc.assert(
    fc.property(options, fc.option(tree), fc.option(tree), (option, before, after) => {
      const recipe = (value: Json): JsonObject => ({
        sources: { a: value === null ? {} : { [option]: value } },
      });
      const changes = optionChanges(filledRecipe(recipe(before), {}), filledRecipe(recipe(after), {}));
      for (const change of changes) expect(reachOfChange(change, new Set())).toBeDefined();
    }),
  );
});

test("any change to an option with a secret input is new reach", () => {
  const secrets = new Set(["token"]);
  for (const [before, after] of [
    ["/hooks/${inputs.token}", "/hooks"],
    [{ a: ["${inputs.token}"] }, { a: [] }],
    [undefined, "x ${inputs.token}"],
  ] as const)
    for (const path of [
      ["sources", "a", "path"],
      ["channels", "a", "match"],
      ["sinks", "a", "headers"],
    ])
      expect(reachOfChange({ path, before, after } as never, secrets)).toContain("uses a secret");
});
