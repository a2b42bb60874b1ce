// Commands that run at the same time lose nothing that another one wrote: the lock of the folder, and `recipes add`,
// `hooks add`, `init` and `configure` with it.

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { storeVariables } from "../../src/cli/commands/configure.ts";
import { withEditLock } from "../../src/cli/init/edit-lock.ts";
import { withVariables } from "../../src/cli/init/texts.ts";
import { parseDotenv } from "../../src/config/variables/dotenv.ts";
import { buildsRecipe, openPlace, type SharedPlace } from "../support/shared-recipes.ts";

const program = fileURLToPath(new URL("../../dist/channel-router.js", import.meta.url));
let folder: string;
let place: SharedPlace;
beforeEach(() => {
  folder = mkdtempSync("/tmp/cr-edit-lock-");
  place = openPlace();
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  place.remove();
});

describe("the lock of a folder", () => {
  test("is held by one at a time, and leaves nothing behind", async () => {
    const file = join(folder, "count");
    writeFileSync(file, "0");
    let inside = 0;
    await Promise.all(
      Array.from({ length: 12 }, () =>
        withEditLock(folder, async () => {
          expect(inside).toBe(0);
          inside += 1;
          const count = Number(readFileSync(file, "utf8"));
          await new Promise((resolve) => setImmediate(resolve));
          writeFileSync(file, String(count + 1));
          inside -= 1;
        }),
      ),
    );
    expect(readFileSync(file, "utf8")).toBe("12");
    expect(readdirSync(folder)).toEqual(["count"]);
  });

  test("is free again after a failure", async () => {
    await expect(withEditLock(folder, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await withEditLock(folder, async () => "yes")).toBe("yes");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("does not wait for a process that has ended, nor for another one with its pid", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => child.once("exit", resolve));
    const seen = await withEditLock(folder, async () => readdirSync(folder));
    const [, machine] = /^\.channels\.edit\.([0-9a-f]{8})\./.exec(seen[0] ?? "") ?? [];
    for (const pid of [child.pid, process.ppid])
      writeFileSync(join(folder, `.channels.edit.${machine}.${pid}.00000000.00000000`), "");
    expect(await withEditLock(folder, async () => readdirSync(folder))).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
  });
});

const names = ["one", "two", "three", "four"];
const referenceOf = (name: string) => `github:acme/${name}/recipes/builds.yaml@v1.0.0`;

test("recipes that are added at the same time are all in the config and in its lock", async () => {
  for (const name of names) {
    const repository = place.repository(`acme/${name}`);
    repository.write(buildsRecipe());
    repository.release("v1.0.0");
  }
  const project = place.project("one", "# mine\nversion: 1\n");
  // Processes of their own, as in two terminals.
  const inProcess = (args: readonly string[]) =>
    new Promise<{ code: number | null; stderr: string }>((resolve) => {
      const child = spawn(process.execPath, [program, ...args], { cwd: project.folder, env: place.env });
      let stderr = "";
      child.stderr.on("data", (data) => {
        stderr += data;
      });
      child.once("close", (code) => resolve({ code, stderr }));
    });
  const done = await Promise.all(
    names.map((name) =>
      inProcess([
        ...["recipes", "add", referenceOf(name), "--yes", "--as", name],
        ...["--with", `path=/${name}`, "--with", `token=\${TOKEN_${name.toUpperCase()}}`],
      ]),
    ),
  );
  for (const one of done) expect(one, one.stderr).toMatchObject({ code: 0 });
  const read = (file: string) => readFileSync(join(project.folder, file), "utf8");
  const { recipes } = JSON.parse(read("channels.lock")) as { recipes: object };
  expect(Object.keys(recipes).sort()).toEqual(names.map(referenceOf).sort());
  for (const name of names)
    expect(read("channels.yaml")).toContain(`  ${name}:\n    recipe: ${referenceOf(name)}\n`);
  expect(read("channels.yaml")).toContain("# mine\n");
  const verified = await project.run(["recipes", "verify"]);
  expect(verified.stdout).toContain("4 pinned recipes");
  expect(readdirSync(project.folder).sort()).toEqual([".channels", "channels.lock", "channels.yaml"]);
  const removed = await Promise.all(names.slice(1).map((name) => inProcess(["recipes", "remove", name])));
  for (const one of removed) expect(one, one.stderr).toMatchObject({ code: 0 });
  expect(Object.keys((JSON.parse(read("channels.lock")) as { recipes: object }).recipes)).toEqual([
    referenceOf("one"),
  ]);
});

test("variables that are stored at the same time are all in .env", async () => {
  const file = join(folder, "state", ".env");
  await Promise.all(names.map((name) => storeVariables(file, new Map([[name.toUpperCase(), name]]))));
  const { variables } = parseDotenv(readFileSync(file, "utf8"));
  expect(Object.keys(variables).sort()).toEqual(names.map((name) => name.toUpperCase()).sort());
});

test("a variable that .env declares without a value is filled in, and no other line changes", () => {
  const before = "# the hook\nHOOK_SECRET=\nexport OTHER=''\nHOOK_SECRET_OLD=\nLAST='1'";
  expect(withVariables(before, [{ variable: "HOOK_SECRET", value: "abc" }])).toBe(
    before.replace("HOOK_SECRET=\n", "HOOK_SECRET='abc'\n"),
  );
  expect(withVariables(before, [{ variable: "OTHER", value: "abc" }])).toContain("export OTHER='abc'\n");
  expect(withVariables(before, [{ variable: "NEW" }])).toBe(`${before}\nNEW=\n`);
  const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/);
  const value = fc.stringMatching(/^[A-Za-z0-9$& ]{1,12}$/);
  fc.assert(
    fc.property(fc.dictionary(name, fc.option(value)), name, value, (present, variable, added) => {
      const text = Object.entries(present)
        .map(([key, one]) => `${key}=${one === null ? "" : `'${one}'`}\n`)
        .join("");
      if ((present[variable] ?? null) !== null) return;
      const { variables } = parseDotenv(withVariables(text, [{ variable, value: added }]));
      const wanted = Object.entries(present).map(([key, one]) => [key, one ?? ""] as const);
      expect({ ...variables }).toEqual({ ...Object.fromEntries(wanted), [variable]: added });
    }),
  );
});
