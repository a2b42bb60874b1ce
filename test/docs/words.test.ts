// Code, docs, recipes and option descriptions use the field's terms. scripts/word-list.mjs says what to write instead.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findWords, isChecked } from "../../scripts/word-list.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders = ["src", "docs", "recipes", "schema", "skills"];
const files = [
  ...readdirSync(root),
  ...folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`),
  ),
].filter(isChecked);

test("no text uses a word of the list", () => {
  const found = files
    .flatMap((file) => findWords({ file, text: readFileSync(join(root, file), "utf8") }))
    .map(({ file, line, word, instead, text }) => `${file}:${line}: "${word}", better: ${instead}: ${text}`);
  expect(found).toEqual([]);
});

test.each([
  ["the model is told", "told, tell"],
  ["it is no file", "is no"],
  ["the previous config is in force", "in force"],
])("the list finds: %s", (text, word) => {
  expect(findWords({ file: "src/x.ts", text }).map((found) => found.word)).toEqual([word]);
});

test.each(["there is no file", "it is no longer open", "tell the user", "stand-alone"])(
  "the list permits: %s",
  (text) => {
    expect(findWords({ file: "src/x.ts", text })).toEqual([]);
  },
);
