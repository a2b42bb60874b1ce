// `recipes update` names every change: of each option of each source, sink and channel, of each part of an input and
// of the header, as the schemas have them. What asks for consent when it runs needs no question before; any other
// change of who is let in, and of where something goes, is a question that --yes does not answer.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareRecipes } from "../../../src/cli/recipes/compare.ts";
import { conditionChanges } from "../../../src/cli/recipes/match-changes.ts";
import { recipeSchema } from "../../../src/config/recipe/schema.ts";
import type { Json, JsonObject } from "../../../src/contract.ts";
import { isObject } from "../../../src/json.ts";
import {
  allComponents,
  type Component,
  type Position,
  positionsOf,
  withValue,
} from "../../trust/option-positions.ts";
import { baseOf, samplesFor } from "../../trust/option-samples.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync("/tmp/cr-change-");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function difference(before: JsonObject, after: JsonObject) {
  const files = ["a.yaml", "b.yaml"].map((name) => join(folder, name)) as [string, string];
  const head = { recipe: "r", version: "1.0.0", title: "t", description: "d", capabilities: {} };
  for (const [index, recipe] of [before, after].entries())
    writeFileSync(files[index] as string, JSON.stringify({ ...head, ...recipe }));
  const { changes, capabilities } = await compareRecipes(files, {}, { env: { HOME: folder }, cwd: folder });
  return { all: [...changes, ...capabilities.added, ...capabilities.removed], reach: capabilities.added };
}

const components = await allComponents();
const titleOf = ({ section, type }: Component) => (section === "sinks" ? `${type} sink` : type);
const cases = components.flatMap((component) =>
  positionsOf(component.schema, titleOf(component)).map(
    (position) => [position.name, component, position] as const,
  ),
);

/** Options that say how often, how much, how fast and in what form: they let nobody in, and give nothing to anybody. */
const harmless = new RegExp(
  "\\b(every|cron|at|tz|missed|format|restart|exit_codes|timeout|max_\\w+|edits|since|backfill|items|key|order|idle|from|" +
    "multiline|container|partial|encoding|quote|part_length|settle|history|path|parse|events|record|cursor|ordered|fields)\\b",
);

function typed(text: string): Json {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  return text === "true" || text === "false" ? text === "true" : text;
}

describe.each(cases)("%s", (_, component, position) => {
  test("is named when it is changed, added or removed", async () => {
    const { base, one, other } = valuesOf(component, position);
    for (const [from, to] of [
      [one, other],
      [base, one],
      [one, base],
    ] as const) {
      if (JSON.stringify(from) === JSON.stringify(to)) continue;
      const { all, reach } = await difference(recipeOf(component, from), recipeOf(component, to));
      const option = String(position.path.find((part) => typeof part === "string"));
      expect(all.some((sentence) => sentence.includes(option))).toBe(true);
      // The others wait for consent when they run.
      if (component.section === "sources" && position.marked === "inert" && !harmless.test(position.name))
        expect(reach.length).toBeGreaterThan(0);
    }
  });
});

function valuesOf(component: Component, position: Position) {
  const base = baseOf(position, titleOf(component));
  const isCode = position.schemas.some((schema) => schema["x-cel"] !== undefined);
  const samples = isCode ? (["data.a", "data.b"] as const) : samplesFor(position);
  const [one, other] = samples.map((text) => withValue(base, position.path, typed(text))) as [
    JsonObject,
    JsonObject,
  ];
  return { base, one, other };
}

function recipeOf({ section, type }: Component, options: JsonObject): JsonObject {
  const common = section === "sinks" ? { type, description: "For a test." } : { type };
  return {
    ...(section === "sinks" ? { capabilities: { tools: ["x"] } } : {}),
    [section]: { x: { ...common, ...options } },
  };
}

const source = { sources: { x: { type: "http", path: "/x" } } };

test.each<[string, JsonObject, JsonObject, boolean]>([
  ["to", {}, { to: { project: "~/other" } }, true],
  ["reply", {}, { reply: true }, true],
  ["wake", {}, { wake: true }, true],
  ["content", { content: "a" }, { content: "b" }, false],
  ["when", { when: "data.a == 1" }, { when: "data.a == 2" }, false],
  ["ttl", { ttl: "1h" }, { ttl: "2h" }, false],
  ["throttle", {}, { throttle: { max: 1, per: "1h" } }, false],
  ["dedupe", {}, { dedupe: { key: "{{data.a}}", for: "1h" } }, false],
  ["priority", {}, { priority: "high" }, false],
  ["continue", {}, { continue: true }, false],
  ["thread", {}, { thread: "{{data.a}}" }, false],
  ["meta", { meta: { a: "1" } }, { meta: { a: "2" } }, false],
  ["vars", { vars: { a: "data.a" } }, { vars: { a: "data.b" } }, false],
  ["receipt", {}, { receipt: "ack" }, false],
  ["description", {}, { description: "Do as it says." }, false],
])("the option %s of a channel is named; a question: %s", async (option, before, after, isReach) => {
  const channel = (options: JsonObject) => ({ ...source, channels: { c: { from: "x", ...options } } });
  for (const [from, to] of [
    [before, after],
    [after, before],
  ] as const) {
    const { all, reach } = await difference(channel(from), channel(to));
    expect(all.join("\n")).toContain(option);
    expect(reach.length > 0).toBe(isReach);
  }
});

const header = recipeSchema.properties as Readonly<Record<string, JsonObject>>;
const inputKeys = Object.keys(
  ((header.inputs as JsonObject).additionalProperties as JsonObject).properties as JsonObject,
);

const headerValues: Readonly<Record<string, readonly [Json, Json]>> = {
  title: ["a", "b"],
  description: ["a", "b"],
  requires: [{ router: ">=0.0.1" }, { router: ">=0.0.2" }],
  author: ["a", "b"],
  license: ["a", "b"],
  homepage: ["https://a.example", "https://b.example"],
  status: ["unverified", "unverified"],
  setup: ["a", "b"],
};

test.each(
  Object.keys(header).filter(
    (key) => !/^(recipe|version|inputs|capabilities|sources|channels|sinks|tests)$/.test(key),
  ),
)("the key %s of the header is named", async (key) => {
  const [one, other] = headerValues[key] ?? [];
  if (one === undefined || other === undefined) throw new Error(`give ${key} two values`);
  if (one !== other) expect((await difference({ [key]: one }, { [key]: other })).all.join()).toContain(key);
  if (!/title|description/.test(key))
    expect((await difference({}, { [key]: one })).all.join()).toContain(key);
});

const inputValues: Readonly<Record<string, readonly [before: JsonObject, after: JsonObject]>> = {
  type: [{ type: "secret" }, { type: "string" }],
  secret: [{ type: "string", secret: true }, { type: "string" }],
  description: [{ description: "a" }, { description: "b" }],
  default: [{ default: "a" }, { default: "b" }],
  example: [{ example: "a" }, { example: "b" }],
  examples: [{ examples: ["a"] }, { examples: ["b"] }],
  pattern: [{ pattern: "^a" }, { pattern: "^b" }],
  minimum: [
    { type: "integer", minimum: 1 },
    { type: "integer", minimum: 0 },
  ],
  maximum: [
    { type: "integer", maximum: 1 },
    { type: "integer", maximum: 2 },
  ],
  choices: [
    { type: "choice", choices: ["a"] },
    { type: "choice", choices: ["a", "b"] },
  ],
  enum: [{ enum: ["a"] }, { enum: ["a", "b"] }],
  items: [
    { type: "list", items: { type: "string", pattern: "^a" } },
    { type: "list", items: { type: "string" } },
  ],
};

test.each(inputKeys.filter((key) => key !== "deprecated"))("the key %s of an input is named", async (key) => {
  const values = inputValues[key];
  if (values === undefined) throw new Error(`give ${key} two values`);
  const [one, other] = values.map((input) => ({
    inputs: { token: { type: "string", description: "A token.", ...input } },
  })) as unknown as [JsonObject, JsonObject];
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const { all, reach } = await difference(from, to);
    expect(all.join("\n")).toContain("token");
    expect(reach.length > 0).toBe(/^(type|secret)$/.test(key));
  }
});

/** Lists of one are their value: both take the same. */
function meaning(value: Json): Json {
  if (Array.isArray(value)) {
    const all = [...new Set(value.map((one) => JSON.stringify(meaning(one))))].sort();
    return all.length === 1 ? (JSON.parse(all[0] as string) as Json) : all;
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, meaning(one as Json)]),
  );
}

test("two matches have no change exactly when they take the same, also where a path looks like an operator", () => {
  const scalar = fc.constantFrom<Json>("a", "b", 1, "1", true, "true", null, "null", "{}", "a, b");
  const operator = fc.dictionary(
    fc.constantFrom("in", "not", "prefix", "exists"),
    fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })),
    {
      maxKeys: 2,
      noNullPrototype: true,
    },
  );
  const nested = fc.dictionary(fc.constantFrom("not", "in"), operator, { maxKeys: 2, noNullPrototype: true });
  const path = fc.constantFrom("data.a", "data.a.not", "data.a.in", "data.a.not.in", "data.b");
  const match = fc.dictionary(
    path,
    fc.oneof(scalar, operator, nested, fc.array(scalar, { minLength: 1, maxLength: 3 })),
    {
      maxKeys: 3,
      noNullPrototype: true,
    },
  );
  fc.assert(
    fc.property(match, match, (one, other) => {
      const changes = conditionChanges("c", one, other);
      const isSame = JSON.stringify(meaning(one)) === JSON.stringify(meaning(other));
      if (!isSame) expect(changes).not.toEqual([]);
      expect(conditionChanges("c", one, structuredClone(one))).toEqual([]);
    }),
    { numRuns: 3_000 },
  );
});
