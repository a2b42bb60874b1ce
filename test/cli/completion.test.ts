// The completion scripts, in the shells themselves where they are installed.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { command, startRunning } from "./running.ts";

let running: Awaited<ReturnType<typeof startRunning>>;
const folder = mkdtempSync("/tmp/cr-completion-");
const scripts: Record<string, string> = {};
beforeAll(async () => {
  running = await startRunning({});
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout } = await command(running, ["completion", shell], { env: {}, cwd: "/" });
    scripts[shell] = join(folder, shell);
    writeFileSync(scripts[shell], stdout);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const has = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0;

/** What bash offers for the last word. */
function offered(...words: string[]): string[] {
  const script = `source ${scripts.bash}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _channel_router; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", script], { encoding: "utf8" }).split("\n").filter(Boolean);
}

test("bash completes commands, subcommands, options and the names that a command takes", () => {
  expect(offered("channel-router", "in")).toEqual(["init"]);
  expect(offered("channel-router", "")).toEqual(expect.arrayContaining(["status", "access", "help", "add"]));
  expect(offered("channel-router", "access", "pa")).toEqual(["pair"]);
  expect(offered("channel-router", "recipes", "show", "gitlab")).toEqual([
    "gitlab-merge-request",
    "gitlab-pipeline-failed",
  ]);
  expect(offered("channel-router", "add", "")).toEqual(["discord", "imap", "slack", "telegram"]);
  expect(offered("channel-router", "init", "--re")).toEqual(["--recipe", "--reach"]);
  expect(offered("channel-router", "events", "--json", "--fo")).toEqual(["--follow"]);
  // Anything else is a file: bash's own completion.
  expect(offered("channel-router", "check", "x")).toEqual([]);
});

test.each(["bash", "zsh", "fish"])("%s reads its script", (shell) => {
  if (!has(shell)) return; // Not installed here.
  execFileSync(shell, ["-n", scripts[shell] as string]);
});

test("another shell is refused by name", async () => {
  const { code, stderr } = await command(running, ["completion", "tcsh"], { env: {}, cwd: "/" });
  expect([code, stderr]).toEqual([2, expect.stringContaining("one of bash, zsh, fish")]);
});

test("help, version and -v are what --help and --version print", async () => {
  const run = async (...args: string[]) => command(running, args, { env: {}, cwd: "/" });
  for (const words of [["version"], ["-v"], ["--version"]]) expect((await run(...words)).code).toBe(0);
  expect((await run("help")).code).toBe(0);
  expect((await run("help", "status")).code).toBe(0);
});
