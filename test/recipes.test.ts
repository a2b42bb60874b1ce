// The bundled recipes: each is complete, has setup instructions, and passes its own tests.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../src/contract.ts";
import { command, startRunning } from "./cli/running.ts";
import { createProject } from "./support/router.ts";

const folder = fileURLToPath(new URL("../recipes", import.meta.url));
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => file.slice(0, -".yaml".length));

let running: Awaited<ReturnType<typeof startRunning>>;
beforeAll(async () => {
  running = await startRunning({});
});

async function json(args: readonly string[]): Promise<JsonObject> {
  const { stdout, stderr } = await command(running, [...args, "--json"], { env: {}, cwd: "/" });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as JsonObject;
}

test("recipes list names every file in recipes/, with a title", async () => {
  const { recipes } = await json(["recipes", "list"]);
  const listed = recipes as { recipe: string; title: string }[];
  expect(listed.map(({ recipe }) => recipe)).toEqual(names);
  for (const { title } of listed) expect(title.length).toBeGreaterThan(5);
  const { stdout } = await command(running, ["recipes", "list"], { env: {}, cwd: "/" });
  for (const name of names) expect(stdout).toContain(name);
});

test.each(names)("recipes show %s replaces every input in the setup steps", async (name) => {
  const { stdout } = await command(running, ["recipes", "show", name], { env: {}, cwd: "/" });
  expect(stdout).not.toContain("${inputs");
});

test("docs/gallery.md lists them all, and docs/recipes.md has their number", () => {
  const page = (name: string) => readFileSync(join(folder, "..", "docs", name), "utf8");
  expect([...page("gallery.md").matchAll(/^\| \[`([a-z-]+)`\]/gm)].map(([, name]) => name)).toEqual(names);
  expect(page("recipes.md")).toContain(`${names.length} are bundled`);
});

test("an unknown name is reported with the most similar one", async () => {
  const { code, stderr } = await command(running, ["recipes", "show", "sentri"], { env: {}, cwd: "/" });
  expect(code).toBe(2);
  expect(stderr).toContain('did you mean "sentry"?');
});

describe.each(names)("%s", (name) => {
  test("has a description, inputs and setup instructions", async () => {
    const shown = await json(["recipes", "show", name]);
    expect(shown).toMatchObject({ recipe: name, version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    expect(String(shown.setup).split("\n").length).toBeGreaterThan(2);
    // The setup must name the variable of each secret: the user has to set it.
    for (const { secret, example } of shown.inputs as { secret: boolean; example?: string }[])
      if (secret) expect(shown.setup).toContain(`${/\w+/.exec(example ?? "")?.[0]}=`);
    const { stdout } = await command(running, ["recipes", "show", name], { env: {}, cwd: "/" });
    expect(stdout).toContain(`recipe: ${name}`);
  });

  test("passes its tests, which cover delivered and skipped events", async () => {
    const { stdout } = await command(running, ["recipes", "test", name], { env: {}, cwd: "/" });
    expect(stdout).not.toContain("FAIL");
    const text = readFileSync(join(folder, `${name}.yaml`), "utf8");
    const tests = text.slice(text.indexOf("\ntests:"));
    const count = tests.match(/- name:/g)?.length ?? 0;
    expect(stdout).toContain(`${count} of ${count} tests passed`);
    expect(count).toBeGreaterThanOrEqual(3);
    expect(tests).toMatch(/channel:/);
    expect(tests).toMatch(/none:/);
    expect(tests).toMatch(/tokens:/);
  });
});

test("the built program finds them by name from any folder, and the printed `use` entry is enough", async () => {
  const project = await createProject();
  try {
    const uses: string[] = [];
    for (const name of names)
      uses.push(String((await json(["recipes", "show", name])).use).replace("use:\n", ""));
    const text = `use:\n${uses.join("\n")}\n`;
    await project.write("channels.yaml", text);
    const variables = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, variable]) => [
      variable as string,
      `whsec_${Buffer.from("an example of a secret!!").toString("base64")}`,
    ]);
    const { stdout, code } = await project.run(["check", "channels.yaml", "--json"], {
      env: Object.fromEntries(variables),
    });
    const { issues, warnings, sources } = JSON.parse(stdout) as Record<"issues" | "warnings", Json[]> & {
      sources: string[];
    };
    expect([...issues, ...warnings]).toEqual([]);
    expect(code).toBe(0);
    expect(sources.length).toBeGreaterThanOrEqual(names.length);
  } finally {
    await project.remove();
  }
});
