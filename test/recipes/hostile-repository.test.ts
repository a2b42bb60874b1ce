// What a hostile repository, or a hostile reference, can try: nothing of it is taken, run, or written elsewhere.

import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isGitRef, isPortablePath, parseShared } from "../../src/config/recipe/shared-reference.ts";
import {
  buildsRecipe,
  type FixtureProject,
  type FixtureRepository,
  openPlace,
  type SharedPlace,
} from "../support/shared-recipes.ts";

let place: SharedPlace;
let repository: FixtureRepository;
let project: FixtureProject;
beforeEach(() => {
  place = openPlace();
  repository = place.repository("acme/hooks");
  repository.write(buildsRecipe());
  project = place.project("one", "version: 1\n");
});
afterEach(() => place.remove());

const recipe = "recipes/builds.yaml";
const add = (reference = `github:acme/hooks/${recipe}@v1`) =>
  project.run(["recipes", "add", reference, "--yes"]);
const text = () => buildsRecipe()[recipe] as string;

async function refused(words: string | RegExp, reference?: string): Promise<void> {
  const { code, stderr } = await add(reference);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(words);
  expect(readdirSync(project.folder)).toEqual(["channels.yaml"]);
  expect(readFileSync(join(project.folder, "channels.yaml"), "utf8")).toBe("version: 1\n");
}

describe("a hostile repository", () => {
  test("a link in place of the recipe, a payload or a folder is refused", async () => {
    writeFileSync(join(place.folder, "secret.yaml"), text());
    repository.git("rm", "-q", "--cached", "--ignore-unmatch", "-r", ".");
    symlinkSync(join(place.folder, "secret.yaml"), join(repository.folder, "recipes/link.yaml"));
    symlinkSync("recipes", join(repository.folder, "folder"));
    repository.write({
      [recipe]: text().replace("fixtures/builds/failed.json", "fixtures/builds/link.json"),
    });
    symlinkSync("/etc/passwd", join(repository.folder, "recipes/fixtures/builds/link.json"));
    repository.release("v1");
    await refused("recipes/link.yaml is a link", "github:acme/hooks/recipes/link.yaml@v1");
    await refused("folder is a link", "github:acme/hooks/folder/builds.yaml@v1");
    await refused("recipes/fixtures/builds/link.json is a link");
  });

  test("a submodule in the path is refused", async () => {
    repository.release("v0");
    const id = repository.git("rev-parse", "HEAD");
    repository.git("update-index", "--add", "--cacheinfo", `160000,${id},sub`);
    repository.git("commit", "-qm", "sub");
    repository.git("tag", "v1");
    await refused("sub is a submodule", "github:acme/hooks/sub/builds.yaml@v1");
  });

  test.each([false, true])("a huge file is refused (server supports filters: %s)", async (filters) => {
    repository.git("config", "uploadpack.allowFilter", String(filters));
    repository.write({ "recipes/huge.yaml": Buffer.alloc(3 * 1024 * 1024, "# x\n") });
    repository.write({ [recipe]: text().replace("failed.json", "huge.json") });
    repository.write({ "recipes/fixtures/builds/huge.json": Buffer.alloc(2 * 1024 * 1024, " ") });
    repository.release("v1");
    await refused("recipes/huge.yaml is larger than 1024 KiB", "github:acme/hooks/recipes/huge.yaml@v1");
    await refused("huge.json is larger than 1024 KiB");
  });

  test("tests that name files outside the repository are refused", async () => {
    for (const path of [
      "../../secret.json",
      "/etc/passwd",
      "fixtures/../../x.json",
      ".git/config",
      "a\\b.json",
    ]) {
      repository.write({ [recipe]: text().replace("fixtures/builds/failed.json", path) });
      repository.release();
      repository.git("tag", "--force", "v1");
      await refused("is not a portable path");
    }
  });

  test("hooks, filters and settings of the repository run no program", async () => {
    const mark = join(place.folder, "ran");
    const script = `#!/bin/sh\ntouch ${mark}\n`;
    repository.write({ ".gitattributes": "* filter=evil\n", ".git/hooks/post-checkout": script });
    repository.git("config", "filter.evil.smudge", `touch ${mark}`);
    repository.git("config", "uploadpack.packObjectsHook", `touch ${mark}; exec`);
    const template = join(place.folder, "template");
    mkdirSync(join(template, "hooks"), { recursive: true });
    writeFileSync(join(template, "hooks/reference-transaction"), script, { mode: 0o755 });
    const settings = place.env.GIT_CONFIG_GLOBAL as string;
    writeFileSync(settings, `${readFileSync(settings, "utf8")}\ttemplateDir = ${template}\n`);
    repository.release("v1");
    const { code, stderr } = await add();
    expect(code, stderr).toBe(0);
    expect(existsSync(mark)).toBe(false);
  });

  test("a URL that insteadOf turns into a program is not fetched", async () => {
    const mark = join(place.folder, "ran");
    const settings = place.env.GIT_CONFIG_GLOBAL as string;
    writeFileSync(settings, `[url "ext::sh -c touch% ${mark} #"]\n\tinsteadOf = https://github.com/\n`);
    await refused(/transport 'ext' not allowed/);
    expect(existsSync(mark)).toBe(false);
  });

  test("environment variables cannot point git to another repository", async () => {
    repository.release("v1");
    const other = place.repository("acme/other");
    Object.assign(place.env, {
      GIT_DIR: join(other.folder, ".git"),
      GIT_WORK_TREE: other.folder,
      GIT_OBJECT_DIRECTORY: join(other.folder, ".git/objects"),
    });
    const { code, stderr } = await add();
    expect(code, stderr).toBe(0);
    expect(readdirSync(join(other.folder, ".git/refs/tags"))).toEqual([]);
  });
});

describe("a cloned project", () => {
  test.each([".channels", ".channels/recipes", "channels.lock"])(
    "with a link at %s is not written through",
    async (path) => {
      repository.release("v1");
      const target = join(place.folder, "target");
      mkdirSync(target);
      if (path.includes("/")) mkdirSync(join(project.folder, ".channels"));
      symlinkSync(path === "channels.lock" ? join(target, "lock") : target, join(project.folder, path));
      const { code, stderr } = await add();
      expect(code).not.toBe(0);
      expect(stderr).toContain("is a link");
      expect(readdirSync(target)).toEqual([]);
    },
  );
});

describe("a reference", () => {
  test.each([
    "github:acme/hooks/builds.yaml@--upload-pack=touch",
    "github:acme/hooks/builds.yaml@-v",
    "github:acme/hooks/builds.yaml@v1..v2",
    "github:acme/hooks/builds.yaml@v1:refs/heads/x",
    "github:acme/hooks/builds.yaml@refs/heads/main",
    "github:acme/hooks/builds.yaml@HEAD",
    "github:acme/hooks/builds.yaml@v*",
    "github:acme/hooks/builds.yaml@v1^{}",
    "github:acme/hooks/../../etc/passwd@v1",
    "github:acme/hooks/.git/config@v1",
    "github:acme/hooks/con.yaml@v1",
    "github:../hooks/builds.yaml@v1",
    "github:-acme/hooks/builds.yaml@v1",
    "github:acme/hooks@v1",
    "git+https://user:pass@host/repo//builds.yaml@v1",
    "git+https://-host/repo//builds.yaml@v1",
    "git+https://host/../repo//builds.yaml@v1",
    "git+https://host/repo/builds.yaml@v1",
    "npm:../x/builds.yaml@1.0.0",
    "npm:-x/builds.yaml@1.0.0",
    "npm:x/builds.yaml@latest",
    "npm:x/builds.yaml@^1.0.0",
    "npm:x/builds.yaml@1.0.0 --registry=http://evil",
    "npm:@acme/builds.yaml@1.0.0",
  ])("is refused: %s", (written) => {
    const parsed = parseShared(written);
    expect(parsed).toHaveProperty("message");
  });

  test.each([
    ["github:acme/hooks/recipes/ci.yaml@v1.2.0", "https://github.com/acme/hooks"],
    ["github:acme/hooks/ci@release/1.x", "https://github.com/acme/hooks"],
    ["github:acme/hooks/ci@ci-failed@1.2.0", "https://github.com/acme/hooks"],
    [
      "git+https://git.example.com:8443/team/hooks.git//ci.yaml@v1",
      "https://git.example.com:8443/team/hooks.git",
    ],
  ])("is read: %s", (written, url) => {
    expect(parseShared(written)).toMatchObject({ url });
  });

  test("a parsed path never leaves its folder, and a ref is a single argument", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (path) => {
        if (!isPortablePath(path)) return;
        expect(join("/top", path).startsWith("/top/")).toBe(true);
        expect(path).toMatch(/^[\w.+/-]+$/);
      }),
    );
    const part = fc.constantFrom(
      "..",
      ".",
      "/",
      "-",
      "a",
      "v1",
      "@",
      "{",
      "~",
      "^",
      ":",
      "*",
      " ",
      "\n",
      "\\",
      ".lock",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const ref = parts.join("");
        if (isGitRef(ref)) expect(ref).toMatch(/^[A-Za-z0-9_][\w./+@-]*$/);
        if (isGitRef(ref)) expect(ref).not.toMatch(/\.\.|@\{|\.lock$|\/$/);
      }),
    );
  });
});
