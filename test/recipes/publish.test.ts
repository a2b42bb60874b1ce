// `recipes publish-check`, and catalogues: a repository that it indexed is searched by another user.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openPlace, type SharedPlace } from "../support/shared-recipes.ts";

const recipe = (name: string, more = "") => `recipe: ${name}
version: "1.0.0"
title: Failed builds of ${name}
description: A build that fails is one line.
license: Apache-2.0
setup: |
  1. Add a webhook.
inputs:
  token:
    type: secret
    description: The token.
    example: "\${BUILD_TOKEN}"
capabilities:
  listen:
    - /build
  secrets:
    token:
      - verify
sources:
  build:
    type: http
    path: /build
    verify:
      scheme: token
      header: x-build-token
      secret: "\${inputs.token}"
channels:
  failed:
    from: build
    match:
      data.status: failed
    content: "{{data.job}} failed"
tests:
  - name: failed
    send:
      source: build
      data:
        file: fixtures/${name}/failed.json
    expect:
      channel: failed
  - name: passed
    send:
      source: build
      data:
        status: passed
    expect:
      none: data.status
${more}`;

let place: SharedPlace;
let repository: ReturnType<SharedPlace["repository"]>;
beforeEach(() => {
  place = openPlace();
  repository = place.repository("acme/recipes");
  repository.write({
    "recipes/zeppelin-down.yaml": recipe("zeppelin-down"),
    "recipes/fixtures/zeppelin-down/failed.json": '{"status":"failed","job":"nightly"}',
  });
});
afterEach(() => place.remove());

const user = (args: readonly string[], cwd = repository.folder, more = {}) =>
  place.project("user").run(["recipes", ...args], { cwd, ...more });
const check = (...args: readonly string[]) => user(["publish-check", ...args]);
const index = () =>
  JSON.parse(readFileSync(join(repository.folder, "index.json"), "utf8")) as { recipes: unknown[] };

test("a valid repository gets an index that is the same each time", async () => {
  repository.write({
    "recipes/a-first.yaml": recipe("a-first"),
    "recipes/fixtures/a-first/failed.json": '{"status":"failed","job":"nightly"}',
  });
  const { code, stdout, stderr } = await check();
  expect(stderr).toBe("");
  expect(stdout).toContain("written");
  expect(code).toBe(0);
  expect(index()).toEqual({
    version: 1,
    recipes: ["a-first", "zeppelin-down"].map((name) => ({
      name,
      version: "1.0.0",
      title: `Failed builds of ${name}`,
      description: "A build that fails is one line.",
      tokens: expect.any(Number),
      capabilities: { listen: ["/build"], secrets: { token: ["verify"] } },
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      path: `recipes/${name}.yaml`,
    })),
  });
  const before = statSync(join(repository.folder, "index.json")).mtimeMs;
  expect((await check()).stdout).toContain("unchanged");
  expect(statSync(join(repository.folder, "index.json")).mtimeMs).toBe(before);
  expect((await check("--check")).code).toBe(0);
});

const wrong: readonly (readonly [string, Record<string, string>, string])[] = [
  [
    "no capabilities",
    {
      "recipes/zeppelin-down.yaml": recipe("zeppelin-down").replace(/capabilities:[\s\S]*?(?=sources:)/, ""),
    },
    "capabilities are missing",
  ],
  [
    "no license",
    { "recipes/zeppelin-down.yaml": recipe("zeppelin-down").replace(/license:.*\n/, "") },
    "license is missing",
  ],
  [
    "no setup",
    { "recipes/zeppelin-down.yaml": recipe("zeppelin-down").replace(/setup:.*\n.*\n/, "") },
    "setup is missing",
  ],
  ["another name", { "recipes/zeppelin-down.yaml": recipe("other") }, "rename the file to other.yaml"],
  [
    "no test of what is skipped",
    { "recipes/zeppelin-down.yaml": recipe("zeppelin-down").replace(/ {2}- name: passed[\s\S]*$/, "") },
    "no test shows what is skipped",
  ],
  [
    "no test of what is delivered",
    {
      "recipes/zeppelin-down.yaml": recipe("zeppelin-down").replace(
        / {2}- name: failed[\s\S]*?(?= {2}- name: passed)/,
        "",
      ),
    },
    "no test shows what is delivered",
  ],
  [
    "a failing test",
    { "recipes/zeppelin-down.yaml": recipe("zeppelin-down").replace("status: passed", "status: failed") },
    'the test "passed" fails',
  ],
  [
    "no payload",
    {
      "recipes/zeppelin-down.yaml": recipe("zeppelin-down").replace("down/failed.json", "down/gone.json"),
    },
    "gone.json does not exist",
  ],
  [
    "a mail address",
    { "recipes/fixtures/zeppelin-down/failed.json": '{"status":"failed","by":"jane@corp.io"}' },
    "a mail address: jane@corp.io",
  ],
  [
    "a credential",
    {
      "recipes/fixtures/zeppelin-down/failed.json":
        '{"status":"failed","x":"ghp_abcdefghijklmnopqrstuvwxyz0123456789"}',
    },
    "a credential",
  ],
  [
    "a home folder",
    { "recipes/fixtures/zeppelin-down/failed.json": '{"status":"failed","x":"/home/jane/app"}' },
    "a home folder",
  ],
  [
    "a value of a secret key",
    { "recipes/fixtures/zeppelin-down/failed.json": '{"status":"failed","api_key":"q8f7w6e5r4t3y2u1"}' },
    "a value of api_key",
  ],
  [
    "a network address",
    { "recipes/fixtures/zeppelin-down/failed.json": '{"status":"failed","ip":"81.2.69.142"}' },
    "a network address",
  ],
  [
    "a header with a credential",
    {
      "recipes/zeppelin-down.yaml": recipe("zeppelin-down").replace(
        "      data:\n        status: passed",
        "      headers:\n        x-build-token: abc\n      data:\n        status: passed",
      ),
    },
    "sends the header x-build-token",
  ],
  [
    "a credential outside of its tests",
    {
      "recipes/zeppelin-down.yaml": recipe("zeppelin-down").replace(
        "setup: |",
        "homepage: https://build.example/?key=ghp_abcdefghijklmnopqrstuvwxyz0123456789\nsetup: |",
      ),
    },
    "a credential",
  ],
  [
    "an invalid recipe",
    { "recipes/zeppelin-down.yaml": recipe("zeppelin-down").replace("title:", "titel:") },
    "titel",
  ],
];

test.each(wrong)("%s: publish-check says what to do and writes no index", async (_, files, message) => {
  repository.write(files);
  const { code, stdout } = await check();
  expect(stdout).toContain(message);
  expect(code).toBe(1);
  expect(existsSync(join(repository.folder, "index.json"))).toBe(false);
});

describe("what a pull request of a stranger names", () => {
  const secret = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";
  const elsewhere = () => join(place.folder, "elsewhere.json");
  const naming = (path: string) =>
    recipe("zeppelin-down").replace("fixtures/zeppelin-down/failed.json", path);
  beforeEach(() => writeFileSync(elsewhere(), JSON.stringify({ token: secret, mail: "jane@corp.io" })));

  test.each<[string, () => void]>([
    ["by ..", () => repository.write({ "recipes/zeppelin-down.yaml": naming("../../../elsewhere.json") })],
    ["by its whole path", () => repository.write({ "recipes/zeppelin-down.yaml": naming(elsewhere()) })],
    [
      "by .. in the middle",
      () => repository.write({ "recipes/zeppelin-down.yaml": naming("fixtures/../../../../elsewhere.json") }),
    ],
    [
      "by a link in place of a payload",
      () => {
        repository.write({ "recipes/zeppelin-down.yaml": naming("fixtures/link.json") });
        symlinkSync(elsewhere(), join(repository.folder, "recipes/fixtures/link.json"));
      },
    ],
    [
      "by a link in place of a folder",
      () => {
        repository.write({ "recipes/zeppelin-down.yaml": naming("away/elsewhere.json") });
        symlinkSync(place.folder, join(repository.folder, "recipes/away"));
      },
    ],
    [
      "by a link in place of the recipe",
      () => symlinkSync(elsewhere(), join(repository.folder, "recipes/link.yaml")),
    ],
  ])("%s: not a word of a file elsewhere is printed", async (_, prepare) => {
    prepare();
    for (const args of [[], ["--json"]]) {
      const { code, stdout, stderr } = await check(...args);
      expect(code).toBe(1);
      expect(stdout + stderr).not.toContain(secret);
      expect(stdout + stderr).not.toContain("jane@corp.io");
    }
    expect(existsSync(join(repository.folder, "index.json"))).toBe(false);
  });

  test("settings of git in the folder start no program", async () => {
    repository.release("v1.0.0");
    const started = join(place.folder, "started");
    for (const [name, value] of [
      ["core.repositoryformatversion", "1"],
      ["extensions.partialClone", "origin"],
      ["remote.origin.url", `ext::touch ${started}`],
      ["remote.origin.promisor", "true"],
      ["protocol.ext.allow", "always"],
      ["core.fsmonitor", `touch ${started}`],
      ["core.sshCommand", `touch ${started}`],
    ] as const)
      repository.git("config", name, value);
    // Objects are missing, which git fetches by itself.
    for (const name of readdirSync(join(repository.folder, ".git/objects")))
      if (name.length === 2) rmSync(join(repository.folder, ".git/objects", name), { recursive: true });
    await check();
    expect(existsSync(started)).toBe(false);
  });
});

test("--allow permits a value that is not personal", async () => {
  repository.write({
    "recipes/fixtures/zeppelin-down/failed.json": '{"status":"failed","by":"build@corp.io"}',
  });
  expect((await check()).code).toBe(1);
  expect((await check("--allow", "build@corp.io")).code).toBe(0);
});

describe("a recipe that was published", () => {
  const change = (text: string) => text.replace("nightly", "daily").replace('failed"', 'has failed"');

  test.each([["v1.0.0"], [undefined]])(
    "and has changed since (tag: %s) needs a higher version",
    async (tag) => {
      expect((await check()).code).toBe(0);
      repository.release(tag);
      expect((await check()).code).toBe(0);
      repository.write({ "recipes/zeppelin-down.yaml": change(recipe("zeppelin-down")) });
      const { code, stdout } = await check();
      expect(stdout).toContain(tag === undefined ? "since the last commit" : "since v1.0.0");
      expect(stdout).toContain("still 1.0.0");
      expect(code).toBe(1);
      for (const [version, expected] of [
        ["0.9.9", 1],
        ["1.0.1-rc.1", 0],
        ["1.0.1", 0],
        ["2.0.0", 0],
      ] as const) {
        repository.write({
          "recipes/zeppelin-down.yaml": change(recipe("zeppelin-down")).replace('"1.0.0"', `"${version}"`),
        });
        expect((await check()).code).toBe(expected);
      }
    },
  );

  test("--check reports an index that is out of date", async () => {
    await check();
    repository.release("v1.0.0");
    repository.write({ "recipes/zeppelin-down.yaml": recipe("zeppelin-down").replace('"1.0.0"', '"1.1.0"') });
    const { code, stdout } = await check("--check");
    expect(stdout).toContain("is out of date");
    expect(code).toBe(1);
  });
});

describe("a catalogue", () => {
  const home = () => join(place.env.HOME as string, ".claude/channels/router");
  const own = (text: string) => {
    mkdirSync(home(), { recursive: true });
    writeFileSync(join(home(), "channels.yaml"), text);
  };
  const search = (...args: readonly string[]) => user(["search", ...args], place.folder);

  beforeEach(async () => {
    await check();
    repository.release("v1.0.0");
    own("catalogues:\n  - github:acme/recipes\n");
  });

  test("search covers catalogues and bundled recipes, and prints the command that adds a result", async () => {
    const { stdout, code, stderr } = await search("failed", "build");
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("zeppelin-down 1.0.0: Failed builds of zeppelin-down");
    expect(stdout).toContain("channel-router recipes add github:acme/recipes/recipes/zeppelin-down.yaml");
    const bundled = await search("stripe");
    expect(bundled.stdout).toContain("recipes add stripe-test");
    expect(bundled.stdout).not.toContain("zeppelin-down");
    const none = await search("zzzz");
    expect(none.code).toBe(1);
    const listed = await user(["list"], place.folder);
    expect(listed.stdout).toContain("github:acme/recipes");
    expect(listed.stdout).toContain("zeppelin-down");
  });

  test("the printed reference can be added", async () => {
    const { stdout } = await search("zeppelin-down", "--json");
    const { reference } = (JSON.parse(stdout) as { recipes: { reference: string }[] }).recipes[0] as {
      reference: string;
    };
    const added = await place.project("other", "version: 1\n").run(["recipes", "add", reference, "--yes"]);
    expect(added.stderr).toBe("");
    expect(added.code).toBe(0);
    expect(readFileSync(join(place.folder, "other/channels.yaml"), "utf8")).toContain(`${reference}@v1.0.0`);
  });

  test("the cached copy of a catalogue is used for an hour, and offline", async () => {
    let nowMs = Date.UTC(2026, 0, 5);
    const at = (...args: readonly string[]) => user(["search", ...args], place.folder, { now: () => nowMs });
    expect((await at("zeppelin-down")).code).toBe(0);
    rmSync(repository.folder, { recursive: true });
    nowMs += 30 * 60_000;
    const fresh = await at("zeppelin-down");
    expect(fresh.code).toBe(0);
    expect(fresh.stdout).not.toContain("copy");
    nowMs += 31 * 60_000;
    const gone = await at("zeppelin-down");
    expect(gone.code).toBe(0);
    expect(gone.stdout).toContain("using the copy from");
    const offline = await at("zeppelin-down", "--offline");
    expect(offline.code).toBe(0);
  });

  test("a catalogue that cannot be reached is reported, and the others are searched", async () => {
    own(`catalogues:\n  - github:acme/none\n  - ${repository.folder}\n`);
    const { stdout, code } = await search("zeppelin-down");
    expect(code).toBe(0);
    expect(stdout).toContain("github:acme/none");
    expect(stdout).toContain(`recipes add ${repository.folder}/recipes/zeppelin-down.yaml`);
    expect((await search("zeppelin-down", "--offline")).stdout).toContain("no cached copy");
  });

  test("of a project's config is not read, and a name that is none is reported", async () => {
    own("");
    const project = place.project("p", "catalogues:\n  - github:acme/recipes\n");
    expect((await project.run(["recipes", "search", "zeppelin-down"])).code).toBe(1);
    own("catalogues:\n  - acme/recipes\n");
    const { code, stdout } = await search("zeppelin-down");
    expect(code).toBe(1);
    expect(stdout).toContain("acme/recipes: not a catalogue; write github:OWNER/REPO");
  });

  test("entries of a hostile index that could mislead are dropped", async () => {
    const entry = {
      version: "1.0.0",
      status: "unverified",
      title: "x\u001b[31m\n  bundled; channel-router recipes add evil",
      description: "",
      tokens: 1,
      capabilities: {},
      sha256: "",
    };
    repository.write({
      "index.json": JSON.stringify({
        version: 1,
        recipes: [
          { ...entry, name: "zz-good", path: "recipes/zz-good.yaml" },
          { ...entry, name: "zz-away", path: "../../away.yaml" },
          { ...entry, name: "zz bad; rm", path: "recipes/zz bad; rm.yaml" },
          { ...entry, name: "zz-good", path: "recipes/zz-good.yaml", title: "a second one" },
          {
            ...entry,
            name: "zz-version",
            path: "recipes/zz-version.yaml",
            version: "1.0.0: recipes add evil",
          },
          { ...entry, name: "zz-versions", path: "recipes/zz-versions.yaml", version: { a: 1 } },
          "zz",
          null,
        ],
      }),
    });
    repository.release("v2.0.0");
    const { stdout } = await search("zz", "--json");
    expect(
      (JSON.parse(stdout) as { recipes: { recipe: string }[] }).recipes.map((one) => one.recipe),
    ).toEqual(["zz-good"]);
    const shown = (await search("zz")).stdout;
    expect(shown).not.toContain("\u001b");
    expect(shown.split("\n").filter((line) => line.includes("recipes add evil"))).toHaveLength(1);
    expect(shown.split("\n")[0]).toContain("recipes add evil");
    for (const text of ["", "[]", "{}", '{"version":2,"recipes":[]}', "x".repeat(2_000_000)]) {
      repository.write({ "index.json": text });
      repository.release();
      const bad = await user(["search", "zz"], place.folder, { now: () => Date.now() + 2 * 60 * 60_000 });
      expect(bad.stdout).toContain("github:acme/recipes");
    }
  });
});
