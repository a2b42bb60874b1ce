// The fields of a line besides its text, by its format. A line that does not match keeps its text and is
// marked.

import type { Pattern } from "../../contract/host.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { withTextOfBytes } from "../../intake/journal-export.ts";
import { withoutEscapesInside } from "../../intake/terminal-escapes.ts";
import { isObject, readJson } from "../../json.ts";
import type { Origin } from "./container.ts";
import { fieldValue, parseLogfmt } from "./logfmt.ts";
import type { TailOptions } from "./options.ts";

/** The fields of a line; undefined when it is not in this format. */
type Parse = (line: string) => JsonObject | undefined;

/**
 * `data` of the event. The router's own fields keep their names; a parsed field of the same name gets an
 * underscore appended.
 */
export type DataReader = (line: string, file: string, cut: number, origin?: Origin) => JsonObject;

export function createFormat(format: TailOptions["format"], pattern: Pattern | undefined): DataReader {
  const parse = parserOf(format, pattern);
  if (parse === undefined)
    return (line, file, cut, origin) => {
      if (cut === 0 && origin === undefined) return { line, file };
      return { line, file, ...(cut === 0 ? {} : { cut }), ...origin };
    };
  return (line, file, cut, origin) => {
    const fields = parse(line);
    return {
      line,
      file,
      ...(cut === 0 ? {} : { cut }),
      // The program's own fields of these names are more precise.
      ...origin,
      ...(fields === undefined ? { unparsed: true } : renamed(fields)),
    };
  };
}

function parserOf(format: TailOptions["format"], pattern: Pattern | undefined): Parse | undefined {
  switch (format) {
    case "plain":
      return undefined;
    case "json":
      return parseJson;
    case "logfmt":
      return parseLogfmt;
    case "regex":
      return (line) => {
        const groups = pattern?.groups(line);
        if (groups === undefined) return undefined;
        return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, fieldValue(text)]));
      };
  }
}

const ours = new Set(["line", "file", "cut", "unparsed"]);

/** A line must not be able to forge the name of its file. */
function renamed(fields: JsonObject): JsonObject {
  if (!Object.keys(fields).some((name) => ours.has(name))) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [ours.has(name) ? `${name}_` : name, value]),
  );
}

const maxLevels = 100;

function parseJson(line: string): JsonObject | undefined {
  let value: Json;
  try {
    value = readJson(line);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  if (isDeeper(value, maxLevels)) return undefined;
  return withoutEscapesInside(withTextOfBytes(value)) as JsonObject;
}

function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
