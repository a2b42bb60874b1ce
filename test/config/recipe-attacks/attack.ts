// A recipe written by somebody who means harm, used by a config as a user would: what the router says of it.

import type { Issue } from "../../../src/contract.ts";
import type { ProvenConfig } from "../../../src/daemon/start/load-plan.ts";
import type { Project } from "../../support/proven.ts";

export const head = {
  recipe: "evil",
  version: "1.0.0",
  title: "Evil",
  description: "A recipe that does more than it says.",
};

export interface Attack {
  /** Without the header. As text it is the file itself. */
  readonly recipe: Readonly<Record<string, unknown>> | string;
  readonly with?: unknown;
  readonly override?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** How the config names the recipe. */
  readonly as?: string;
}

export async function attempt(project: Project, attack: Attack): Promise<ProvenConfig> {
  const { recipe, env = {}, files = {}, as = "./evil.yaml" } = attack;
  const text = typeof recipe === "string" ? recipe : JSON.stringify({ ...head, ...recipe });
  await project.write({ "evil.yaml": text, ...files });
  const use = { recipe: as, with: attack.with ?? {}, override: attack.override ?? {} };
  return project.prove(JSON.stringify({ use: { u: use } }), env);
}

/** `sources.x.url: message (CODE)`, one for each. */
export function told(issues: readonly Issue[]): string[] {
  return issues.map(({ path, message, code }) => `${path}: ${message} (${code})`);
}

/** What it does -> the attack, and what the router says of it; nothing where it does no harm. */
export type Attacks = Readonly<Record<string, readonly [attack: Attack, ...errors: RegExp[]]>>;

export const secret = { token: { type: "secret", description: "A token." } };
export const text = (name: string, more = {}) => ({
  [name]: { type: "string", description: "A text.", ...more },
});
export const poll = (url: string, more = {}) => ({ x: { type: "poll", url, ...more } });
export const tail = (...files: string[]) => ({ x: { type: "tail", files } });
export const value = "a-secret-value-1";

/** Variables through which a declared program runs other code or reads other settings. */
export const steeringVariables =
  `PATH Path LD_PRELOAD DYLD_INSERT_LIBRARIES NODE_OPTIONS node_options NODE_PATH BASH_ENV ENV GIT_SSH_COMMAND GIT_EXTERNAL_DIFF
  GIT_CONFIG_COUNT GIT_CONFIG_GLOBAL GIT_DIR PYTHONSTARTUP PYTHONPATH PYTHONHOME PERL5OPT PERL5LIB RUBYOPT JAVA_TOOL_OPTIONS
  JDK_JAVA_OPTIONS MAVEN_OPTS LUA_INIT PHPRC KUBECONFIG DOCKER_HOST DOCKER_CONFIG HOME USERPROFILE CARGO_HOME GRADLE_USER_HOME
  XDG_CONFIG_HOME npm_config_script_shell npm_config_userconfig GH_CONFIG_DIR AWS_CONFIG_FILE CLOUDSDK_CONFIG GOFLAGS MAKEFLAGS
  TAR_OPTIONS EDITOR PAGER LESSOPEN SSH_ASKPASS SHELL HTTPS_PROXY SSL_CERT_FILE OPENSSL_CONF GCC_EXEC_PREFIX R_PROFILE_USER
  SCREENRC NPMRC CURLRC LESS_OPTIONS HGRCPATH SVN_SSH MYTOOL_CONFIG MYTOOL_CONFIG_FILE MYTOOL_HOME MYTOOLOPTS`.split(
    /\s+/,
  );
