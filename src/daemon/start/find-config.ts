// Finds the config of this process, and whether the user chose it.

import { type ConfigLocation, findConfig } from "../../config/config-location.ts";
import { openProject } from "../../config/project.ts";
import { variablesOfProject } from "./guard-environment.ts";
import { type UnderClaude, underClaude } from "./under-claude.ts";

/** The inputs of the search; by default those of this process. */
export interface Search {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly underClaude: Pick<UnderClaude, "folders"> | undefined;
}

/** For the server: `--config` comes from its entry among the client's servers, which the client has the user confirm. */
export function configOfServer(explicit: string | undefined, search: Search = here()): ConfigLocation {
  return find(explicit, search, false);
}

/** For a command: in a Claude session Claude may have typed `--config`. */
export function configOfCommand(explicit: string | undefined, search: Search = here()): ConfigLocation {
  return find(explicit, search, true);
}

function find(
  explicit: string | undefined,
  { env, cwd, underClaude: under }: Search,
  typed: boolean,
): ConfigLocation {
  const project = under === undefined ? undefined : openProject(env, cwd, { more: under.folders });
  const isNamedByProject = variablesOfProject(env, cwd, under)("CHANNEL_ROUTER_CONFIG");
  return findConfig({ explicit, env, cwd, project, isNamedByProject, typed });
}

function here(): Search {
  return { env: process.env, cwd: process.cwd(), underClaude: underClaude() };
}
