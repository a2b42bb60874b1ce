// `recipes new` from events of sources that are not webhooks: the recipe has a source of the same type, passes its
// tests, is valid in another project, and names nobody.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { realContext } from "../../src/cli/real-context.ts";
import type { Json, JsonObject } from "../../src/contract.ts";
import { matchPaths } from "../../src/recipes/draft/draft-match.ts";
import { draftSource } from "../../src/recipes/draft/draft-source.ts";
import { hidePersonalValues } from "../../src/recipes/draft/personal-values.ts";
import { recipeText } from "../../src/recipes/draft/recipe-text.ts";
import { type Finished, runHere } from "../support/command-line.ts";
import { createProject, type Project } from "../support/router.ts";

const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  acme_runs:
    type: poll
    url: http://127.0.0.1:9/api/projects/globex/rocketship/runs?per_page=5
    every: 1h
    headers:
      x-tenant: globex
    auth:
      scheme: bearer
      secret: "\${CI_TOKEN}"
    items: data.runs
    key: string(data.id)
  blog:
    type: feed
    url: http://127.0.0.1:9/feed.xml
    every: 1h
  stream:
    type: sse
    url: http://127.0.0.1:9/\${STREAM_PATH}
    headers:
      authorization: "Bearer \${CI_TOKEN}"
  socket:
    type: websocket
    url: ws://127.0.0.1:9/v1
    send:
      - '{"op": "auth", "token": "\${CI_TOKEN}"}'
  log:
    type: tail
    files: [logs/*.log]
  records:
    type: tail
    files: logs/*.json
    format: json
  drop:
    type: watch
    files: inbox/*.txt
    text: true
  program:
    type: command
    command: [echo, hello]
    every: 30d
    env:
      GH_TOKEN: "\${CI_TOKEN}"
  script:
    type: command
    command: [/home/octocat/bin/check.sh, --all]
    every: 30d
  tick:
    type: cron
    at: "0 9 * * *"
  hook:
    type: http
    path: /hook
`;
const env = {
  CI_TOKEN: "s3cret-of-the-source",
  STREAM_PATH: "path-of-the-source",
};
/** Names of the user's: none may be in a recipe or its payloads. */
const personal = /globex|octocat|rocketship|lovelace|s3cret|path-of-the-source/i;

type Sent = readonly [source: string, payload: string, ...more: string[]];
const failedRun: Sent = [
  "acme_runs",
  JSON.stringify({
    id: 88_123,
    kind: "run",
    status: "failed",
    project: "globex/rocketship",
    author: { login: "octocat" },
    message: "Fix the login of octocat",
    url: "https://ci.globex.io/globex/rocketship/runs/88123",
  }),
];
const cases: Record<string, { readonly from: Sent; readonly not?: Sent; readonly has: readonly RegExp[] }> = {
  poll: {
    from: failedRun,
    not: ["acme_runs", failedRun[1].replace("failed", "passed").replaceAll("88123", "88124")],
    has: [
      /type: poll\n/,
      /hosts:\n {4}- "\$\{inputs\.url\}"/,
      /token:\n {6}- "\$\{inputs\.url\}"/,
      /items: data\.runs\n/,
      /x-tenant: "\$\{inputs\.x_tenant\}"/,
      /data\.status: failed\n/,
    ],
  },
  feed: {
    from: [
      "blog",
      '{"id": "https://blog.globex.io/1", "title": "2.0 is out", "link": "https://blog.globex.io/1", "author": "Ada Lovelace", "summary": "by Ada Lovelace"}',
    ],
    has: [/type: feed\n/, /\{\{truncate data\.title 80\}\}\n {6}\{\{data\.link\}\}/],
  },
  sse: {
    from: ["stream", '{"state": "failed", "node": "web1.globex.io"}', "-H", "event: deploy"],
    has: [/type: sse\n/, /headers\.event: deploy/, /authorization: "Bearer \$\{inputs\.token\}"/],
  },
  "sse-text": {
    from: ["stream", "deploy failed on web1.globex.io", "-H", "event: log"],
    not: ["stream", "deploy done on web1.globex.io", "-H", "event: log"],
    has: [/ {6}text:\n {8}contains: failed/],
  },
  websocket: {
    from: ["socket", '{"type": "alert", "level": "critical", "node": "web1.globex.io"}'],
    has: [/type: websocket\n/, /pattern: "\^wss\?:/, /\$\{inputs\.token\}/, /data\.level: critical/],
  },
  tail: {
    from: ["log", "2026-11-30 10:00:00 ERROR db1.globex.io: refused for octocat@globex.io"],
    not: ["log", "2026-11-30 10:00:01 INFO started"],
    has: [/type: tail\n/, /- "logs\/\*\.log"/, / {6}data\.line:\n {8}contains: ERROR/],
  },
  "tail-json": {
    from: ["records", '{"level": "error", "msg": "boom", "user": "octocat", "user_id": 123456}'],
    has: [/format: json\n/, /data\.level: error/],
  },
  watch: {
    from: ["drop", "The report"],
    has: [/type: watch\n/, /files:\n {4}- "\$\{inputs\.files\}"/, /data\.event: created/],
  },
  command: {
    from: ["program", "disk sda1 failed its check"],
    has: [/commands:\n {4}- echo/, /GH_TOKEN: "\$\{inputs\.token\}"/, /token:\n {6}- echo/],
  },
  script: {
    from: ["script", "disk sda1 failed its check"],
    has: [/command: "\$\{inputs\.command\}"/, /commands:\n {4}- "\$\{inputs\.command\}"/],
  },
  form: {
    from: [
      "hook",
      "command=%2Fdeploy&text=now&user_name=octocat&team_domain=globex&payload=%7B%22user%22%3A%7B%22login%22%3A%22octocat%22%7D%7D",
      "-H",
      "content-type: application/x-www-form-urlencoded",
    ],
    has: [/type: http\n/, /data\.command/],
  },
};

let project: Project;
beforeAll(async () => {
  project = await createProject(config, { consent: "all" });
  expect((await project.run(["up"], { env })).code).toBe(0);
});
afterAll(async () => {
  await project.run(["down"], { env });
  await project.remove();
});

async function send([source, payload, ...more]: Sent): Promise<string> {
  const sent = await project.ask(["send", source, "-d", payload, ...more], env);
  expect(sent.stdout).toMatch(/^accepted /);
  return /accepted (\w+)/.exec(sent.stdout)?.[1] ?? "";
}

test.each(Object.entries(cases))("an event of %s becomes a recipe", async (name, { from, not, has }) => {
  const others = not === undefined ? [] : ["--not", await send(not)];
  mkdirSync(join(project.folder, name, "recipes"), { recursive: true });
  const made = await project.ask(
    [
      ...["recipes", "new", name, "--from", await send(from), ...others],
      ...["--license", "MIT", "-o", `${name}/recipes`, "--json"],
    ],
    env,
  );
  expect(made.stderr).toBe("");
  expect(JSON.parse(made.stdout)).toMatchObject({ ok: true, failed: [] });
  const { file, fixtures, tests } = JSON.parse(made.stdout) as {
    file: string;
    fixtures: string[];
    tests: number;
  };
  expect(tests).toBeGreaterThan(1);
  const text = readFileSync(file, "utf8");
  for (const pattern of has) expect(text).toMatch(pattern);
  for (const one of [text, ...fixtures.map((path) => readFileSync(path, "utf8"))])
    expect(one).not.toMatch(personal);
  // Usable without an edit.
  const checked = await project.ask(["recipes", "publish-check", name], env);
  expect(checked.stdout).toContain(`ok   ${name} 1.0.0`);
});

test("an event without a payload is refused, and says how to begin", async () => {
  const made = await project.ask(["recipes", "new", "tick", "--from", await send(["tick", ""])], env);
  expect(made.code).toBe(2);
  expect(made.stderr).toContain("from a source of type cron");
  expect(made.stderr).toContain("recipes search cron");
});

test("a sample for a source that is not there says which there are", async () => {
  const { stderr, code } = await project.ask(["send", "acme_run", "--sample"], env);
  expect(code).toBe(2);
  expect(stderr).toContain("no source named acme_run");
  expect(stderr).toContain('did you mean "acme_runs"?');
});

describe("a file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync("/tmp/cr-new-file-");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...args: readonly string[]): Promise<Finished> =>
    runHere(["recipes", ...args], {
      ...realContext(),
      env: { HOME: folder, PATH: process.env.PATH },
      cwd: folder,
      person: undefined,
      underClaude: undefined,
    });

  test("may be the body of a form", async () => {
    writeFileSync(join(folder, "body"), "Command=%2Fdeploy&text=ship+it&user_name=octocat\n");
    expect((await run("new", "slash", "--from", "body")).code).toBe(0);
    const data = JSON.parse(readFileSync(join(folder, "fixtures/slash/event.json"), "utf8")) as JsonObject;
    expect(data).toEqual({ Command: "/deploy", text: "ship it", user_name: "alice" });
  });

  test("may be a text, whose clearest word is what it takes", async () => {
    writeFileSync(join(folder, "a.txt"), "Backup of db1.globex.net failed\n");
    writeFileSync(join(folder, "b.txt"), "Backup of db1.globex.net done\n");
    expect((await run("new", "backup", "--from", "a.txt", "--not", "b.txt")).code).toBe(0);
    const text = readFileSync(join(folder, "backup.yaml"), "utf8");
    expect(text).toContain("      text:\n        contains: failed\n");
    expect(readFileSync(join(folder, "fixtures/backup/failed.txt"), "utf8")).toMatch(
      /^Backup of [\w.]+\.example\.com failed$/,
    );
  });

  test("that is no text, or broken JSON, is refused", async () => {
    writeFileSync(join(folder, "a.bin"), Buffer.from([0xff, 0xfe, 0x00]));
    writeFileSync(join(folder, "a.json"), '{"a": ');
    expect((await run("new", "a", "--from", "a.bin")).stderr).toContain("a.bin is not text in UTF-8");
    expect((await run("new", "a", "--from", "a.json")).stderr).toContain("a.json is not JSON");
  });
});

test("the match has the state of the subject only, and not how it came about", () => {
  const run = (conclusion: string): JsonObject => ({
    action: "completed",
    workflow_run: { event: "workflow_dispatch", status: "completed", conclusion },
    workflow: { state: "active" },
  });
  const event = (conclusion: string) => ({
    data: run(conclusion),
    text: "",
    headers: { "x-github-event": "workflow_run" },
  });
  const paths = matchPaths([event("failure")], []).map(({ path }) => path);
  expect(paths).toContain("data.workflow_run.conclusion");
  expect(paths).not.toContain("data.workflow.state");
  expect(paths).not.toContain("data.workflow_run.event");
});

const credential = fc.stringMatching(/^zq[A-Za-z0-9]{14,24}$/);
test("no credential of a source is left in a recipe, wherever it is written", () => {
  const where: readonly ((value: string) => JsonObject)[] = [
    (value) => ({ auth: { scheme: "bearer", secret: value } }),
    (value) => ({ headers: { authorization: `Bearer ${value}` } }),
    (value) => ({ headers: { "X-Api-Key": value, "x-org": value } }),
    (value) => ({ url: `https://user:${value}@api.globex.io/v1?token=${value}` }),
    (value) => ({ url: `https://api.globex.io/\${PATH:-${value}}` }),
    (value) => ({ json: { token: value, nested: [{ password: value }] } }),
    (value) => ({ body: `token=\${API_TOKEN:-${value}}` }),
  ];
  fc.assert(
    fc.property(fc.constantFrom(...where), credential, (write, value) => {
      const written: JsonObject = { type: "poll", url: "https://api.globex.io/v1", ...write(value) };
      const source = draftSource("a-recipe", "poll", written, hidePersonalValues([]));
      const content = { content: "{{text}}", meta: {}, dedupe: undefined };
      const draft = { name: "a-recipe", title: "A", source, match: [], content, tests: [] };
      expect(recipeText(draft, undefined)).not.toContain(value);
      const inputs = source.inputs.map(({ name }) => name);
      expect(new Set(inputs).size).toBe(inputs.length);
      for (const [, name] of JSON.stringify([source.options, source.capabilities] as Json).matchAll(
        /\$\{inputs\.(\w+)\}/g,
      ))
        expect(inputs).toContain(name);
    }),
  );
});
