// `channel-router test` as a person has it: what passes, what fails and how it is told, and what it does not touch.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { command, type RunningFixture, startRunning } from "../cli/running.ts";
import { eventually } from "../support/router.ts";

let running: RunningFixture;
let folder: string;
beforeEach(async () => {
  running = await startRunning({});
  const made = mkdtempSync("/tmp/cr-test-");
  folder = made;
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
});

function write(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const config = `sources:
  ci: { type: http, path: /ci, verify: { scheme: github, secret: "\${NOT_SET_ANYWHERE}" } }
channels:
  failed:
    from: ci
    match: { data.state: failed }
    dedupe: { key: "{{data.id}}", for: 1h }
    content: |
      {{data.job}} failed
      see {{data.url}}
    meta: { job: "{{data.job}}" }
`;

/** Runs `tests` (YAML, a list) on `config`. */
async function run(tests: string, args: readonly string[] = [], text = config) {
  write("channels.yaml", `${text}tests:\n${tests}`);
  const { code, stdout, stderr } = await command(running, ["test", "channels.yaml", ...args], world());
  return { code, stdout, stderr, lines: stdout.split("\n").map((line) => line.trimEnd()) };
}

const world = () => ({ env: { HOME: folder }, cwd: folder });

/** `cwd` of the command is not the process's own: files are named absolutely. */
async function results(tests: string, text = config) {
  write("channels.yaml", `${text}tests:\n${tests}`);
  const { stdout } = await command(running, ["test", join(folder, "channels.yaml"), "--json"], world());
  const [file] = JSON.parse(stdout).files;
  return file.tests.map(
    ({ ok, failures }: { ok: boolean; failures: { path: string; line: number; message: string }[] }) =>
      ok ? "ok" : failures.map(({ path, line, message }) => `${line} ${path}: ${message}`).join("; "),
  );
}

const one = (send: string, expected: string) => `  - { name: x, send: ${send}, expect: ${expected} }\n`;
const sent = "{ source: ci, data: { state: failed, id: 1, job: build, url: https://x.example } }";

describe("expectations hold or are told with their place", () => {
  test.each([
    ["{ channel: failed }", "ok"],
    ['{ content: { equals: "build failed\\nsee https://x.example" } }', "ok"],
    ["{ content: { equals: build passed } }", "13 tests[0].expect.content.equals: the content is different"],
    ["{ content: { contains: [build, see] } }", "ok"],
    [
      "{ content: { contains: nothing } }",
      '13 tests[0].expect.content.contains: the content does not contain "nothing"',
    ],
    ["{ content: { excludes: build } }", '13 tests[0].expect.content.excludes: the content contains "build"'],
    ['{ content: { matches: "^build \\\\w+\\n" } }', "ok"],
    [
      "{ content: { matches: '[0-9]{5}' } }",
      "13 tests[0].expect.content.matches: the content does not match [0-9]{5}",
    ],
    ["{ content: { matches: '(?=x)' } }", expect.stringContaining("not a pattern that RE2 accepts")],
    ["{ meta: { job: build, pr: null } }", "ok"],
    ["{ meta: { job: { contains: bui } } }", "ok"],
    ["{ meta: { job: test } }", "13 tests[0].expect.meta.job: meta job is different"],
    ["{ meta: { pr: 1 } }", "13 tests[0].expect.meta.pr: meta has no pr; it has channel, event_id, job"],
    ["{ meta: { job: null } }", "13 tests[0].expect.meta.job: meta has job"],
    ["{ tokens: { lte: 50, gte: 10 } }", "ok"],
    [
      "{ tokens: { lte: 5 } }",
      expect.stringMatching(/^13 tests\[0\]\.expect\.tokens: it costs ~\d+ tokens, at most 5 were expected$/),
    ],
    ["{ priority: normal, digest: false }", "ok"],
    ["{ priority: high }", "13 tests[0].expect.priority: the priority is normal, not high"],
    ["{ outcome: accepted, delivered: 1 }", "ok"],
    ["{ outcome: unmatched }", "13 tests[0].expect.outcome: the outcome is accepted, not unmatched"],
    [
      "{ delivered: { gte: 2 } }",
      "13 tests[0].expect.delivered: 1 events were delivered, at least 2 were expected",
    ],
    ["{ none: true }", "13 tests[0].expect.none: it was delivered to failed"],
    ["[ { channel: failed } ]", "ok"],
    ["[]", "13 tests[0].expect: 1 events were delivered, not 0"],
    [
      "[ { channel: failed }, { channel: failed } ]",
      "13 tests[0].expect[1].channel: nothing was delivered to failed, only to failed",
    ],
  ])("%s", async (expected, came) => {
    expect(await results(one(sent, expected))).toEqual([came]);
  });

  test.each([
    ["data.state", "ok"],
    ["match", "ok"],
    ["true", "ok"],
    ["data.id", "13 tests[0].expect.none: it was not delivered, but not because of data.id"],
  ])("none: %s", async (reason, came) => {
    expect(await results(one("{ source: ci, data: { state: passed } }", `{ none: ${reason} }`))).toEqual([
      came,
    ]);
  });

  test("a failure shows the difference, its place in the file, and why nothing came", async () => {
    const { code, lines } = await run(
      one(sent, '{ content: { equals: "build failed\\nsee https://y.example" } }') +
        one("{ source: ci, data: { state: passed } }", "{ channel: failed }").replace("name: x", "name: y"),
    );
    expect(code).toBe(1);
    expect(lines.filter((line) => !line.includes(" ms"))).toEqual([
      "channels.yaml",
      "  FAIL x",
      "       channels.yaml:13:135 tests[0].expect.content.equals: the content is different",
      "         build failed",
      "       - see https://y.example",
      "       + see https://x.example",
      "  FAIL y",
      "       channels.yaml:14:82 tests[1].expect.channel: nothing was delivered to failed",
      '         no  failed: match: data.state: was "passed", wanted "failed"',
      "",
      "",
    ]);
    expect(lines.at(-2)).toMatch(/^0 of 2 tests passed in \d+ ms$/);
  });
});

describe("a sequence", () => {
  const again = (at: string) => sent.replace("source: ci", `source: ci, at: ${at}`);

  test("moves time as `at` says: after the start, after the last, or to a time", async () => {
    const shown = config.replace("{{data.job}} failed", "{{time}}");
    const tests = `  - name: times
    send:
      - { source: ci, at: "2026-02-01T10:00:00Z", data: { state: failed, id: 1 } }
      - { source: ci, at: +5m, data: { state: failed, id: 2 } }
      - { source: ci, at: 1h, data: { state: failed, id: 3 } }
      - { source: ci, data: { state: failed, id: 4 } }
      - { source: ci, at: "2026-02-01T13:00:00+01:00", data: { state: failed, id: 5 } }
    expect: [${["10:00", "10:05", "11:00", "11:00", "12:00"].map((time) => `{ content: { contains: "T${time}:00.000Z" } }`).join(", ")}]
`;
    expect(await results(tests, shown)).toEqual(["ok"]);
  });

  test("shows dedupe at work: within its time a duplicate, later not", async () => {
    expect(
      await results(
        `  - { name: a, send: [${sent}, ${again("+59m")}], expect: { outcome: duplicate, none: dedupe, delivered: 1 } }
  - { name: b, send: [${sent}, ${again("+1h")}], expect: { outcome: accepted, delivered: 2 } }
`,
      ),
    ).toEqual(["ok", "ok"]);
  });

  test("of the same delivery id is one event", async () => {
    const delivery = sent.replace("source: ci", "source: ci, headers: { X-GitHub-Delivery: a }");
    expect(
      await results(
        `  - { name: a, send: [${delivery}, ${delivery}], expect: { none: delivery_id, delivered: 1 } }\n`,
      ),
    ).toEqual(["ok"]);
  });

  test("cannot go back in time", async () => {
    expect(
      await results(`  - { name: a, send: [${again("1h")}, ${again("5m")}], expect: { delivered: 2 } }\n`),
    ).toEqual(["13 tests[0].send[1].at: it is earlier than the previous event"]);
  });

  test("shows shaping at work: what a digest or a throttle holds, and what comes of it when time passes", async () => {
    const shaped = `${config}    digest: { every: 5m }\n`;
    const three = [1, 2, 3].map((id) => sent.replace("id: 1", `id: ${id}`)).join(", ");
    expect(
      await results(
        `  - { name: held, send: [${three}], expect: { none: digest, delivered: 0, outcome: accepted } }
  - { name: comes, send: [${three}], wait: 10m, expect: { digest: 3, delivered: 1, channel: failed } }
`,
        shaped,
      ),
    ).toEqual(["ok", "ok"]);
    const throttled = `${config}    throttle: { max: 1, per: 10m }\n`;
    expect(
      await results(
        `  - { name: held, send: [${three}], expect: { none: throttle, delivered: 1 } }
  - { name: summed up, send: [${three}], wait: 10m, expect: [{ digest: false }, { digest: 2 }] }
`,
        throttled,
      ),
    ).toEqual(["ok", "ok"]);
  });

  test("of two runs is the same to the letter, event ids included", async () => {
    const ids = config.replace("{{data.job}} failed", "{{id}} {{ago data.at}}");
    const tests = one(
      "{ source: ci, data: { state: failed, at: 2026-01-05T08:58:00Z } }",
      "{ content: { snapshot: true } }",
    );
    await run(tests, ["--update"], ids);
    const { code } = await run(tests, [], ids);
    expect(code).toBe(0);
    expect(readFileSync(join(folder, "__snapshots__", "channels.json"), "utf8")).toContain("2m ago");
  });
});

describe("what is sent", () => {
  test("may stand in a file beside the test, as JSON or as text", async () => {
    write("fixtures/failed.json", '{ "state": "failed", "job": "build" }');
    write("fixtures/form.txt", "state=failed&job=test");
    expect(
      await results(
        `  - { name: a, send: { source: ci, data: { file: fixtures/failed.json } }, expect: { meta: { job: build } } }
  - { name: b, send: { source: ci, headers: { content-type: application/x-www-form-urlencoded }, data: { file: fixtures/form.txt } }, expect: { meta: { job: test } } }
`,
      ),
    ).toEqual(["ok", "ok"]);
  });

  test("comes from no file outside the folder of the test", async () => {
    const outside = mkdtempSync("/tmp/cr-outside-");
    onTestFinished(() => rmSync(outside, { recursive: true }));
    writeFileSync(join(outside, "x.json"), "{}");
    symlinkSync(join(outside, "x.json"), join(folder, "linked.json"));
    const from = (file: string) => one(`{ source: ci, data: { file: ${file} } }`, "{ none: true }");
    for (const file of [`${outside}/x.json`, "linked.json", "../x.json"])
      expect(await results(from(file))).toEqual([
        expect.stringMatching(/^13 tests\[0\]\.send: the file .* (?:is outside|does not exist)/),
      ]);
    write("broken.json", "{");
    expect(await results(from("broken.json"))).toEqual([expect.stringContaining("broken.json is not JSON")]);
  });

  test("may say what the request was like", async () => {
    const shown = `sources:\n  ci: { type: http, path: /ci/:team, methods: [POST, PUT] }\nchannels:\n  ci: { content: "{{method}} {{path}} {{query.a}} {{params.team}} {{headers.x-y}} {{sender.name}} {{text}}" }\n`;
    const send =
      "{ source: ci, method: put, path: /ci/web, query: { a: 1 }, params: { team: web }, headers: { X-Y: z }, sender: { id: u1, name: Ada }, text: hello }";
    expect(await results(one(send, "{ content: { equals: PUT /ci/web 1 web z Ada hello } }"), shown)).toEqual(
      ["ok"],
    );
  });

  test("may be an event that the running router keeps", async () => {
    const router = await startRunning({ all: {} });
    const { stdout } = await command(router, ["send", "post", "-d", "kept since yesterday", "--json"]);
    const { event_id: id } = JSON.parse(stdout);
    const shown = "sources:\n  ci: { type: http, path: /ci }\n";
    const file = join(folder, "channels.yaml");
    const testOf = (event: string) => {
      write(
        "channels.yaml",
        `${shown}tests:\n${one(`{ source: ci, event: ${event} }`, "{ content: { contains: kept since } }")}`,
      );
      return command(router, ["test", file], { cwd: folder });
    };
    expect((await testOf(id)).stdout).toContain("1 of 1 test passed");
    const unknown = await testOf("nonesuch");
    expect(unknown.code).toBe(1);
    expect(unknown.stdout).toContain("nonesuch");
  });
});

describe("a call of a sink", () => {
  const withSinks = `sources:
  ci: { type: http, path: /ci }
channels:
  failed:
    from: ci
    match: { data.state: failed }
    vars: { pr: data.pr }
    reply: comment
  other: { from: ci, content: other }
sinks:
  comment:
    type: http
    description: Comment.
    input: { body: { type: string, maxLength: 20 } }
    request:
      url: https://api.example.com/pulls/{{event.vars.pr}}/comments
      headers: { authorization: "Bearer \${TOKEN}" }
      json: { body: "{{input.body}}", from: "{{event.data.job}}" }
  note:
    type: file
    description: Note.
    path: ./notes
    file: "{{input.name}}.md"
    content: "{{input.text}}\\n"
    input: { name: { type: string }, text: { type: string, default: nothing } }
  count: { type: command, description: Count., command: [wc, -w], stdin: "{{input.text}}", input: { text: { type: string } } }
`;
  const failed = "{ source: ci, data: { state: failed, pr: 7, job: build } }";
  const call = (sent: string, called: string, expected: string) =>
    `  - { name: x, ${sent === "" ? "" : `send: ${sent}, `}call: ${called}, expect: ${expected} }\n`;

  test.each([
    [
      failed,
      "{ sink: comment, input: { body: On it. } }",
      "{ sent: { method: POST, url: https://api.example.com/pulls/7/comments, headers: { Authorization: Bearer stand-in-for-TOKEN, cookie: null }, json: { from: build, body: On it. } } }",
      "ok",
    ],
    [
      failed,
      "{ sink: comment, input: { body: On it. } }",
      "{ sent: { url: { contains: /pulls/8/ }, json: { body: Later. } } }",
      '28 tests[0].expect.sent.url.contains: url does not contain "/pulls/8/"; 28 tests[0].expect.sent.json: the body is different',
    ],
    [
      "",
      "{ sink: note, input: { name: today } }",
      '{ sent: { file: today.md, content: "nothing\\n" } }',
      "ok",
    ],
    ["", "{ sink: count, input: { text: a b } }", "{ sent: { command: [wc, -w], stdin: a b } }", "ok"],
    [failed, "{ sink: comment, input: { body: much too long for this one } }", "{ refused: true }", "ok"],
    [failed, "{ sink: comment, input: { bdy: x } }", "{ refused: body is missing }", "ok"],
    ["", "{ sink: note, input: { name: ../up } }", "{ refused: true }", "ok"],
    [
      "{ source: ci, data: { state: passed } }",
      "{ sink: comment, input: { body: x } }",
      "{ channel: other, refused: may not answer an event of other }",
      "ok",
    ],
    ["", "{ sink: comment, input: { body: x } }", "{ refused: none was sent }", "ok"],
    [
      failed,
      "{ sink: comment, input: { body: x } }",
      "{ refused: true }",
      "28 tests[0].expect.refused: the call was not refused",
    ],
    [
      failed,
      "{ sink: comment, input: {} }",
      "{ sent: { method: POST } }",
      "28 tests[0].expect.sent: the call was refused",
    ],
    [failed, "{ sink: coment, input: {} }", "{ refused: true }", "no such"],
  ])("%s %s", async (sent, called, expected, came) => {
    if (came === "no such") {
      const { stdout } = await run(call(sent, called, expected), [], withSinks);
      expect(stdout).toContain('no sink is called "coment"');
      return;
    }
    expect(await results(call(sent, called, expected), withSinks)).toEqual([came]);
  });

  test("that nobody made cannot be expected", async () => {
    expect(await results(one(failed, "{ sent: { method: POST } }"), withSinks)).toEqual([
      "28 tests[0].expect.sent: no sink is called: say which under call:",
    ]);
  });
});

describe("snapshots", () => {
  const tests = (job: string) =>
    one(`{ source: ci, data: { state: failed, job: ${job}, url: u } }`, "{ content: { snapshot: true } }");

  test("are recorded with --update, compared without, and shown as a difference", async () => {
    const first = await run(tests("build"));
    expect(first.code).toBe(1);
    expect(first.stdout).toContain("the content has no snapshot yet: --update records it");
    const second = await run(tests("build"), ["--update"]);
    expect(second.code).toBe(0);
    expect(second.stdout).toContain("wrote __snapshots__/channels.json");
    expect(JSON.parse(readFileSync(join(folder, "__snapshots__/channels.json"), "utf8"))).toEqual({
      x: ["build failed", "see u"],
    });
    expect((await run(tests("build"))).code).toBe(0);
    const changed = await run(tests("deploy"));
    expect(changed.code).toBe(1);
    expect(changed.stdout).toContain("- build failed\n       + deploy failed");
  });

  test.runIf(process.platform !== "win32")("are not written through a link", async () => {
    const outside = join(folder, "..", `cr-outside-${process.pid}`);
    mkdirSync(outside, { recursive: true });
    const target = join(outside, "channels.json");
    for (const make of [
      () => symlinkSync(outside, join(folder, "__snapshots__")),
      () => {
        mkdirSync(join(folder, "__snapshots__"));
        symlinkSync(target, join(folder, "__snapshots__", "channels.json"));
      },
    ]) {
      writeFileSync(target, '{"x":["build failed"]}');
      make();
      const { code, stderr } = await run(tests("deploy"), ["--update"]);
      expect([code, stderr]).toEqual([2, expect.stringContaining("is a link")]);
      expect(readFileSync(target, "utf8")).toBe('{"x":["build failed"]}');
      rmSync(join(folder, "__snapshots__"), { recursive: true });
    }
    rmSync(outside, { recursive: true });
  });

  test("that no test asks for are named, and go with --update", async () => {
    await run(tests("build"), ["--update"]);
    const renamed = tests("build").replace("snapshot: true", "contains: build");
    expect((await run(renamed)).stdout).toContain("1 recorded but unused; --update removes: x");
    await run(renamed, ["--update"]);
    expect(existsSync(join(folder, "__snapshots__/channels.json"))).toBe(false);
  });
});

describe("nothing is touched", () => {
  test("no variable and no file of the environment is read: a value of its kind stands there", async () => {
    const needy = `sources:
  a: { type: http, path: /a, rate: "\${RATE}", enabled: "\${ON}", verify: { scheme: standard_webhooks, secret: "\${SECRET}" } }
  b: { type: http, path: /b, verify: { scheme: bearer, secret: "\${file:/run/secrets/none}" } }
channels:
  a: { from: [a, b], content: "\${WHO:-nobody} \${NAME}", ttl: "\${TTL}" }
listen: \${LISTEN}
`;
    write(
      "channels.yaml",
      `${needy}tests:\n${one("{ source: a }", "{ content: { equals: nobody stand-in-for-NAME } }")}`,
    );
    const { code, stdout } = await command(running, ["test", join(folder, "channels.yaml")], {
      cwd: folder,
      env: { HOME: folder, WHO: "read", NAME: "read", RATE: "not one" },
    });
    expect(stdout).toContain("1 of 1 test passed");
    expect(code).toBe(0);
  });

  test("a config that is broken is told as by check, and no test is run", async () => {
    const { code, stdout } = await run(one(sent, "{ chanel: failed }"));
    expect(code).toBe(1);
    expect(stdout).toContain('unknown key "chanel" (E_CONFIG_UNKNOWN_KEY)');
    expect(stdout).toContain('did you mean "channel"?');
    expect(stdout).toContain("1 file is broken");
  });

  test.each([
    [one("{ source: cii }", "{ none: true }"), 'no source is called "cii"', 'did you mean "ci"?'],
    [one(sent, "{ channel: faild }"), 'no channel is called "faild"', 'did you mean "failed"?'],
    [one(sent, "{ none: true }") + one(sent, "{ none: true }"), "two tests have this name", ""],
    [
      one(sent, "{ none: true }").replace("send:", "with: {}, send:"),
      "only the tests of a recipe give inputs",
      "",
    ],
    [one("{ source: ci, event: x, text: y }", "{ none: true }"), "a recorded event has its own text", ""],
    [one("{ source: ci, at: soon }", "{ none: true }"), "has the wrong format", "+5m"],
  ])("a test that cannot be meant is a mistake in the config (%#)", async (tests, message, hint) => {
    const { stdout } = await run(tests);
    expect(stdout).toContain(message);
    expect(stdout).toContain(hint);
  });
});

describe("the command", () => {
  test("says so when there are no tests, and fails: nothing was shown to work", async () => {
    write("channels.yaml", config);
    const { code, stdout } = await command(running, ["test", join(folder, "channels.yaml")], world());
    expect(stdout).toContain('no tests: write some under "tests:"');
    expect(code).toBe(1);
  });

  test("runs some of them by name", async () => {
    const tests =
      one(sent, "{ channel: failed }") + one(sent, "{ none: true }").replace("name: x", "name: other");
    expect((await run(tests, ["--only", "x"])).stdout).toContain("1 of 1 test passed");
    expect((await run(tests, ["--only", "zzz"])).stdout).toContain("no test with such a name");
  });

  test("prints JSON for programs", async () => {
    write("channels.yaml", `${config}tests:\n${one(sent, "{ meta: { job: test } }")}`);
    const { code, stdout } = await command(
      running,
      ["test", join(folder, "channels.yaml"), "--json"],
      world(),
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      passed: 0,
      failed: 1,
      broken: 0,
      files: [
        {
          file: join(folder, "channels.yaml"),
          tests: [{ name: "x", ok: false, line: 13, failures: [{ expected: "test", actual: "build" }] }],
        },
      ],
    });
  });

  test("is told what is wrong with the command line with exit code 2", async () => {
    const { code, stderr } = await run(one(sent, "{ channel: failed }"), ["--json", "--watch"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--watch and --json cannot");
  });

  test("runs again with --watch when a file changes, until it is interrupted", async () => {
    const file = write("channels.yaml", `${config}tests:\n${one(sent, "{ none: true }")}`);
    let printed = "";
    const interrupt = new AbortController();
    const done = command(running, ["test", file, "--watch"], {
      ...world(),
      print: (text) => {
        printed += text;
      },
      interrupted: () => interrupt.signal,
    });
    await eventually(() => printed.includes("waiting for a change"));
    expect(printed).toContain("0 of 1 test passed");
    write("channels.yaml", `${config}tests:\n${one(sent, "{ channel: failed }")}`);
    await eventually(() => printed.includes("1 of 1 test passed"));
    interrupt.abort();
    expect((await done).code).toBe(0);
  });

  test("runs 500 tests in a few seconds on a busy machine", async () => {
    const tests = Array.from({ length: 500 }, (_, index) =>
      one(sent, "{ channel: failed, content: { contains: failed }, tokens: { lte: 60 } }").replace(
        "name: x",
        `name: t${index}`,
      ),
    ).join("");
    const startMs = performance.now();
    const { stdout } = await run(tests);
    expect(stdout).toContain("500 of 500 tests passed");
    expect(performance.now() - startMs).toBeLessThan(10_000);
  });
});

describe("a recipe's tests", () => {
  const recipe = `recipe: ci
version: "1.0.0"
title: CI
description: Failed jobs.
inputs:
  secret: { type: string, secret: true, description: The secret. }
  jobs: { type: array, items: { type: string }, default: [build], description: Which. }
sources:
  ci: { type: http, path: /ci, verify: { scheme: github, secret: "\${inputs.secret}" } }
channels:
  failed: { from: ci, match: { data.job: "\${inputs.jobs}" }, content: "{{data.job}} of {{join inputs.jobs}}" }
tests:
`;

  test("use its own names, its defaults, and the inputs that a test gives", async () => {
    const tests = `  - { name: a, send: { source: ci, data: { job: build } }, expect: { channel: failed, content: { equals: build of build } } }
  - { name: b, with: { jobs: [x, y] }, send: { source: ci, data: { job: y } }, expect: { content: { equals: "y of x, y" } } }
  - { name: c, send: { source: ci, data: { job: y } }, expect: { none: data.job } }
`;
    expect(await results(tests, recipe.replace("tests:\n", ""))).toEqual(["ok", "ok", "ok"]);
  });

  test("that give inputs which it does not take are told with the reason", async () => {
    const text = recipe.replace("tests:\n", "");
    write(
      "channels.yaml",
      `${text}tests:\n  - { name: a, with: { jbs: [x] }, send: { source: ci }, expect: { none: true } }\n`,
    );
    const { stdout } = await command(running, ["test", join(folder, "channels.yaml")], world());
    expect(stdout).toContain("the recipe does not work with these inputs");
    expect(stdout).toContain('the recipe has no input "jbs"');
    expect(stdout).toContain('did you mean "jobs"?');
  });
});
