// A source as it is written in a config: with its variables, before they are replaced.

import { parseDocument } from "yaml";
import type { Json, JsonObject } from "../../contract.ts";
import { asObject, isObject } from "../../json.ts";

/** Undefined when this config has no such source of its own, as for one of a recipe. */
export function writtenSource(text: string, name: string): JsonObject | undefined {
  const document = parseDocument(text);
  if (document.errors.length > 0) return undefined;
  let config: Json;
  try {
    config = document.toJS({ maxAliasCount: 100 }) as Json;
  } catch {
    return undefined; // More aliases than a config may have.
  }
  const sources = asObject(asObject(config).sources);
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  return isObject(source) ? source : undefined;
}
