// A JSON value of the config whose texts are templates, filled with what a request or a call brings.

import type { CodeRoots, CompiledOptions } from "../contract/host.ts";
import type { Json } from "../contract.ts";

/**
 * `path` is that of the value in the options, in the words of the code: `json`, `request.json`. A text that is one {{path}} keeps the
 * type of what stands there. Where it leads nowhere: undefined, a key that is left out, null in a list.
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
