// One View and the engines, as the filter tests share them.

import type { Json, View } from "../../src/contract.ts";
import { loadCel } from "../../src/filters/cel/cel.ts";
import { type CompiledMatch, compileMatch } from "../../src/filters/match.ts";
import { loadRegex } from "../../src/filters/regex.ts";

export const regex = await loadRegex();
export const cel = await loadCel(regex);

export function viewOf(data: Json, more: Partial<View> = {}): View {
  return {
    data,
    text: typeof data === "string" ? data : JSON.stringify(data),
    id: "e1",
    source: "github",
    connector: "http",
    time: "2026-11-23T10:00:00.000Z",
    inputs: {},
    vars: {},
    ...more,
  };
}

/** Compiles a pattern that has no mistakes. */
export function matchOf(pattern: Json): CompiledMatch {
  const { match, problems } = compileMatch(pattern, regex);
  if (match === undefined) throw new Error(problems.map((problem) => problem.message).join("; "));
  return match;
}

export function fits(pattern: Json, data: Json, more?: Partial<View>): boolean {
  return matchOf(pattern).test(viewOf(data, more)) === undefined;
}
