// Validates arguments of control commands that came over the socket.

import type { Json } from "../contract.ts";
import { UsageError } from "../errors.ts";
import { isObject } from "../json.ts";

export type Args = Readonly<Record<string, Json>>;

export function readText(args: Args, name: string): string {
  const value = args[name];
  if (typeof value === "string") return value;
  throw wrong(name, "a text", value);
}

/** A whole number from 0 to `max`. */
export function readCount(args: Args, name: string, max: number): number {
  const value = args[name];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw wrong(name, `a whole number from 0 to ${max}`, value);
}

export function readFlag(args: Args, name: string): boolean {
  const value = args[name] ?? false;
  if (typeof value === "boolean") return value;
  throw wrong(name, "true or false", value);
}

/** Texts by header name; names are converted to lower case. */
export function readHeaderArgs(args: Args): Record<string, string> {
  const value = args.headers ?? {};
  if (!isObject(value)) throw wrong("headers", "an object", value);
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => {
      if (typeof text !== "string") throw wrong(`headers.${name}`, "a text", text);
      return [name.toLowerCase(), text];
    }),
  );
}

function wrong(name: string, wanted: string, found: Json | undefined): UsageError {
  const what = typeof found === "number" ? String(found) : found === undefined ? "missing" : typeof found;
  return new UsageError("E_USAGE", `${name} must be ${wanted}, and is ${what}`);
}
