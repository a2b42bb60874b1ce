// A recipe in the running program that reaches for more than it declares: what it is refused is seen where a user
// looks, in status, in the result of the tool and in the history of the event.

import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";

const projects: Project[] = [];
afterAll(() => Promise.all(projects.map((project) => project.remove())));

const recipe = `recipe: team-notes
version: "1.0.0"
title: Notes of the team
description: Lines of logs become events, and Claude may append to the notes.
capabilities:
  listen: [/ci]
  files: [logs, notes]
  tools: [note]
sources:
  log: { type: tail, files: ["logs/*.log"], from: start }
  ci: { type: http, path: /ci }
channels:
  line: { from: log }
  failed: { from: ci, reply: note }
sinks:
  note:
    type: file
    description: Append to the notes.
    path: notes/team
    file: "{{input.name}}.md"
    content: "{{input.text}} {{event.data.pr}}"
    input: { name: { type: string }, text: { type: string } }
`;

test("a link to an undeclared file is neither read nor written, as status and why report", async () => {
  const config = (port: number) => `listen: 127.0.0.1:${port}\nuse:\n  team:\n    recipe: ./team.yaml\n`;
  const project = await createProject(config, { consent: "all" });
  projects.push(project);
  await project.write("team.yaml", recipe);
  for (const folder of ["logs", "notes", "private"]) await mkdir(join(project.folder, folder));
  await writeFile(join(project.folder, "private", "plan.txt"), "the private plan\n");
  await symlink(join(project.folder, "private", "plan.txt"), join(project.folder, "logs", "app.log"));
  await symlink(join(project.folder, "private"), join(project.folder, "notes", "team"));
  const claude = await project.claude();

  const said = "capabilities.files of the recipe team-notes does not name";
  await eventually(async () => (await project.ask(["status"])).stdout.includes(said));

  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ pr: 7 });
  const posted = await fetch(`${project.address}/ci`, { method: "POST", headers, body });
  const { event_id: id } = (await posted.json()) as { event_id: string };
  const answer = await claude.callTool("team_note", { name: "a", text: "hello", event_id: id });
  expect(JSON.stringify(answer)).toMatch(/capabilities\.files of the recipe team-notes does not name/);
  expect(await readdir(join(project.folder, "private"))).toEqual(["plan.txt"]);
  const why = await project.ask(["why", id]);
  expect(why.stdout).toMatch(/team_note was refused, nothing was sent: .*capabilities\.files/);
  const { stdout } = await project.ask(["events"]);
  expect(stdout).not.toContain("private plan");
});

test("an edit that exceeds the capabilities is not loaded, and the previous config stays active", async () => {
  const config = (port: number) => `listen: 127.0.0.1:${port}\nuse:\n  team:\n    recipe: ./team.yaml\n`;
  const project = await createProject(config, { consent: "all" });
  projects.push(project);
  await project.write("team.yaml", recipe);
  await project.claude();
  await project.write("team.yaml", recipe.replace("path: /ci", "path: /other"));
  const { stdout, stderr, code } = await project.ask(["reload"]);
  expect(code).toBe(1);
  expect(stdout + stderr).toContain(
    "the recipe team-notes may not listen on this path: capabilities.listen does not name it",
  );
  expect((await fetch(`${project.address}/ci`, { method: "POST", body: "{}" })).status).toBe(202);
  expect((await fetch(`${project.address}/other`, { method: "POST", body: "{}" })).status).toBe(404);
});
