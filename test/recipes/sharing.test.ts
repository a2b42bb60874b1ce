// A recipe that is shared by git between two projects: added, pinned, used without network, updated, removed.

import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadPlan } from "../../src/daemon/start/load-plan.ts";
import {
  answering,
  buildsRecipe,
  cancelledTest,
  type FixtureProject,
  type FixtureRepository,
  openPlace,
  type SharedPlace,
} from "../support/shared-recipes.ts";

let place: SharedPlace;
let repository: FixtureRepository;
let commit: string;
let project: FixtureProject;
beforeEach(() => {
  place = openPlace();
  repository = place.repository("acme/hooks");
  repository.write(buildsRecipe());
  commit = repository.release("v1.0.0");
  project = place.project(
    "one",
    "version: 1\n\n# our hooks\nuse:\n  cron:   # every morning\n    recipe: cron-reminder\n    with: { text: hello }\n",
  );
});
afterEach(() => place.remove());

const reference = "github:acme/hooks/recipes/builds.yaml";
const read = (of: FixtureProject, path: string) => readFileSync(join(of.folder, path), "utf8");
const config = (of: FixtureProject) => read(of, "channels.yaml");
const locked = (of: FixtureProject) => JSON.parse(read(of, "channels.lock")).recipes;
const copyIn = (of: FixtureProject, id = commit) =>
  join(of.folder, ".channels/recipes/github.com/acme/hooks", id.slice(0, 12), "recipes/builds.yaml");
const issuesOf = async (of: FixtureProject) =>
  (
    await loadPlan(join(of.folder, "channels.yaml"), {
      ...place.env,
      PATH: "/nowhere",
      BUILD_TOKEN: "secret-token",
    })
  ).issues;

async function added(of = project, ref = "v1.0.0") {
  const finished = await of.run(["recipes", "add", `${reference}@${ref}`, "--yes"]);
  expect(finished, finished.stderr).toMatchObject({ code: 0 });
  return finished;
}

describe("add", () => {
  test("add shows a recipe, asks, pins it, and keeps the comments of the config", async () => {
    const before = config(project);
    const person = answering("y");
    const { code, stdout, stderr } = await project.run(
      ["recipes", "add", `${reference}@v1.0.0`, "--with", "conclusions=failure,timed_out"],
      { person },
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("A build that fails becomes a line.");
    expect(stdout).toContain("receives requests on /builds");
    expect(stdout).toContain("verifies callers with the secret token");
    expect(stdout).toMatch(/~\d+ tokens per event/);
    expect(stdout).toContain("2 of 2 passed");
    expect(stdout).toContain("Send builds to /builds.");
    expect(person.questions).toEqual(["Add it? [y/N] "]);
    const text = config(project);
    for (const one of before.split("\n")) expect(text).toContain(one);
    expect(text).toContain(
      `builds:\n    recipe: ${reference}@v1.0.0\n    with:\n      token: "\${BUILD_TOKEN}"`,
    );
    expect(read(project, ".env")).toBe("BUILD_TOKEN=\n");
    expect(statSync(join(project.folder, ".env")).mode & 0o777).toBe(0o600);
    expect(locked(project)).toEqual({
      [`${reference}@v1.0.0`]: {
        recipe: "recipes/builds.yaml",
        commit,
        ref: "tag",
        files: {
          "recipes/builds.yaml": expect.stringMatching(/^[0-9a-f]{64}$/),
          "recipes/fixtures/builds/failed.json": expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      },
    });
    expect(await issuesOf(project)).toEqual([]);
  });

  test("add writes nothing if the user declines, with --dry-run, or without a terminal", async () => {
    const before = config(project);
    const said = await project.run(["recipes", "add", `${reference}@v1.0.0`], { person: answering("") });
    expect(said.code).toBe(1);
    const dry = await project.run(["recipes", "add", `${reference}@v1.0.0`, "--dry-run", "--json"]);
    expect(dry.code).toBe(0);
    expect(JSON.parse(dry.stdout)).toMatchObject({ written: false, recipe: "builds", tests: { passed: 2 } });
    expect((await project.run(["recipes", "add", `${reference}@v1.0.0`])).code).toBe(2);
    expect(config(project)).toBe(before);
    expect(existsSync(join(project.folder, "channels.lock"))).toBe(false);
    expect(existsSync(join(project.folder, ".channels"))).toBe(false);
  });

  test("add without a version picks the newest tag of the recipe, else of the repository", async () => {
    repository.write(buildsRecipe({ version: "1.2.0" }));
    repository.release("v1.2.0");
    repository.release("v2.0.0-rc.1");
    await added(project, "v1.0.0");
    const other = place.project("two");
    const finished = await other.run(["recipes", "add", reference, "--yes", "--as", "ci"]);
    expect(finished, finished.stderr).toMatchObject({ code: 0 });
    expect(config(other)).toContain(`  ci:\n    recipe: ${reference}@v1.2.0\n`);
    expect(await issuesOf(other)).toEqual([]);
  });

  test("add keeps the mode and values of .env, and does not give consent", async () => {
    writeFileSync(join(project.folder, ".env"), "OTHER=1", { mode: 0o640 });
    await added();
    expect(read(project, ".env")).toBe("OTHER=1\nBUILD_TOKEN=\n");
    expect(statSync(join(project.folder, ".env")).mode & 0o777).toBe(0o640);
    expect(existsSync(join(place.env.HOME as string, ".claude"))).toBe(false);
    const underClaude = { sign: "CLAUDECODE is set", folders: [] };
    const other = place.project("two", "version: 1\n");
    const claude = await other.run(["recipes", "add", `${reference}@v1.0.0`, "--yes"], { underClaude });
    expect(claude.code, claude.stderr).toBe(0);
    expect(existsSync(join(place.env.HOME as string, ".claude"))).toBe(false);
  });

  test("add refuses a recipe without capabilities, and one whose tests fail", async () => {
    const files = buildsRecipe();
    const text = files["recipes/builds.yaml"] as string;
    repository.write({
      "recipes/builds.yaml": text.replace(/^capabilities:\n(?: {2}.*\n(?: {4}.*\n)?)+/m, ""),
    });
    repository.release("v1.1.0");
    const bare = await project.run(["recipes", "add", `${reference}@v1.1.0`, "--yes"]);
    expect(bare.code).not.toBe(0);
    expect(bare.stderr).toContain("does not declare its capabilities");
    repository.write({ ...files, "recipes/fixtures/builds/failed.json": '{"conclusion": "success"}' });
    repository.release("v1.1.1");
    const failing = await project.run(["recipes", "add", `${reference}@v1.1.1`, "--yes"]);
    expect(failing.code).toBe(1);
    expect(failing.stdout).toContain("FAIL a failed build is a line");
    expect(existsSync(join(project.folder, "channels.lock"))).toBe(false);
  });

  test("add accepts bundled recipes and files", async () => {
    writeFileSync(join(project.folder, "own.yaml"), buildsRecipe()["recipes/builds.yaml"] as string);
    writeFileSync(join(project.folder, "fixtures"), "");
    rmSync(join(project.folder, "fixtures"));
    const bundled = await project.run(["recipes", "add", "github-ci-failed", "--yes", "--as", "ci"]);
    expect(bundled, bundled.stderr).toMatchObject({ code: 0 });
    expect(config(project)).toContain("  ci:\n    recipe: github-ci-failed\n");
    expect(existsSync(join(project.folder, "channels.lock"))).toBe(false);
  });
});

describe("add of a recipe that is pinned at another version", () => {
  /** The config names the new version already, by an edit. */
  async function edited(hosts: readonly string[]): Promise<void> {
    await added();
    repository.write(buildsRecipe({ version: "1.1.0", hosts }));
    repository.release("v1.1.0");
    writeFileSync(join(project.folder, "channels.yaml"), config(project).replace("@v1.0.0", "@v1.1.0"));
  }
  const add = (args: readonly string[], more?: Parameters<FixtureProject["run"]>[1]) =>
    project.run(["recipes", "add", `${reference}@v1.1.0`, ...args], more);

  test("adding another version refuses new capabilities with --yes and below Claude", async () => {
    await edited(["api.example.com"]);
    const underClaude = { sign: "CLAUDECODE is set", folders: [] };
    for (const more of [undefined, { underClaude }]) {
      const plain = await add(["--yes"], more);
      expect(plain.code).toBe(1);
      expect(plain.stdout).toContain("now also connects to api.example.com");
      expect(plain.stdout).toContain("which --yes does not allow");
    }
    expect((await add(["--yes", "--allow-capabilities"], { underClaude })).code).toBe(2);
    const other = await add(["--yes", "--as", "second", "--with", "path=/second"]);
    // The old version is not named any more: a second use replaces it as well.
    expect(other.code).toBe(1);
    const person = answering("n");
    expect((await add([], { person })).code).toBe(1);
    expect(person.questions).toEqual([expect.stringContaining("connects to api.example.com")]);
    expect(Object.keys(locked(project))).toEqual([`${reference}@v1.0.0`]);
    rmSync(copyIn(project));
    expect((await add(["--yes"])).stdout).toContain("cannot be compared");
    expect((await add(["--yes", "--allow-capabilities"])).code).toBe(0);
    expect(Object.keys(locked(project))).toEqual([`${reference}@v1.1.0`]);
  });

  test("adding another version without new capabilities needs no extra confirmation", async () => {
    await edited([]);
    const done = await add(["--yes"]);
    expect(done.code, done.stdout + done.stderr).toBe(0);
  });
});

describe("the variable of a secret input", () => {
  const publish = (example: string, recipe = "builds") => {
    const files = buildsRecipe({ version: "1.1.0" });
    const text = (files["recipes/builds.yaml"] as string)
      .replace("${BUILD_TOKEN}", `\${${example}}`)
      .replace("recipe: builds", `recipe: ${recipe}`);
    repository.write({ ...files, "recipes/builds.yaml": text });
    repository.release("v1.1.0");
  };
  const add = (env: NodeJS.ProcessEnv, ...args: string[]) =>
    project.run(["recipes", "add", `${reference}@v1.1.0`, "--yes", ...args], {
      env: { ...place.env, ...env },
    });

  test.each([
    ["the environment", () => ({ OTHER_TOKEN: "x" })],
    ["the environment, empty", () => ({ OTHER_TOKEN: "" })],
    [
      ".env",
      () => {
        writeFileSync(join(project.folder, ".env"), "OTHER_TOKEN=x\n");
        return {};
      },
    ],
    [
      "the config",
      () => {
        const text = config(project).replace("text: hello", 'text: "${OTHER_TOKEN:-hi}"');
        writeFileSync(join(project.folder, "channels.yaml"), text);
        return {};
      },
    ],
  ])("is not one that the user has in %s, unless the user names it", async (_, prepare) => {
    publish("OTHER_TOKEN");
    const env = prepare();
    const plain = await add(env);
    expect(plain.code, plain.stderr).toBe(0);
    expect(config(project)).toContain('token: "${BUILDS_TOKEN}"');
    expect(read(project, ".env")).toContain("BUILDS_TOKEN=\n");
  });

  test("add asks for a variable if the recipe's name would pick one that the user has", async () => {
    publish("GITHUB_TOKEN", "github");
    const before = config(project);
    const env = { GITHUB_TOKEN: "x" };
    const refused = await add(env);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--with token='${NAME}'");
    expect(config(project)).toBe(before);
    const named = await add(env, "--with", "token=${GITHUB_TOKEN}");
    expect(named.code, named.stderr).toBe(0);
    expect(config(project)).toContain('token: "${GITHUB_TOKEN}"');
  });

  test.each(['"${OTHER_TOKEN}"', '"${file:~/.ssh/id_rsa}"', '"a ${OTHER_TOKEN:-b}"', '["${OTHER_TOKEN}"]'])(
    "is not one that the example %s of another input chooses, by an empty answer",
    async (example) => {
      const type = example.startsWith("[") ? "list" : "string";
      const inputs = `  region:\n    type: ${type}\n    description: A region.\n    example: ${example}\n`;
      repository.write(buildsRecipe({ inputs }));
      repository.release("v9.0.0");
      const before = config(project);
      const person = answering("", "y", "y");
      const { stdout } = await project.run(["recipes", "add", `${reference}@v9.0.0`], {
        person,
        env: { ...place.env, OTHER_TOKEN: "x" },
      });
      expect(person.questions.join()).toContain("region: A region. [VALUE]");
      expect(stdout + config(project).replace(before, "")).not.toMatch(/OTHER_TOKEN|id_rsa/);
    },
  );

  test("a new input of an update cannot pick a variable that the user has", async () => {
    await added();
    const inputs = '  key:\n    type: secret\n    description: A key.\n    example: "${OTHER_TOKEN}"\n';
    repository.write(buildsRecipe({ version: "1.1.0", inputs }));
    repository.release("v1.1.0");
    const done = await project.run(["recipes", "update", "--yes"], {
      env: { ...place.env, OTHER_TOKEN: "x" },
    });
    expect(done.code, done.stdout + done.stderr).toBe(0);
    expect(config(project)).toContain('key: "${BUILDS_KEY}"');
  });
});

describe("what is pinned", () => {
  test("a pinned recipe needs no git, npm or network, also in another checkout", async () => {
    await added();
    place.repository("acme/gone");
    rmSync(repository.folder, { recursive: true });
    expect(await issuesOf(project)).toEqual([]);
    const { code, stdout } = await project.run(["recipes", "verify", "--json"]);
    expect(JSON.parse(stdout)).toEqual({ ok: true, recipes: 1, files: 2, problems: [] });
    expect(code).toBe(0);
    expect((await project.run(["recipes", "test", "builds"])).code).toBe(0);
    expect((await project.run(["recipes", "show", `${reference}@v1.0.0`])).stdout).toContain("Failed builds");
  });

  test.each([
    [
      "a changed copy",
      () => writeFileSync(copyIn(project), `${readFileSync(copyIn(project), "utf8")}# x\n`),
      "was changed",
    ],
    ["a missing copy", () => rmSync(copyIn(project)), "is missing"],
    [
      "a changed lock",
      () => edit("channels.lock", /"recipes\/builds.yaml": "\w/, '"recipes/builds.yaml": "0'),
      "was changed|cannot be used|missing",
    ],
    ["a lock of another commit", () => edit("channels.lock", commit, "0".repeat(40)), "is missing"],
    ["a missing lock", () => rmSync(join(project.folder, "channels.lock")), "is not in channels.lock"],
    ["a merge conflict", () => edit("channels.lock", "{", "<<<<<<< ours\n{"), "conflict markers"],
    ["another ref", () => edit("channels.yaml", "@v1.0.0", "@v9"), "is not in channels.lock"],
    [
      "an entry of another path",
      () =>
        edit(
          "channels.lock",
          '"recipe": "recipes/builds.yaml"',
          '"recipe": "recipes/fixtures/builds/failed.json"',
        ),
      "does not match it|is not valid",
    ],
  ])("is refused with what to type: %s", async (_, change, words) => {
    await added();
    change();
    const [issue, ...others] = await issuesOf(project);
    expect(others).toEqual([]);
    expect(issue).toMatchObject({ code: "E_CONFIG_LOCK", path: "use.builds.recipe" });
    expect(issue?.message).toMatch(new RegExp(words));
    expect(issue?.hint).toMatch(/channel-router recipes add |version control/);
    expect((await project.run(["recipes", "verify"])).code).not.toBe(0);
  });

  function edit(path: string, from: string | RegExp, to: string): void {
    const text = read(project, path);
    expect(text).toMatch(
      typeof from === "string" ? new RegExp(from.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")) : from,
    );
    writeFileSync(join(project.folder, path), text.replace(from, to));
  }

  test("any changed byte of a copy or the lock is detected", async () => {
    await added();
    const files = [copyIn(project), join(project.folder, "channels.lock")];
    const pinned = readFileSync(files[0] as string);
    const before = JSON.stringify(
      (await loadPlan(join(project.folder, "channels.yaml"), place.env)).loaded.values,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (file, at, by) => {
          const bytes = readFileSync(file);
          const changed = Buffer.from(bytes);
          const index = at % bytes.length;
          changed[index] = (bytes[index] as number) ^ by;
          writeFileSync(file, changed);
          try {
            const { loaded, issues } = await loadPlan(join(project.folder, "channels.yaml"), {
              ...place.env,
              BUILD_TOKEN: "secret-token",
            });
            // Some bytes of the lock are about payloads, which only tests use, or are spaces.
            const isUsed = loaded.uses.some(({ name }) => name === "builds");
            if (file === files[0]) expect(isUsed).toBe(false);
            if (isUsed) expect(readFileSync(files[0] as string)).toEqual(pinned);
            else expect(issues[0]?.code).toBe("E_CONFIG_LOCK");
          } finally {
            writeFileSync(file, bytes);
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(
      JSON.stringify((await loadPlan(join(project.folder, "channels.yaml"), place.env)).loaded.values),
    ).toBe(before);
  });

  test("a reference typed into the config can be pinned with add", async () => {
    const typed = `version: 1\nuse:\n  ci:\n    recipe: ${reference}@v1.0.0\n    with:\n      token: "\${BUILD_TOKEN}"\n`;
    const other = place.project("two", typed);
    expect((await issuesOf(other))[0]?.hint).toContain(`channel-router recipes add ${reference}@v1.0.0`);
    await added(other);
    expect(config(other)).toBe(typed);
    expect(await issuesOf(other)).toEqual([]);
  });

  test("the last active config is used if lock and copy are missing", async () => {
    await added();
    const env = { ...place.env, BUILD_TOKEN: "secret-token" };
    const file = join(project.folder, "channels.yaml");
    const { loaded } = await loadPlan(file, env);
    rmSync(join(project.folder, ".channels"), { recursive: true });
    writeFileSync(join(project.folder, "channels.lock"), "{");
    const { issues, plan } = await loadPlan(file, env, { kept: loaded.texts });
    expect(issues).toEqual([]);
    expect(plan.sources.map(({ name }) => name)).toContain("builds_build");
  });

  test("add restores a copy, and verify finds a changed payload", async () => {
    await added();
    writeFileSync(join(copyIn(project), "../fixtures/builds/failed.json"), "{}");
    const broken = await project.run(["recipes", "verify", "--json"]);
    expect(broken.code).toBe(1);
    expect(JSON.parse(broken.stdout).problems).toHaveLength(1);
    rmSync(copyIn(project));
    await added();
    expect((await project.run(["recipes", "verify"])).code).toBe(0);
    expect(config(project).match(/builds:/g)).toHaveLength(1);
  });

  test("remove deletes the entry, the pin and the copy, and keeps other comments", async () => {
    const before = config(project);
    await added();
    const { code, stderr } = await project.run(["recipes", "remove", "builds"]);
    expect(code, stderr).toBe(0);
    expect(config(project)).toBe(before);
    expect(existsSync(join(project.folder, "channels.lock"))).toBe(false);
    expect(existsSync(join(project.folder, ".channels"))).toBe(false);
  });
});

describe("update", () => {
  const update = (...args: string[]) => project.run(["recipes", "update", ...args]);

  test("update shows what changes, runs the new tests, and writes if confirmed", async () => {
    await added();
    repository.write(
      buildsRecipe({
        version: "1.1.0",
        conclusions: ["failure", "cancelled"],
        content: "{{data.job}} ended as {{data.conclusion}}: look at its log",
        tests: cancelledTest,
      }),
    );
    const next = repository.release("v1.1.0");
    const outdated = await project.run(["recipes", "outdated", "--json"]);
    expect(outdated.code).toBe(1);
    expect(JSON.parse(outdated.stdout).outdated).toEqual([
      { use: "builds", reference: `${reference}@v1.0.0`, newer: "v1.1.0" },
    ]);
    const person = answering("y");
    const { code, stdout, stderr } = await project.run(["recipes", "update"], { person });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("version 1.0.0 -> 1.1.0");
    expect(stdout).toContain("now also delivers: a cancelled build is a line");
    expect(stdout).toContain("failed also takes data.conclusion: cancelled");
    expect(stdout).toMatch(/~\d+ -> ~\d+ tokens per event/);
    expect(person.questions).toEqual(["Update it? [y/N] "]);
    expect(config(project)).toContain(`recipe: ${reference}@v1.1.0\n`);
    expect(Object.keys(locked(project))).toEqual([`${reference}@v1.1.0`]);
    expect(existsSync(copyIn(project, next))).toBe(true);
    expect(existsSync(copyIn(project))).toBe(false);
    expect(await issuesOf(project)).toEqual([]);
    expect((await project.run(["recipes", "outdated"])).code).toBe(0);
    expect((await project.run(["recipes", "verify"])).code).toBe(0);
  });

  test("update writes nothing if the user declines or a new test fails", async () => {
    await added();
    const before = [config(project), read(project, "channels.lock")];
    repository.write(buildsRecipe({ version: "1.1.0" }));
    repository.release("v1.1.0");
    expect((await project.run(["recipes", "update"], { person: answering("n") })).code).toBe(1);
    repository.write(buildsRecipe({ version: "1.2.0", tests: cancelledTest }));
    repository.release("v1.2.0");
    const failing = await update("--yes", "--json");
    expect(failing.code).toBe(1);
    expect(JSON.parse(failing.stdout).updates[0]).toMatchObject({
      written: false,
      tests: { failed: ["a cancelled build is a line"] },
    });
    expect([config(project), read(project, "channels.lock")]).toEqual(before);
  });

  test("new capabilities need a separate answer, which neither --yes nor Claude can give", async () => {
    await added();
    repository.write(buildsRecipe({ version: "1.1.0", hosts: ["api.example.com"] }));
    repository.release("v1.1.0");
    const plain = await update("--yes");
    expect(plain.code).toBe(1);
    expect(plain.stdout).toContain("now also connects to api.example.com");
    const claude = await project.run(["recipes", "update", "--yes", "--allow-capabilities"], {
      underClaude: { sign: "CLAUDECODE is set", folders: [] },
    });
    expect(claude.code).toBe(2);
    const person = answering("n");
    expect((await project.run(["recipes", "update"], { person })).code).toBe(1);
    expect(person.questions).toHaveLength(1);
    expect(config(project)).toContain("@v1.0.0");
    expect((await update("--yes", "--allow-capabilities")).code).toBe(0);
    expect(config(project)).toContain("@v1.1.0");
  });

  const changed = (from: string | RegExp, to: string, version = "1.1.0") => {
    const files = buildsRecipe({ version });
    const text = files["recipes/builds.yaml"] as string;
    expect(text.replace(from, to)).not.toBe(text);
    repository.write({ ...files, "recipes/builds.yaml": text.replace(from, to) });
    return repository.release(`v${version}`);
  };
  const verify = / {4}verify:\n(?: {6}.*\n)+/;

  test.each([
    [
      "the header that is checked",
      "header: x-build-token",
      "header: x-token",
      'sources.build.verify.header is "x-token" instead of "x-build-token"',
    ],
    ["a check that is removed", verify, "", "sources.build.verify is removed"],
    [
      "trusted proxies",
      "    type: http\n",
      '    type: http\n    proxies: ["127.0.0.1"]\n',
      'sources.build.proxies is new: ["127.0.0.1"]',
    ],
    [
      "a second source",
      "channels:\n",
      "  open:\n    type: http\n    path: /builds/open\nchannels:\n",
      "accepts events from the new source open",
    ],
  ])("refuses a change of whose events are taken, which no test shows: %s", async (_, from, to, words) => {
    await added();
    changed(from, to);
    const plain = await update("--yes");
    expect(plain.code).toBe(1);
    expect(plain.stdout).toContain("which --yes does not allow");
    expect(plain.stdout).toContain(words);
    const person = answering("n");
    expect((await project.run(["recipes", "update"], { person })).code).toBe(1);
    expect(person.questions).toEqual([expect.stringContaining(words)]);
    expect(config(project)).toContain("@v1.0.0");
  });

  test("update refuses a default that turns verification off", async () => {
    const header = "  header:\n    type: string\n    default: HEADER\n    description: The header.\n";
    const version = (name: string, value: string) => {
      const files = buildsRecipe({ version: name, inputs: header.replace("HEADER", value) });
      const text = (files["recipes/builds.yaml"] as string).replace(
        "header: x-build-token",
        "header: ${inputs.header}",
      );
      repository.write({ ...files, "recipes/builds.yaml": text });
      repository.release(`v${name}`);
    };
    version("1.0.1", "x-build-token");
    await added(project, "v1.0.1");
    version("1.0.2", "x-other");
    const plain = await update("--yes");
    expect(plain.code).toBe(1);
    expect(plain.stdout).toContain('sources.build.verify.header is "x-other" instead of "x-build-token"');
  });

  test.each([
    [
      "what a channel drops",
      '    content: "',
      '    dedupe:\n      key: "{{data.job}}"\n    content: "',
      "channels.failed.dedupe is new",
    ],
    [
      "a condition",
      '    content: "',
      '    when: data.job != "x"\n    content: "',
      "channels.failed.when is new",
    ],
    [
      "a filter as a list",
      "    match:\n      data.conclusion: ${inputs.conclusions}\n",
      "    match:\n      - data.conclusion: ${inputs.conclusions}\n      - data.job: other\n",
      "channels.failed.match",
    ],
    [
      "the priority",
      '    content: "',
      '    priority: high\n    content: "',
      'channels.failed.priority is new: "high"',
    ],
    ["the setup", "Send builds to", "Send all builds to", "setup is"],
    [
      "what an input may be",
      "    default: /builds\n",
      "    default: /builds\n    pattern: ^/\n",
      "inputs.path.pattern is new",
    ],
  ])("names each changed option, and --yes takes it: %s", async (_, from, to, words) => {
    await added();
    changed(from, to);
    const done = await update("--yes");
    expect(done.code, done.stdout + done.stderr).toBe(0);
    expect(done.stdout).toContain(words);
    expect(done.stdout).not.toContain("changes nothing");
  });

  test("update reports that nothing has changed", async () => {
    await added();
    repository.write(buildsRecipe({ version: "1.1.0" }));
    repository.release("v1.1.0");
    expect((await update("--yes")).stdout).toContain("no changes to its sources, channels and tools");
  });

  test("update refuses to turn a secret input into a string", async () => {
    const key = (type: string) =>
      `  key:\n    type: ${type}\n    description: A key.\n    example: "\${BUILD_KEY}"\n`;
    repository.write(buildsRecipe({ version: "1.0.1", inputs: key("secret") }));
    repository.release("v1.0.1");
    await added(project, "v1.0.1");
    repository.write(buildsRecipe({ version: "1.0.2", inputs: key("string") }));
    repository.release("v1.0.2");
    const plain = await update("--yes");
    expect(plain.code).toBe(1);
    expect(plain.stdout).toContain("takes the input key as string instead of secret");
  });

  test("update keeps a former input name working", async () => {
    await added();
    writeFileSync(
      join(project.folder, "channels.yaml"),
      config(project).replace('token: "${BUILD_TOKEN}"', 'token: "${BUILD_TOKEN}"\n      path: /hooks'),
    );
    const files = buildsRecipe({ version: "1.1.0" });
    const text = (files["recipes/builds.yaml"] as string)
      .replace("  path:\n", "  route:\n    deprecated: [path]\n")
      .replaceAll("inputs.path", "inputs.route");
    repository.write({ ...files, "recipes/builds.yaml": text });
    repository.release("v1.1.0");
    const { code, stdout, stderr } = await update("--yes", "--json");
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).updates[0].inputs).toEqual({
      added: [],
      removed: [],
      renamed: ["path -> route"],
    });
    expect(await issuesOf(project)).toEqual([]);
  });

  test("update needs a value for a new required input", async () => {
    await added();
    const input = "  room:\n    type: string\n    description: The room.\n";
    const key = '  key:\n    type: secret\n    description: A key.\n    example: "${BUILD_KEY}"\n';
    repository.write(buildsRecipe({ version: "1.1.0", inputs: input + key }));
    repository.release("v1.1.0");
    const before = config(project);
    const refused = await update("--yes");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--with room=");
    expect(config(project)).toBe(before);
    const done = await update("--yes", "--with", "room=ops");
    expect(done.code, done.stderr).toBe(0);
    expect(config(project)).toContain(
      `    with:\n      token: "\${BUILD_TOKEN}"\n      key: "\${BUILD_KEY}"\n      room: ops\n`,
    );
    expect(read(project, ".env")).toBe("BUILD_TOKEN=\nBUILD_KEY=\n");
  });

  test("update moves to a named version, and back", async () => {
    await added();
    repository.write(buildsRecipe({ version: "1.1.0" }));
    const next = repository.release("v1.1.0");
    expect((await update("builds", next, "--yes")).code).toBe(0);
    expect(config(project)).toContain(`@${next}\n`);
    expect((await update("builds", "v1.0.0", "--yes")).code).toBe(0);
    expect(config(project)).toContain("@v1.0.0\n");
    expect((await project.run(["recipes", "verify"])).code).toBe(0);
  });

  test("update follows a branch", async () => {
    await added(project, "main");
    expect(locked(project)[`${reference}@main`].ref).toBe("branch");
    repository.write(buildsRecipe({ version: "1.1.0" }));
    const next = repository.release();
    expect((await project.run(["recipes", "outdated"])).stdout).toContain(
      `main (commit ${next.slice(0, 12)})`,
    );
    const done = await update("--yes");
    expect(done.code, done.stderr).toBe(0);
    expect(locked(project)[`${reference}@main`].commit).toBe(next);
    expect(await issuesOf(project)).toEqual([]);
  });

  test("a moved tag is reported with both commits", async () => {
    await added();
    repository.write(buildsRecipe({ hosts: ["evil.example"] }));
    const moved = repository.release();
    repository.git("tag", "--force", "v1.0.0");
    for (const args of [["outdated"], ["update", "--yes"], ["add", `${reference}@v1.0.0`, "--yes"]]) {
      const { code, stdout, stderr } = await project.run(["recipes", ...args]);
      expect(code).not.toBe(0);
      const all = stdout + stderr;
      expect(all).toContain(commit);
      expect(all).toContain(moved);
    }
    expect(locked(project)[`${reference}@v1.0.0`].commit).toBe(commit);
    expect(await issuesOf(project)).toEqual([]);
  });
});
