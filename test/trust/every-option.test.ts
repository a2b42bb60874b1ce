// What becomes of a value that a variable, a file or a secret input of a recipe brings into an option: for every option of every
// source and sink, as the schemas have them. It asks for consent, or it goes nowhere; and an edit of what is sent is another power.

import { beforeAll, describe, expect, test } from "vitest";
import type { Path } from "../../src/config/yaml/problem.ts";
import type { Power } from "../../src/contract/power.ts";
import type { Json, JsonObject } from "../../src/contract.ts";
import { openProject, type Project } from "../support/proven.ts";
import { allComponents, type Component, type Position, positionsOf, withValue } from "./option-positions.ts";
import { baseOf, samplesFor } from "./option-samples.ts";

const components = await allComponents();
const titleOf = ({ section, type }: Component) => (section === "sinks" ? `${type} sink` : type);
const cases = components.flatMap((component) =>
  positionsOf(component.schema, titleOf(component)).map((position) => ({
    name: position.name,
    component,
    position,
  })),
);

let project: Project;
beforeAll(() => {
  project = openProject();
});

type Origin = "typed" | "env" | "file" | "secret input";
const named: Readonly<Record<Exclude<Origin, "typed">, string>> = {
  env: "${VALUE_OF_TEST}",
  file: "./value.txt",
  "secret input": "a secret",
};

/** The powers of a component with this value at this place. Throws when the config is no good. */
async function powersOf(
  { section, type }: Component,
  base: JsonObject,
  path: Path,
  value: string,
  origin: Origin,
  /** One of the words of an option is no secret, and is said in messages. */
  isWord: boolean,
): Promise<readonly Power[]> {
  const written = {
    typed: value,
    env: "${VALUE_OF_TEST}",
    file: "${file:value.txt}",
    "secret input": "${inputs.x}",
  };
  const common = section === "sinks" ? { type, description: "For a test." } : { type };
  const own = withValue(base, path, typedAs(written[origin], origin === "typed"));
  const part = { [section]: { x: { ...common, ...(own as JsonObject) } } };
  const recipe = {
    recipe: "tested",
    version: "1.0.0",
    title: "Tested",
    description: "For a test.",
    inputs: { x: { type: "string", secret: true, description: "A secret." } },
    ...part,
  };
  const config =
    origin === "secret input" ? { use: { u: { recipe: "./tested.yaml", with: { x: value } } } } : part;
  await project.write({ "value.txt": value, "tested.yaml": JSON.stringify(recipe) });
  const { plan, loaded, issues } = await project.prove(JSON.stringify(config), { VALUE_OF_TEST: value });
  const name = origin === "secret input" ? "u_x" : "x";
  const planned = [...plan.sources, ...plan.sinks].find((one) => one.name === name);
  if (planned === undefined)
    throw new Error(`${type}: ${issues.map(({ path: at, message }) => `${at}: ${message}`)}`);
  const shown = JSON.stringify([planned.powers, loaded.notes, issues]);
  if (origin !== "typed" && isTelling(value) && !isWord) expect(shown).not.toContain(value);
  return planned.powers;
}

/** A variable is text; in a file a number is a number. */
function typedAs(text: string, isTyped: boolean): Json {
  if (!isTyped) return text;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  return text === "true" || text === "false" ? text === "true" : text;
}

/** Long enough that nothing else holds it by chance. */
function isTelling(value: string): boolean {
  return value.length >= 8 && !/^(https?|wss?):/.test(value);
}

test("nobody has forgotten to say of an option whether it goes anywhere", () => {
  expect(cases.filter(({ position }) => position.marked === undefined).map(({ name }) => name)).toEqual([]);
});

const isCode = ({ schemas }: Position) => schemas.some((schema) => schema["x-cel"] !== undefined);
const valuesOf = (powers: readonly Power[]) => powers.map(({ power, value }) => `${power} ${value}`);
const hashes = (powers: readonly Power[]) => powers.map(({ hash }) => hash).sort();

describe.each(cases)("$name", ({ component, position }) => {
  const { path, marked } = position;
  const base = baseOf(position, titleOf(component));
  const [one, other] = samplesFor(position);
  const isInert = marked === "inert";
  const isWord = position.schemas.some((schema) => schema.enum !== undefined);
  const askedFor = (value: string, origin: Origin) => powersOf(component, base, path, value, origin, isWord);

  test.each(["env", "file", "secret input"] as const)("%s", async (origin) => {
    if (isCode(position)) {
      // An expression holds no ${...} at all; what it reads of a recipe's inputs is below.
      await expect(askedFor("a + b", origin)).rejects.toThrow(/CEL cannot contain/);
      return;
    }
    const powers = await askedFor(one, origin);
    if (isInert) {
      expect(valuesOf(powers)).toEqual(valuesOf(await askedFor(one, "typed")));
      return;
    }
    expect(powers.length).toBeGreaterThan(0);
    for (const { value } of powers) expect(value).toContain(` with ${named[origin]}`);
  });

  test("an edit", async () => {
    if (one === other) return;
    const values = isCode(position) ? ["data.a", "data.b"] : [one, other];
    const [before, after] = [
      await askedFor(values[0] as string, "typed"),
      await askedFor(values[1] as string, "typed"),
    ];
    if (isInert) expect(hashes(after)).toEqual(hashes(before));
    // What a source answers of its own is a power only when it holds something that came in.
    else if (position.name !== "http respond.body")
      expect(hashes(after).some((hash) => hashes(before).includes(hash))).toBe(false);
  });
});
