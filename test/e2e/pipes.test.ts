// A named pipe in the place of any file that is read at a start: whoever opened it would wait for a writer for ever. Each start greets,
// each command ends, and what the file would have granted is not granted.

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { trustFile, trustKeyFile } from "../../src/config/paths.ts";
import type { FormAnswer } from "../support/claude-simulator.ts";
import { createProject, type Project } from "../support/router.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  hook: { type: http, path: /hook, verify: { scheme: bearer, secret: "\${SECRET:-none-yet}" } }
  chat: { type: webchat, path: /chat, access: { dm: pairing } }
channels:
  hook: { from: hook }
`;
const putAway = { answerForm: (): FormAnswer => ({ action: "cancel" }) };
const configOf = (project: Project) => join(project.folder, "channels.yaml");

const writerAfterS = 100;

/** The commands run in this process: should one wait for a writer, it gets one after a while, and the test fails in place of hanging. */
const writeLater = (path: string) =>
  spawn("sh", ["-c", `sleep ${writerAfterS}; : <> "$0"`, path], { stdio: "ignore", detached: true });

const places: readonly (readonly [string, (project: Project) => string])[] = [
  ["the key of consent", (project) => trustKeyFile(project.env)],
  ["what was agreed to", (project) => trustFile(project.env, configOf(project))],
  ["who is let in", (project) => join(dirname(trustFile(project.env, configOf(project))), "access.json")],
  ["the user's .env", (project) => join(project.state, ".env")],
  ["the project's .env", (project) => join(project.folder, ".env")],
  ["the project's servers", (project) => join(project.folder, ".mcp.json")],
  ["the project's settings", (project) => join(project.folder, ".claude", "settings.json")],
  ["the user's settings", (project) => join(project.env.CLAUDE_CONFIG_DIR as string, "settings.json")],
  ["the register of routers", (project) => join(project.state, "running", "1-x.json")],
  ["a recipe", (project) => join(project.folder, "recipe.yaml")],
];

test.runIf(process.platform !== "win32").each(places)(
  "in the place of %s holds up neither a start nor a command",
  async (_name, place) => {
    const project = await createProject(config);
    projects.push(project);
    const path = place(project);
    if (path.endsWith("recipe.yaml"))
      await project.write("channels.yaml", `use:\n  x: { recipe: ./recipe.yaml }\n`);
    rmSync(path, { force: true });
    mkdirSync(dirname(path), { recursive: true });
    execFileSync("mkfifo", [path]);
    const claude = await project.claude(putAway);
    expect((await claude.callTool("status")).text).toContain("channel-router");
    const begunMs = performance.now();
    const writer = writeLater(path);
    for (const command of [["doctor"], ["trust", "--list"], ["access", "list"], ["check"]])
      expect([0, 1, 2]).toContain((await project.ask(command)).code);
    expect(performance.now() - begunMs).toBeLessThan(writerAfterS * 1_000);
    process.kill(-(writer.pid as number));
    expect(await claude.stop()).toMatchObject({ signal: null });
  },
  180_000,
);

/** What else opens files by itself, and why none of it waits. */
const readers: Readonly<Record<string, string>> = {
  "chat/inbox.ts": "makes files",
  "chat/outbox.ts": "makes files",
  "cli/payload.ts": "what a user names on the command line, a pipe too",
  "cli/commands/add.ts": "files of this package, and folders that it made",
  "cli/commands/up.ts": "does not wait",
  "config/yaml/bounded-file.ts": "does not wait",
  "connectors/file/sink/write.ts": "does not wait",
  "connectors/watch/move-away.ts": "makes files",
  "connectors/webchat/source.ts": "copies that this program made",
  "files/descriptors.ts": "/proc",
  "files/open-file.ts": "does not wait",
  "files/disk.ts": "makes files, or does not wait",
  "daemon/start/client-watch.ts": "/proc",
  "cluster/machine.ts": "/proc",
  "host/launch.ts": "does not wait",
  "cluster/other-machine.ts": "does not wait",
  "http/port-holder.ts": "/proc",
  "cluster/process-identity.ts": "/proc",
  "files/state-file.ts": "does not wait",
  "daemon/trust/trust-file.ts": "does not wait",
  "daemon/wake/managed-settings.ts": "/proc",
  "recipes/npm-registry.ts": "what npm wrote into a folder that this program made",
  "daemon/trust/trust-key.ts": "makes a file",
  "daemon/start/under-claude.ts": "/proc",
};

test("whatever opens a file does it through regular-file.ts, or is known not to wait", () => {
  const source = new URL("../../src/", import.meta.url).pathname;
  const found = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => {
    if (!name.endsWith(".ts") || name === "regular-file.ts") return false;
    const text = readFileSync(join(source, name), "utf8");
    const imports = [...text.matchAll(/import (\{[^}]*\}|\* as \w+) from "node:fs(?:\/promises)?"/g)];
    return /\b(?:readFile|readFileSync|createReadStream|open|openSync)\b|\* as/.test(
      imports.map(([, names]) => names).join(),
    );
  });
  expect(found.sort()).toEqual(Object.keys(readers).sort());
  for (const [name, why] of Object.entries(readers))
    if (why.includes("does not wait"))
      expect([name, readFileSync(join(source, name), "utf8")]).toEqual([
        name,
        expect.stringContaining("O_NONBLOCK"),
      ]);
});
