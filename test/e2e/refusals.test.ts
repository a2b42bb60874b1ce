// A sender that is refused can be seen to be: in `status`, in the status tool, in `dev` and on stderr. And what `explain`
// refuses because the source would.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  hook: { type: http, path: /hook, verify: { scheme: bearer, secret: correct-horse } }
  off: { type: http, path: /off, enabled: false }
`;

async function open(): Promise<Project> {
  const project = await createProject(config);
  projects.push(project);
  return project;
}

const post = (project: Project, authorization: string) =>
  fetch(`${project.address}/hook`, { method: "POST", headers: { authorization }, body: "x" }).then(
    ({ status }) => status,
    () => undefined,
  );

test("wrong signatures are shown by status, to Claude and to a person, and told once on stderr", async () => {
  const project = await open();
  const claude = await project.claude();
  await eventually(async () => (await post(project, "Bearer wrong")) === 401);
  expect(await post(project, "Bearer wrong")).toBe(401);
  const { stdout, code } = await project.run(["status"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ {4}refused: 2 x 401 unauthorized, last \d\d:\d\d:\d\d \(unauthorized\)$/m);
  expect(stdout).toContain("2 refused");
  const tool = await claude.callTool("status", {});
  expect(JSON.stringify(tool)).toMatch(/hook \(http\) running.*; refused: 2 x 401 unauthorized, last \d\d:/);
  expect(claude.process.stderr().match(/401 unauthorized/g)).toHaveLength(1);
});

test("dev prints a line for each refused request", async () => {
  const project = await open();
  const { process: dev, printed } = project.dev();
  try {
    await eventually(async () => (await post(project, "Bearer wrong")) === 401);
    await eventually(() => printed().includes("refused hook 401 unauthorized: unauthorized"));
  } finally {
    await dev.interrupt();
  }
});

test("explain refuses bytes that the source would refuse", async () => {
  const project = await open();
  const file = join(project.folder, "latin1.txt");
  await writeFile(file, Buffer.from([0x63, 0x61, 0x66, 0xe9]));
  const { code, stdout, stderr } = await project.run(["explain", "hook", file]);
  expect([code === 0, stdout]).toEqual([false, ""]);
  expect(stderr).toContain("is not valid UTF-8");
});

test("explain says that a source is off", async () => {
  const project = await open();
  const { code, stdout, stderr } = await project.run(["explain", "off", "{}"]);
  expect([code === 0, stdout]).toEqual([false, ""]);
  expect(stderr).toContain("source off is disabled");
});
