// A recipe is a part of the config: its edits are in force at once, and a mistake in it changes nothing.

import { afterEach, beforeEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";
import { answers, isAbsent, isThere } from "./running.ts";

const recipe = (path: string) => `recipe: hook
version: "1.0.0"
title: A hook
description: Everything that comes in.
sources:
  hook: { type: http, path: ${path} }
`;

let project: Project;
beforeEach(async () => {
  project = await createProject((port) => `listen: 127.0.0.1:${port}\nuse:\n  my: { recipe: ./hook.yaml }\n`);
});
afterEach(() => project.remove());

test("an edit of the recipe changes its route, and the config is unchanged", async () => {
  await project.write("hook.yaml", recipe("/one"));
  await project.claude();
  await answers(project, "/one", isThere);
  await project.write("hook.yaml", recipe("/two"));
  await answers(project, "/two", isThere);
  await answers(project, "/one", isAbsent);
});

test("a broken recipe changes nothing, and is reported with its file and line", async () => {
  await project.write("hook.yaml", recipe("/one"));
  const claude = await project.claude();
  await answers(project, "/one", isThere);
  await project.write("hook.yaml", recipe("/two").replace("sources:", "sorces:"));
  const [told] = await claude.waitForEvents(1);
  expect(told?.content).toContain('hook.yaml:5:1 sorces: unknown key "sorces"');
  expect(told?.content).toContain("because of");
  await answers(project, "/one", isThere);
});

test("a recipe file that is created later is loaded", async () => {
  const claude = await project.claude();
  const status = async () => (await claude.callTool("status")).text;
  await eventually(async () => (await status()).includes('the recipe "./hook.yaml" does not exist'));
  await project.write("hook.yaml", recipe("/one"));
  await answers(project, "/one", isThere);
});
