// Files that change while a command fetches or asks are not overwritten, and a config that cannot be read for a
// moment loses no pinned recipe.

import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeChange } from "../../src/cli/init/files.ts";
import { buildsRecipe, type FixtureProject, openPlace, type SharedPlace } from "../support/shared-recipes.ts";

const reference = "github:acme/hooks/recipes/builds.yaml@v1.0.0";
const other = "github:acme/other/recipes/builds.yaml@v1.0.0";
let place: SharedPlace;
let project: FixtureProject;
beforeEach(() => {
  place = openPlace();
  for (const name of ["acme/hooks", "acme/other"]) {
    const repository = place.repository(name);
    repository.write(buildsRecipe());
    repository.release("v1.0.0");
  }
  project = place.project("one", "version: 1\n");
});
afterEach(() => place.remove());

const path = (name: string) => join(project.folder, name);
const read = (name: string) => readFileSync(path(name), "utf8");
const locked = () => Object.keys(JSON.parse(read("channels.lock")).recipes);
/** A user who does something else before the answer. */
const answeringAfter = (work: () => unknown, question = /./) => ({
  ask: async (asked: string) => {
    if (question.test(asked)) await work();
    return "y";
  },
});

describe("a file that changes while a command waits for an answer", () => {
  test.each(["channels.yaml", ".env"])(
    "an edit of %s is kept, and the command writes nothing",
    async (name) => {
      writeFileSync(path(".env"), "OTHER=1\n");
      const finished = await project.run(["recipes", "add", reference], {
        person: answeringAfter(() => writeFileSync(path(name), "# edited\n")),
      });
      expect(finished.code).toBe(2);
      expect(finished.stderr).toContain(`${path(name)} was changed while this command ran`);
      expect(read(name)).toBe("# edited\n");
      expect(readdirSync(project.folder).sort()).toEqual([".env", "channels.yaml"]);
      if (name !== ".env") expect(read(".env")).toBe("OTHER=1\n");
    },
  );

  test("two concurrent adds keep both lock entries", async () => {
    const second = place.project("one");
    const finished = await project.run(["recipes", "add", reference, "--with", "path=/a"], {
      person: answeringAfter(async () => {
        writeFileSync(path("second.yaml"), "version: 1\n");
        const done = await second.run(["recipes", "add", other, "--yes", "--config", path("second.yaml")]);
        expect(done, done.stderr).toMatchObject({ code: 0 });
      }),
    });
    expect(finished.code).toBe(2);
    expect(finished.stderr).toMatch(/(channels\.lock|\.env) was changed while this command ran/);
    expect(locked()).toEqual([other]);
    expect(read("channels.yaml")).toBe("version: 1\n");
    const again = await project.run(["recipes", "add", reference, "--yes"]);
    expect(again, again.stderr).toMatchObject({ code: 0 });
    expect(locked().sort()).toEqual([reference, other].sort());
  });

  test("init does not overwrite an edit made while it asks", async () => {
    const person = answeringAfter(() => writeFileSync(path(".mcp.json"), "{}\n"), /Write this/);
    const finished = await project.run(["init", "--recipe", "cron-reminder", "--with", "text=hello"], {
      person,
    });
    expect(finished.code).toBe(2);
    expect(finished.stderr).toContain(`${path(".mcp.json")} was changed while this command ran`);
    expect(read(".mcp.json")).toBe("{}\n");
    expect(read("channels.yaml")).toBe("version: 1\n");
  });

  test("writeChange compares the file again before it writes", async () => {
    writeFileSync(path("a.txt"), "two");
    await expect(writeChange({ path: path("a.txt"), before: "one", text: "three" })).rejects.toThrow(
      "was changed",
    );
    await expect(writeChange({ path: path("a.txt"), before: undefined, text: "three" })).rejects.toThrow();
    expect(read("a.txt")).toBe("two");
    expect(readdirSync(project.folder).filter((name) => name.endsWith(".new"))).toEqual([]);
  });
});

describe("another config in the folder that cannot be read", () => {
  const use = `use:\n  b:\n    recipe: ${reference}\n`;
  const cases: Record<string, () => void> = {
    "is invalid": () => writeFileSync(path("second.yaml"), `${use}  : [\n`),
    "has a quoted key": () => writeFileSync(path("second.yaml"), use.replace("use", '"use"')),
    "has a key with escapes": () => writeFileSync(path("second.yaml"), use.replace("use", '"\\x75se"')),
    "has an entry without its recipe": () => writeFileSync(path("second.yaml"), "use:\n  b:\n    recipe:\n"),
    "has a conflict of a merge": () =>
      writeFileSync(path("second.yaml"), `<<<<<<< HEAD\n${use}=======\n>>>>>>> b\n`),
    "is a link to nothing": () => symlinkSync("/nowhere/channels.yaml", path("second.yaml")),
    "is too large": () => writeFileSync(path("second.yaml"), `${use}#${"x".repeat(5 * 1024 * 1024)}\n`),
    "is one of very many": () => {
      for (let at = 0; at < 60; at += 1) writeFileSync(path(`a${at}.yaml`), "a: 1\n");
      writeFileSync(path("z.yaml"), use);
    },
  };

  test.each(Object.keys(cases))("pins and copies are kept if another config %s", async (name) => {
    const done = await project.run(["recipes", "add", reference, "--yes"]);
    expect(done, done.stderr).toMatchObject({ code: 0 });
    cases[name]?.();
    const finished = await project.run(["recipes", "remove", "builds"]);
    expect(finished, finished.stderr).toMatchObject({ code: 0 });
    expect(read("channels.yaml")).toBe("version: 1\n");
    expect(locked()).toEqual([reference]);
    expect(existsSync(path(".channels/recipes/github.com/acme/hooks"))).toBe(true);
    if (!name.includes("key"))
      expect(finished.stderr).toContain("beside the config, which may use a pinned recipe");
    const again = await project.run(["recipes", "remove", reference]);
    expect(again.code).toBe(2);
    expect(locked()).toEqual([reference]);
  });

  test("a YAML file that is not a config does not keep an unused pin", async () => {
    const done = await project.run(["recipes", "add", reference, "--yes"]);
    expect(done, done.stderr).toMatchObject({ code: 0 });
    writeFileSync(path("compose.yaml"), "a: 1\n---\nb: [\n");
    const finished = await project.run(["recipes", "remove", "builds"]);
    expect(finished.code).toBe(0);
    expect(finished.stderr).not.toContain("beside the config");
    expect(existsSync(path("channels.lock"))).toBe(false);
  });

  test("an invalid config keeps the pins of its other recipes", async () => {
    for (const [one, name] of [
      [reference, "a"],
      [other, "b"],
    ] as const) {
      const done = await project.run([
        "recipes",
        "add",
        one,
        "--yes",
        "--as",
        name,
        "--with",
        `path=/${name}`,
      ]);
      expect(done, done.stderr).toMatchObject({ code: 0 });
    }
    writeFileSync(path("channels.yaml"), `${read("channels.yaml")}  : [\n`);
    const finished = await project.run(["recipes", "remove", reference]);
    expect(finished.code).toBe(2);
    expect(locked().sort()).toEqual([reference, other].sort());
  });
});
