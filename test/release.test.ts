// What a release changes and checks, and that no action of a workflow can change behind our back.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  datedChangelog,
  releaseNotes,
  releaseProblems,
  repositoriesIn,
  repositoryFiles,
  withRepository,
} from "../scripts/release.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, "utf8");
const { version, repository } = JSON.parse(read("package.json")) as {
  version: string;
  repository: { url: string };
};
const owned = repository.url.replace(/^git\+https:\/\/github\.com\/|\.git$/g, "");
const workflows = readdirSync(`${root}.github/workflows`).map((name) => `.github/workflows/${name}`);

const changelog =
  "# Changelog\n\n## 0.2.0 (unreleased)\n\n- new\n\n## 0.1.0 (2026-01-02)\n\n### Area\n\n- old\n";

test("the unreleased section gets its date, and nothing else changes", () => {
  const dated = datedChangelog(changelog, "0.2.0", "2026-03-04");
  expect(dated).toBe(changelog.replace("(unreleased)", "(2026-03-04)"));
  expect(() => datedChangelog(changelog, "0.3.0", "2026-03-04")).toThrow('no line "## 0.3.0 (unreleased)"');
});

test("the notes of a release are its section, to the next version or to the end", () => {
  expect(releaseNotes(changelog.replace("unreleased", "2026-03-04"), "0.2.0")).toBe("- new\n");
  expect(releaseNotes(changelog, "0.1.0")).toBe("### Area\n\n- old\n");
  expect(() => releaseNotes(changelog, "0.2.0")).toThrow("the date is missing");
  expect(() => releaseNotes(changelog, "0.2")).toThrow("no section");
});

describe("where the repository is", () => {
  /** Texts that users or the registry see. */
  const texts = ["", "docs/", "docs/decisions/", "docs/connectors/", ".claude-plugin/", "recipes/"].flatMap(
    (folder) =>
      readdirSync(`${root}${folder}`)
        .filter((name) => /\.(md|json|ya?ml)$/.test(name) && name !== "package-lock.json")
        .map((name) => folder + name),
  );

  test("is said in one form, by the files that the script changes", () => {
    const naming = texts.filter((path) => repositoriesIn(read(path)).length > 0);
    expect(naming.sort()).toEqual([...repositoryFiles].sort());
    for (const path of naming) expect([...new Set(repositoriesIn(read(path)))]).toEqual([owned]);
  });

  test("can be changed everywhere at once", () => {
    for (const path of repositoryFiles) {
      const moved = withRepository(read(path), "someone/channel-router");
      expect([...new Set(repositoriesIn(moved))]).toEqual(["someone/channel-router"]);
      expect(withRepository(moved, owned)).toBe(read(path));
    }
  });
});

describe("the check of a tag", () => {
  const released = (path: string) =>
    path === "CHANGELOG.md" ? `## ${version} (2026-11-30)\n\n- first\n` : read(path);

  test("passes for the version that all files have", () => {
    expect(releaseProblems(released, `v${version}`, owned)).toEqual([]);
  });

  test("names each file that has another version, an undated section, and another repository", () => {
    const problems = releaseProblems(read, "v9.9.9", "someone/fork");
    for (const path of [
      "package.json",
      "package-lock.json",
      "plugin.json",
      "marketplace.json",
      "CHANGELOG.md",
      "README.md: names",
    ])
      expect(problems.join("\n")).toContain(path);
    expect(problems.join("\n")).toContain("this is someone/fork");
  });
});

describe.each(workflows)("%s", (path) => {
  interface Job {
    readonly permissions?: Readonly<Record<string, string>>;
    readonly environment?: string;
    readonly steps?: readonly { readonly uses?: string; readonly run?: string; readonly with?: object }[];
  }
  const workflow = parse(read(path)) as { permissions: object; jobs: Readonly<Record<string, Job>> };
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps ?? []);

  test("names every action by its commit, with the version in a comment", () => {
    const used = [...read(path).matchAll(/uses: (?!\.\/)(.*)/g)].map(([, action]) => action);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("puts no expression into a script, and leaves no credentials in the checkout", () => {
    for (const { run = "", uses = "", with: given } of steps) {
      expect(run).not.toContain("${{");
      if (uses.startsWith("actions/checkout@")) expect(given).toMatchObject({ "persist-credentials": false });
    }
  });

  test("only reads by default; who publishes cannot write to the repository", () => {
    expect([{}, { contents: "read" }]).toContainEqual(workflow.permissions);
    for (const { permissions = {}, environment } of Object.values(workflow.jobs)) {
      if (permissions["id-token"] !== "write") continue;
      expect(permissions).toEqual({ contents: "read", "id-token": "write" });
      expect(environment).toBe("npm");
    }
  });

  test("runs scripts that exist", () => {
    const scripts = (JSON.parse(read("package.json")) as { scripts: object }).scripts;
    for (const { run = "" } of steps) {
      for (const [, name = ""] of run.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toHaveProperty(name);
      for (const [, file = ""] of run.matchAll(/(?:node|bash) (\S+)/g)) expect(read(file)).not.toBe("");
    }
  });
});
