// Merges a config's overrides into a recipe, by RFC 7396: mappings are merged, null removes a key, anything
// else replaces the old value.

import type { Json, JsonObject } from "../../contract.ts";
import { isObject } from "../../json.ts";
import type { Path } from "../yaml/problem.ts";

/** `below` merged with `over`. Shares nothing with either. */
export function mergeOver(below: Json | undefined, over: Json | undefined): Json {
  if (over === undefined) return structuredClone(below ?? null);
  if (!isObject(over)) return structuredClone(over);
  const merged: JsonObject = isObject(below) ? structuredClone(below) : {};
  for (const [key, value] of Object.entries(over)) {
    if (value === null) delete merged[key];
    else merged[key] = mergeOver(merged[key], value);
  }
  return merged;
}

/**
 * Does the value at `path` of the merged value come from `over`? A value in neither is looked up in `below`.
 */
export function isFromOver(below: Json | undefined, over: Json | undefined, path: Path): boolean {
  let [under, upper] = [below, over];
  for (const step of path) {
    if (upper === undefined) return false;
    if (!isObject(upper) || !isObject(under)) return true;
    upper = memberOf(upper, step);
    under = memberOf(under, step);
  }
  return upper !== undefined && !(isObject(upper) && isObject(under));
}

function memberOf(value: JsonObject, key: string | number): Json | undefined {
  return Object.hasOwn(value, key) ? value[String(key)] : undefined;
}
