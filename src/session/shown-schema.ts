// The arguments of a tool as the client sees them: every text that a config wrote into a schema is clean and
// bounded. A call is validated against the schema itself.

import type { JsonSchema } from "../contract.ts";
import { cut } from "../text/clip.ts";
import { safeLine } from "../text.ts";
import type { Neutralise } from "./tool-calls.ts";

/** In UTF-16 units, entries and levels. */
const limits = { text: 1_000, entries: 200, depth: 16 };

export function shownSchema(schema: JsonSchema, neutralise: Neutralise): JsonSchema {
  const clean = (raw: string): string => neutralise(cut(safeLine(raw), limits.text));
  const shown = (value: unknown, depth: number): unknown => {
    if (typeof value === "string") return clean(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth > limits.depth) return Array.isArray(value) ? [] : {};
    if (Array.isArray(value)) return value.slice(0, limits.entries).map((item) => shown(item, depth + 1));
    return Object.fromEntries(
      Object.entries(value)
        .slice(0, limits.entries)
        .map(([key, item]) => [clean(key), shown(item, depth + 1)]),
    );
  };
  return shown(schema, 0) as JsonSchema;
}
