// Which programs are started, and that consent or the system decides where they are: never a PATH that somebody else may have set.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connectors, sinkTypes } from "../../src/connectors/index.ts";
import type { Reach } from "../../src/contract/power.ts";
import type { JsonObject } from "../../src/contract.ts";
import { systemProgram } from "../../src/files/system-program.ts";

const source = new URL("../../src/", import.meta.url).pathname;
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".ts"),
);
const textOf = (name: string) => readFileSync(join(source, name), "utf8");

/** Everything else asks these to start something. */
const starters: Readonly<Record<string, string>> = {
  "cli/commands/up.ts": "this very program",
  "cli/console/console-command.ts": "the program that opens a browser, for a command that the user typed",
  "cli/hooks/run-program.ts": "gh, glab or stripe, for a command that the user typed",
  "cli/npm.ts": "npm, for a command that the user typed",
  "daemon/start/client-watch.ts": "ps",
  "daemon/wake/managed-settings.ts": "plutil, or reg.exe by its path",
  "host/command-watch.ts": "sh",
  "cli/recipes/publish/published-text.ts": "git, for a command that the user typed",
  "cluster/machine.ts": "sysctl",
  "cluster/process-identity.ts": "ps",
  "host/spawn.ts": "what consent names",
  "daemon/start/under-claude.ts": "ps",
  "recipes/git-process.ts": "git, for a command that the user typed",
};

/** In these the user's own programs, which PATH has. The router itself never asks for them, not even to start. */
const isTyped = (program: string) => program.endsWith("for a command that the user typed");

test("programs of the system are started by an absolute path", () => {
  const found = files.filter((name) =>
    /from "node:(?:child_process|cluster|worker_threads)"|process\.dlopen/.test(textOf(name)),
  );
  expect(found.filter((name) => /child_process/.test(textOf(name))).sort()).toEqual(
    Object.keys(starters).sort(),
  );
  for (const [name, program] of Object.entries(starters)) {
    const calls = [
      ...textOf(name).matchAll(
        /\b(?:spawn|exec|execFile|execFileSync|execSync|spawnSync|fork)\(\s*([^,)]*)/g,
      ),
    ];
    const named = calls.map(([, first]) => first ?? "").filter((first) => /^["'`]/.test(first));
    expect([name, isTyped(program) ? [] : named]).toEqual([name, []]);
    if (/^(?:ps|sh|sysctl)$/.test(program)) expect(textOf(name)).toContain(`systemProgram("${program}")`);
  }
  for (const name of ["ps", "sh", "sysctl"] as const) expect(systemProgram(name)).toMatch(/^\//);
});

test("the router itself starts none of the user's own programs", () => {
  const typed = Object.keys(starters).filter((name) => isTyped(starters[name] as string));
  // The commands that do are loaded by `cli/`, when they are typed.
  const importers = files.filter(
    (name) =>
      !name.startsWith("cli/") &&
      typed.some((one) => textOf(name).includes(`/${one.split("/").at(-1)}"`)) &&
      !typed.includes(name),
  );
  expect(importers.every((name) => name.startsWith("recipes/"))).toBe(true);
  // Drafts of recipes are made of texts alone, so the console may have them.
  const fromRecipes = files.filter(
    (name) => !/^(?:cli|recipes)\//.test(name) && /from "(?:\.\.?\/)+recipes\/(?!draft\/)/.test(textOf(name)),
  );
  expect(fromRecipes).toEqual([]);
  const ofDrafts = files.filter(
    (name) =>
      name.startsWith("recipes/draft/") &&
      /from "(?:node:(?:fs|child_process)|\.\.\/[\w-]+\.ts)/.test(textOf(name)),
  );
  expect(ofDrafts).toEqual([]);
});

test("a connector that starts a program names it for consent", async () => {
  const place = { folder: "/project", home: "/home/me" };
  const options: Readonly<Record<string, JsonObject>> = { imessage: { database: "~/chat.db" } };
  const entries = [
    ...connectors.map((entry) => ["", entry] as const),
    ...sinkTypes.map((entry) => ["sink/", entry] as const),
  ];
  const started: string[] = [];
  for (const [sub, { type, load }] of entries) {
    const own = files.filter((name) => name.startsWith(`connectors/${type}/${sub}`));
    const literal = own.flatMap((name) =>
      [...textOf(name).matchAll(/\bcommand: \["([^"]+)"/g)].map(([, program]) => program as string),
    );
    if (literal.length === 0) continue;
    const loaded = (await load()) as unknown as {
      reaches?(options: JsonObject, place: { folder: string; home: string }): readonly Reach[];
    };
    const reaches = loaded.reaches?.(options[type] ?? {}, place) ?? [];
    const named = reaches.flatMap((reach) => (reach.to === "program" ? [reach.command[0]] : []));
    for (const program of literal) expect([type, named]).toEqual([type, expect.arrayContaining([program])]);
    started.push(...literal);
  }
  expect([...new Set(started)].sort()).toEqual(["osascript", "sqlite3"]);
});
