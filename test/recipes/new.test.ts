// `recipes new`: what it writes from recorded events passes its own tests, names no one, and takes no other event.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { realContext } from "../../src/cli/real-context.ts";
import type { Json, JsonObject } from "../../src/contract.ts";
import { leftValues } from "../../src/recipes/draft/left-values.ts";
import { type Finished, runHere } from "../support/command-line.ts";
import { createProject } from "../support/router.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;
beforeEach(() => {
  folder = `/tmp/cr-new-${process.pid}-${Math.random().toString(36).slice(2)}`;
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: readonly string[]): Promise<Finished> {
  const env = { HOME: folder, PATH: process.env.PATH };
  return runHere(["recipes", ...args], {
    ...realContext(),
    env,
    cwd: folder,
    person: undefined,
    underClaude: undefined,
  });
}

function write(name: string, payload: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(payload));
  return path;
}

const examples = new Map(
  (
    JSON.parse(
      readFileSync(createRequire(import.meta.url).resolve("@octokit/webhooks-examples"), "utf8"),
    ) as {
      name: string;
      examples: JsonObject[];
    }[]
  ).map(({ name, examples: all }) => [name, all]),
);
const github = (event: string, index = 0) => ({
  headers: { "X-GitHub-Event": event, "X-Hub-Signature-256": "sha256=00", "X-GitHub-Delivery": "1" },
  data: examples.get(event)?.[index],
});
const bundled = (path: string) => ({
  headers: {},
  data: JSON.parse(readFileSync(join(root, "recipes/fixtures", path), "utf8")) as Json,
});

describe.each([
  ...[
    "workflow_run",
    "issues",
    "pull_request",
    "push",
    "release",
    "check_run",
    "discussion",
    "deployment_status",
    "star",
  ].map((event) => [event, github(event)] as const),
  ["stripe", bundled("stripe-test/charge.dispute.created.json")] as const,
  ["alertmanager", bundled("alertmanager/firing.json")] as const,
  ["sentry", bundled("sentry/issue.created.json")] as const,
  ["plain", { headers: {}, data: { build: 7, ok: false } }] as const,
  ["list", { headers: {}, data: [{ a: 1 }] }] as const,
  ["text", { headers: { "content-type": "text/plain" }, data: "disk full" }] as const,
])("an event of %s", (name, request) => {
  test("recorded events become a recipe that passes its tests and has no personal values", async () => {
    const recipe = name.replaceAll("_", "-");
    const { stdout, stderr, code } = await run(
      "new",
      recipe,
      "--from",
      write("event.json", request),
      "--json",
    );
    expect(stderr).toBe("");
    const made = JSON.parse(stdout) as {
      ok: boolean;
      file: string;
      fixtures: string[];
      tests: number;
      tokens: number;
    };
    expect(made).toMatchObject({ ok: true });
    expect(code).toBe(0);
    const text = readFileSync(made.file, "utf8");
    expect(text.toLowerCase()).not.toContain("signature");
    if (typeof request.data === "object" && !Array.isArray(request.data)) {
      expect(text).toContain("    match:");
      expect(text).toMatch(/\n {6}none: /);
      expect(made.tests).toBeGreaterThan(1);
    }
    expect(text).toMatch(/\n {8}lte: \d+\n/);
    expect(made.tokens).toBeLessThan(150);
    for (const path of made.fixtures) {
      const content = readFileSync(path, "utf8");
      expect(leftValues(path.endsWith(".json") ? (JSON.parse(content) as Json) : content)).toEqual([]);
    }
  });
});

test("match has the paths that never vary, and one that excludes each event of --not", async () => {
  const event = (conclusion: string, id: number, branch: string) =>
    write(`${conclusion}-${id}.json`, {
      headers: { "x-github-event": "workflow_run" },
      data: {
        action: "completed",
        workflow_run: { id, conclusion, head_branch: branch, created_at: `2026-01-0${id % 9}` },
      },
    });
  const from = [event("failure", 1_234_561, "main"), event("failure", 1_234_562, "fix")];
  const not = event("success", 1_234_563, "main");
  const { code } = await run(
    "new",
    "ci",
    "--from",
    from[0] as string,
    "--from",
    from[1] as string,
    "--not",
    not,
  );
  expect(code).toBe(0);
  const text = readFileSync(join(folder, "ci.yaml"), "utf8");
  const match = text.slice(text.indexOf("    match:"), text.indexOf("    dedupe:"));
  expect(match).toContain("headers.x-github-event: workflow_run");
  expect(match).toContain("data.workflow_run.conclusion: failure");
  expect(match).not.toMatch(/id|head_branch|created_at/);
  expect(text).toContain("{{data.workflow_run.id}}");
  expect(text).toMatch(/scheme: github/);
  const { stdout } = await run("test", "./ci.yaml", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, failed: 0 });
});

test("events of a running router: the recipe has the source's path and scheme, but not its secret", async () => {
  const project = await createProject(
    (port) => `listen: 127.0.0.1:${port}
sources:
  hook:
    type: http
    path: /hooks/github
    verify:
      scheme: github
      secret: "\${HOOK_SECRET}"
`,
    { consent: "all" },
  );
  const env = { HOOK_SECRET: "s3cret-of-the-source" };
  try {
    expect((await project.run(["up"], { env })).code).toBe(0);
    const ids: string[] = [];
    for (const event of ["issues", "issues"]) {
      const data = examples.get(event)?.[ids.length];
      const sent = await project.run(
        [
          "send",
          "hook",
          "-H",
          `x-github-event: ${event}`,
          "-H",
          "authorization: Bearer abc",
          "-d",
          JSON.stringify(data),
        ],
        { env },
      );
      ids.push(/accepted (\w+)/.exec(sent.stdout)?.[1] ?? "");
    }
    const made = await project.run(
      ["recipes", "new", "issues", "--from", ids[0] ?? "", "--from", ids[1] ?? ""],
      { env },
    );
    expect(made.stderr).toBe("");
    expect(made.code).toBe(0);
    const text = readFileSync(join(project.folder, "issues.yaml"), "utf8");
    expect(text).toContain('default: "/hooks/github"');
    expect(text).toContain("scheme: github");
    expect(text).toContain("headers.x-github-event: issues");
    expect(text).not.toMatch(/s3cret|authorization|Codertocat/i);
    const used =
      'use:\n  issues:\n    recipe: ./issues.yaml\n    with:\n      secret: "${HOOK_SECRET}"\n      path: /other\n';
    await project.write("used.yaml", used);
    expect((await project.run(["check", "used.yaml"], { env })).code).toBe(0);
  } finally {
    await project.run(["down"], { env });
    await project.remove();
  }
});

describe("what a hostile sender writes", () => {
  const recipeOf = async (...requests: unknown[]) => {
    const [from, not] = requests.map((request, index) => write(`${index}.json`, request));
    const args = ["--from", from as string, ...(not === undefined ? [] : ["--not", not])];
    const { code, stdout, stderr } = await run("new", "ci", ...args, "--json");
    const files = code === 2 ? [] : [join(folder, "ci.yaml"), ...(JSON.parse(stdout).fixtures as string[])];
    return { code, stderr, text: files.map((path) => readFileSync(path, "utf8")).join("\n") };
  };

  test("no header with a credential becomes a condition, also where it is all that differs", async () => {
    const headers = {
      "x-webhook-key": "letmein",
      "X-Api-Key": "letmein",
      cookie: "letmein",
      "x-github-event": "push",
    };
    const { code, text } = await recipeOf(
      { headers, data: { a: 1 } },
      {
        headers: { ...headers, "x-webhook-key": "other", cookie: "other", "x-github-event": "star" },
        data: { a: 2 },
      },
    );
    expect(code).toBe(0);
    expect(text).toContain("headers.x-github-event: push");
    expect(text).not.toMatch(/letmein|x-webhook-key|x-api-key|cookie/i);
  });

  test("names of headers, keys and values are not lines of the recipe", async () => {
    const evil = "x\n  evil: {{#if}} ${HOME} *a &b !!js";
    const { code, text } = await recipeOf({
      headers: {
        [`x-${evil}-event`]: "word",
        "x-event: y": "word",
        "x-github-event": evil,
        "x-evil-event": "push",
      },
      data: {
        [evil]: { status: "failed" },
        action: evil,
        status: "failed",
        __proto__: null,
        constructor: { prototype: { status: "failed" } },
        "a.b": { "c d": [evil] },
      },
    });
    expect(code).toBe(0);
    const recipe = text.slice(0, text.indexOf("\n{"));
    expect(recipe).not.toMatch(/^\s*evil:/m);
    expect(recipe).not.toContain("HOME");
    expect(recipe).not.toContain("!!js");
    expect(recipe).toContain("data.status: failed");
  });

  test("a payload that is nested without end is an error", async () => {
    const path = join(folder, "deep.json");
    writeFileSync(path, `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`);
    const { code, stderr } = await run("new", "ci", "--from", path);
    expect(code).toBe(2);
    expect(stderr).toContain("levels deep");
    expect(existsSync(join(folder, "ci.yaml"))).toBe(false);
  });

  test("any JSON gives a recipe that passes its tests", async () => {
    const key = fc.oneof(
      fc.constantFrom(
        "status",
        "action",
        "type",
        "id",
        "__proto__",
        "constructor",
        "toString",
        "true",
        "a.b",
        "0",
      ),
      fc.string({ maxLength: 8 }),
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(
          "failed",
          "opened",
          "{{data.a}}",
          "${A}",
          "- a: b",
          "#",
          "true",
          "1e3",
          "\u2028",
          "'\"`",
        ),
        fc.string({ unit: "binary", maxLength: 12 }),
        fc.integer(),
        fc.boolean(),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(key, tree, { minKeys: 1, maxKeys: 5 }), async (payload) => {
        rmSync(join(folder, "ci.yaml"), { force: true });
        rmSync(join(folder, "fixtures"), { recursive: true, force: true });
        const { code, stderr } = await recipeOf({ headers: {}, data: payload });
        expect(stderr).toBe("");
        expect(code).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

test("a path that only the sender knows, and the user of a source, are not in the recipe", async () => {
  const project = await createProject(
    (port) => `listen: 127.0.0.1:${port}
sources:
  hook:
    type: http
    path: /hooks/4f3a9c77d0e1b2aa
    verify:
      scheme: basic
      username: octocat-private
      secret: "\${HOOK_SECRET}"
`,
    { consent: "all" },
  );
  const env = { HOOK_SECRET: "s3cret-of-the-source" };
  try {
    expect((await project.run(["up"], { env })).code).toBe(0);
    const sent = await project.run(["send", "hook", "-d", '{"type":"a.b","id":1234}'], { env });
    const id = /accepted (\w+)/.exec(sent.stdout)?.[1] ?? "";
    const made = await project.run(["recipes", "new", "hook", "--from", id], { env });
    expect(made.code, made.stderr).toBe(0);
    const text = readFileSync(join(project.folder, "hook.yaml"), "utf8");
    expect(text).toContain("scheme: basic");
    expect(text).not.toMatch(/4f3a9c77|octocat/);
  } finally {
    await project.run(["down"], { env });
    await project.remove();
  }
});

test("existing files are not overwritten, and usage errors say what to do", async () => {
  const from = write("event.json", { type: "a.b", id: 1 });
  expect((await run("new", "ci", "--from", from)).code).toBe(0);
  const before = readFileSync(join(folder, "ci.yaml"), "utf8");
  const again = await run("new", "ci", "--from", from);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain("already exist");
  expect(readFileSync(join(folder, "ci.yaml"), "utf8")).toBe(before);
  expect((await run("new", "Ci", "--from", from)).stderr).toContain("not a valid recipe name");
  expect((await run("new", "ci2")).stderr).toContain("--from EVENT_ID");
  expect((await run("new", "ci2", "--from", "./none.json")).stderr).toContain(
    "neither an event id nor a readable file",
  );
  expect((await run("new", "ci2", "--from", from, "--not", from)).stderr).toContain(
    "event 1 of --not has nothing that distinguishes it",
  );
  expect(readdirSync(folder).sort()).toEqual(["ci.yaml", "event.json", "fixtures"]);
});

test("show --yaml prints a bundled recipe that can be used as a file", async () => {
  const { stdout, code } = await run("show", "github-ci-failed", "--yaml");
  expect(code).toBe(0);
  expect(stdout).toBe(readFileSync(join(root, "recipes/github-ci-failed.yaml"), "utf8"));
});

test("the recipe is written to recipes/ if that folder exists", async () => {
  mkdirSync(join(folder, "recipes"));
  expect((await run("new", "ci", "--from", write("e.json", { type: "a.b" }))).code).toBe(0);
  expect(existsSync(join(folder, "recipes/ci.yaml"))).toBe(true);
  expect(existsSync(join(folder, "recipes/fixtures/ci"))).toBe(true);
});
