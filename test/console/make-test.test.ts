// A test and a recipe of a stored event: what is made passes as it is, and is put into the config without another change.

import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { addEntry } from "../../src/config/yaml/add-entry.ts";
import { blockLines } from "../../src/console/try/block-yaml.ts";
import { makeRecipe } from "../../src/console/try/make-recipe.ts";
import { makeTest } from "../../src/console/try/make-test.ts";
import type { Json, RouterEvent } from "../../src/contract.ts";
import { loadPlan } from "../../src/daemon/start/load-plan.ts";
import { createMask } from "../../src/host/secret-mask.ts";
import { runSuite } from "../../src/testing/suite.ts";
import { openProject } from "../support/proven.ts";

const project = openProject();
const env = { HOME: project.home, SECRET: "correct-horse-battery" };
const config = `# mine
sources:
  ci: { type: http, path: /ci, verify: { scheme: bearer, secret: "\${SECRET}" } }
  log: { type: tail, files: [app.log] }
channels:
  failed:
    from: ci
    match: { data.state: failed, headers.x-kind: job }
    content: "{{data.job}} failed {{ago data.at}}"
  many:
    from: ci
    match: { data.state: many }
    digest: { every: 1h }
    content: "{{data.job}}"
  lines:
    from: log
    content: "{{text}}"
`;

const eventOf = (more: Partial<RouterEvent>): RouterEvent => ({
  id: "0abc",
  source: "ci",
  connector: "http",
  timeMs: Date.UTC(2026, 3, 5, 9, 7, 3, 250),
  trust: "verified",
  data: {},
  text: "{}",
  headers: { "x-kind": "job", "user-agent": "ci/1.0" },
  ...more,
});
const ofData = (data: Json, more: Partial<RouterEvent> = {}) =>
  eventOf({ data, text: JSON.stringify(data), ...more });

async function active(text: string) {
  await project.write({ "channels.yaml": text });
  const { loaded } = await loadPlan(join(project.folder, "channels.yaml"), env);
  return { loaded, chosen: true, consent: undefined, mask: createMask(loaded.secrets) };
}

async function passes(event: RouterEvent, text = config) {
  const made = await makeTest(event, { active: await active(text), env, text });
  expect(made.text).toBeDefined();
  expect(made.text?.startsWith(text.trimEnd())).toBe(true);
  await project.write({ "channels.yaml": made.text ?? "" });
  const suite = await runSuite(join(project.folder, "channels.yaml"), {
    env,
    update: false,
    recorded: async () => event,
  });
  expect(suite.problems).toEqual([]);
  expect(suite.tests.map(({ failures }) => failures)).toEqual(suite.tests.map(() => []));
  return made.yaml;
}

describe("a test passes as it is", () => {
  test("of an event that is delivered", async () => {
    const yaml = await passes(
      ofData({
        state: "failed",
        job: "nightly\nbuild: #1",
        at: "2026-04-05T08:07:03Z",
        "odd key": [1, { a: null }],
      }),
    );
    expect(yaml).toContain("channel: failed");
    expect(yaml).toContain("x-kind: job");
    expect(yaml).not.toContain("user-agent");
    expect(yaml).toContain("failed 1h ago");
  });

  test("of one that flow control holds back, one that no channel takes, and a line of a log", async () => {
    expect(await passes(ofData({ state: "many", job: "a" }))).toContain("none: digest");
    expect(await passes(ofData({ state: "other" }))).toContain("outcome: unmatched");
    expect(
      await passes(
        eventOf({
          source: "log",
          connector: "tail",
          data: { line: "went wrong" },
          text: "went wrong",
          headers: {},
        }),
      ),
    ).toContain("channel: lines");
  });

  test("beside others, with a name of its own, and without a secret", async () => {
    const text = `${config}tests:\n  - name: mine\n    send: { source: ci, data: {} }\n    expect: { none: true }\n`;
    const data = { state: "failed", job: `with ${env.SECRET}`, at: 0 };
    const yaml = await passes(ofData(data), text);
    expect(yaml).not.toContain(env.SECRET);
  });
});

test("a recipe of it has no personal value, and passes its own tests", async () => {
  const data = { state: "failed", job: "nightly", user: { email: "ada@lovelace.dev" }, id: 7 };
  const { loaded } = await active(config);
  const { yaml, fixtures } = makeRecipe([ofData(data)], { values: loaded.values.sources.ci, text: config });
  expect(JSON.stringify(fixtures)).not.toContain("lovelace");
  const files = Object.entries(fixtures).map(([path, value]) => [path, JSON.stringify(value)]);
  await project.write({ ...Object.fromEntries(files), "made.yaml": yaml });
  const { problems, tests } = await runSuite(join(project.folder, "made.yaml"), {
    env,
    update: false,
    recorded: async () => Promise.reject(new Error("none")),
  });
  expect(problems).toEqual([]);
  expect(tests.length).toBeGreaterThan(0);
  expect(tests.flatMap(({ failures }) => failures)).toEqual([]);
  expect(() =>
    makeRecipe([ofData({}), ofData({}, { source: "log" })], { values: undefined, text: config }),
  ).toThrow("several sources");
});

test("values in block style are read as the same values, whatever they are", () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: "small" },
      fc.string(),
      fc.string({ unit: "grapheme" }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom("yes", "1e3", "- a", "a: b", "#x", "a\nb", " x", "0x1", "~", "2026-01-01"),
      tie("list"),
      tie("map"),
    ),
    list: fc.array(tie("any"), { maxLength: 3 }),
    map: fc.dictionary(fc.string({ maxLength: 8 }), tie("any"), { maxKeys: 4 }),
  })).map;
  fc.assert(
    fc.property(value, (written) => {
      const map = JSON.parse(JSON.stringify(written)) as { [key: string]: Json };
      const document = parseDocument(`${blockLines(map).join("\n")}\n`, { version: "1.2" });
      expect(document.errors).toEqual([]);
      expect(document.toJS() ?? {}).toEqual(map);
    }),
    { numRuns: 300 },
  );
});

describe("an entry is put into the config, and nothing else changes", () => {
  const lines = ["new:", "  from: ci"];
  test.each([
    [
      "last",
      "channels:\n  a: { from: ci }\n",
      undefined,
      "channels:\n  a: { from: ci }\n  new:\n    from: ci\n",
    ],
    [
      "before one, with its comment",
      "channels:\n  # about a\n  a: { from: ci }\n  b: {}\n",
      "a",
      "channels:\n  new:\n    from: ci\n  # about a\n  a: { from: ci }\n  b: {}\n",
    ],
    [
      "before a later one",
      "channels:\n    a:\n      from: ci\n\n    # about b\n    b: {}\n",
      "b",
      "channels:\n    a:\n      from: ci\n\n    new:\n      from: ci\n    # about b\n    b: {}\n",
    ],
    ["without a section", "sources: {}\n", undefined, "sources: {}\n\nchannels:\n  new:\n    from: ci\n"],
    [
      "without a line break at the end",
      "channels:\n  a: {}",
      undefined,
      "channels:\n  a: {}\n  new:\n    from: ci",
    ],
    [
      "with line breaks of Windows",
      "channels:\r\n  a: {}\r\n",
      undefined,
      "channels:\r\n  a: {}\r\n  new:\r\n    from: ci\r\n",
    ],
    ["not in a flow mapping", "channels: { a: {} }\n", undefined, undefined],
    ["not in a broken file", "channels: [\n", undefined, undefined],
  ])("%s", (_, text, before, expected) => {
    expect(addEntry(text, "channels", lines, before)).toBe(expected);
  });

  test.each([
    [
      "tests:\n  - name: a\n    send: x\nsinks: {}\n",
      "tests:\n  - name: a\n    send: x\n  - name: b\nsinks: {}\n",
    ],
    ["tests:\n- name: a", "tests:\n- name: a\n- name: b\n"],
    ["sources: {}\n", "sources: {}\n\ntests:\n  - name: b\n"],
  ])("a test at the end of the list: %j", (text, expected) => {
    expect(addEntry(text, "tests", ["- name: b"])).toBe(expected);
  });
});
