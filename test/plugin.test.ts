// The plugin in this package: what its skill runs, and that a packed package has all of it. Claude Code itself is not here; the
// rules are those of its documentation ("Skills", "Plugins reference").

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string) => readFileSync(`${root}${file}`, "utf8");
const [, head = "", body = ""] = /^---\n(.*?)\n---\n(.*)$/s.exec(read("skills/access/SKILL.md")) ?? [];
const skill = parse(head) as Record<string, unknown>;
const packed = JSON.parse(read("package.json")) as {
  version: string;
  bin: Record<string, string>;
  files: string[];
};

test("the skill is /router:access, and only a person can start it", () => {
  const plugin = JSON.parse(read(".claude-plugin/plugin.json")) as Record<string, unknown>;
  expect([plugin.name, plugin.version, skill.name]).toEqual(["router", packed.version, "access"]);
  expect(skill["disable-model-invocation"]).toBe(true);
});

test("it runs the program of the package, which it may, and no other", () => {
  const run = [...body.matchAll(/!`([^`]*)`/g)].map(([, line]) => line as string);
  const program = `node "\${CLAUDE_PLUGIN_ROOT}/${packed.bin["channel-router"]}" access`;
  expect(run).toEqual([`${program} $ARGUMENTS`]);
  expect(skill["allowed-tools"]).toBe(`Bash(${program} *)`);
});

test("a packed package has what the skill needs", () => {
  for (const folder of [".claude-plugin", "skills", "dist"]) expect(packed.files).toContain(folder);
  expect(existsSync(`${root}skills/access/SKILL.md`)).toBe(true);
});
