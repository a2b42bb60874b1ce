// A secret in the path of a webhook: senders know it, and neither Claude, nor the journal, nor a command shows it.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  hook: { type: http, path: "/in/\${HOOK_TOKEN}/:env" }
`;

test.each(["k7Qz", "a-much-longer-token-2481", "two/parts-of-it"])("a path with %s in it", async (token) => {
  const project = await createProject(config, { consent: "all" });
  projects.push(project);
  const env = { HOOK_TOKEN: token };
  const claude = await project.claude({}, env);
  const post = () =>
    fetch(`${project.address}/in/${token}/prod?from=x`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-note": `/in/${token}/prod` },
      body: '{"text":"hello"}',
    });
  await eventually(async () => (await post().catch(() => undefined))?.status === 202);
  const event = await claude.nextEvent();
  expect(event.meta.path).toMatch(/^\/in\/•••(?:\/•••)?\/prod$/);
  const id = event.meta.event_id as string;
  const said = [JSON.stringify(event), (await claude.callTool("status")).text];
  for (const command of [
    ["why", id],
    ["why", id, "--json"],
    ["events", "--json"],
    ["status"],
    ["status", "--json"],
  ])
    said.push((await project.ask(command, env)).stdout);
  expect(said.join("\n")).toContain("prod");
  for (const text of said) expect(text).not.toContain(token);
  await claude.stop();
  const kept = readdirSync(project.state, { recursive: true, encoding: "utf8" })
    .filter((name) => name.includes("segment"))
    .map((name) => readFileSync(join(project.state, name), "utf8"));
  expect(kept.join()).toContain("hello");
  expect(kept.join()).not.toContain(token);
});

test("a short one in the path of a web chat is in no status", async () => {
  const project = await createProject(
    (port) =>
      `listen: 127.0.0.1:${port}\nsources: { chat: { type: webchat, path: "/\${HOOK_TOKEN}", access: { dm: pairing } } }\n`,
    { consent: "all" },
  );
  projects.push(project);
  const env = { HOOK_TOKEN: "q7Zx" };
  const claude = await project.claude({}, env);
  await eventually(async () => (await fetch(`${project.address}/q7Zx`).catch(() => undefined))?.ok);
  const said = [(await claude.callTool("status")).text];
  for (const command of [["status"], ["status", "--json"]])
    said.push((await project.ask(command, env)).stdout);
  for (const text of said) {
    expect(text).toContain("/•••");
    expect(text).not.toContain("q7Zx");
  }
  await claude.stop();
});
