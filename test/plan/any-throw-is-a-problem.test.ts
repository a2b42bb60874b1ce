// Whatever a compilation throws is a problem at its value: expressions, templates and patterns made by a grammar and by accident, a
// strange value at every option of every source and sink, and engines that throw at everything.

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { ChannelValues, ConfigValues } from "../../src/config/values.ts";
import type { Json, JsonObject, View } from "../../src/contract.ts";
import { loadEngine } from "../../src/daemon/start/load-engine.ts";
import { isRouterError } from "../../src/errors.ts";
import { compileGlob } from "../../src/filters/glob.ts";
import { compileMatch } from "../../src/filters/match.ts";
import type { Engine } from "../../src/plan/compile/channel.ts";
import { compilePlan } from "../../src/plan/compile/compile.ts";
import { openProject, type Project } from "../support/proven.ts";
import { runs } from "../support/runs.ts";
import { allComponents, positionsOf, withValue } from "../trust/option-positions.ts";
import { baseOf } from "../trust/option-samples.ts";

const values: ConfigValues = {
  server: { name: "router", instructions: "" },
  hosts: [],
  budget: { event: 500 },
  delivery: { catchUp: 20, keepMs: 604_800_000, maxSizeBytes: 268_435_456 },
  defaults: { ttlMs: 86_400_000, priority: "normal" },
  sources: {},
  channels: {
    c: {
      from: ["s"],
      match: { "data.x": { regex: "x" } },
      when: "'x'.matches('x')",
      vars: {},
      content: "{{#if data.x}}{{data.y}}{{/if}}",
      continue: false,
      to: "one",
    },
  },
  sinks: {},
};

const view: View = {
  data: { a: 1, b: [1, "2", null, {}], "c-d": { e: "f" } } as Json,
  text: "text",
  id: "1",
  source: "s",
  connector: "http",
  time: "2026-01-01T00:00:00Z",
  vars: { v: 1 },
  inputs: {},
};

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine(values, new Map());
});

/** One of ours, or it fails the test. */
function refused(error: unknown): string {
  if (!isRouterError(error)) throw error;
  expect(error.message).not.toBe("");
  return error.code;
}

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const sub = tie("expression");
  const call = (name: string) => sub.map((inner) => `${name}(${inner})`);
  return {
    expression: fc.oneof(
      { maxDepth: 5, depthSize: "small" },
      ...[
        "[]",
        "{}",
        "1",
        "1.5",
        "1u",
        "'a'",
        "b'a'",
        "null",
        "true",
        "data",
        "data.b",
        "data.a",
        "text",
        "[1]",
        "{'a': 1}",
      ].map((atom) => fc.constant(atom)),
      ...["x", "headers", "int", "type", "''", "[[]]", "{'a': []}", "timestamp('2026-01-01T00:00:00Z')"].map(
        (atom) => fc.constant(atom),
      ),
      fc
        .tuple(sub, fc.constantFrom(..."+ - * / % == != < <= > >= && || in".split(" ")), sub)
        .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
      fc
        .tuple(sub, fc.constantFrom("all", "exists", "exists_one", "filter", "map"), sub)
        .map(([list, macro, body]) => `${list}.${macro}(x, ${body})`),
      fc.tuple(sub, sub, sub).map(([list, one, other]) => `${list}.map(x, ${one}, ${other})`),
      fc.tuple(sub, sub, sub).map(([one, two, three]) => `(${one} ? ${two} : ${three})`),
      fc.tuple(sub, sub).map(([one, two]) => `${one}[${two}]`),
      fc
        .tuple(
          sub,
          fc.constantFrom(
            "a",
            "x",
            "size()",
            "split(',')",
            "substring(1)",
            "matches('a')",
            "getFullYear()",
            "join('')",
          ),
        )
        .map((both) => both.join(".")),
      ...[
        "-",
        "!",
        "size",
        "type",
        "string",
        "int",
        "double",
        "bool",
        "dyn",
        "has",
        "timestamp",
        "duration",
        "bytes",
      ].map(call),
      fc.array(sub, { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
      fc
        .array(fc.tuple(sub, sub), { maxLength: 2 })
        .map((pairs) => `{${pairs.map((pair) => pair.join(": ")).join(", ")}}`),
    ),
  };
});

const template = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "text",
        "{{data.a}}",
        "{{{data.a}}}",
        "{{#each data.b}}{{this}}{{/each}}",
        "{{#if data.a}}a{{else}}b{{/if}}",
      ),
      fc.constantFrom(
        "{{date time 'yyyy'}}",
        "{{json data}}",
        "{{data.b[0]}}",
        "{{data.[c-d].e}}",
        "{{../x}}",
        "{{@index}}",
        "{{> part}}",
      ),
      fc.constantFrom(
        "{{!-- c --}}",
        "{{#with data}}{{a}}{{/with}}",
        "{{lookup data 'a'}}",
        "{{truncate text 3}}",
        "{{",
        "}}",
        "\\{{",
        "{{~",
      ),
      fc.constantFrom(
        "{{#each",
        "{{/if}}",
        "{{else}}",
        "{{constructor}}",
        "{{__proto__}}",
        "{{#data.b}}x{{/data.b}}",
        "{{* x}}",
        "{{{{raw}}}}{{{{/raw}}}}",
      ),
      fc
        .tuple(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }))
        .map(([name, argument]) => `{{${name} ${argument}}}`),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(""));

const regex = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc
    .array(
      fc.constantFrom(
        "a",
        "(",
        ")",
        "[",
        "]",
        "*",
        "+",
        "?",
        "{2}",
        "{9,1}",
        "\\",
        "\\p{L}",
        "(?i)",
        "(?P<n>",
        "(?=",
        "|",
        "^",
        "$",
        "[[:x:]]",
        "\\Q",
        "\u{1f600}",
        "\ud800",
      ),
      { maxLength: 10 },
    )
    .map((parts) => parts.join("")),
);

/** Takes a character out, doubles one, puts one in, or swaps the halves. */
function mutated(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const edit = fc.tuple(
    fc.nat(),
    fc.constantFrom("out", "twice", "in", "swap"),
    fc.constantFrom(..."()[]{}'\"\\.,:?!&|#$%^*+-/<=>\u0000\u00a0\ud800é"),
  );
  return fc.tuple(text, fc.array(edit, { maxLength: 3 })).map(([start, edits]) =>
    edits.reduce((before, [seed, kind, character]) => {
      const at = before.length === 0 ? 0 : seed % before.length;
      if (kind === "out") return before.slice(0, at) + before.slice(at + 1);
      if (kind === "twice") return before.slice(0, at + 1) + before.slice(at);
      if (kind === "in") return before.slice(0, at) + character + before.slice(at);
      return before.slice(at) + before.slice(0, at);
    }, start),
  );
}

describe("made by a grammar, and broken", () => {
  test("CEL", () =>
    fc.assert(
      fc.property(mutated(expression), fc.constantFrom("condition", "value"), (text, purpose) => {
        try {
          const program = engine.cel.compile(text, { purpose: purpose as "value" });
          JSON.stringify(program.evaluate(view));
        } catch (error) {
          expect(refused(error)).toMatch(/^E_C(ONFIG_(CEL|REGEX)|EL_RUN)$/);
        }
      }),
      { numRuns: runs(800) },
    ));

  test("templates and keys", () =>
    fc.assert(
      fc.property(mutated(template), (text) => {
        for (const compile of [
          () => engine.templates.compile(text).render(view),
          () => engine.templates.compileKey(text)(view),
        ]) {
          try {
            compile();
          } catch (error) {
            expect(refused(error)).toMatch(/TEMPLATE/);
          }
        }
      }),
      { numRuns: runs(500) },
    ));

  test("patterns and globs", () =>
    fc.assert(
      fc.property(mutated(regex), (text) => {
        for (const compile of [
          () => engine.regex(text).test("some text"),
          () => compileGlob(text)("some/text"),
        ]) {
          try {
            compile();
          } catch (error) {
            expect(refused(error)).toMatch(/^E_CONFIG_/);
          }
        }
        const { problems, match } = compileMatch({ "data.a": { regex: text }, [text]: text }, engine.regex);
        expect(problems.length > 0).toBe(match === undefined);
      }),
      { numRuns: runs(500) },
    ));

  test("match of any shape", () =>
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (pattern) => {
        const { problems, match } = compileMatch(pattern as Json, engine.regex);
        expect(problems.length > 0).toBe(match === undefined);
        match?.test(view);
      }),
      { numRuns: runs(400) },
    ));
});

test("an empty list or map holds anything, as CEL says", () => {
  const gives = (text: string) => engine.cel.compile(text, { purpose: "value" }).evaluate(view);
  expect(gives("[].all(e, e > 0)")).toBe(true);
  expect(gives("[].exists(e, e.x == 1)")).toBe(false);
  expect(gives("[].filter(e, e > 1)")).toEqual([]);
  expect(gives("{}.all(k, k > 1)")).toBe(true);
  expect(gives("size([]) + size({})")).toBe(0);
  expect(gives("(data.a > 5 ? [1] : []) + ['x']")).toEqual(["x"]);
  expect(gives("[] == [] && {} == {} && !(1 in [])")).toBe(true);
  expect(() => gives("[][0] > 1")).toThrow(expect.objectContaining({ code: "E_CEL_RUN" }));
  expect(() => gives("{}.x")).toThrow(expect.objectContaining({ code: "E_CEL_RUN" }));
});

describe("an engine that throws at everything", () => {
  const thrown = [
    new TypeError("x is undefined"),
    new RangeError("Maximum call stack size exceeded"),
    "text",
    undefined,
  ];
  const channel: ChannelValues = {
    ...(values.channels.c as ChannelValues),
    vars: { v: "1" },
    changed: { value: "data.x", by: "{{data.y}}" },
    dedupe: { key: "{{data.z}}", forMs: 1 },
    meta: { m: "{{data.m}}" },
    supersede: "{{data.s}}",
    thread: "{{data.t}}",
    throttle: { max: 1, perMs: 1, by: "{{data.b}}", overflow: "drop" },
    digest: { everyMs: 1, by: "{{data.d}}", content: "{{data.c}}" },
  };
  test.each(thrown)("%s", (error) => {
    const fail = () => {
      throw error;
    };
    const broken = {
      regex: fail,
      cel: { compile: fail },
      templates: { prepare: fail, compile: fail, compileKey: fail },
      dialect: fail,
      schemas: { compile: fail },
    } as unknown as Engine;
    const { plan, issues } = compilePlan({ ...values, channels: { c: channel } }, new Map(), broken);
    expect(new Set(issues.map(({ path }) => path.slice(2).join(".")))).toEqual(
      new Set([
        "match",
        "when",
        "vars.v",
        "changed.value",
        "changed.by",
        "dedupe.key",
        "content",
        "meta.m",
        "supersede",
        "thread",
        "throttle.by",
        "digest.by",
        "digest.content",
      ]),
    );
    expect(issues.map(({ path }) => path.slice(0, 2).join("."))).toEqual(issues.map(() => "channels.c"));
    expect(plan.channels).toHaveLength(1);
  });
});

describe("a strange value at every option", async () => {
  let project: Project;
  beforeAll(() => {
    project = openProject();
  });
  const strange: readonly Json[] = [
    ...[
      "",
      " ",
      "\u0000",
      "\ud800",
      "[",
      "(",
      "{{",
      "{{#each x}}",
      "}}",
      "${",
      "${X",
      "[].all(e, e > 0)",
      "{}.x",
      "[][0] > 1",
      "http://[",
      "://",
      "%",
      "%zz",
    ],
    ...[
      "*/0 * * * *",
      "99 99 99 99 99",
      "0 0 30 2 *",
      "1e999",
      "-1",
      "2026-13-45",
      "24:61",
      "Mars/Olympus",
      "a".repeat(5_000),
      "(".repeat(500),
      "[".repeat(500),
    ],
    ...[
      "__proto__",
      "constructor",
      "~",
      "~/",
      "/",
      "..",
      "**",
      "{a,b",
      "!(a)",
      "0",
      "null",
      "true",
      "0d",
      "5m/0",
      "\\",
      "'",
      '"',
      "\u202e",
    ],
    ...[0, -1, 1e308, 0.1, true, null],
    ...[
      [],
      {},
      [[]],
      [null],
      [{}],
      { "": "" },
      { a: { b: { c: [] } } },
      [""],
      { __proto__: null, constructor: "x" },
    ],
  ];
  const components = await allComponents();
  test.each(components.map((component) => [`${component.section} ${component.type}`, component] as const))(
    "%s",
    async (_, component) => {
      const title = component.section === "sinks" ? `${component.type} sink` : component.type;
      const common =
        component.section === "sinks" ? { type: component.type, description: "x" } : { type: component.type };
      for (const [index, position] of positionsOf(component.schema, title).entries()) {
        // Each position gets some, all of them get all.
        for (let turn = 0; turn < 3; turn += 1) {
          const value = strange[(index * 3 + turn) % strange.length] as Json;
          const own = withValue(baseOf(position, title), position.path, value) as JsonObject;
          const config = JSON.stringify({ [component.section]: { x: { ...common, ...own } } });
          const { issues, loaded } = await project.prove(config, {});
          for (const issue of issues) {
            expect(issue.line).toBeGreaterThan(0);
            expect(loaded.frame(issue)).toContain(issue.code);
            expect(`${issue.message}`).not.toMatch(/cannot be (compiled|read)\b.*(Error|undefined)/);
          }
        }
      }
    },
  );
});

test("a bug in reading is a problem of the file, with an answer", async () => {
  const { loadConfig } = await import("../../src/config/load.ts");
  const broken = openProject();
  await broken.write({ "channels.yaml": "sources: { h: { type: http, path: /h } }\n" });
  const loaded = await loadConfig(`${broken.folder}/channels.yaml`, {
    env: {},
    registry: new Proxy([], {
      get: () => {
        throw new TypeError("secret text of a bug");
      },
    }),
    escapeForTemplate: (text) => text,
    loadPatterns: () => Promise.reject(new Error("no")),
  });
  expect(loaded.issues).toMatchObject([{ line: 1, column: 1, code: "E_CONFIG_VALUE" }]);
  expect(loaded.issues[0]?.message).toMatch(/^the config cannot be read: TypeError in /);
  expect(loaded.values.sources).toEqual({});
  expect(loaded.files).toMatchObject([
    { path: loaded.file, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);
});
