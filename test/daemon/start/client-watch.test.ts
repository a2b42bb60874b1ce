import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ancestor, findClient } from "../../../src/daemon/start/client-watch.ts";

const folder = mkdtempSync(join(tmpdir(), "cr-watch-"));
const program = join(folder, "watcher.mjs");
beforeAll(async () => {
  const absWorkingDir = fileURLToPath(new URL("../../..", import.meta.url));
  const entryPoints = ["test/daemon/start/watcher.ts"];
  await build({
    absWorkingDir,
    entryPoints,
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const chain = (...commands: string[][]): Ancestor[] =>
  commands.map((command, index) => ({ pid: 100 - index, start: "x", command }));

test.each([
  ["the native program behind a shell", chain(["sh", "-c", "run"], ["claude", "--channels", "x"]), {}, 99],
  [
    "the package run by node",
    chain(["node", "--no-warnings", "/lib/@anthropic-ai/claude-code/cli.js"]),
    {},
    100,
  ],
  ["a versioned program", chain(["/home/u/.local/share/claude/versions/2.1.330"]), {}, 100],
  ["no path that only contains the name", chain(["node", "/home/claude/tool.js"], ["bash"]), {}, undefined],
  [
    "the nearest that is no wrapper, when the environment says so",
    chain(["npx"], ["node", "/usr/bin/npx"], ["code"]),
    { CLAUDECODE: "1" },
    98,
  ],
  ["no session keeper", chain(["bash"], ["tmux: server"]), { CLAUDECODE: "1" }, undefined],
  ["nobody without a sign", chain(["python3", "host.py"]), {}, undefined],
])("the client is %s", (_, ancestors, env, pid) => {
  expect(findClient(ancestors, env)?.pid).toBe(pid);
});

/** A process that calls itself claude, a shell that it starts, and the watcher under the shell; stdin stays open. */
async function startChain() {
  const script = `process.title = "claude";
    const shell = require("node:child_process").spawn("sh", ["-c", '"$0" "$1" & echo "{\\\\"shell\\\\":$$}"; wait', process.execPath, ${JSON.stringify(program)}], { stdio: "inherit" });
    setTimeout(() => process.exit(), 15000);`;
  const claude = spawn(process.execPath, ["-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, CLAUDECODE: "1" },
  });
  const said: Record<string, unknown>[] = [];
  let wake = (): void => undefined;
  createInterface({ input: claude.stdout }).on("line", (line) => {
    said.push(JSON.parse(line) as Record<string, unknown>);
    wake();
  });
  const value = async (key: string): Promise<unknown> => {
    for (;;) {
      const found = said.find((entry) => key in entry);
      if (found !== undefined) return found[key];
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { claude, said, value };
}

test("a client that is killed is noticed within 5 s although a wrapper keeps stdin open", async () => {
  const { claude, value } = await startChain();
  expect(await value("client")).toBe(claude.pid);
  const killedMs = performance.now();
  claude.kill("SIGKILL");
  expect(await value("gone")).toBe(true);
  expect(performance.now() - killedMs).toBeLessThan(5_000);
});

test("the end of a wrapper is not taken for the end of the client", async () => {
  const { claude, said, value } = await startChain();
  expect(await value("client")).toBe(claude.pid);
  process.kill((await value("shell")) as number, "SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(said.some((entry) => "gone" in entry)).toBe(false);
  claude.kill("SIGKILL");
  expect(await value("gone")).toBe(true);
});
