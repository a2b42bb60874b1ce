// Which variables of this process the project could have set: none unless a Claude process started it.

import { resolve } from "node:path";
import { type EnvironmentVariables, setVariable } from "../../config/paths.ts";
import { systemHome } from "../../config/project.ts";
import { type OfProject, projectVariables } from "../../config/variables/project-variables.ts";
import { type UnderClaude, underClaude } from "./under-claude.ts";

let ofThisProcess: OfProject | undefined;

/** Looked up once: the environment of this process was fixed before it started. */
export function isOfProject(name: string): boolean {
  ofThisProcess ??= variablesOfProject(process.env, process.cwd(), underClaude());
  return ofThisProcess(name);
}

export function variablesOfProject(
  env: EnvironmentVariables,
  cwd: string,
  under: Pick<UnderClaude, "folders"> | undefined,
  home: string | undefined = systemHome(),
): OfProject {
  if (under === undefined) return () => false;
  const named = setVariable(env, "CLAUDE_PROJECT_DIR");
  const folders = [cwd, ...(named === undefined ? [] : [resolve(cwd, named)]), ...under.folders];
  return projectVariables(folders, home);
}
