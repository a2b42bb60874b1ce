// A value in place of one that is not to be read: the same each time, of the kind that its place wants, and recognisable
// where it shows. Tests of a config run with these.

import type { Json, JsonSchema } from "../../contract.ts";

const ofFormat: Readonly<Record<string, string>> = { duration: "1m", size: "1MiB", rate: "1000/1m" };

/** `wanted`: all that the schema says about the place. */
export function placeholderFor(name: string, wanted: readonly JsonSchema[]): Json {
  for (const schema of wanted) {
    const example = firstOf(schema.examples) ?? firstOf(schema.enum);
    // An example that is a variable shows how to write it, not what it is.
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
