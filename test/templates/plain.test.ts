import fc from "fast-check";
import Handlebars from "handlebars";
import { expect, test } from "vitest";
import type { Json } from "../../src/contract.ts";
import { allFunctions, createTemplateCompiler } from "../../src/templates/compile.ts";
import { channelDialect } from "../../src/templates/dialect.ts";
import { createEnvironment } from "../../src/templates/environment.ts";
import { createMeter } from "../../src/templates/limits.ts";
import { escapeForTemplate } from "../../src/templates/literal.ts";
import { createPlainReader, type Part } from "../../src/templates/plain.ts";
import { runs } from "../support/runs.ts";
import { viewWith } from "./sample-view.ts";

const language = { functions: allFunctions(() => 0), ...channelDialect };
const meter = createMeter();
const readPlain = createPlainReader(language, meter);
const environment = createEnvironment(language, meter);
const compiler = createTemplateCompiler();
await compiler.prepare(["{{#if text}}{{/if}}"]);

function rendered(parts: readonly Part[], data: Json): string {
  meter.begin();
  try {
    return parts.map((part) => (typeof part === "string" ? part : part(viewWith(data)))).join("");
  } catch (error) {
    return `failed: ${(error as Error).message}`;
  }
}

const key = fc.constantFrom(
  "a",
  "b",
  "c-d",
  "_x",
  "0",
  "1",
  "length",
  "true",
  "null",
  "constructor",
  "__proto__",
  "toString",
  "name",
);
const path = fc
  .array(
    fc.oneof(
      key.map((name) => `.${name}`),
      fc.constantFrom("[0]", "[1]", ".[0]", ".[c-d]", ".[a b]", ".1"),
    ),
    { maxLength: 4 },
  )
  .map((keys) => `data${keys.join("")}`);
const text = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "{",
    "}",
    "\n",
    "\r\n",
    "<b>",
    "&",
    "\\",
    "~",
    "text",
    "\u{1F600}",
    "\ufdd0",
    "} }",
    "{ {",
  ),
  fc.string({ maxLength: 5 }),
);
const literal = fc.constantFrom(
  '"a b"',
  "'x'",
  '"}}"',
  '""',
  "2",
  "-1",
  "0.5",
  "true",
  "null",
  "undefined",
  "'{{'",
);
const { call } = fc.letrec<{ call: string; value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    path,
    literal,
    tie("call").map((inner) => `(${inner})`),
  ),
  call: fc
    .tuple(
      fc.constantFrom(...Object.keys(language.functions), "lookup", "if", "data", "nothing"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.constantFrom(
        "",
        "",
        "",
        " digits=2",
        ' tz="UTC"',
        " tz=data.a",
        ' unit="ms"',
        ' unit="x"',
        " nope=1",
      ),
    )
    .map(([name, values, options]) => `${[name, ...values].join(" ")}${options}`),
}));
const placeholder = fc
  .tuple(fc.constantFrom("", " ", "\n"), fc.oneof(path, call), fc.constantFrom("", "  "))
  .map(([before, inner, after]) => `{{${before}${inner}${after}}}`);
const template = fc.array(fc.oneof(text, placeholder), { maxLength: 6 }).map((pieces) => pieces.join(""));

const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const { value: payload } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    leaf as fc.Arbitrary<Json>,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(fc.oneof(key, fc.constant("a b")), tie("value")), { maxLength: 4 }).map(
      // Through JSON, so that __proto__ is an own key as it is in a real payload.
      (entries) =>
        JSON.parse(
          `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`,
        ) as Json,
    ),
  ),
}));

test("a template without blocks renders the same with and without Handlebars", () => {
  let plain = 0;
  fc.assert(
    fc.property(template, payload, (written, data) => {
      const parts = readPlain(written);
      if (parts === undefined) return;
      if (parts.length > 0) plain += 1;
      expect(rendered(parts, data)).toBe(rendered([environment.whole(written)], data));
      expect(rendered(parts, data)).toBe(rendered(environment.split(written), data));
    }),
    { numRuns: runs(1_000) },
  );
  expect(plain).toBeGreaterThan(runs(1_000) / 4);
});

test("every right call is read without Handlebars", () => {
  for (const { usage } of Object.values(language.functions)) {
    const written = `{{${usage.replace(/ (?:left|right|value|text|list|path|commit|time|part|whole|count|one|two)\b/g, " data.x")}}}`;
    expect(readPlain(written), written).toBeDefined();
  }
});

test("scalars come out as Handlebars itself writes them", () => {
  const own = Handlebars.create();
  fc.assert(
    fc.property(leaf, text, (value, around) => {
      const written = `${escapeForTemplate(around)}{{data.value}}`;
      const vanilla = own.compile("{{data.value}}", { noEscape: true })({ data: { value } });
      const restored = around.replace(/[\0\ufdd0-\ufdd4]/g, "\ufffd");
      expect(compiler.compile(written).render(viewWith({ value: value as Json }))).toBe(restored + vanilla);
    }),
  );
});

test("escaped literals come out as they went in, beside and inside placeholders", () => {
  const nasty = fc
    .array(
      fc.constantFrom(
        "{",
        "}",
        "{{",
        "}}",
        "{{{",
        "\\",
        '"',
        "'",
        "{{data.x}}",
        "{{#if",
        "!--",
        "a",
        " ",
        "\n",
      ),
      { maxLength: 8 },
    )
    .map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(nasty, nasty, nasty, (before, after, inside) => {
      const [b, a, i] = [before, after, inside].map(escapeForTemplate);
      const view = viewWith({ x: "value" });
      expect(compiler.compile(`${b}{{data.x}}${a}`).render(view)).toBe(`${before}value${after}`);
      expect(compiler.compile(`${b}{{upper data.x}}${a}`).render(view)).toBe(`${before}VALUE${after}`);
      expect(compiler.compile(`{{default data.no "${i}"}}`).render(view)).toBe(inside);
      expect(compiler.compileKey(`${b}{{upper data.x}}${a}`)(view)).toBe(`${before}VALUE${after}`);
    }),
    { numRuns: 500 },
  );
});
