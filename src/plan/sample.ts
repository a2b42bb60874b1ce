// A sample event for a channel, for the command line in `dev` and `status`: the values that its `match`
// requires, and a word wherever its templates read. Only plain paths, and nothing secret; a `when` may still
// reject it.

import type { ChannelValues } from "../config/values.ts";
import type { Sample } from "../contract/event.ts";
import type { Json, JsonObject } from "../contract.ts";
import type { CompiledMatch } from "../filters/match.ts";
import { isObject } from "../json.ts";

const placeholder = /\{\{~?\s*(data(?:\.[A-Za-z_][\w-]*)+)\s*~?\}\}/g;
const plainPath = /^(data|headers)((?:\.[A-Za-z_][\w-]*)+)$/;

/** Undefined when the channel has no conditions and reads nothing: any event will do. */
export function sampleOf(
  channel: ChannelValues,
  match: CompiledMatch | undefined,
  mask: (text: string) => string,
): Sample | undefined {
  const roots = { data: bare(), headers: bare() };
  let filled = false;
  const fill = (path: string, value: Json): void => {
    const [, root, rest] = plainPath.exec(path) ?? [];
    if (root === undefined || rest === undefined) return;
    filled = true;
    if (root === "headers") roots.headers[rest.slice(1)] ??= String(value);
    else set(roots.data, rest.slice(1).split("."), value);
  };

  const isCompared = (text: string) => channel.compared?.includes(text) === true;
  for (const { path, values } of match?.terms ?? []) {
    const value = values.find((one) => mask(String(one)) === String(one) && !isCompared(String(one)));
    if (value !== undefined) fill(path, value);
  }
  for (const text of [channel.content ?? "", ...Object.values(channel.meta ?? {})]) {
    for (const [, path = ""] of text.matchAll(placeholder)) fill(path, wordFor(path));
  }
  return filled ? { headers: roots.headers as Sample["headers"], data: roots.data } : undefined;
}

/** Never replaces existing values: `match` comes first. */
function set(object: JsonObject, keys: readonly string[], value: Json): void {
  const [key = "", ...rest] = keys;
  if (rest.length === 0) {
    object[key] ??= value;
    return;
  }
  object[key] ??= bare();
  const inner = object[key];
  if (isObject(inner)) set(inner, rest, value);
}

function wordFor(path: string): string {
  const keys = path.split(".").slice(1);
  return keys.at(-1)?.endsWith("url")
    ? "https://example.com/"
    : keys.slice(-2).join(" ").replaceAll("_", " ");
}

function bare(): JsonObject {
  return Object.create(null) as JsonObject;
}
