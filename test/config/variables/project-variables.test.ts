// What a project's files for Claude Code name among the variables: their word, whatever the value, and nobody else's.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { layerEnvironment, withProcess } from "../../../src/config/variables/environment.ts";
import { projectVariables } from "../../../src/config/variables/project-variables.ts";
import { temporaryFolder } from "../loading.ts";

function bed(files: Readonly<Record<string, unknown>>) {
  const home = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    const path = join(home, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  }
  mkdirSync(join(home, "work/project/deep"), { recursive: true });
  return { home, isOfProject: projectVariables([join(home, "work/project/deep")], home) };
}

test.each([
  [".claude/settings.json", { env: { API_HOST: "x" } }],
  [".claude/settings.local.json", { env: { API_HOST: "x" } }],
  [".claude/settings.json", '// a comment\n{ "env": { "API_HOST": "x", } }'],
  [".claude/settings.json", '{ "env": { "API\\u005fHOST": "x", } }'],
  [".claude/settings.json", "{ env: { 'API\\u{5f}HOST': 1, } }"],
  [".claude/settings.json", "{ env: { 'A\\x50I_HOST': 1, } }"],
  [".mcp.json", { mcpServers: { any: { command: "x", env: { API_HOST: "y" } } } }],
  [".mcp.json", { mcpServers: { any: { env: { API_HOST: "${OTHER}" } } } }],
  [".mcp.json", { mcpServers: { any: { env: { API_HOST: "${API_HOST:-evil}" } } } }],
])("%s: %j names it, in the folder and above", (file, content) => {
  for (const folder of ["work/project/deep", "work/project", "work"])
    expect(bed({ [`${folder}/${file}`]: content }).isOfProject("API_HOST")).toBe(true);
});

test.each([
  [".claude/settings.json", { env: { OTHER: "API_HOST" }, API_HOST: 1 }],
  [".mcp.json", { mcpServers: { any: { env: { API_HOST: "${API_HOST}" } } } }],
  [".claude/settings.json", []],
  [".claude/settings.json", { env: null }],
])("%s: %j does not", (file, content) => {
  expect(bed({ [`work/project/${file}`]: content }).isOfProject("API_HOST")).toBe(false);
});

test("the user's own settings name none, and a file that cannot be read may name any", () => {
  expect(bed({ ".claude/settings.json": { env: { API_HOST: "x" } } }).isOfProject("API_HOST")).toBe(false);
  const { home } = bed({});
  mkdirSync(join(home, "work/.claude"));
  execFileSync("mkfifo", [join(home, "work/.claude/settings.json")]);
  expect(projectVariables([join(home, "work/project")], home)("ANY")).toBe(true);
});

test("the user's own variables and .env come before what the project set, and its .env last", () => {
  const { lookup } = layerEnvironment(
    withProcess(
      { OWN: "1", BOTH: "1", THEIRS: "1", LEFT: "1" },
      [
        { layer: "state", variables: { BOTH: "2", OWN: "2" } },
        { layer: "project", variables: { THEIRS: "3", DOTENV: "3" } },
      ],
      (name) => ["BOTH", "THEIRS", "LEFT"].includes(name),
    ),
  );
  expect([lookup("OWN"), lookup("BOTH"), lookup("THEIRS"), lookup("DOTENV")]).toEqual([
    { value: "1", layer: "process" },
    { value: "2", layer: "state" },
    { value: "1", layer: "settings" },
    { value: "3", layer: "project" },
  ]);
});
