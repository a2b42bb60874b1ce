// Which tests send something to a source: those of the config, and those of the recipes that it uses, under their names there.

import type { Json, JsonObject } from "../contract.ts";
import { asObject } from "../json.ts";
import type { LoadedConfig } from "./values.ts";

export interface TestSend {
  /** Its payload may be in a file beside this one. */
  readonly file: string;
  /** The recipe; undefined for the config's own tests. */
  readonly recipe: string | undefined;
  /** The test's name. */
  readonly test: string;
  readonly send: JsonObject;
}

/** Why there is no payload to try a source with. */
export const noTest = "no test of the config sends a payload to this source; add one";

/** The first event of each test that expects a delivery. Those that replay a stored event are left out. */
export function testSends(
  { file, tests, uses }: Pick<LoadedConfig, "file" | "tests" | "uses">,
  source: string,
): TestSend[] {
  const ofRecipes = uses
    .filter(({ name }) => source.startsWith(`${name}_`))
    .flatMap((use) => sendsOf(use.file, use.recipe, use.tests, source.slice(use.name.length + 1)));
  return [...sendsOf(file, undefined, tests, source), ...ofRecipes];
}

function sendsOf(
  file: string,
  recipe: string | undefined,
  tests: readonly JsonObject[],
  source: string,
): TestSend[] {
  return tests.flatMap((test) => {
    const send = asObject(firstOf(test.send));
    const { channel } = asObject(firstOf(test.expect));
    if (send.source !== source || send.event !== undefined || channel === undefined) return [];
    return [{ file, recipe, test: String(test.name), send }];
  });
}

function firstOf(value: Json | undefined): Json | undefined {
  return Array.isArray(value) ? value[0] : value;
}
