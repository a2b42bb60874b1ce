// The header of a recipe: the types of its inputs, earlier names of them, the router that it needs, and the
// form of its capabilities.

import { expect, test } from "vitest";
import { unmetRequirement } from "../../../src/config/recipe/requirements.ts";
import type { Issue } from "../../../src/contract.ts";
import { load } from "../loading.ts";

const header = `recipe: made
version: "1.0.0-beta.2"
title: Made
description: For a test.
`;
const using = (recipe: string, values = "", env: Record<string, string> = {}) =>
  load(`use:\n  one:\n    recipe: ./made.yaml\n${values}`, { env, files: { "made.yaml": header + recipe } });
const given = (text: string) => `    with:\n${text.replace(/^/gm, "      ")}\n`;
const told = (issues: readonly Issue[]) =>
  issues.map(
    ({ file, path, message, hint, code }) =>
      `${file.split("/").at(-1)} ${path}: ${message} (${code}) [${hint}]`,
  );

const inputs = `inputs:
  every: { type: duration, description: How often., default: 5m, deprecated: [interval] }
  level: { type: choice, choices: [warning, error], default: error, description: Which. }
  branches: { type: list, items: { type: glob }, default: [], description: Which., deprecated: [refs, heads] }
  names: { type: list, description: Which., default: [] }
  secret: { type: secret, description: The secret., example: "\${SECRET}" }
  ids: { type: array, items: { type: integer }, description: Which., default: [1] }
  old: { type: string, secret: true, description: The older form., default: abcdefgh }
sources:
  clock: { type: probe, every: "\${inputs.every}", auth: { secret: "\${inputs.secret}" } }
channels:
  tick: { from: clock, match: { data.branch: { glob: "\${inputs.branches}" } } }
`;

test("every input type accepts its values", async () => {
  const values = given(
    'every: 7m\nlevel: warning\nbranches: ["release/*"]\nnames: [a]\nsecret: "${S}"\nids: [2, 3]',
  );
  const { issues, warnings, values: read, secrets } = await using(inputs, values, { S: "the-secret-value" });
  expect(told([...issues, ...warnings])).toEqual([]);
  expect(read.sources.one_clock?.options).toMatchObject({
    everyMs: 420_000,
    auth: { secret: "the-secret-value" },
  });
  expect(read.channels.one_tick?.inputs).toEqual({
    every: "7m",
    level: "warning",
    branches: ["release/*"],
    names: ["a"],
    ids: [2, 3],
  });
  expect(secrets).toContain("the-secret-value");
});

test("a wrong value is reported with the expected type", async () => {
  const values = given('every: often\nlevel: fatal\nbranches: main\nnames: [1]\nsecret: 5\nids: ["x"]');
  const { issues } = await using(inputs, values);
  expect(told(issues)).toEqual([
    'channels.yaml use.one.with.every: must be a duration, found "often" (E_CONFIG_VALUE) [write a whole number and ms, s, m, h or d, for example 30s]',
    'channels.yaml use.one.with.level: must be warning or error, found "fatal" (E_CONFIG_VALUE) [undefined]',
    'channels.yaml use.one.with.branches: must be a list of text, found text (E_CONFIG_TYPE) [write ["main"]]',
    'channels.yaml use.one.with.names[0]: must be text, found a number (E_CONFIG_TYPE) [quote it: "[1]"]',
    "channels.yaml use.one.with.secret: must be text, found a number (E_CONFIG_TYPE) [quote it]",
    "channels.yaml use.one.with.ids[0]: must be a whole number, found text (E_CONFIG_TYPE) [undefined]",
    "made.yaml sources.clock.every: must be a duration (E_CONFIG_VALUE) [write a whole number and ms, s, m, h or d, for example 30s]",
    "made.yaml sources.clock.auth.secret: must be text or a list of text, found a number (E_CONFIG_TYPE) [quote it]",
  ]);
});

test("a former input name still works, with a warning that has the current one", async () => {
  const values = given('interval: 9m\nrefs: [main]\nsecret: "${S}"');
  const { issues, warnings, values: read } = await using(inputs, values, { S: "the-secret-value" });
  expect(told(issues)).toEqual([]);
  expect(told(warnings)).toEqual([
    'channels.yaml use.one.with.interval: "interval" is an earlier name of the input "every" (W_CONFIG_DEPRECATED) [write every]',
    'channels.yaml use.one.with.refs: "refs" is an earlier name of the input "branches" (W_CONFIG_DEPRECATED) [write branches]',
  ]);
  expect(read.sources.one_clock?.options).toMatchObject({ everyMs: 540_000 });
  expect(read.channels.one_tick?.inputs).toMatchObject({ branches: ["main"] });
});

test("a value under a former name keeps its origin", async () => {
  const renamed = inputs.replace('example: "${SECRET}"', 'example: "${SECRET}", deprecated: [token]');
  const { issues, secrets } = await using(renamed, given('token: "${S}"'), { S: "the-secret-value" });
  expect(told(issues)).toEqual([]);
  expect(secrets).toContain("the-secret-value");
});

test("a former name together with the current or another former one is an error", async () => {
  const values = given('every: 1m\ninterval: 9m\nrefs: [a]\nheads: [b]\nsecret: "${S}"');
  const { issues } = await using(inputs, values, { S: "the-secret-value" });
  expect(told(issues).map((one) => one.replace(/ \(.*/, ""))).toEqual([
    'channels.yaml use.one.with.interval: "interval" is an earlier name of the input "every", which is set too',
    'channels.yaml use.one.with.heads: "heads" is an earlier name of the input "branches", which is set too',
  ]);
});

test("errors in the header are reported at their location", async () => {
  const { issues } = await using(
    `requires: { router: newest }
status: verified
homepage: example.com
setup: "Post to \${inputs.paht}"
inputs:
  level: { type: choice, description: Which. }
  other: { type: string, choices: [a], items: { type: string }, description: Which., default: "" , deprecated: [level] }
`,
    given("level: x"),
  );
  expect(told(issues).map((one) => one.replace(/ \[.*/, ""))).toEqual([
    'made.yaml requires.router: "newest" is not a version range (E_CONFIG_VALUE)',
    'made.yaml status: must be unverified, found "verified" (E_CONFIG_VALUE)',
    'made.yaml homepage: has the wrong format, found "example.com" (E_CONFIG_VALUE)',
    'made.yaml setup: the recipe has no input "paht" (E_CONFIG_VARIABLE)',
    "made.yaml inputs.level.type: a choice needs choices (E_CONFIG_VALUE)",
    "made.yaml inputs.other.choices: has an effect only with type: choice (E_CONFIG_VALUE)",
    "made.yaml inputs.other.items: has an effect only with type: list (E_CONFIG_VALUE)",
    'made.yaml inputs.other.deprecated[0]: "level" is also the name of an input (E_CONFIG_VALUE)',
  ]);
});

test("a recipe for another router version reports only that", () => {
  const needs = (router: string) => ({ recipe: "made", requires: { router } });
  expect(unmetRequirement(needs(">=2.0.0"), true, "1.4.0")).toEqual({
    code: "E_CONFIG_RECIPE",
    message: "the recipe made needs channel-router >=2.0.0, but this is 1.4.0",
    hint: "update channel-router, or use another version of the recipe",
  });
  expect(unmetRequirement(needs(">=1.0.0"), true, "1.4.0")).toBeUndefined();
});

test("only a recipe of the user's own project may omit capabilities", () => {
  const header = { recipe: "made" };
  expect(unmetRequirement(header, true)).toBeUndefined();
  expect(unmetRequirement(header, false)?.message).toBe("the recipe made does not declare its capabilities");
  expect(unmetRequirement({ ...header, capabilities: {} }, false)).toBeUndefined();
});
