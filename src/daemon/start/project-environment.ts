// Which variables of this very process the project could have set: none where no Claude process started it.

import { resolve } from "node:path";
import { type EnvironmentVariables, setVariable } from "../../config/paths.ts";
import { systemHome } from "../../config/project.ts";
import { type OfProject, projectVariables } from "../../config/variables/project-variables.ts";
import { type UnderClaude, underClaude } from "./under-claude.ts";

let ofThisProcess: OfProject | undefined;

/** Looked up once: what is in the environment of this process was put there before it began. */
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
