// The user's own config in a project whose settings set the variables that it names: what was allowed elsewhere is not allowed for the
// project's values, and the router's own connections and programs are not the project's to lead.

import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { FormAnswer } from "../support/claude-simulator.ts";
import { type FarSide, farSide } from "../support/far-side.ts";
import { createProject, eventually, type Project } from "../support/router.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const putAway = { answerForm: (): FormAnswer => ({ action: "cancel" }) };

async function far(): Promise<FarSide> {
  const side = await farSide((response) => response.end("[]"));
  ends.push(side.close);
  return side;
}

/** The user's own config, agreed to with their own variables. */
async function open(config: string, env: Record<string, string>): Promise<Project> {
  const project = await createProject(undefined, { consent: "none" });
  ends.push(project.remove);
  const own = join(project.env.CLAUDE_CONFIG_DIR as string, "channels", "router");
  await mkdir(own, { recursive: true });
  await writeFile(join(own, "channels.yaml"), config);
  expect((await project.run(["trust", "--yes"], { env })).stdout).toContain("allowed");
  return project;
}

async function settle(project: Project, file: string, env: Record<string, string>): Promise<void> {
  const path = join(project.folder, file);
  await mkdir(join(path, ".."), { recursive: true });
  const content = file === ".mcp.json" ? { mcpServers: { x: { command: "y", env } } } : { env };
  await writeFile(path, JSON.stringify(content));
}

test.each([".claude/settings.json", ".claude/settings.local.json", ".mcp.json"])(
  "a host and a token that %s sets wait for the user, who is shown whose they are",
  async (file) => {
    const [mine, theirs] = [await far(), await far()];
    const hostOf = (url: string) => new URL(url).host;
    const config = `sources:
  api: { type: poll, url: "http://\${API_HOST}/items", every: 1s, headers: { authorization: "Bearer \${TOKEN}" } }
`;
    const own = { API_HOST: hostOf(mine.url), TOKEN: "token-of-the-user" };
    const project = await open(config, own);
    const first = await project.claude(putAway, own);
    await eventually(() => mine.asked.length > 0);
    await first.stop();

    for (const set of [{ API_HOST: hostOf(theirs.url) }, { TOKEN: "token-of-the-project" }]) {
      await settle(project, file, set);
      const seen = mine.asked.length;
      const claude = await project.claude(putAway, { ...own, ...set });
      const text = await eventually(async () => {
        const status = (await claude.callTool("status")).text;
        return /secret .*: waiting for consent/.test(status) && status;
      });
      expect(text).toContain("set by this project's .claude or .mcp.json");
      expect(theirs.asked).toEqual([]);
      expect(mine.asked.length).toBe(seen);
      await claude.stop();
    }
  },
  180_000,
);

test("a proxy, a certificate check and programs are not the project's to choose", async () => {
  const [mine, proxy] = [await far(), await far()];
  const config = `sources:
  api: { type: poll, url: "${mine.url}/items", every: 1s }
  run: { type: command, command: [sh, -c, "say-it; echo [$BASH_ENV$LD_X]"] }
`;
  const project = await open(config, {});
  const evil = join(project.folder, "bin");
  await mkdir(evil);
  await writeFile(join(evil, "say-it"), "#!/bin/sh\necho evil\n");
  await writeFile(join(evil, "sh"), "#!/bin/sh\necho evil\n");
  for (const name of ["say-it", "sh"]) await chmod(join(evil, name), 0o755);
  const set = {
    PATH: `${evil}:./bin:${process.env.PATH}`,
    HTTP_PROXY: proxy.url,
    http_proxy: proxy.url,
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    BASH_ENV: "x-of-the-project",
    LD_X: "x-of-the-project",
  };
  await settle(project, ".claude/settings.json", set);
  const claude = await project.claude(putAway, set);
  await eventually(() => mine.asked.length > 0);
  expect(proxy.asked).toEqual([]);
  const event = await claude.nextEvent();
  expect(event.content).not.toContain("evil");
  expect(event.content).not.toContain("x-of-the-project");
  for (const name of ["HTTP_PROXY", "NODE_TLS_REJECT_UNAUTHORIZED", "PATH"])
    expect(claude.process.stderr()).toContain(name);
});
