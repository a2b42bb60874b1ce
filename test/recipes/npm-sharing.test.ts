// A recipe that is shared in an npm package: pinned by version and integrity, through the user's own npm.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { loadPlan } from "../../src/daemon/start/load-plan.ts";
import { openTarball } from "../../src/recipes/tarball.ts";
import { buildsRecipe, type FixtureProject, openPlace, type SharedPlace } from "../support/shared-recipes.ts";
import { type FixtureRegistry, startRegistry, tarball } from "../support/tarballs.ts";

let place: SharedPlace;
let registry: FixtureRegistry;
let project: FixtureProject;
beforeEach(async () => {
  place = openPlace();
  registry = await startRegistry();
  Object.assign(place.env, {
    npm_config_registry: registry.url,
    npm_config_cache: join(place.folder, "cache"),
    npm_config_fetch_retries: "0",
  });
  project = place.project("one", "version: 1\n");
});
afterEach(async () => {
  await registry.close();
  place.remove();
});

const packed = (files: Readonly<Record<string, string>>) =>
  tarball(
    Object.entries({ "package.json": '{"name":"@acme/hooks","version":"1.0.0"}', ...files }).map(
      ([path, content]) => ({ path: `package/${path}`, content }),
    ),
  );
const read = (path: string) => readFileSync(join(project.folder, path), "utf8");
const name = "@acme/hooks";

describe("a scoped package", () => {
  test("a scoped package is pinned and updated, and refused if a version is republished", async () => {
    registry.publish(name, "1.0.0", packed(buildsRecipe()));
    const added = await project.run(["recipes", "add", `npm:${name}/builds`, "--yes"]);
    expect(added.code, added.stderr).toBe(0);
    const first = `npm:${name}/builds@1.0.0`;
    expect(read("channels.yaml")).toContain(`recipe: ${first}\n`);
    const { [first]: entry } = JSON.parse(read("channels.lock")).recipes;
    expect(entry).toMatchObject({ recipe: "recipes/builds.yaml", version: "1.0.0" });
    expect(entry.integrity).toMatch(/^sha512-/);
    const { issues } = await loadPlan(join(project.folder, "channels.yaml"), {
      HOME: "/",
      BUILD_TOKEN: "secret-token",
    });
    expect(issues).toEqual([]);

    registry.publish(name, "1.1.0", packed(buildsRecipe({ version: "1.1.0" })));
    const outdated = await project.run(["recipes", "outdated", "--json"]);
    expect(JSON.parse(outdated.stdout).outdated).toMatchObject([{ newer: "1.1.0" }]);
    const updated = await project.run(["recipes", "update", "--yes"]);
    expect(updated.code, updated.stderr).toBe(0);
    expect(read("channels.yaml")).toContain(`recipe: npm:${name}/builds@1.1.0\n`);
    expect((await project.run(["recipes", "verify"])).code).toBe(0);

    registry.publish(name, "1.1.0", packed(buildsRecipe({ version: "1.1.0", hosts: ["evil.example"] })));
    Object.assign(place.env, { npm_config_cache: join(place.folder, "cache2") });
    const again = await project.run(["recipes", "add", `npm:${name}/builds@1.1.0`, "--yes"]);
    expect(again.code).toBe(1);
    expect(again.stderr.match(/sha512-/g)).toHaveLength(2);
  });

  test("is fetched with the user's settings, whatever another user of this machine puts into the folder for temporary files", async () => {
    registry.publish(name, "1.0.0", packed(buildsRecipe()));
    // As the user has it: in a file, which a project's would replace.
    writeFileSync(join(place.folder, "home/.npmrc"), `registry=${registry.url}\n`);
    delete place.env.npm_config_registry;
    const temporary = join(place.folder, "tmp");
    mkdirSync(temporary);
    writeFileSync(join(temporary, "package.json"), "{}");
    writeFileSync(join(temporary, ".npmrc"), "registry=http://127.0.0.1:9/\nfetch-timeout=500\n");
    vi.stubEnv("TMPDIR", temporary);
    try {
      const { code, stderr } = await project.run(["recipes", "add", `npm:${name}/builds@1.0.0`, "--yes"]);
      expect(code, stderr).toBe(0);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("a package that does not exist is reported with npm's error", async () => {
    const { code, stderr } = await project.run(["recipes", "add", "npm:@acme/none/builds@1.0.0", "--yes"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/npm failed/);
  });
});

describe("a tarball", () => {
  const long = `${"folder/".repeat(20)}builds.yaml`;

  test("a tarball's files are read by path, including long names", () => {
    const pax = `${long.length + 17} path=package/${long}\n`;
    const tar = openTarball(
      tarball([
        { path: "package/a.yaml", content: "a" },
        { path: "PaxHeader/x", content: pax, type: "x" },
        { path: "package/short", content: "long" },
      ]),
    );
    expect(tar.read("a.yaml")?.toString()).toBe("a");
    expect(tar.read(long)?.toString()).toBe("long");
    expect(tar.read("short")).toBeUndefined();
    expect(tar.read("none")).toBeUndefined();
  });

  test.each([
    ["a link", [{ path: "package/a.yaml", type: "2", target: "/etc/passwd" }], "not a regular file"],
    ["a hard link", [{ path: "package/a.yaml", type: "1", target: "package/b" }], "not a regular file"],
    ["a large file", [{ path: "package/a.yaml", content: Buffer.alloc(1024 * 1024 + 1) }], "larger than"],
    ["a file twice", [{ path: "package/a.yaml" }, { path: "other/a.yaml", content: "b" }], "twice"],
  ])("is refused with %s", (_, entries, words) => {
    expect(() => openTarball(tarball(entries)).read("a.yaml")).toThrow(words);
  });

  test.each([
    ["no gzip", Buffer.from("hello")],
    ["a bomb", tarball([{ path: "package/a", content: Buffer.alloc(70 * 1024 * 1024) }])],
    ["a cut end", tarball([{ path: "package/a", content: "x".repeat(2_000) }]).subarray(0, 60)],
  ])("is refused: %s", (_, bytes) => {
    expect(() => openTarball(bytes)).toThrow("the shared recipe is refused");
  });
});
