// Finds the config file. Looks, never creates. An explicitly named file is returned even when it does not exist, so that
// the loader reports it: falling through to another file would run an unintended config.

import { existsSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { type EnvironmentVariables, expandHome, ownConfig, realPath, setVariable } from "./paths.ts";
import type { Project } from "./project.ts";

export interface ConfigLocation {
  /** Absolute; absent when no location had a file. */
  readonly file?: string;
  /**
   * The user named it, or it is their own. False: it was found, and has no effect before the user consents.
   */
  readonly chosen: boolean;
  /** Every location that was checked, in order, absolute. */
  readonly tried: readonly string[];
  /** The user's own config, where a found one takes precedence over it. */
  readonly insteadOf?: string;
}

export interface ConfigSearch {
  /** The value of `--config`. */
  readonly explicit?: string | undefined;
  readonly env: EnvironmentVariables;
  readonly cwd: string;
  /** Where a Claude process started this one: the project, whose author may have set the environment. */
  readonly project?: Project | undefined;
  /** The project's own files set it in the environment: wherever it leads, the user did not choose it. */
  readonly isNamedByProject?: boolean;
  /** `explicit` was passed to a command, possibly by Claude, and does not come from a server entry. */
  readonly typed?: boolean;
}

/** Finds the config file: `--config`, the environment, the project, the folder, the user's own. */
export function findConfig({
  explicit,
  env,
  cwd,
  project,
  isNamedByProject = false,
  typed = false,
}: ConfigSearch): ConfigLocation {
  const named = explicit ?? setVariable(env, "CHANNEL_ROUTER_CONFIG");
  if (named !== undefined) {
    const file = resolve(cwd, expandHome(named, env));
    const isTheirs = project?.contains(file) === true || (explicit === undefined && isNamedByProject);
    const chosen = (explicit !== undefined && !typed) || !isTheirs;
    return { file, chosen, tried: [file] };
  }
  const folder = setVariable(env, "CLAUDE_PROJECT_DIR");
  const own = ownConfig(env);
  const tried = [
    ...(folder === undefined
      ? []
      : [resolve(cwd, folder, "channels.yaml"), resolve(cwd, folder, ".claude", "channels.yaml")]),
    resolve(cwd, "channels.yaml"),
    resolve(cwd, ".claude", "channels.yaml"),
    own,
  ].filter((candidate, index, all) => all.indexOf(candidate) === index);
  const file = tried.find((candidate) => existsSync(candidate));
  if (file === undefined) return { tried, chosen: false };
  if (file === own) return { file, tried, chosen: true };
  return { file, tried, chosen: false, ...(existsSync(own) ? { insteadOf: own } : {}) };
}

/** A config file that was found, not named. */
export interface FoundFile {
  /** Its real path, or its found path when a link stays within that folder. */
  readonly path: string;
  /**
   * The real path of the folder in which it was found; differs from that of `path` when a link leads there.
   */
  readonly folder: string;
}

/**
 * A link within its own folder, as Kubernetes mounts a ConfigMap, is the same file: a user who can write there
 * could edit it as well.
 */
export function foundFile(file: string): FoundFile {
  const [path, folder] = [realPath(file), realPath(dirname(file))];
  return { path: path.startsWith(join(folder, sep)) ? join(folder, basename(file)) : path, folder };
}
