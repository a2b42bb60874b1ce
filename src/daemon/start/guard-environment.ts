// Removes variables that only the user may set from the environment, before anything reads it, when a Claude
// process started this one: a project's settings can set any variable. Folders that lead into a project or a
// repository are replaced with the defaults.

import { delimiter, isAbsolute, join, resolve } from "node:path";
import {
  claudeConfigFolder,
  type EnvironmentVariables,
  expandHome,
  realPath,
  setVariable,
} from "../../config/paths.ts";
import { openProject, systemHome } from "../../config/project.ts";
import { type OfProject, projectVariables } from "../../config/variables/project-variables.ts";
import { line, type SafeLine } from "../../text.ts";
import { isWithin } from "../../within.ts";
import { type UnderClaude, underClaude } from "./under-claude.ts";

/** They name folders with the user's answers, credentials, state or own config. */
const roots = [
  "CHANNEL_ROUTER_STATE_DIR",
  "CLAUDE_CONFIG_DIR",
  "XDG_CACHE_HOME",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
  "XDG_RUNTIME_DIR",
  "XDG_STATE_HOME",
];
const homes = ["HOME", "USERPROFILE"];
/** They decide which events of the user's own config this session gets. */
const labels = ["CHANNEL_ROUTER_LABEL", "CLAUDE_CODE_SESSION_ID"];
/** They decide whom this process sends a message to, and with which token. */
const inboxes = ["CLAUDE_CODE_MESSAGING_SOCKET", "CLAUDE_CODE_MESSAGING_TOKEN"];
/** They decide through which proxy connections go, whose certificates are accepted, and where traces of events are sent. */
const connections =
  /^(?:OTEL_\w+|NODE_TLS_REJECT_UNAUTHORIZED|NODE_EXTRA_CA_CERTS|NODE_USE_ENV_PROXY|SSL_CERT_(?:FILE|DIR)|(?:HTTPS?|ALL|NO)_PROXY)$/i;

/** Changes `env`, and returns one line for each variable that is ignored. */
export function guardEnvironment(
  env: NodeJS.ProcessEnv = process.env,
  cwd: string = process.cwd(),
  under: Pick<UnderClaude, "folders"> | undefined = underClaude(),
  home: string | undefined = systemHome(),
): SafeLine[] {
  if (under === undefined) return [];
  const project = openProject(env, cwd, { more: under.folders, home });
  const notes: SafeLine[] = [];
  const ofProject = variablesOfProject(env, cwd, under, home);
  /** Where it leads, if that is in a project, or the project's own files set it. */
  const leadsIn = (name: string, into: EnvironmentVariables): string | undefined => {
    const value = setVariable(env, name);
    const path = value === undefined ? undefined : resolve(cwd, expandHome(value, into));
    if (path === undefined || path === home) return undefined;
    return project.contains(path) || ofProject(name) ? path : undefined;
  };
  for (const name of homes) {
    const path = leadsIn(name, env);
    if (path === undefined) continue;
    // Without a user record there is no home: nothing can be stored, and nothing is trusted.
    env[name] = home ?? "/";
    notes.push(line`${name}=${path} is the project's: ${env[name]} is used`);
  }
  for (const name of roots) {
    const path = leadsIn(name, env);
    const isDefault = name === "CLAUDE_CONFIG_DIR" && path === join(home ?? "/", ".claude");
    if (path === undefined || isDefault) continue;
    delete env[name];
    notes.push(line`${name}=${path} is the project's: ${insteadOf(name, env)}`);
  }
  const named = setVariable(env, "CLAUDE_PROJECT_DIR");
  // Files of the project may be sent without a question: a folder that a variable names must be where Claude
  // runs.
  if (
    named !== undefined &&
    ![cwd, ...under.folders].some((folder) => isWithin(realPath(resolve(cwd, named)), realPath(folder)))
  ) {
    delete env.CLAUDE_PROJECT_DIR;
    notes.push(line`CLAUDE_PROJECT_DIR=${named} is not where Claude runs: ${cwd} is used`);
  }
  for (const name of Object.keys(env)) {
    const isSettled = connections.test(name) || labels.includes(name) || inboxes.includes(name);
    if (!isSettled || !ofProject(name)) continue;
    delete env[name];
    notes.push(line`${name}, which this project's settings set`);
  }
  const path = (env.PATH ?? "").split(delimiter);
  const outside = path.filter((entry) => isAbsolute(entry) && !project.contains(entry));
  if (ofProject("PATH") && outside.length < path.length) {
    env.PATH = outside.join(delimiter);
    notes.push(line`folders of the project in PATH, which its settings set`);
  }
  if (setVariable(env, "CHANNEL_ROUTER_TRUST") !== undefined) {
    delete env.CHANNEL_ROUTER_TRUST;
    notes.push(line`CHANNEL_ROUTER_TRUST; in CI, run channel-router trust --yes before Claude is started`);
  }
  return notes.map(
    (note) => line`ignored, because a project can set it where Claude starts this program: ${note}`,
  );
}

function insteadOf(name: string, env: EnvironmentVariables): string {
  if (name.startsWith("XDG_")) return "the default is used";
  return `${join(claudeConfigFolder(env), ...(name === "CLAUDE_CONFIG_DIR" ? [] : ["channels", "router"]))} is used`;
}

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
