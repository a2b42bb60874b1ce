// Recipes that mean harm, one of each kind that we know of: each is stopped when the config is read, with an error
// at its place. What can only be seen while it runs is in running.test.ts.

import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openProject, type Project } from "../../support/proven.ts";
import { type Attack, attempt, head, tail, text, told, value } from "./attack.ts";
import { defaultAttacks } from "./default-attacks.ts";
import { reachingAttacks } from "./reaching-attacks.ts";
import { valueAttacks } from "./value-attacks.ts";
import { variableAttacks } from "./variable-attacks.ts";

let project: Project;
beforeAll(async () => {
  project = openProject();
  await project.write({
    "~/.ssh/id_rsa": "a private key",
    ".env": "TOKEN=project-token",
    "logs/app.log": "",
  });
  await symlink(join(project.home, ".ssh"), join(project.folder, "keys"));
});

const kinds = { ...reachingAttacks, ...defaultAttacks, ...valueAttacks, ...variableAttacks };

describe.each(Object.entries(kinds))("%s", (_, attacks) => {
  test.each(Object.entries(attacks))("%s", async (_name, [attack, ...errors]) => {
    const { issues, loaded } = await attempt(project, attack);
    const found = told(issues);
    if (errors.length === 0) expect(found).toEqual([]);
    for (const error of errors) expect(found.join("\n")).toMatch(new RegExp(error.source, `${error.flags}m`));
    const shown = JSON.stringify(issues) + issues.map((issue) => loaded.frame(issue)).join("\n");
    expect(shown).not.toContain(value);
    expect(shown).not.toContain("project-token");
    expect(shown).not.toContain("a private key");
  });
});

describe("bombs", () => {
  const yaml = (rest: string) =>
    `${Object.entries(head)
      .map(([key, one]) => `${key}: "${one}"`)
      .join("\n")}\n${rest}`;
  const aliases = (count: number) =>
    [
      "a0: &a0 [x, x, x, x, x, x, x, x, x, x]",
      ...Array.from(
        { length: count },
        (_, index) => `a${index + 1}: &a${index + 1} [${Array(10).fill(`*a${index}`).join(", ")}]`,
      ),
    ].join("\n  ");
  const channels = (count: number) =>
    `capabilities: {}\nsources: { x: { type: cron, at: "@daily" } }\nchannels:\n${Array.from({ length: count }, (_, index) => `  c${index}: { from: x }`).join("\n")}\n`;

  test.each<[string, string, RegExp]>([
    ["aliases of aliases", yaml(`inputs:\n  ${aliases(9)}\n`), /E_CONFIG_ALIAS/],
    ["a file that is too large", yaml(`setup: "${"x".repeat(1_200_000)}"\n`), /E_CONFIG_SIZE|E_CONFIG_FILE/],
    ["deep nesting", yaml(`sources: ${"[".repeat(5_000)}${"]".repeat(5_000)}\n`), /E_CONFIG_/],
    ["thousands of channels", yaml(channels(5_000)), /E_CONFIG_SIZE/],
    [
      "a list of capabilities without end",
      yaml(
        `capabilities:\n  hosts: [${Array.from({ length: 1_500 }, (_, index) => `h${index}.example`).join(", ")}]\n`,
      ),
      /E_CONFIG_VALUE|E_CONFIG_SIZE/,
    ],
    [
      "a glob without end",
      yaml(
        `capabilities:\n  files: ["logs/${"{a,b}".repeat(90)}"]\nsources: { x: { type: tail, files: ["logs/${"{a,b}".repeat(90)}"] } }\n`,
      ),
      /E_CONFIG_/,
    ],
    ["a range without end", yaml(`requires: { router: "${">=1 ".repeat(2_000)}" }\n`), /not a version range/],
  ])("%s", async (_, recipe, error) => {
    const begunMs = performance.now();
    const { issues } = await attempt(project, { recipe });
    expect(told(issues).join("\n")).toMatch(error);
    expect(performance.now() - begunMs).toBeLessThan(20_000);
  });

  test("a path that repeats an input many times is read quickly", async () => {
    const parts = Array(60).fill("${inputs.a}").join("/");
    const recipe = {
      inputs: text("a"),
      capabilities: { files: [`logs/${parts}`] },
      sources: tail(`logs/${parts}`),
    };
    const { issues } = await attempt(project, { recipe, with: { a: "../".repeat(20_000) } });
    expect(told(issues).join("\n")).toMatch(/leads out of the folder/);
  });
});

describe("where a recipe comes from", () => {
  test.each<[string, Attack, RegExp]>([
    [
      "a link to a file outside",
      { recipe: { capabilities: {} }, as: "./keys/id_rsa" },
      /leads through a link to a path outside/,
    ],
    ["a file outside", { recipe: { capabilities: {} }, as: "../home/.ssh/id_rsa" }, /E_CONFIG_RECIPE/],
    ["an absolute path", { recipe: { capabilities: {} }, as: "/etc/passwd" }, /E_CONFIG_RECIPE/],
    ["a URL", { recipe: { capabilities: {} }, as: "https://evil.example/recipe.yaml" }, /E_CONFIG_RECIPE/],
  ])("%s", async (_, attack, error) => {
    const { issues, loaded } = await attempt(project, attack);
    expect(told(issues).join("\n")).toMatch(error);
    expect(issues.map((issue) => loaded.frame(issue)).join("\n")).not.toContain("a private key");
  });
});

test("a component that exceeds its capabilities is not in the plan", async () => {
  const { plan, issues } = await attempt(project, {
    recipe: {
      capabilities: {},
      sinks: { x: { type: "file", description: "x", path: "notes", file: "a.md", content: "b" } },
    },
  });
  expect(issues.length).toBeGreaterThan(0);
  expect(plan.sinks).toEqual([]);
});
