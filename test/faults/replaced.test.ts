// The program's files are replaced while sessions run: a plugin is updated, the package is installed again.

import { cp, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { spawnClaude } from "../support/claude-simulator.ts";
import { createProject, eventually, program } from "../support/router.ts";

test("an attached session whose program is gone says so and lives on when its owner dies", async () => {
  const project = await createProject(
    (port) => `listen: 127.0.0.1:${port}\nsources: { hook: { type: http, path: /hook } }\n`,
  );
  try {
    const copy = join(project.folder, "dist");
    await cp(dirname(program), copy, { recursive: true });
    const server = {
      command: process.execPath,
      args: [join(copy, "channel-router.js")],
      project: project.folder,
      env: project.env,
    };
    const first = await spawnClaude(server, { bootWindowMs: 0 });
    await first.callTool("status");
    const second = await spawnClaude(server, { bootWindowMs: 0 });
    for (const chunk of await readdir(join(copy, "chunks"))) {
      if (/^(leader|daemon)-/.test(chunk)) await rm(join(copy, "chunks", chunk));
    }
    first.process.kill("SIGKILL");
    await eventually(() => second.process.stderr().includes("files were replaced"));
    // A session with the whole program comes, owns, and the one that lacks its files has tools again.
    await project.claude();
    const { text } = await eventually(() => second.callTool("status").catch(() => undefined));
    expect(text).toContain("leader: another process");
    await second.stop();
  } finally {
    await project.remove();
  }
});
