// What a project's settings put into the environment does not count below a Claude process.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stateRoot, trustFile } from "../../../src/config/paths.ts";
import { configOfCommand, configOfServer } from "../../../src/daemon/start/find-config.ts";
import { guardEnvironment } from "../../../src/daemon/start/guard-environment.ts";
import { temporaryFolder } from "../../config/loading.ts";

const under = { folders: [] };

function bed() {
  const folder = temporaryFolder();
  const home = join(folder, "home");
  const project = join(home, "project");
  mkdirSync(join(project, ".git"), { recursive: true });
  return { home, project, own: { HOME: home, PATH: "/bin" } };
}

const hostile = [
  "CHANNEL_ROUTER_STATE_DIR",
  "CLAUDE_CONFIG_DIR",
  "HOME",
  "USERPROFILE",
  "XDG_CONFIG_HOME",
  "XDG_STATE_HOME",
  "XDG_CACHE_HOME",
];

test.each(hostile)("%s that leads into the project", (name) => {
  const { home, project, own } = bed();
  for (const path of [join(project, "x"), "x", "./.claude/x", "../project/x", "~/project/x"]) {
    const env: NodeJS.ProcessEnv = { ...own, [name]: path };
    const notes = guardEnvironment(env, project, under, home);
    if (name === "HOME" && path.startsWith("~")) continue; // A home that names itself.
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(`${name}=`);
    expect(stateRoot(env)).toBe(join(home, ".claude", "channels", "router"));
    expect(trustFile(env, "/p/channels.yaml")).toMatch(join(home, ".claude", "channels", "router"));
  }
});

test("all of them at once, and CHANNEL_ROUTER_TRUST whatever it says", () => {
  const { home, project } = bed();
  const env: NodeJS.ProcessEnv = Object.fromEntries(hostile.map((name) => [name, join(project, "x")]));
  env.CHANNEL_ROUTER_TRUST = "all";
  expect(guardEnvironment(env, project, under, home)).toHaveLength(hostile.length + 1);
  expect(env).toEqual({ HOME: home, USERPROFILE: home });
});

test.each([
  "CHANNEL_ROUTER_LABEL",
  "CLAUDE_CODE_SESSION_ID",
  "CLAUDE_CODE_MESSAGING_SOCKET",
  "CLAUDE_CODE_MESSAGING_TOKEN",
])("%s that the project's settings set: it would get events meant for another session", (name) => {
  const { home, project, own } = bed();
  const own2: NodeJS.ProcessEnv = { ...own, [name]: "prod" };
  expect(guardEnvironment(own2, project, under, home)).toEqual([]);
  mkdirSync(join(project, ".claude"));
  writeFileSync(join(project, ".claude/settings.json"), JSON.stringify({ env: { [name]: "prod" } }));
  expect(guardEnvironment(own2, project, under, home)).toHaveLength(1);
  expect(own2).toEqual(own);
});

test("what leads elsewhere stays, and so does all where no Claude process is above", () => {
  const { home, project, own } = bed();
  const elsewhere = { ...own, CHANNEL_ROUTER_STATE_DIR: join(home, "state"), CLAUDE_CONFIG_DIR: "~/.claude" };
  const env = { ...elsewhere };
  expect(guardEnvironment(env, project, under, home)).toEqual([]);
  expect(env).toEqual(elsewhere);
  const inProject = { ...own, CHANNEL_ROUTER_STATE_DIR: "state", CHANNEL_ROUTER_TRUST: "all" };
  const untouched = { ...inProject };
  expect(guardEnvironment(untouched, project, undefined, home)).toEqual([]);
  expect(untouched).toEqual(inProject);
});

test("CLAUDE_PROJECT_DIR names the project only where Claude runs, because files leave from there", () => {
  const { home, project, own } = bed();
  const kept = (named: string, folders: readonly string[] = []) => {
    const env: NodeJS.ProcessEnv = { ...own, CLAUDE_PROJECT_DIR: named };
    const notes = guardEnvironment(env, project, { folders }, home);
    expect(notes).toHaveLength(env.CLAUDE_PROJECT_DIR === undefined ? 1 : 0);
    return env.CLAUDE_PROJECT_DIR !== undefined;
  };
  for (const named of [project, ".", join(project, "sub"), `${project}/`])
    expect(kept(named), named).toBe(true);
  for (const named of [home, "/", "..", join(home, "other"), `${project}-2`, join(project, "../..")])
    expect(kept(named), named).toBe(false);
  expect(kept(join(home, "other"), [join(home, "other")])).toBe(true);
});

test("a user whom the system does not know has no home in the project", () => {
  const { project } = bed();
  const env: NodeJS.ProcessEnv = { HOME: project };
  expect(guardEnvironment(env, project, { folders: [] }, "/")).toHaveLength(1);
  expect(env.HOME).toBe("/");
});

test("CHANNEL_ROUTER_CONFIG and a typed --config choose a file of the project only where no Claude process is above", () => {
  const { project, own } = bed();
  const search = (more: NodeJS.ProcessEnv, above: boolean) => ({
    env: { ...own, ...more },
    cwd: project,
    underClaude: above ? { folders: [] } : undefined,
  });
  const named = { CHANNEL_ROUTER_CONFIG: "other.yaml" };
  expect(configOfServer(undefined, search(named, false)).chosen).toBe(true);
  expect(configOfServer(undefined, search(named, true)).chosen).toBe(false);
  expect(configOfServer("other.yaml", search({}, true)).chosen).toBe(true);
  expect(configOfCommand("other.yaml", search({}, true)).chosen).toBe(false);
  expect(configOfCommand("other.yaml", search({}, false)).chosen).toBe(true);
  const outside = { CHANNEL_ROUTER_CONFIG: "/etc/router.yaml" };
  expect(configOfServer(undefined, search(outside, true)).chosen).toBe(true);
});

test("what a project's own files set is the project's, wherever it leads", () => {
  const { home, project, own } = bed();
  const elsewhere = join(home, "elsewhere");
  const set = {
    CHANNEL_ROUTER_STATE_DIR: elsewhere,
    CLAUDE_CONFIG_DIR: elsewhere,
    XDG_STATE_HOME: elsewhere,
    HOME: elsewhere,
  };
  mkdirSync(join(project, ".claude"));
  writeFileSync(
    join(project, ".claude", "settings.json"),
    JSON.stringify({
      env: { ...set, CHANNEL_ROUTER_CONFIG: "/etc/router.yaml", HTTPS_PROXY: "http://x", PATH: "x" },
    }),
  );
  const path = `${join(project, "bin")}:bin:/bin`;
  const env: NodeJS.ProcessEnv = {
    ...own,
    ...set,
    HTTPS_PROXY: "http://x",
    http_proxy: "http://mine",
    PATH: path,
  };
  const notes = guardEnvironment(env, project, under, home);
  expect(notes).toHaveLength(6);
  expect(env).toEqual({ HOME: home, http_proxy: "http://mine", PATH: "/bin" });
  const search = {
    env: { ...own, CHANNEL_ROUTER_CONFIG: "/etc/router.yaml" },
    cwd: project,
    underClaude: under,
  };
  expect(configOfServer(undefined, search).chosen).toBe(false);
  expect(configOfServer(undefined, { ...search, underClaude: undefined }).chosen).toBe(true);
});
