// Locations on this machine: the state root, the state folder of one config, the project of a config. Looks, never
// creates.

import { createHash } from "node:crypto";
import { existsSync, lstatSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { isWithin } from "../within.ts";

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** The user's own config file, used in every project that has none. */
export function ownConfig(env: EnvironmentVariables): string {
  return join(claudeConfigFolder(env), "channels", "router", "channels.yaml");
}

/**
 * The folder that contains the state folders of all configs and the user's `.env`. Absolute. A plugin has no other one
 * (`CLAUDE_PLUGIN_DATA`): its sessions share the router, the secrets and the consent of `up` and of the command line.
 */
export function stateRoot(env: EnvironmentVariables): string {
  const named = setVariable(env, "CHANNEL_ROUTER_STATE_DIR");
  return named === undefined
    ? join(claudeConfigFolder(env), "channels", "router")
    : resolve(expandHome(named, env));
}

/** The state folder of one config file. A file that is reached by two links has one folder. */
export function stateFolder(env: EnvironmentVariables, configFile: string): string {
  return join(stateRoot(env), folderName(configFile));
}

/** The state folder of a link itself, whatever its target. */
export function linkStateFolder(env: EnvironmentVariables, link: string): string {
  return join(stateRoot(env), createHash("sha256").update(`link:${link}`).digest("hex").slice(0, 16));
}

/** Registry of running routers. */
export function runningFolder(env: EnvironmentVariables): string {
  return join(stateRoot(env), "running");
}

/** The file with the powers of this config that the user consented to: in the config's state folder. */
export function trustFile(env: EnvironmentVariables, configFile: string): string {
  return join(stateFolder(env, configFile), "trust.json");
}

/** The key that binds consent, one for all configs: next to their state folders. */
export function trustKeyFile(env: EnvironmentVariables): string {
  return join(stateRoot(env), "trust.key");
}

function folderName(configFile: string): string {
  return createHash("sha256").update(realPath(configFile)).digest("hex").slice(0, 16);
}

/** Where `add` installs the client libraries of chats and mail. */
export function librariesFolder(env: EnvironmentVariables): string {
  return join(stateRoot(env), "libraries");
}

/** Expands `~` and `~/x` like a shell; anything else is returned unchanged. */
export function expandHome(path: string, env: EnvironmentVariables): string {
  return path === "~" || path.startsWith("~/") ? join(homeFolder(env), path.slice(1)) : path;
}

/**
 * The variable's value, unless it is empty or a reference that the client did not expand: Claude Code passes
 * `"env": {"X": "${Y}"}` on as the text `${Y}` when Y is not set.
 */
export function setVariable(env: EnvironmentVariables, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === "" || isUnexpanded(value) ? undefined : value;
}

export function isUnexpanded(value: string): boolean {
  return /^\$\{[^}]*\}$/.test(value);
}

/** `$CLAUDE_CONFIG_DIR`, else `~/.claude`. */
export function claudeConfigFolder(env: EnvironmentVariables): string {
  const named = setVariable(env, "CLAUDE_CONFIG_DIR");
  return named === undefined ? join(homeFolder(env), ".claude") : resolve(expandHome(named, env));
}

export function homeFolder(env: EnvironmentVariables): string {
  return setVariable(env, "HOME") ?? setVariable(env, "USERPROFILE") ?? homedir();
}

/**
 * The folder whose files belong to the config: its repository, or the project whose `.claude` folder it is
 * in. Never the home folder or one above it.
 */
export function projectFolder(folder: string, env: EnvironmentVariables): string {
  const [start, home] = [realPath(folder), realPath(homeFolder(env))];
  const isOwn = (parent: string) => parent !== home && !isWithin(home, parent);
  for (let parent = start; isOwn(parent); parent = dirname(parent)) {
    if (existsSync(join(parent, ".git"))) return parent;
    if (dirname(parent) === parent) break;
  }
  const above = dirname(start);
  return basename(start) === ".claude" && isOwn(above) ? above : start;
}

/**
 * Whether a path ends in the folder, wherever links lead; a missing folder counts where it would be created.
 */
export function leadsInto(path: string, folder: string): boolean {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined)
    return path !== dirname(path) && leadsInto(dirname(path), folder);
  try {
    return isWithin(realpathSync(path), realPath(folder));
  } catch {
    return false; // A dangling link: its target is unknown.
  }
}

/** Two links to one file have one real path. */
export function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // A missing file still has a state folder: that of its future path.
    return resolve(file);
  }
}
