import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findConfig } from "../../src/config/config-location.ts";
import {
  librariesFolder,
  projectFolder,
  runningFolder,
  stateFolder,
  stateRoot,
  trustFile,
  trustKeyFile,
} from "../../src/config/paths.ts";
import { temporaryFolder } from "./loading.ts";

function world() {
  const folder = temporaryFolder();
  const put = (path: string): string => {
    const file = join(folder, path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, "sources: {}\n");
    return file;
  };
  const cwd = join(folder, "cwd");
  mkdirSync(cwd);
  return {
    folder,
    put,
    cwd,
    env: { HOME: join(folder, "home"), CLAUDE_PROJECT_DIR: join(folder, "project") },
  };
}

describe("the config file is found", () => {
  test("in the documented order, each place giving way to the one before it", () => {
    const { put, cwd, env } = world();
    const find = (explicit?: string, more = {}) =>
      findConfig({ explicit, env: { ...env, ...more }, cwd }).file;
    expect(find()).toBeUndefined();
    const home = put("home/.claude/channels/router/channels.yaml");
    expect(find()).toBe(home);
    const hiddenHere = put("cwd/.claude/channels.yaml");
    expect(find()).toBe(hiddenHere);
    const local = put("cwd/channels.yaml");
    expect(find()).toBe(local);
    const hidden = put("project/.claude/channels.yaml");
    expect(find()).toBe(hidden);
    const project = put("project/channels.yaml");
    expect(find()).toBe(project);
    const named = put("named.yaml");
    expect(find(undefined, { CHANNEL_ROUTER_CONFIG: named })).toBe(named);
    const explicit = put("cwd/explicit.yaml");
    expect(find("explicit.yaml", { CHANNEL_ROUTER_CONFIG: named })).toBe(explicit);
  });

  test("below CLAUDE_CONFIG_DIR when that is set", () => {
    const { folder, put, cwd, env } = world();
    const file = put("elsewhere/channels/router/channels.yaml");
    expect(findConfig({ env: { ...env, CLAUDE_CONFIG_DIR: join(folder, "elsewhere") }, cwd }).file).toBe(
      file,
    );
  });

  test("nowhere: every place that was tried is told, in order", () => {
    const { folder, cwd, env } = world();
    expect(findConfig({ env, cwd })).toEqual({
      chosen: false,
      tried: [
        join(folder, "project/channels.yaml"),
        join(folder, "project/.claude/channels.yaml"),
        join(cwd, "channels.yaml"),
        join(cwd, ".claude/channels.yaml"),
        join(folder, "home/.claude/channels/router/channels.yaml"),
      ],
    });
  });

  test("a file named on purpose is never skipped for another, even when it is not there", () => {
    const { put, cwd, env } = world();
    put("cwd/channels.yaml");
    const missing = join(cwd, "missing.yaml");
    expect(findConfig({ explicit: "missing.yaml", env, cwd })).toEqual({
      file: missing,
      chosen: true,
      tried: [missing],
    });
    expect(findConfig({ env: { ...env, CHANNEL_ROUTER_CONFIG: "missing.yaml" }, cwd }).file).toBe(missing);
  });

  test("a reference that the client did not expand, and an empty variable, count as not set", () => {
    const { put, cwd } = world();
    const local = put("cwd/channels.yaml");
    const env = {
      HOME: "/nowhere",
      CHANNEL_ROUTER_CONFIG: "${CHANNEL_ROUTER_CONFIG}",
      CLAUDE_PROJECT_DIR: "",
    };
    expect(findConfig({ env, cwd })).toEqual({
      file: local,
      chosen: false,
      tried: [local, join(cwd, ".claude/channels.yaml"), "/nowhere/.claude/channels/router/channels.yaml"],
    });
  });

  test("is chosen where it was named, and where it is the user's own", () => {
    const { put, cwd, env } = world();
    const chosen = (explicit?: string, more = {}) =>
      findConfig({ explicit, env: { ...env, ...more }, cwd }).chosen;
    put("home/.claude/channels/router/channels.yaml");
    expect(chosen()).toBe(true);
    put("cwd/channels.yaml");
    expect(chosen()).toBe(false);
    put("project/.claude/channels.yaml");
    expect(chosen()).toBe(false);
    put("project/channels.yaml");
    expect(chosen()).toBe(false);
    expect(chosen(undefined, { CHANNEL_ROUTER_CONFIG: "channels.yaml" })).toBe(true);
    expect(chosen("channels.yaml")).toBe(true);
  });

  test("~ is the home folder", () => {
    const { folder, cwd, env } = world();
    expect(findConfig({ explicit: "~/x.yaml", env, cwd }).file).toBe(join(folder, "home/x.yaml"));
  });
});

describe("the state folder", () => {
  test("its root is the router's own variable or Claude's config folder, also for a plugin", () => {
    const all = {
      CHANNEL_ROUTER_STATE_DIR: "/a",
      CLAUDE_PLUGIN_DATA: "/b",
      CLAUDE_CONFIG_DIR: "/c",
      HOME: "/d",
    };
    expect(stateRoot(all)).toBe("/a");
    expect(stateRoot({ ...all, CHANNEL_ROUTER_STATE_DIR: "${X}" })).toBe("/c/channels/router");
    expect(stateRoot({ HOME: "/d" })).toBe("/d/.claude/channels/router");
  });

  test("everything is in one place, for the plugin, for `up` and for the terminal in which `add` is typed", () => {
    const terminal = { HOME: "/d", CLAUDE_CONFIG_DIR: "/c" };
    const plugin = { ...terminal, CLAUDE_PLUGIN_DATA: "/b", CLAUDE_PLUGIN_ROOT: "/p" };
    for (const folder of [librariesFolder, runningFolder, stateRoot, trustKeyFile])
      expect(folder(plugin)).toBe(folder(terminal));
    for (const folder of [stateFolder, trustFile])
      expect(folder(plugin, "/x.yaml")).toBe(folder(terminal, "/x.yaml"));
  });

  test("is one per config file, the same by every link to it", () => {
    const { folder, put } = world();
    const file = put("real.yaml");
    const other = put("other.yaml");
    const link = join(folder, "link.yaml");
    symlinkSync(file, link);
    const env = { CHANNEL_ROUTER_STATE_DIR: "/state" };
    expect(stateFolder(env, link)).toBe(stateFolder(env, file));
    expect(stateFolder(env, other)).not.toBe(stateFolder(env, file));
    expect(stateFolder(env, file)).toMatch(/^\/state\/[0-9a-f]{16}$/);
    expect(stateFolder(env, join(folder, "not-yet.yaml"))).toMatch(/^\/state\/[0-9a-f]{16}$/);
  });
});

describe("the project of a config", () => {
  const at = (folder: string, ...repositories: string[]) => {
    const home = realpathSync(temporaryFolder());
    for (const repository of repositories) mkdirSync(join(home, repository, ".git"), { recursive: true });
    mkdirSync(join(home, folder), { recursive: true });
    return projectFolder(join(home, folder), { HOME: home }).slice(home.length + 1);
  };

  test.each<[string, readonly string[], string]>([
    ["code/app", [], "code/app"],
    ["code/app", ["code/app"], "code/app"],
    ["code/app/sub/deep", ["code/app"], "code/app"],
    ["code/app/.claude", [], "code/app"],
    ["code/app/sub/.claude", ["code/app"], "code/app"],
    // A home folder may be a repository, and so may what is above it.
    ["code/app", [""], "code/app"],
    [".claude", [], ".claude"],
    [".claude/channels/router", [""], ".claude/channels/router"],
  ])("of %s with the repositories %j is %s", (folder, repositories, project) => {
    expect(at(folder, ...repositories)).toBe(project);
  });
});
