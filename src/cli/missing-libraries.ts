// The client libraries that a plan's sources need and that are not installed: named before the start.

import { librariesFolder } from "../config/paths.ts";
import type { Libraries } from "../contract.ts";
import { addHint, hasLibraries, missingText } from "../host/libraries.ts";
import type { Plan } from "../plan/plan.ts";
import { line, type SafeLine } from "../text.ts";
import { colors } from "./colors.ts";
import type { CheckInput, Finding } from "./doctor/check.ts";

export async function missingLibraries(
  { sources }: Pick<Plan, "sources">,
  env: NodeJS.ProcessEnv,
): Promise<readonly Libraries[]> {
  const needed = new Map<string, Libraries>();
  for (const { enabled, type } of sources)
    if (enabled && type.libraries !== undefined) needed.set(type.libraries.type, type.libraries);
  const folder = librariesFolder(env);
  const missing = await Promise.all(
    [...needed.values()].map(async (one) => ((await hasLibraries(one, folder)) ? [] : [one])),
  );
  return missing.flat();
}

/** One line, with the command that installs it. */
export function missingLine(libraries: Libraries): SafeLine {
  return line`  ${colors.yellow("missing:")} ${missingText(libraries)}: ${addHint(libraries)}`;
}

export async function checkLibraries({
  config: { proven },
  env,
}: Pick<CheckInput, "config" | "env">): Promise<Finding[]> {
  if (proven === undefined) return [];
  return (await missingLibraries(proven.plan, env)).map((libraries) => ({
    name: "library",
    state: "fail",
    detail: `${missingText(libraries)}: its sources do not start`,
    todo: addHint(libraries),
  }));
}
