// What `check` accepts an editor does not underline.

import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { parse } from "yaml";
import editorSchema from "../../schema/channels.schema.json" with { type: "json" };
import { unitFormats } from "../../src/config/schema/unit-formats.ts";
import { load, told } from "./loading.ts";

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strict: true });
ajv.addVocabulary(["x-secret", "x-template", "x-cel", "x-regex", "x-glob", "x-argv", "x-deep", "x-order"]);
for (const [name, pattern] of Object.entries(unitFormats)) ajv.addFormat(name, pattern);
const validate = ajv.compile(editorSchema);

const source = "sources:\n  a: { type: http, path: /a }\n";

test.each([
  ["channels.example.yaml", readFileSync(new URL("../../channels.example.yaml", import.meta.url), "utf8")],
  ["sources with nothing under it", "sources:\n"],
  ["a channel with nothing under it", `${source}channels:\n  a:\n`],
  [
    "every section with nothing under it",
    "server:\nbudget:\ndelivery:\ndefaults:\nsources:\nchannels:\nsinks:\nhosts:\n",
  ],
  ["a variable in place of a number", `delivery: { catch_up: "\${N:-5}" }\n${source}`],
])("%s passes the loader and the schema", async (_, text) => {
  expect(told(await load(text))).toEqual([]);
  validate(parse(text));
  expect(validate.errors ?? []).toEqual([]);
});

test.each([
  ["a source with nothing under it", "sources:\n  a:\n"],
  ["a version with nothing behind it", "version:\n"],
  ["a listen with nothing behind it", "listen:\n"],
])("%s is refused by both", async (_, text) => {
  expect(told(await load(text))).not.toEqual([]);
  expect(validate(parse(text))).toBe(false);
});
