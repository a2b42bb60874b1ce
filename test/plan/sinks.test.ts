// Sinks as a plan proves them, and what a call of one would send.

import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IssueDraft } from "../../src/config/values.ts";
import { fileSink } from "../../src/connectors/file/sink/index.ts";
import { httpSink } from "../../src/connectors/http/sink/index.ts";
import type { Json, JsonObject, JsonSchema } from "../../src/contract.ts";
import { loadRegex } from "../../src/filters/regex.ts";
import { createMask, maskAll } from "../../src/host/secret-mask.ts";
import { answeredView, channelFor, maskedOutgoing } from "../../src/plan/outgoing.ts";
import type { PlannedChannel } from "../../src/plan/plan.ts";
import { demandValid } from "../../src/session/tool-input.ts";
import { answeredEvent, planSink, proveSink } from "../support/sink.ts";

const note = (content: string, file = "x.md") => ({ path: "notes", file, content });
const text = { type: "string" };

async function told(input: JsonObject, content: string, channels?: readonly string[]): Promise<string[]> {
  const { issues } = await proveSink(
    fileSink,
    { input, options: note(content) },
    channels === undefined ? {} : { channels },
  );
  return issues.map(
    ({ path, message, hint, offset }) =>
      `${path.slice(2).join(".")}${offset === undefined ? "" : `+${offset}`}: ${message}${hint === undefined ? "" : ` [${hint}]`}`,
  );
}

describe("templates", () => {
  test.each([
    ["{{input.text}} {{input.txet}}", ['content+23: txet is not one of its inputs [did you mean "text"?]']],
    ["{{upper input.no}}", ["content+14: no is not one of its inputs [available: text]"]],
    ["{{event.dta.x}}", ['content+8: event has no dta [did you mean "data"?]']],
    ["{{event.data.input.x}} {{json event}} {{! input.y }} {{upper 'input.z'}}", []],
    ["{{data.x}}", ["content+2: data is not a root of the event [did you mean time.x?]"]],
    [
      "{{response.status}}",
      ["content+2: response is not a root of the event [did you mean input.response.status?]"],
    ],
    ["{{#if input.text}}{{input.text}}{{/if}} {{date time}}", []],
  ])("%s", async (content, issues) => {
    const found = await told({ text }, content);
    expect(found.map((issue) => issue.replace(/ \[did you mean (?:time|input)\..*/, ""))).toEqual(
      issues.map((issue) => issue.replace(/ \[did you mean (?:time|input)\..*/, "")),
    );
  });

  test("that use event need a channel that lists the sink, and make event_id an argument", async () => {
    expect(await told({}, "{{event.id}}", [])).toEqual([
      ": its templates use event, and no channel lists it [add  reply: tested  to the channels whose events it may answer]",
    ]);
    expect(await told({}, "plain", [])).toEqual([]);
    const answering = await planSink(fileSink, { input: { a: text }, options: note("{{event.id}}") });
    expect(answering.usesEvent).toBe(true);
    expect(answering.input).toMatchObject({ required: ["event_id", "a"], additionalProperties: false });
    const free = await planSink(fileSink, { input: { event: text }, options: note("{{input.event}}") });
    expect([free.usesEvent, free.input.required]).toEqual([false, ["event"]]);
  });
});

describe("arguments", () => {
  test.each([
    [{ a: { type: "strng" } }, ["input.a.type: unknown value"]],
    [{ a: { type: "string", maxLenght: 3 } }, ['input.a.maxLenght: unknown key "maxLenght" of JSON Schema']],
    [
      { a: { type: "array", items: { type: "string", min: 3 } } },
      ['input.a.items.min: unknown key "min" of JSON Schema'],
    ],
    [{ a: { type: "string", pattern: "(?=x)" } }, ["input.a.pattern: not a pattern that RE2 accepts"]],
    [
      { a: { anyOf: [{ type: "string" }, { minLength: "x" }] } },
      ["input.a.anyOf.1.minLength: must be integer"],
    ],
    [
      { a: { type: "array", items: [{ type: "string", pattern: "(?=x)" }, { minLenght: 1 }] } },
      [
        'input.a.items.1.minLenght: unknown key "minLenght" of JSON Schema',
        "input.a.items.0.pattern: not a pattern that RE2 accepts",
      ],
    ],
    [{ a: { type: "object", properties: { b: { type: "string" } }, required: ["b"] } }, []],
  ])("%j", async (input, messages) => {
    const found = await told(input as JsonObject, "x");
    expect(found.map((issue) => issue.replace(/ \[.*/, "").replace(/accepts: .*/, "accepts"))).toEqual(
      messages,
    );
  });

  test("are checked, get their defaults, and patterns are RE2", async () => {
    const sink = await planSink(fileSink, {
      input: {
        n: { type: "integer", minimum: 1, default: 3 },
        s: { type: "string", pattern: "^(a+)+$" },
      },
      options: note("x"),
    });
    const given: JsonObject = { s: "aaa" };
    demandValid(sink, sink.validate, given);
    expect(given).toEqual({ s: "aaa", n: 3 });
    expect(() => demandValid(sink, sink.validate, { n: 0 })).toThrow("tested: s is missing; n must be >= 1");
    const started = Date.now();
    expect(() => demandValid(sink, sink.validate, { s: `${"a".repeat(50_000)}!` })).toThrow(
      "must match pattern",
    );
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});

describe("integers beyond 2^53, which arrive as texts", () => {
  const large = "1234567890123456789";
  test.each<[JsonSchema, Json, string]>([
    [{ type: "integer" }, large, ""],
    [{ type: "number" }, `-${large}`, ""],
    [{ type: "array", items: { type: "integer" } }, [1, large], ""],
    [{ type: "object", properties: { "a/b": { type: "integer" } } }, { "a/b": large }, ""],
    [{ anyOf: [{ type: "integer" }, { type: "boolean" }] }, large, ""],
    [{ type: "string" }, large, ""],
    [{ type: "integer", maximum: 100 }, large, "tested: n must be <= 100"],
    [{ type: "integer" }, "12", "tested: n must be integer"],
    [{ type: "integer" }, `${large}.5`, "tested: n must be integer"],
    [{ type: "boolean" }, large, "tested: n must be boolean"],
  ])("as %j: %j", async (schema, value, refusal) => {
    const sink = await planSink(fileSink, { input: { n: schema as JsonObject }, options: note("x") });
    const given: JsonObject = { n: value };
    const check = () => demandValid(sink, sink.validate, given);
    if (refusal === "") check();
    else expect(check).toThrow(refusal);
    expect(given).toEqual({ n: value });
  });
});

describe("patterns of arguments", () => {
  const patterns = ["^a+$", "^b+$", "^[ab]*$", "a", "^$", "^ab?$", "b$"];
  const pattern = fc.constantFrom(...patterns);
  /** A schema with patterns at any depth, in any place where JSON Schema takes one. */
  const { schema } = fc.letrec<{ schema: JsonSchema }>((tie) => ({
    schema: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.record({ type: fc.constant("string"), pattern }),
      fc.record({ pattern, not: fc.record({ pattern }) }),
      fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
      fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((allOf) => ({ allOf })),
      tie("schema").map((items) => ({ type: "array", items })),
      fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((items) => ({ type: "array", items })),
      fc
        .record({ x: tie("schema"), y: tie("schema") })
        .map((properties) => ({ type: "object", properties, additionalProperties: { pattern: "^a+$" } })),
    ),
  }));
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom("", "a", "aa", "b", "bb", "ab", "ba", "c"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.record({ x: tie("value"), y: tie("value"), z: tie("value") }, { requiredKeys: [] }),
    ),
  }));

  test("are each their own, in every schema that one config has", async () => {
    const { createSchemaCompiler } = await import("../../src/plan/compile/input-schema.ts");
    const compiler = createSchemaCompiler(await loadRegex());
    /** Ajv with the patterns of JavaScript, which it can tell apart. */
    const reference = new Ajv({ strict: false, addUsedSchema: false });
    const wrap = (inner: JsonSchema): JsonSchema => ({ type: "object", properties: { v: inner } });
    fc.assert(
      fc.property(fc.array(schema, { minLength: 1, maxLength: 4 }), value, (schemas, v) => {
        for (const one of schemas) {
          const issues: IssueDraft[] = [];
          const ours = compiler.compile(wrap(one), ["input"], issues);
          expect(issues).toEqual([]);
          expect([one, ours({ v })]).toEqual([one, reference.compile(wrap(one))({ v })]);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("refuse a text that is longer than they look at, whatever they would say of its beginning", async () => {
    const sink = await planSink(fileSink, {
      input: {
        safe: { type: "string", pattern: "^[a-z]+$", default: "a" },
        other: { type: "string", not: { pattern: ";" }, default: "a" },
      },
      options: note("x"),
    });
    const long = `${"a".repeat(70_000)}; rm -rf ~`;
    expect(() => demandValid(sink, sink.validate, { safe: long })).toThrow(
      "contain a text of 70010 characters; its pattern",
    );
    expect(() => demandValid(sink, sink.validate, { other: long })).toThrow(
      "contain a text of 70010 characters",
    );
    demandValid(sink, sink.validate, { safe: "a".repeat(60_000), other: "b" });
  });

  test("refuse more text than they can check in a moment", async () => {
    const sink = await planSink(fileSink, {
      input: { list: { type: "array", items: { type: "string", pattern: "[ab]*a[ab]{60}c$" } } },
      options: note("x"),
    });
    const started = performance.now();
    const list = Array.from({ length: 2_000 }, () => `c${"ab".repeat(1_000)}`);
    expect(() => demandValid(sink, sink.validate, { list })).toThrow(
      "contain more text than their patterns can check",
    );
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

test("what a call would send can be seen without sending it, with secrets hidden", async () => {
  const sink = await planSink(httpSink, {
    input: { body: text },
    options: {
      request: {
        url: "https://api.example.com/{{event.data.repo}}",
        headers: { authorization: "Bearer s3cret-token-1" },
        json: { body: "{{input.body}}", pr: "{{event.vars.pr}}" },
      },
    },
  });
  const mask = createMask(["s3cret-token-1"]);
  const facts = {
    id: "call-1",
    timeMs: 0,
    input: { body: "hi" },
    event: answeredEvent,
    folders: { folder: "/p", home: "/h" },
  };
  expect(maskedOutgoing(sink, facts, (value) => maskAll(value, mask))).toEqual({
    kind: "request",
    method: "POST",
    url: "https://api.example.com/acme%2Fapp",
    headers: {
      accept: "application/json, */*;q=0.5",
      "content-type": "application/json",
      authorization: "Bearer •••",
    },
    body: '{"body":"hi","pr":7}',
  });
});

describe("the event of a call", () => {
  const channel = (name: string, sinks: readonly string[], vars: PlannedChannel["vars"] = []) =>
    ({ name, sinks, vars }) as PlannedChannel;

  test("must be of a channel that lists the sink", () => {
    const plan = { channels: [channel("a", []), channel("b", ["note"]), channel("c", ["note"])] };
    expect(channelFor(plan, "note", ["a"])).toBeUndefined();
    expect(channelFor(plan, "note", ["a", "c"])?.name).toBe("c");
    expect(channelFor(plan, "other", ["b"])).toBeUndefined();
  });

  test("has the values of its channel", () => {
    const event = {
      id: "e1",
      source: "s",
      connector: "http",
      timeMs: 0,
      data: { n: 2 },
      text: "",
      trust: "local" as const,
    };
    const twice = channel(
      "a",
      [],
      [{ name: "twice", evaluate: ({ data }) => (data as { n: number }).n * 2 }],
    );
    expect(answeredView(twice, event).vars).toEqual({ twice: 4 });
  });
});
