// A placeholder for a value that must not be read: deterministic, of the expected kind, and recognisable
// where it shows. Tests of a config run with these.

import type { Json, JsonSchema } from "../../contract.ts";

const ofFormat: Readonly<Record<string, string>> = { duration: "1m", size: "1MiB", rate: "1000/1m" };

/** `wanted`: every schema that applies to the path. */
export function placeholderFor(name: string, wanted: readonly JsonSchema[]): Json {
  for (const schema of wanted) {
    const example = firstOf(schema.examples) ?? firstOf(schema.enum);
    // An example that is a variable shows how to write it, not its value.
    if (JSON.stringify(example)?.includes("${")) continue;
    if (example !== undefined) return example;
    if (typeof schema.format === "string" && schema.format in ofFormat)
      return ofFormat[schema.format] as string;
  }
  const types = wanted.flatMap(({ type }) => type ?? []);
  if (types.length === 0 || types.includes("string")) return `stand-in-for-${name}`;
  if (types.includes("array")) return [];
  const minimum = wanted.find((schema) => typeof schema.minimum === "number")?.minimum as number | undefined;
  if (types.includes("number") || types.includes("integer")) return minimum ?? 1;
  return types.includes("boolean") ? true : `stand-in-for-${name}`;
}

function firstOf(list: unknown): Json | undefined {
  return Array.isArray(list) ? (list[0] as Json | undefined) : undefined;
}
