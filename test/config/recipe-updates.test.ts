import { expect, test } from "vitest";
import { recipeUpdates } from "../../src/config/recipe/updates.ts";

const loaded = (texts: Record<string, string>) => ({
  texts: new Map(Object.entries(texts).map(([path, text]) => [path, { text, sha256: "" }])),
});
const recipe = (version: string) => `recipe: ci-failed\nversion: ${version}\ntitle: t\nchannels: {}\n`;

test("a recipe whose version changed is reported with both versions", () => {
  const before = loaded({ "/p/a.yaml": recipe('"1.0.0"'), "/p/channels.yaml": "version: 1\n" });
  const after = loaded({ "/p/a.yaml": recipe("'1.1.0'"), "/p/channels.yaml": "version: 1\nuse: {}\n" });
  expect(recipeUpdates(before, after)).toEqual(["recipe ci-failed 1.0.0 -> 1.1.0"]);
});

test("new, removed and unchanged recipes are not reported", () => {
  const one = loaded({ "/p/a.yaml": recipe('"1.0.0"') });
  expect(recipeUpdates(one, one)).toEqual([]);
  expect(recipeUpdates(loaded({}), one)).toEqual([]);
  expect(recipeUpdates(one, loaded({}))).toEqual([]);
});

test("each version of a shared recipe has its own path", () => {
  const one = loaded({ "/p/.channels/1/a.yaml": recipe('"1.0.0"') });
  const two = loaded({ "/p/.channels/2/a.yaml": recipe('"1.1.0"') });
  expect(recipeUpdates(one, two)).toEqual(["recipe ci-failed 1.0.0 -> 1.1.0"]);
});
