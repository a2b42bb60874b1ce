// Describes how the `match` of a channel changes in another version of its recipe.

import type { Json } from "../../contract.ts";
import { asObject, isObject } from "../../json.ts";

/** One sentence for each condition that is added, removed, wider or narrower. */
export function conditionChanges(
  channel: string,
  before: Json | undefined,
  after: Json | undefined,
): string[] {
  const [then, now] = [conditions(before), conditions(after)];
  return [...new Set([...then.keys(), ...now.keys()])].flatMap((path) => {
    const [old, present] = [then.get(path), now.get(path)];
    if (old === undefined) return [`${channel} now takes only events with ${path}: ${listed(present)}`];
    if (present === undefined) return [`${channel} no longer checks ${path}`];
    const [more, less] = [without(present, old), without(old, present)];
    return [
      ...(more.length === 0 ? [] : [`${channel} also takes ${path}: ${more.join(", ")}`]),
      ...(less.length === 0 ? [] : [`${channel} no longer takes ${path}: ${less.join(", ")}`]),
    ];
  });
}

/** Path -> the accepted values, as text. A path has no space, so `data.a not` and `data.a.not` differ. */
function conditions(match: Json | undefined, path = ""): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [key, value] of Object.entries(asObject(match))) {
    const at = path === "" ? key : `${path} ${key}`;
    const isTree =
      isObject(value) && Object.values(value).every((one) => isObject(one) || Array.isArray(one));
    if (isTree && Object.keys(value).length > 0)
      for (const [inner, values] of conditions(value, at)) found.set(inner, values);
    else found.set(at, [value].flat().map(textOf));
  }
  return found;
}

function textOf(value: Json): string {
  const isPlain = typeof value === "string" && !/^(?:[-\d[{"]|true$|false$|null$)/.test(value);
  return isPlain ? value : JSON.stringify(value);
}

function listed(values: readonly string[] | undefined): string {
  return (values ?? []).join(", ");
}

function without(all: readonly string[], known: readonly string[]): string[] {
  return all.filter((one) => !known.includes(one));
}
