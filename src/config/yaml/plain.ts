// YAML as plain values, for a file that is not a config of ours: no locations, no code.

import { parse, stringify } from "yaml";
import type { JsonObject } from "../../contract.ts";

/** Throws for text that is not YAML. */
export function parsePlainYaml(text: string): unknown {
  return parse(text);
}

/** In block style, two spaces, with a line for each text however long it is. */
export function printYaml(value: JsonObject): string {
  return stringify(value, { lineWidth: 0 });
}
