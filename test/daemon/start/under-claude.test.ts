// Whether a Claude process started this one: by the environment, by the ancestors, and in real processes.

import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AncestorInfo, findClaudeAbove } from "../../../src/daemon/start/under-claude.ts";

const above = (...looks: Partial<AncestorInfo>[]) => {
  const chain = looks.map((look, index) => ({ pid: 100 - index, command: [], names: [], env: {}, ...look }));
  return () => chain;
};

describe("a sign is", () => {
  test.each(["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SESSION_ID"])(
    "%s, with any value",
    (name) => {
      expect(findClaudeAbove({ [name]: "0" }, above())?.sign).toBe(`${name} is set`);
      expect(findClaudeAbove({ [name]: "" }, above())).toBeUndefined();
    },
  );

  test.each<Partial<AncestorInfo>>([
    { command: ["claude"] },
    { command: ["/home/me/.local/bin/claude", "--resume"] },
    { command: ["/home/me/.local/share/claude/versions/2.1.330"] },
    { command: ["/Applications/Claude.app/Contents/MacOS/Claude"] },
    { command: ["node", "/lib/node_modules/@anthropic-ai/claude-code/cli.js"] },
    { command: ["node", "--require", "/x/hook.js", "/lib/node_modules/@anthropic-ai/claude-code/cli.js"] },
    { command: ["/usr/bin/node", "/lib/node_modules/@anthropic-ai/claude-agent-sdk/cli.js"] },
    { command: ["/bin/sh", "/usr/local/bin/claude"] },
    { command: ["anything"], names: ["claude", "node"] },
    { command: ["anything"], names: ["node", "claude.exe"] },
    { command: ["bash"], env: { CLAUDECODE: "1" } },
  ])("an ancestor that is %j", (look) => {
    expect(findClaudeAbove({}, above({ command: ["bash"] }, look, { command: ["systemd"] }))).toBeDefined();
  });

  test.each<Partial<AncestorInfo>>([
    { command: ["tmux", "new", "-s", "claude"], names: ["tmux: server"] },
    { command: ["vim", "notes/claude"], names: ["vim"] },
    { command: ["node", "/home/claude/tool.js"], names: ["node"] },
    { command: ["/home/claude/bin/serve"], names: ["serve"] },
    { command: ["bash"], env: { CLAUDECODE: "", CLAUDE_CONFIG_DIR: "/x", CLAUDE_CODE_USE_BEDROCK: "1" } },
  ])("no ancestor that is %j", (look) => {
    expect(findClaudeAbove({ CLAUDE_CONFIG_DIR: "/x" }, above({ command: ["bash"] }, look))).toBeUndefined();
  });

  test("and the folders are those of the Claude processes, not of what they started", () => {
    const found = findClaudeAbove(
      { CLAUDECODE: "1" },
      above({ command: ["bash"], folder: "/elsewhere" }, { command: ["claude"], folder: "/project" }),
    );
    expect(found?.folders).toEqual(["/project"]);
  });
});

describe.runIf(process.platform === "linux")("in real processes", () => {
  const folder = mkdtempSync("/tmp/cr-under-");
  const script = join(folder, "look.mjs");
  beforeAll(async () => {
    const entry =
      'import { findClaudeAbove } from "./src/daemon/start/under-claude.ts"; console.log(findClaudeAbove() !== undefined);';
    await build({
      stdin: {
        contents: entry,
        resolveDir: fileURLToPath(new URL("../../..", import.meta.url)),
        loader: "ts",
      },
      outfile: script,
      bundle: true,
      format: "esm",
      platform: "node",
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  // Without what the test run itself was given.
  const clean = { PATH: process.env.PATH };
  const start = (command: string, args: string[], env: NodeJS.ProcessEnv = clean) => {
    const { stdout, stderr } = spawnSync(command, args, { cwd: folder, env, encoding: "utf8" });
    return stdout.trim() || stderr;
  };
  const startsIt = `require("node:child_process").spawnSync(process.execPath, [${JSON.stringify(script)}], { stdio: "inherit" })`;
  test("a copy of any program that is named claude, and a link of that name", () => {
    copyFileSync(process.execPath, join(folder, "claude"));
    expect(start(join(folder, "claude"), ["-e", startsIt])).toBe("true");
    rmSync(join(folder, "claude"));
    symlinkSync(process.execPath, join(folder, "claude"));
    expect(start(join(folder, "claude"), ["-e", startsIt])).toBe("true");
    rmSync(join(folder, "claude"));
  });

  test("a script named claude, however many shells and env -u lie between", () => {
    const file = join(folder, "claude");
    writeFileSync(
      file,
      `#!/bin/sh\nbash -c 'env -u CLAUDECODE sh -c "${process.execPath} ${script}; true"; true'\n`,
    );
    chmodSync(file, 0o755);
    expect(start(file, [], { ...clean, CLAUDECODE: "1" })).toBe("true");
    rmSync(file);
  });

  test("a program that calls itself claude", () => {
    expect(start(process.execPath, ["-e", `process.title = "claude"; ${startsIt}`])).toBe("true");
  });

  test("env -u CLAUDECODE in a shell that began with it", () => {
    const shell = `env -u CLAUDECODE ${process.execPath} ${script}; true`;
    expect(start("sh", ["-c", shell], { ...clean, CLAUDECODE: "1" })).toBe("true");
  });

  test("and nothing else", (context) => {
    context.skip(
      start(process.execPath, [script]) === "true",
      "the tests themselves run below a Claude process",
    );
    expect(start("sh", ["-c", `${process.execPath} ${script}; true`])).toBe("false");
  });
});
