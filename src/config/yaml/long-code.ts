// Expressions, templates and patterns that are too long: their compilers take more than linear time, and
// content for Claude has about two thousand characters.

import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import type { IssueDraft } from "../values.ts";
import type { Path } from "./problem.ts";

/** In UTF-16 units. */
const maxCode = 16_384;

const marks = ["x-cel", "x-template", "x-regex", "x-glob"];

/** `schemasFor` defines how the text at a path is read. */
export function longCodeDrafts(
  root: JsonObject,
  schemasFor: (path: Path) => readonly JsonSchema[],
): IssueDraft[] {
  const drafts: IssueDraft[] = [];
  const walk = (value: Json, path: Path): void => {
    if (typeof value === "string") {
      if (value.length > maxCode && isCode(path)) drafts.push(tooLong(value, path));
    } else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value))
        walk(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  };
  /** Patterns in `match` have no schema. */
  const isCode = (path: Path): boolean =>
    (path[0] === "channels" && path[2] === "match") ||
    schemasFor(path).some((schema) => marks.some((mark) => schema[mark] !== undefined));
  for (const section of ["sources", "channels", "sinks"]) walk(root[section] ?? null, [section]);
  return drafts;
}

function tooLong({ length }: string, path: Path): IssueDraft {
  const message = `is an expression, template or pattern of ${length} characters, and at most ${maxCode} are read`;
  return { path, code: "E_CONFIG_SIZE", message };
}
