// What is published: one package, nothing beside it, a bounded number of files and bytes, and no leftovers of earlier builds.

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packRecipes } from "../scripts/recipes.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const manifest = JSON.parse(read("package.json")) as Record<string, Record<string, string> | undefined>;

interface Packed {
  readonly unpackedSize: number;
  readonly entryCount: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

function filesBelow(folder: string, wanted: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => wanted.test(path) && statSync(join(root, folder, path)).isFile())
    .map((path) => read(`${folder}/${path}`));
}

/** As many texts of this size, made of the given ones, with other numbers and ids in each: they compress as real ones do. */
function textsLike(texts: readonly string[], count: number, size: number): Record<string, string> {
  let seed = 1;
  const next = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed;
  };
  const entries = Array.from({ length: count }, (_, index) => {
    let text = "";
    for (let at = index; text.length < size; at++) text += texts[at % texts.length];
    const varied = text
      .slice(0, size)
      .replace(/[0-9a-f]{7,}/g, (id) => Array.from(id, () => (next() % 16).toString(16)).join(""))
      .replace(/\d/g, () => String(next() % 10));
    return [`fixtures/${index}`, varied];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

describe("the packed package", () => {
  const stale = join(root, "dist/chunks/stale-AAAAAAAA.js");
  const folder = mkdtempSync(join(tmpdir(), "cr-package-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  let packed: Packed;
  beforeAll(() => {
    mkdirSync(join(root, "dist/chunks"), { recursive: true });
    writeFileSync(stale, "");
    try {
      execFileSync(process.execPath, [join(root, "scripts/build.mjs")]);
      const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
      const output = execFileSync("npm", pack, {
        cwd: root,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      // npm 12 gives an object by package name, older ones a list.
      packed = Object.values(JSON.parse(output) as Record<string, Packed>)[0] as Packed;
    } finally {
      rmSync(stale);
    }
  });
  const paths = () => packed.files.map(({ path }) => path);

  test("has at most 60 files and 5 MB", () => {
    expect(packed.entryCount).toBeLessThanOrEqual(60);
    expect(packed.unpackedSize).toBeLessThanOrEqual(5_000_000);
  });

  test("has room for 50 recipes of 4 KB and 150 payloads of 15 KB", () => {
    const now = packed.files.find(({ path }) => path === "dist/recipes.bin")?.size ?? 0;
    const room = packRecipes({
      recipes: textsLike(filesBelow("recipes", /^[^/]+\.yaml$/), 50, 4_000),
      fixtures: textsLike(filesBelow("recipes", /^fixtures\//), 150, 15_000),
    }).length;
    expect(packed.unpackedSize - now + room).toBeLessThanOrEqual(5_000_000);
    // A running router looks at files of up to 1 MiB to see whether they have changed.
    expect(room).toBeLessThan(1024 * 1024);
  });

  test("has no source maps, no chunks of earlier builds, no tests and one file of types", () => {
    expect(paths().filter((path) => path.endsWith(".map"))).toEqual([]);
    expect(paths()).not.toContain("dist/chunks/stale-AAAAAAAA.js");
    expect(paths().filter((path) => path.endsWith(".ts"))).toEqual(["dist/contract.d.ts"]);
    expect(paths().filter((path) => /^(src|test|bench|scripts)\//.test(path))).toEqual([]);
  });

  test("has every file that a chunk imports", () => {
    const chunks = paths().filter((path) => path.endsWith(".js"));
    const imported = chunks.flatMap((path) =>
      [...read(path).matchAll(/(?:from|import)\s*\(?\s*["`]\.\/(?:chunks\/)?([\w.-]+\.js)["`]/g)].map(
        ([, name]) => name,
      ),
    );
    expect(imported.length).toBeGreaterThan(chunks.length);
    expect(imported.filter((name) => !chunks.includes(`dist/chunks/${name}`))).toEqual([]);
  });

  test("has a small hook: it runs at the end of each turn of each session", () => {
    const [, first = ""] =
      /import\(["`]\.\/chunks\/(wake-[\w-]+\.js)["`]\)/.exec(read("dist/channel-router.js")) ?? [];
    const loaded = new Set<string>();
    const load = (name: string): void => {
      if (loaded.has(name)) return;
      loaded.add(name);
      const found = read(`dist/chunks/${name}`).matchAll(/(?:from|import)["`]\.\/([\w.-]+\.js)["`]/g);
      for (const [, next] of found) load(next as string);
    };
    load(first);
    const bytes = [...loaded].reduce((sum, name) => sum + read(`dist/chunks/${name}`).length, 0);
    expect(loaded.size).toBeGreaterThan(1);
    expect(bytes, [...loaded].join(" ")).toBeLessThan(250_000);
  });

  test("has licence, notices, bill of materials, schemas, recipes with their payloads, and the manual", () => {
    for (const path of [
      "LICENSE",
      "dist/THIRD-PARTY-NOTICES.txt",
      "dist/sbom.cdx.json",
      "dist/manual.md",
      "dist/recipes.bin",
      "schema/channels.schema.json",
      "schema/recipe.schema.json",
    ])
      expect(paths()).toContain(path);
  });

  test("the bill of materials and the notices name the same packages, with a licence text each", () => {
    const { components } = JSON.parse(read("dist/sbom.cdx.json")) as {
      components: { name: string; version: string }[];
    };
    const entries = read("dist/THIRD-PARTY-NOTICES.txt")
      .split(/^-{80}$/m)
      .slice(1);
    expect(entries.map((entry) => entry.trim().split(" (")[0])).toEqual(
      components.map(({ name, version }) => `${name} ${version}`),
    );
    for (const entry of entries) expect(entry).toMatch(/copyright|permission to use/i);
    for (const name of ["@modelcontextprotocol/sdk", "yaml", "undici", "ws", "handlebars", "ajv"])
      expect(components.map((one) => one.name)).toContain(name);
  });

  test("the types need no other file and compile", () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const options = ["--ignoreConfig", "--noEmit", "--strict", "--module", "nodenext", "--types", "node"];
    for (const name of ["contract.d.ts", "contract.d.cts"])
      execFileSync(process.execPath, [tsc, ...options, join(root, "dist", name)], { cwd: root });
  });

  test.each([
    ["publint", ["publint/src/cli.js", "--strict"]],
    [
      "attw",
      ["@arethetypeswrong/cli/dist/index.js", join(folder, `${manifest.name}-${manifest.version}.tgz`)],
    ],
  ] as const)("%s finds nothing wrong with it", (_, [program, ...args]) => {
    const path = join(root, "node_modules", program);
    if (!existsSync(path)) return; // A checkout that was installed before it was added; CI has it.
    execFileSync(process.execPath, [path, ...args], { cwd: root, stdio: "pipe" });
  });
});

test("an installation brings no other package and runs no script", () => {
  const { dependencies, peerDependencies, optionalDependencies, scripts = {} } = manifest;
  expect({ dependencies, peerDependencies, optionalDependencies }).toEqual({});
  // npm asks about `prepare` where a package comes from a file; `prepublish` runs in a checkout alone.
  for (const name of ["preinstall", "install", "postinstall", "prepare"])
    expect(Object.keys(scripts)).not.toContain(name);
});
