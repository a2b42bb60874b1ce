// The config file is broken (an edit is under way) when an owner ends: its successor goes on with the config that was active last, with
// the consent that it had, and says that the file is broken.

import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../support/router.ts";
import { accepted, listening, open } from "./stage.ts";

const secret = "a-secret-of-the-user-4711";
const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  hook: { type: http, path: /hook }
  safe: { type: http, path: /safe, verify: { scheme: bearer, secret: "\${HOOK_SECRET}" } }
channels:
  hook: { from: hook, content: "hello {{data.n}}" }
  safe: { from: safe }
use:
  more: { recipe: ./more.yaml }
`;
const recipe = `recipe: more
version: 1.0.0
title: More
description: More.
sources: { in: { type: http, path: /more } }
channels: { in: { from: in } }
`;
const broken = (port: number) => `${config(port)}  - half an edit: [\n`;
const env = { HOOK_SECRET: secret };

function kept(state: string): string {
  const [found] = readdirSync(state, { recursive: true, withFileTypes: true }).filter(
    ({ name }) => name === "active-config.json",
  );
  return join(found?.parentPath ?? state, "active-config.json");
}

async function opened() {
  const project = await open();
  await project.write("more.yaml", recipe);
  await project.write("channels.yaml", config(project.port));
  await project.trust();
  return project;
}

test("a successor goes on with the config that was active last", async () => {
  const project = await opened();
  const first = await project.claude({}, env);
  await listening(project);
  const file = await eventually(() => {
    const path = kept(project.state);
    return statSync(path, { throwIfNoEntry: false }) !== undefined && path;
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).not.toContain(secret);

  const second = await project.claude({}, env);
  await project.write("channels.yaml", broken(project.port));
  await project.write("more.yaml", "recipe: [");
  await eventually(() => first.process.stderr().includes("not reloaded"));
  first.process.kill("SIGKILL");
  await eventually(() => second.process.stderr().includes("goes on until the file is good again"));
  await eventually(() => accepted(project, "/hook", { n: 1 }).catch(() => false as const));
  await eventually(() => second.events.some(({ content }) => content === "hello 1"));
  await accepted(project, "/more", { n: 2 });
  expect((await fetch(`${project.address}/safe`, { method: "POST" })).status).toBe(401);
  const { text } = await second.callTool("status");
  expect(text).toMatch(/not reloaded: .* in channels\.yaml/);

  // The file is good again, with another content.
  await project.write("more.yaml", recipe);
  await project.write("channels.yaml", config(project.port).replace("hello", "goodbye"));
  await eventually(() => second.process.stderr().includes("config fixed and reloaded"));
  await accepted(project, "/hook", { n: 3 });
  await eventually(() => second.events.some(({ content }) => content === "goodbye 3"));
});

test("a recipe that is gone when a router starts is read as it was last, and doctor says what runs", async () => {
  const project = await opened();
  const first = await project.claude({}, env);
  await listening(project);
  await eventually(() => statSync(kept(project.state), { throwIfNoEntry: false }) !== undefined);
  await first.stop();
  rmSync(join(project.folder, "more.yaml"));
  const doctor = async () => (await project.ask(["doctor"], env)).stdout;
  expect(await doctor()).toContain("a router that starts now goes on with the config that was active last");

  const second = await project.claude({}, env);
  await eventually(() => second.process.stderr().includes("goes on until the file is good again"));
  await accepted(project, "/more", { n: 1 });
  await eventually(() => second.events.some(({ content }) => content.includes('"n": 1')));
  expect(second.process.stderr()).toContain("does not exist");
  await eventually(async () =>
    (await doctor()).includes("the running router goes on with the config that was active before"),
  );

  await project.write("more.yaml", recipe.replace("/more", "/again"));
  await eventually(() => accepted(project, "/again", { n: 2 }).catch(() => false as const));
  expect(await doctor()).not.toContain("goes on with the config");
});

test("what others put there, or what the user no longer allows, does not count", async () => {
  const project = await opened();
  const first = await project.claude({}, env);
  await listening(project);
  const file = await eventually(() => {
    const path = kept(project.state);
    return statSync(path, { throwIfNoEntry: false }) !== undefined && path;
  });
  await first.stop();
  await project.write("channels.yaml", broken(project.port));
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("/hook", "/evil"));
  const second = await project.claude({}, env);
  await eventually(async () => (await second.callTool("status")).text.includes("channels.yaml"));
  await expect(fetch(project.address)).rejects.toThrow();
  await second.stop();
});
