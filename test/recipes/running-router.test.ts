// A shared recipe in the built program: it starts without git, npm and network, and an update is applied while
// it runs. Also a recipe of another checkout, which waits for consent.

import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadPlan } from "../../src/daemon/start/load-plan.ts";
import { createProject, eventually, type Project } from "../support/router.ts";
import { buildsRecipe, cancelledTest, openPlace, type SharedPlace } from "../support/shared-recipes.ts";

let place: SharedPlace;
let project: Project;
beforeEach(() => {
  place = openPlace();
});
afterEach(async () => {
  await project?.remove();
  place.remove();
});

const reference = "github:acme/hooks/recipes/builds.yaml";
const config = (port: number) => `version: 1\nlisten: 127.0.0.1:${port}\n`;
const post = (conclusion: string) =>
  fetch(`${project.address}/builds`, {
    method: "POST",
    headers: { "x-build-token": "secret-token", "content-type": "application/json" },
    body: JSON.stringify({ job: "nightly", conclusion }),
  });

test("a pinned recipe runs offline, and the running router applies an update", async () => {
  const repository = place.repository("acme/hooks");
  repository.write(buildsRecipe());
  repository.release("v1.0.0");
  project = await createProject(config, { consent: "all" });
  const { GIT_CONFIG_GLOBAL, GIT_CONFIG_NOSYSTEM } = place.env as Record<string, string>;
  const git = { env: { GIT_CONFIG_GLOBAL, GIT_CONFIG_NOSYSTEM } as Record<string, string> };
  const added = await project.run(["recipes", "add", `${reference}@v1.0.0`, "--yes"], git);
  expect(added.code, added.stderr).toBe(0);
  await project.write(".env", "BUILD_TOKEN=secret-token\n");

  // No program that could fetch anything is found, and the repository is not there.
  const claude = await project.claude({}, { PATH: "/nowhere" });
  await eventually(async () => (await post("failure").catch(() => undefined))?.ok);
  await eventually(() => claude.events.find(({ content }) => content.includes("nightly ended as failure")));
  expect((await post("cancelled")).status).toBeLessThan(300);

  repository.write(
    buildsRecipe({ version: "1.1.0", conclusions: ["failure", "cancelled"], tests: cancelledTest }),
  );
  repository.release("v1.1.0");
  const updated = await project.run(["recipes", "update", "--yes"], git);
  expect(updated.code, updated.stderr).toBe(0);
  expect(updated.stdout).toContain("now also delivers: a cancelled build is a line");
  await eventually(async () => {
    await post("cancelled");
    return claude.events.find(({ content }) => content.includes("nightly ended as cancelled"));
  });
  expect((await project.run(["recipes", "verify"])).code).toBe(0);
});

describe("a recipe of another checkout", () => {
  const written = "../other/recipes/builds.yaml";

  function checkout(files: Readonly<Record<string, string>>): string {
    const folder = join(dirname(project.folder), "other");
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return folder;
  }

  const uses = (port: number) =>
    `${config(port)}use:\n  builds:\n    recipe: ${written}\n    with: { token: "\${BUILD_TOKEN}" }\n`;
  const load = () =>
    loadPlan(join(project.folder, "channels.yaml"), { ...project.env, BUILD_TOKEN: "secret-token" });

  test("a recipe of another checkout is a power with its real path, and its sources wait for consent", async () => {
    project = await createProject(uses);
    const folder = checkout(buildsRecipe());
    const { plan, issues } = await load();
    expect(issues).toEqual([]);
    const power = plan.powers.find(({ component }) => component === "use.builds");
    expect(power).toMatchObject({ power: "read", value: join(folder, "recipes/builds.yaml") });
    expect(plan.sources[0]?.powers).toContainEqual(power);
    // Moving it elsewhere is another power.
    cpSync(folder, `${folder}2`, { recursive: true });
    await project.write("channels.yaml", uses(project.port).replace("../other/", "../other2/"));
    const moved = (await load()).plan.powers.find(({ component }) => component === "use.builds");
    expect(moved?.hash).not.toBe(power?.hash);
  });

  test("a recipe of another checkout sends nothing to Claude before the user consents", async () => {
    project = await createProject(uses);
    const text = (buildsRecipe()["recipes/builds.yaml"] as string)
      .replace("    from: build\n", "    from: build\n    description: words of another checkout\n")
      .replace("  secrets:\n", "  files: [notes]\n  tools: [note]\n  secrets:\n")
      .replace(
        "tests:\n",
        'sinks:\n  note:\n    type: file\n    description: words of another checkout\n    path: notes\n    file: a.md\n    content: "{{input.text}}"\n    input:\n      text:\n        type: string\n        description: The text.\ntests:\n',
      );
    checkout({ ...buildsRecipe(), "recipes/builds.yaml": text });
    expect((await load()).issues).toEqual([]);
    const claude = await project.claude({}, { BUILD_TOKEN: "secret-token" });
    expect(claude.server.instructions).not.toContain("another checkout");
    expect(JSON.stringify(claude.tools)).not.toContain("another checkout");
    expect((await post("failure").catch(() => ({ ok: false }))).ok).toBe(false);
  });

  test("no text of a file outside the project is ever shown", async () => {
    project = await createProject(uses);
    for (const text of [
      "password: hunter2hunter2\nrecipe: builds\n",
      "hunter2hunter2: [",
      buildsRecipe()["recipes/builds.yaml"]?.replace("type: http", "type: hunter2hunter2") ?? "",
      buildsRecipe()["recipes/builds.yaml"]?.replace("from: build", "from: hunter2hunter2") ?? "",
      "recipe: builds\ninputs: { hunter2hunter2: { description: hunter2hunter2 } }\n",
    ]) {
      checkout({ "recipes/builds.yaml": text });
      const { issues, loaded } = await load();
      expect(issues.length).toBeGreaterThan(0);
      const shown = JSON.stringify([issues, loaded.warnings, issues.map(loaded.frame)]);
      expect(shown).not.toContain("hunter2");
      expect(shown).toContain("channel-router check");
    }
  });

  test("a recipe of another checkout must declare capabilities, and cannot be a link", async () => {
    project = await createProject(uses);
    const text = buildsRecipe()["recipes/builds.yaml"] as string;
    checkout({ "recipes/builds.yaml": text.replace(/^capabilities:\n(?: {2}.*\n)+/m, "") });
    const [issue] = (await load()).issues;
    expect(issue).toMatchObject({ path: "use.builds.recipe" });
    expect(issue?.message).toMatch(/capabilities/);
    const folder = checkout(buildsRecipe());
    symlinkSync(join(folder, "recipes/builds.yaml"), join(project.folder, "link.yaml"));
    await project.write(
      "channels.yaml",
      readFileSync(join(project.folder, "channels.yaml"), "utf8").replace(written, "./link.yaml"),
    );
    expect((await load()).issues[0]?.message).toContain("leads through a link");
  });
});
