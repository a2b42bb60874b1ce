// `trust` in a terminal beside a running router: the answer counts for what the router found, whatever the terminal's own
// variables, programs and home are.

import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { FormAnswer } from "../support/claude-simulator.ts";
import { createProject, eventually, type Project } from "../support/router.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

const putAway = { answerForm: (): FormAnswer => ({ action: "cancel" }) };

async function programs(project: Project, folder: string): Promise<string> {
  const at = join(project.folder, "..", folder);
  await mkdir(at, { recursive: true });
  await writeFile(join(at, "say-it"), `#!/bin/sh\necho '{"from":"${folder}"}'\n`);
  await chmod(join(at, "say-it"), 0o755);
  return at;
}

const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  say: { type: command, command: [say-it, "\${WHO}"] }
  api: { type: poll, url: "http://127.0.0.1:9/\${WHO}", every: 1h }
channels:
  say: { content: "{{text}}" }
`;

test("a yes in a terminal with other variables and programs counts for the running router", async () => {
  const project = await createProject(config);
  projects.push(project);
  const theirs = await programs(project, "session");
  const other = await programs(project, "terminal");
  const claude = await project.claude(putAway, {
    PATH: `${theirs}:${process.env.PATH}`,
    WHO: "session-user",
  });
  await eventually(async () =>
    /command .*: waiting for consent/.test((await claude.callTool("status")).text),
  );
  // No WHO at all: by itself this terminal would find the config bad.
  const env = { PATH: `${other}:${process.env.PATH}` };
  const listed = await project.run(["trust", "--list"], { env });
  expect(listed.stdout).toContain(`run the command say-it '•••' with \${WHO}`);
  expect(listed.stdout).toContain(`the program is ${theirs}/say-it`);
  expect(listed.stdout).toMatch(/with the programs and variables of the running router \(pid \d+\)/);
  const allowed = await project.run(["trust", "--yes"], { env });
  expect(allowed).toMatchObject({ code: 0, stdout: expect.stringContaining("allowed; the running router") });
  expect((await claude.nextEvent()).content).toContain("session");
  expect(await project.run(["trust", "--list", "--json"], { env })).toMatchObject({ code: 0 });
});

test("it asks about the file as it is now, not as the router read it before", async () => {
  const project = await createProject((port) => config(port).replaceAll(`\${WHO}`, "who"));
  projects.push(project);
  const env = { PATH: `${await programs(project, "session")}:${process.env.PATH}` };
  await project.claude(putAway, env);
  await project.run(["trust", "--yes"], { env });
  await project.write("channels.yaml", config(project.port).replaceAll(`\${WHO}`, "another"));
  const listed = await project.run(["trust", "--list"], { env });
  expect(listed.stdout).toMatch(/waits +run the command say-it another/);
});

test("without a router the terminal's own view is shown, and that it is only that", async () => {
  const project = await createProject((port) => config(port).replaceAll(`\${WHO}`, "who"));
  projects.push(project);
  const there = await programs(project, "terminal");
  const listed = await project.run(["trust", "--list"], { env: { PATH: `${there}:${process.env.PATH}` } });
  expect(listed.stdout).toContain(`the program is ${there}/say-it`);
  expect(listed.stdout).toContain("no router runs");
  expect((await project.run(["trust", "--list"])).stdout).toContain("the program is not found");
});
