// The short forms of a channel's `receipt` and `to`, written out.

import { resolve } from "node:path";
import type { Json } from "../contract.ts";
import { type EnvironmentVariables, expandHome } from "./paths.ts";
import type { Receipt, Target } from "./values.ts";

const usual: Receipt = { ackWithinMs: 10 * 60_000, attempts: 3 };

/** `none` and an absent value are the same. */
export function receiptOf(written: Json | undefined): { readonly receipt?: Receipt } {
  if (written === undefined || written === null || written === "none") return {};
  return { receipt: typeof written === "object" ? { ...usual, ...written } : usual };
}

/** `~/x` and `./x` become absolute; a pattern that begins with `**` matches anywhere and stays. */
export function targetOf(
  written: Json | undefined,
  from: { readonly folder: string; readonly env: EnvironmentVariables },
): Target {
  const target = (written ?? "one") as Target;
  if (typeof target === "string" || !("project" in target) || target.project.startsWith("**")) return target;
  return { project: resolve(from.folder, expandHome(target.project, from.env)) };
}
