// A JSON value of the config whose texts are templates, filled with the values of a request or a call.

import type { CodeRoots, CompiledOptions } from "../contract/host.ts";
import type { Json } from "../contract.ts";

/**
 * `path` is that of the value in the options, in the spelling of the code: `json`, `request.json`. A text
 * that is one {{path}} keeps the type of its value. For a missing value: undefined, an omitted key, null in a
 * list.
 */
export function fillJson(
  value: Json,
  path: string,
  code: Pick<CompiledOptions, "template" | "value">,
  roots: CodeRoots,
): Json | undefined {
  if (typeof value === "string") {
    const whole = code.value(path);
    return whole === undefined ? (code.template(path)?.(roots) ?? "") : whole(roots);
  }
  if (Array.isArray(value))
    return value.map((item, index) => fillJson(item, `${path}.${index}`, code, roots) ?? null);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const made = fillJson(inner, `${path}.${key}`, code, roots);
      return made === undefined ? [] : [[key, made]];
    }),
  );
}
