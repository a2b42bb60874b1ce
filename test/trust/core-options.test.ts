// What becomes of a value that a variable, a file or a secret input brings into an option of the core: for every option of every
// section, as the schema has them. It is hidden, it asks for consent, or it goes nowhere.

import { beforeAll, describe, expect, test } from "vitest";
import { coreSchema } from "../../src/config/schema/core.ts";
import { dotted } from "../../src/config/yaml/problem.ts";
import type { Json, JsonObject } from "../../src/contract.ts";
import { openProject, type Project, wordsOf } from "../support/proven.ts";
import { type Position, positionsOf, withValue } from "./option-positions.ts";
import { samplesFor } from "./option-samples.ts";

const source = { type: "http", path: "/hook" };
const phone = { type: "telegram", token: "123456789:telegram-token" };
const sink = { type: "command", description: "For a test.", command: ["true"] };

/** What has to stand beside an option, by the section that it is in. */
const bases: Readonly<Record<string, JsonObject>> = {
  server: {},
  listen: { sources: { s: source } },
  public_url: { sources: { s: source } },
  console: {},
  channels: { sources: { s: source }, channels: { a_key: { from: "s" } } },
  sinks: { sinks: { a_key: sink } },
  sources: { sources: { a_key: source } },
  permissions: {
    sources: { phone },
    permissions: { relay: ["phone"], approvers: { phone: ["41"] } },
  },
};
/** What options of their own sections need beside them. */
const besides: Readonly<Record<string, JsonObject>> = {
  "channels.a_key.throttle": { max: 1, per: "10s" },
  "channels.a_key.digest": { every: "10m" },
  "channels.a_key.changed": { value: "data.a" },
  "channels.a_key.dedupe": { key: "k" },
  "channels.a_key.quiet": { from: "22:00", to: "07:00" },
  "permissions.quiet.0": { from: "22:00", to: "07:00" },
};

/** What a variable in it makes no sense for: which part of the config it is, not what it says. */
const references = /^core (?:use|tests|version|sources\.\*\.type|sinks\.\*\.type)\b/;
const positions = positionsOf(coreSchema, "core")
  .filter(({ name }) => !references.test(name))
  // A list of windows holds what a window does.
  .filter(({ name }) => !name.startsWith("core channels.*.quiet.[]"))
  .map((position) => ({ ...position, path: position.path.map((key) => key) }));

let project: Project;
beforeAll(() => {
  project = openProject();
});

const secret = "s3cr3t-of-the-test";

function pathIn({ path }: Position, permissions: boolean): (string | number)[] {
  return path.map((key) => (key === "a_key" && permissions ? "phone" : key));
}

async function prove(position: Position, value: Json, isSecret: boolean, text: string, inRecipe = false) {
  const path = pathIn(position, position.path[0] === "permissions");
  let root = bases[String(path[0])] ?? {};
  for (const [at, beside] of Object.entries(besides)) {
    const prefix = path.slice(0, at.split(".").length);
    if (prefix.join(".") === at && path.length > prefix.length)
      root = withValue(root, prefix, beside) as JsonObject;
  }
  const config = withValue(root, path, value) as JsonObject;
  await project.write({ "value.txt": text });
  const inputs = { inputs: { x: { type: "string", secret: true, description: "A secret." } } };
  const header = { recipe: "tested", version: "1.0.0", title: "Tested", description: "For a test." };
  if (inRecipe) await project.write({ "tested.yaml": JSON.stringify({ ...header, ...inputs, ...config }) });
  const used = { use: { u: { recipe: "./tested.yaml", with: { x: text } } } };
  const proven = await project.prove(JSON.stringify(inRecipe ? used : config), { VALUE_OF_TEST: text });
  const { plan, loaded, issues } = proven;
  const { outward: _, ...values } = loaded.values;
  const seen = JSON.stringify([
    wordsOf(plan.powers),
    loaded.notes,
    issues,
    loaded.issues.map((issue) => loaded.frame(issue)),
    values.server,
    Object.values(values.channels).map(({ description }) => description),
    plan.sinks.map(({ description, input }) => [description, input]),
  ]);
  if (isSecret) expect(seen, dotted(path)).not.toContain(text);
  return proven;
}

const isCode = ({ schemas }: Position) => schemas.some((schema) => schema["x-cel"] !== undefined);
const isFree = ({ schemas }: Position) =>
  schemas.some(({ type, pattern, format, enum: words }) => {
    return [type].flat().includes("string") && (pattern ?? format ?? words) === undefined;
  });

test("nobody has forgotten to say of an option whether it goes anywhere", () => {
  expect(positions.filter(({ marked }) => marked === undefined).map(({ name }) => name)).toEqual([]);
});

describe.each(positions)("$name", (position) => {
  const { name, marked, path } = position;
  const isSink = path[0] === "sinks";
  const isAddress = /^core (?:listen|console)/.test(name);
  const text = isFree(position) && !isAddress ? secret : samplesFor(position)[0];
  const inRecipe = path[0] === "channels" || path[0] === "sinks";
  const origins = [
    ["env", "${VALUE_OF_TEST}", false],
    ["file", "${file:value.txt}", false],
    ...(inRecipe ? ([["secret input", "${inputs.x}", true]] as const) : []),
  ] as const;
  /** What stands there is JSON Schema. */
  const standing = (written: string): Json =>
    name === "core sinks.*.input.*" ? { type: "string", title: written } : written;

  test.each(origins)("%s", async (origin, written, isRecipe) => {
    const { plan, loaded, issues } = await prove(
      position,
      standing(written),
      text === secret,
      text,
      isRecipe,
    );
    const messages = issues.map(({ path: at, message }) => `${at}: ${message}`);
    if (isCode(position)) {
      expect(messages.join()).toContain("CEL cannot contain");
      return;
    }
    if (name === "core server.name") {
      expect(messages).toEqual([expect.stringContaining("the name of the server is shown to Claude")]);
      return;
    }
    const powers = wordsOf(plan.powers);
    const known = origin === "env" ? "${VALUE_OF_TEST}" : origin === "file" ? "./value.txt" : "a secret";
    const typed = wordsOf((await prove(position, standing(text), false, text, isRecipe)).plan.powers);
    switch (marked) {
      case "inert":
        expect(powers).toEqual(typed);
        break;
      case "described":
        expect(powers).toEqual(typed);
        expect(
          JSON.stringify([
            loaded.values.server,
            loaded.values.channels,
            plan.sinks.map(({ description, input }) => [description, input]),
          ]),
        ).toContain("•••");
        expect(loaded.notes).toHaveLength(1);
        break;
      case "shown":
        if (origin === "env") {
          expect(powers).toContain(`show \${VALUE_OF_TEST} (${isSink ? "sinks" : "channels"}.a_key)`);
          const waiting = isSink ? plan.sinks : plan.sources;
          expect(waiting[0]?.powers.some(({ power }) => power === "show")).toBe(true);
        } else {
          expect(powers).toEqual(typed);
          expect(JSON.stringify([loaded.values.channels, loaded.values.sinks])).not.toContain(text);
        }
        break;
      default:
        expect(powers.some((words) => words.includes(` with ${known} `))).toBe(true);
    }
  });
});
