// What somebody who has never used recipes reads on the way: before a recipe is added, when a name is wrong, and
// when something is shared with others.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  answering,
  buildsRecipe,
  type FixtureProject,
  type FixtureRepository,
  openPlace,
  type SharedPlace,
} from "../support/shared-recipes.ts";

const reference = "github:acme/hooks/recipes/builds.yaml";
const program = fileURLToPath(new URL("../../dist/channel-router.js", import.meta.url));
let place: SharedPlace;
let project: FixtureProject;
let repository: FixtureRepository;
beforeEach(() => {
  place = openPlace();
  project = place.project("one", "version: 1\n");
  repository = place.repository("acme/hooks");
});
afterEach(() => place.remove());

const recipe = (more = "", example = "${BUILD_TOKEN}") =>
  (buildsRecipe({ inputs: more })["recipes/builds.yaml"] ?? "").replace("${BUILD_TOKEN}", example);

function catalogues(...references: readonly string[]): void {
  const folder = join(place.env.HOME ?? "", ".claude/channels/router");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "channels.yaml"), JSON.stringify({ catalogues: references }));
}

describe("recipes show", () => {
  test("lists choices, who wrote it, and what is unverified", async () => {
    const more =
      "  level:\n    type: choice\n    choices: [low, high]\n    default: low\n    description: The level.\n";
    writeFileSync(
      join(project.folder, "builds.yaml"),
      `author: Ada\nlicense: MIT\nstatus: unverified\n${recipe(more)}`,
    );
    const { stdout } = await project.run(["recipes", "show", "./builds.yaml"]);
    expect(stdout).toContain("builds 1.0.0, unverified: Failed builds");
    expect(stdout).toContain("by Ada, MIT");
    expect(stdout).toContain('level (choice of low, high; default "low")');
  });

  test("shows one line for each item of a list that it may reach", async () => {
    const { stdout } = await project.run(["recipes", "show", "dev-server-log"]);
    expect(stdout).toContain("reads or writes dev.log\n");
    const npm = await project.run(["recipes", "show", "npm-release"]);
    expect(npm.stdout).toContain("sends the input package to registry.npmjs.org");
  });

  test("lets a recipe of somebody else choose no variable of the lines to copy", async () => {
    repository.write({ ...buildsRecipe(), "recipes/builds.yaml": recipe("", "${GITHUB_TOKEN}") });
    repository.release("v1.0.0");
    expect((await project.run(["recipes", "add", reference, "--yes"])).code).toBe(0);
    const shown = await project.run(["recipes", "show", `${reference}@v1.0.0`, "--json"]);
    const { use } = JSON.parse(shown.stdout) as { use: string };
    expect(use).not.toContain("GITHUB_TOKEN");
    expect(parse(use)).toEqual({
      use: { builds: { recipe: `${reference}@v1.0.0`, with: { token: "${BUILDS_TOKEN}" } } },
    });
    const bundled = await project.run(["recipes", "show", "github-ci-failed"]);
    expect(bundled.stdout).toContain('secret: "${GITHUB_WEBHOOK_SECRET}"');
  });

  test("names the file, the catalogue or the command for a recipe that is not there", async () => {
    repository.write({ ...buildsRecipe(), "index.json": "" });
    repository.write({
      "recipes/builds.yaml": recipe().replace("title:", "license: MIT\ntitle:"),
    });
    repository.release("v1.0.0");
    expect((await project.run(["recipes", "publish-check", repository.folder])).code).toBe(0);
    repository.release("v1.0.1");
    catalogues("github:acme/hooks");
    expect((await project.run(["recipes", "search", "builds"])).stdout).toContain(reference);
    for (const verb of ["show", "add"]) {
      const { stderr } = await project.run(["recipes", verb, "builds", ...(verb === "add" ? ["--yes"] : [])]);
      expect(stderr).toContain(`recipes add ${reference} --dry-run`);
    }
    const unpinned = await project.run(["recipes", "show", reference]);
    expect(unpinned.stderr).toContain(`recipes add ${reference} --dry-run`);
    mkdirSync(join(project.folder, "recipes"));
    writeFileSync(join(project.folder, "recipes/builds.yaml"), recipe());
    const here = await project.run(["recipes", "show", "builds"]);
    expect(here.stderr).toContain("there is a file: ./recipes/builds.yaml");
  });
});

test("a recipe is described before its inputs are asked for", async () => {
  repository.write({
    ...buildsRecipe(),
    "recipes/builds.yaml": recipe("  server:\n    type: string\n    description: The server.\n"),
  });
  repository.release("v1.0.0");
  const printed: string[] = [];
  let before = "";
  const person = {
    ask: async () => {
      before ||= printed.join("");
      return "y";
    },
  };
  await project.run(["recipes", "add", reference], {
    person,
    print: (text) => {
      printed.push(String(text));
    },
  });
  expect(before).toContain("builds 1.0.0: Failed builds");
  expect(before).toContain("A build that fails becomes a line.");
});

test("a bundled recipe says that it comes with the program", async () => {
  const { stdout } = await project.run(["recipes", "add", "cron-reminder", "--yes", "--with", "text=hi"]);
  expect(stdout).toContain("from channel-router itself");
});

test("a tag that moved is an error wherever it is named, with a command that works as it is", async () => {
  repository.write(buildsRecipe());
  repository.release("v1.0.0");
  const pinned = `${reference}@v1.0.0`;
  expect((await project.run(["recipes", "add", pinned, "--yes"])).code).toBe(0);
  repository.write(buildsRecipe({ content: "other {{data.job}}" }));
  const commit = repository.release();
  repository.git("tag", "--force", "v1.0.0");
  const again = await project.run(["recipes", "update", "builds", "v1.0.0"], { person: answering("y") });
  expect(again.code).not.toBe(0);
  expect(again.stderr).toContain("has moved");
  const [, command = ""] = /channel-router (recipes update \S+ \S+)/.exec(again.stderr) ?? [];
  expect(command).toBe(`recipes update ${pinned} ${commit}`);
  expect((await project.run([...command.split(" "), "--yes"])).code).toBe(0);
});

test("remove names the variables that stay", async () => {
  repository.write(buildsRecipe());
  repository.release("v1.0.0");
  expect((await project.run(["recipes", "add", reference, "--yes"])).code).toBe(0);
  const { stdout } = await project.run(["recipes", "remove", "builds"]);
  expect(stdout).toContain("BUILD_TOKEN: still in .env");
  expect(existsSync(join(project.folder, ".env"))).toBe(true);
});

test("after remove, add is a first one: it takes what the tag names now and asks nothing special", async () => {
  repository.write(buildsRecipe());
  repository.release("v1.0.0");
  const pinned = `${reference}@v1.0.0`;
  expect((await project.run(["recipes", "add", pinned, "--yes"])).code).toBe(0);
  repository.write(buildsRecipe({ hosts: ["api.example.com"] }));
  const commit = repository.release();
  repository.git("tag", "--force", "v1.0.0");
  expect((await project.run(["recipes", "remove", "builds"])).code).toBe(0);
  const added = await project.run(["recipes", "add", pinned, "--yes"]);
  expect(added.code).toBe(0);
  expect(added.stdout).toContain(`commit ${commit.slice(0, 12)}`);
  expect(added.stdout).toContain("connects to api.example.com");
});

describe("a catalogue that is wrong", () => {
  test("says so, and the others are searched", async () => {
    catalogues("../mine", "what is this", "~/none", "github:acme/none");
    const { stdout, code } = await project.run(["recipes", "search", "cron"]);
    expect(code).toBe(0);
    expect(stdout).toContain("cron-reminder");
    expect(stdout).toContain("../mine: the path of a folder must begin with / or ~/");
    expect(stdout).toContain("what is this: not a catalogue; write github:OWNER/REPO");
    expect(stdout).toContain("index.json does not exist");
  });

  test("search finds other forms of a word", async () => {
    const { stdout } = await project.run(["recipes", "search", "build", "failure"]);
    expect(stdout).toContain("buildkite");
    expect((await project.run(["recipes", "search", "mails"])).stdout).toContain("mail 1.0.0");
  });
});

describe("the tag that publish-check suggests", () => {
  const published = (version: string) => ({
    ...buildsRecipe({ version }),
    "recipes/builds.yaml": (buildsRecipe({ version })["recipes/builds.yaml"] ?? "").replace(
      "title:",
      "license: MIT\ntitle:",
    ),
  });
  const suggested = async () => {
    const { stdout, code } = await project.run(["recipes", "publish-check", repository.folder]);
    expect(code, stdout).toBe(0);
    return /git tag (\S+)/.exec(stdout)?.[1];
  };

  test("is the version of the recipe, and later the next that is free", async () => {
    repository.write(published("1.2.0"));
    expect(await suggested()).toBe("v1.2.0");
    repository.release("v1.2.0");
    expect(await suggested()).toBeUndefined();
    repository.write(published("1.2.1"));
    expect(await suggested()).toBe("v1.2.1");
    repository.release("v1.2.1");
    repository.write(published("2.0.0"));
    expect(await suggested()).toBe("v2.0.0");
  });
});

test("the schema of recipes is one file, which an editor can use alone", async () => {
  const require = createRequire(import.meta.url);
  const { default: Ajv } = require("ajv") as {
    default: new (options: object) => { compile(schema: unknown): (value: unknown) => boolean };
  };
  const stdout = execFileSync(process.execPath, [program, "schema", "--recipe"], { encoding: "utf8" });
  const validate = new Ajv({ strict: false, logger: false }).compile(JSON.parse(stdout));
  const value = parse(recipe()) as Record<string, unknown>;
  expect(validate(value)).toBe(true);
  expect(validate({ ...value, channels: { failed: { from: 1 } } })).toBe(false);
  expect(validate({ ...value, inputs: { token: { type: "none" } } })).toBe(false);
});
