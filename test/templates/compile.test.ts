import { describe, expect, test } from "vitest";
import type { Json, View } from "../../src/contract.ts";
import { TemplateError } from "../../src/errors.ts";
import { keyText } from "../../src/key-parts.ts";
import { createTemplateCompiler } from "../../src/templates/compile.ts";
import { maxBlockMs } from "../support/loop-watchdog.ts";
import { processorTime } from "../support/processor-time.ts";
import { slowness } from "../support/slowness.ts";
import { viewWith } from "./sample-view.ts";

const compiler = createTemplateCompiler({ now: () => Date.parse("2026-11-23T14:05:00Z") });
await compiler.prepare(["{{#if text}}{{/if}}"]);
const slow = slowness();

const render = (template: string, data: Json = {}, more: Partial<View> = {}) =>
  compiler.compile(template).render(viewWith(data, more));

function mistake(text: string): TemplateError {
  try {
    compiler.compile(text);
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe("rendering", () => {
  const data = {
    action: "completed",
    items: [{ name: "one", number: 1, url: "u1" }, { name: "two" }],
    zero: 0,
    no: false,
    nothing: null,
    true: "reserved",
    "a key": "spaced",
    empty: [],
  };

  test.each([
    ["{{data.action}} on {{ path }}", "completed on /github"],
    ["{{headers.x-github-event}}", "workflow_run"],
    ["{{data.items[0].name}} {{data.items.1.name}} {{data.items.[1].name}}", "one two two"],
    ["{{upper data.items[1].name}} {{upper data.items.0.name}}", "TWO ONE"],
    ["{{data.true}} {{upper data.true}}", "reserved RESERVED"],
    ["{{data.[a key]}} {{upper data.[a key]}} {{upper data[a key]}}", "spaced SPACED SPACED"],
    ["[{{data.missing.deep}}{{data.nothing}}{{data.nothing.x}}]", "[]"],
    ["{{data.zero}} {{data.no}}", "0 false"],
    ["{{data.items}}", '[{"name":"one","number":1,"url":"u1"},{"name":"two"}]'],
    ["{{first data.items}}", '{"name":"one","number":1,"url":"u1"}'],
    ["{{{data.action}}}{{&data.action}}", "completedcompleted"],
    ["{{#if data.zero}}yes{{else if data.action}}other{{else}}no{{/if}}", "other"],
    ["{{#unless data.no}}kept{{/unless}}", "kept"],
    ["{{#each data.items}}{{@index}}:{{name}}#{{number}}{{url}};{{/each}}", "0:one#1u1;1:two#;"],
    ["{{#each data.items}}{{#if number}}{{upper url}}{{/if}}{{../path}}{{/each}}", "U1/github/github"],
    ["{{#each data.items as |item i|}}{{i}}{{item.name}} {{/each}}", "0one 1two "],
    ["{{#each data.empty}}x{{else}}{{data.action}}{{/each}}", "completed"],
    ["{{#each data.items}}{{@root.data.action}} {{/each}}", "completed completed "],
    ["{{#with sender}}{{name}} {{this.id}}{{/with}}", "Ada u1"],
    ["{{lookup data.items 1}}", '{"name":"two"}'],
    ["{{#if (and data.action (not data.no))}}both{{/if}}", "both"],
    ["a{{!-- no --}}b{{! no }}c", "abc"],
    ["\\{{data.action}} \\\\{{data.action}}", "{{data.action}} \\completed"],
    ["{{#if data.action}}\n  line\n{{/if}}\nend", "  line\nend"],
    ["{{vars.pr}} {{inputs.limit}}", "7 3"],
    ["plain", "plain"],
    ["", ""],
  ])("%s", (text, expected) => {
    expect(render(text, data)).toBe(expected);
  });

  test("nothing of a prototype can be reached", () => {
    const text =
      "{{data.constructor}}{{data.__proto__}}{{data.toString}}{{data.items.map}}{{lookup data 'constructor'}}{{data.action.constructor.name}}";
    expect(render(text, data)).toBe("");
    expect(render("{{data.constructor}}{{data.__proto__}}", data)).toBe("");
    const own = JSON.parse('{"__proto__": "mine", "constructor": "too"}');
    expect(render("{{data.__proto__}} {{data.constructor}}", own)).toBe("mine too");
    expect(render("{{upper data.__proto__}} {{upper data.constructor}}", own)).toBe("MINE TOO");
  });

  test("the same text is compiled once", () => {
    expect(compiler.compile("{{upper data.x}}")).toBe(compiler.compile("{{upper data.x}}"));
    expect(compiler.compileKey("{{data.x}}")).toBe(compiler.compileKey("{{data.x}}"));
  });
});

describe("a mistake is found when the template is read", () => {
  test.each([
    ["{{data.x}} {{uper data.x}}", 13, "unknown function uper", "did you mean upper?"],
    ["{{log data.x}}", 2, "unknown function log", undefined],
    ["{{eq data.x 9007199254740993}}", 12, "this number is too large to be exact", "put it in quotes"],
    [
      "{{#if (gt -9007199254740992 data.x)}}a{{/if}}",
      10,
      "this number is too large to be exact",
      "put it in quotes",
    ],
    [
      "{{default data.x (number 12345678901234567890)}}",
      25,
      "this number is too large to be exact",
      "put it in quotes",
    ],
    ["{{#foreach data.x}}{{/foreach}}", 3, "unknown block foreach", undefined],
    ["{{#eahc data.x}}{{/eahc}}", 3, "unknown block eahc", "did you mean {{#each}}?"],
    ["{{#upper data.x}}{{/upper}}", 3, "upper is not a block", "write {{upper ...}} without #"],
    ["{{#data.items}}{{/data.items}}", 3, "unknown block data.items", undefined],
    ["{{each data.items}}", 2, "each is a block", undefined],
    ["{{if}}", 2, "if is not used as a block here", undefined],
    ["{{upper}}", 2, "upper is not used as a block here", "write {{upper text}}"],
    ["{{truncate data.x}}", 2, "truncate takes 2 values, not 1", "{{truncate text 80}}"],
    ["{{upper data.x data.y}}", 2, "upper takes 1 value, not 2", undefined],
    ["{{date data.t zone='UTC'}}", 14, "date has no option zone", undefined],
    ["{{date data.t tz='Mars/Base'}}", 14, '"Mars/Base" is not a time zone', undefined],
    ["{{#if data.a data.b}}{{/if}}", 3, "#if takes 1 value, not 2", undefined],
    [
      "{{#if data.a as |b|}}{{b}}{{/if}}",
      3,
      "#if takes no names: as |...| belongs to each and with",
      undefined,
    ],
    ["{{action}}", 2, "action is not a root of the event", "did you mean data.action?"],
    ["{{dta.action}}", 2, "dta is not a root of the event", "did you mean data.action?"],
    ["{{event.data.x}}", 2, "event is not a root of the event", "did you mean data.x?"],
    ["{{upper (first actoin)}}", 15, "actoin is not a root of the event", undefined],
    ["{{#each data.x}}{{../actoin}}{{/each}}", 18, "actoin is not a root of the event", undefined],
    ["{{#each data.x}}{{/each}}{{name}}", 27, "name is not a root of the event", undefined],
    ["{{#each data.x}}{{else}}{{name}}{{/each}}", 26, "name is not a root of the event", undefined],
    [
      "{{#each data.x}}{{@root.dat.x}}{{/each}}",
      18,
      "dat is not a root of the event",
      "did you mean @root.data.x?",
    ],
    ["{{../data.x}}", 2, "../ leads beyond the top", undefined],
    ["{{@index}}", 2, "@index has a value only inside {{#each}}", undefined],
    ["{{#each data.x}}{{@idex}}{{/each}}", 18, "unknown variable @idex", "did you mean @index?"],
    ["{{data.jobs[*].name}}", 2, "[*] works in match only", "write {{#each data.jobs}}...{{/each}}"],
    ['{{data["a"]}}', 2, "a key in brackets has no quotes", undefined],
    ['{{"text"}}', 2, "a value needs no braces", undefined],
    ["{{> header}}", 0, "templates have no partials", undefined],
    ["{{#> header}}{{/header}}", 0, "templates have no partials", undefined],
    ["{{* deco}}", 0, "templates have no decorators", undefined],
    ['{{#*inline "x"}}{{/inline}}', 0, "templates have no decorators", undefined],
    ["{{{{raw}}}} x {{{{/raw}}}}", 4, "unknown block raw", undefined],
    ["{{#if data.a}}x", 0, "{{#if}} is never closed", "add {{/if}}"],
    [
      "a {{#if data.a}}{{#each data.b}}x{{/if}}",
      33,
      "{{/if}} is used where {{/each}} is needed",
      "{{#each}} is still open",
    ],
    ["x{{/if}}", 1, "{{/if}} closes nothing", undefined],
    ["{{else}}", 0, "{{else}} is not allowed here", undefined],
    ["a\nb {{data.x", 4, "{{ is never closed", "close it with }}"],
    ["{{data.x}}}", 8, "}}} closes a {{ that was opened with two braces", undefined],
    ["{{{data.x}}", 0, "{{{ must be closed with }}}", undefined],
    ["{{data.x | upper}}", 9, "templates have no pipes", undefined],
    ["{{truncate data.x, 3}}", 16, "values are separated by spaces, not by commas", undefined],
    [
      "{{#if data.a == 1}}{{/if}}",
      13,
      "templates have no operators",
      "compare with a function: {{#if (eq data.x 1)}}",
    ],
    ["{{ .Values.x }}", 3, "a path may not begin with a dot", undefined],
    ["{{data.x data.y}}", 2, "data.x is not a function", undefined],
    [
      "{{#if data.a}}{{elseif data.b}}{{/if}}",
      16,
      "unknown function elseif",
      "did you mean {{else if ...}}?",
    ],
    ["{{data.@x}}", 7, "@ may only begin a path", undefined],
    ["{{}}", 2, "a name or a value is missing before }}", undefined],
    ["{{(upper data.x)}}", 2, "( is not allowed here", undefined],
    ["{{data.this}}", 2, "this and .. may only begin a path", undefined],
    ["a\0{{data.x}}", 1, "a template may not contain a NUL character", undefined],
  ])("%s", (text, offset, message, hint) => {
    const error = mistake(text);
    expect(error).toMatchObject({ code: "E_CONFIG_TEMPLATE", message, offset });
    if (hint !== undefined) expect(error.hint).toBe(hint);
  });

  test("offsets are those of the text as written, whatever stands before", () => {
    for (const before of [
      "{{data.items[0].x}} {{data.a[1][2]}} ",
      "{{data.0.true}} ",
      "line\r\nline\rline\n{{data.a[0]}}\n",
      "\u{1F600} {{upper data.items[3]}} ",
    ]) {
      expect(mistake(`${before}{{uper data.x[0]}}`).offset).toBe(before.length + 2);
      expect(mistake(`${before}{{data.x | a}}`).offset).toBe(before.length + 9);
    }
  });

  test.each([
    [`{{data.a}}${"{{upper data.a}}".repeat(1_000)}`, 16_000 - 6, "a template may have at most 1000 tags"],
    [
      `{{#if data.a}}${"{{else if data.b}}".repeat(500)}{{/if}}`,
      8_996,
      "a template may have at most 500 blocks",
    ],
    [`{{#if data.a}}{{#x${"{{#x".repeat(600)}`, 14, "a tag of a template may have at most 2000 characters"],
    [`x{{upper ${"(upper ".repeat(300)}`, 1, "a tag of a template may have at most 2000 characters"],
  ])("a template that is too large to parse: %#", (text, offset, message) => {
    expect(mistake(text)).toMatchObject({ code: "E_CONFIG_TEMPLATE", message, offset });
  });

  test("a long comment is not a large tag", () => {
    expect(render(`{{#if data.a}}{{/if}}{{!-- ${"x ".repeat(4_000)} --}}y`)).toBe("y");
  });

  // Each is tried as a whole template, within one tag, and in a block that is good.
  test.each([
    ...[
      "{{#x",
      "{{#x}}",
      "{{/x",
      "{{/if}}",
      "{{#if data.a}}",
      "{{!",
      "{{!--x}}",
      "{{!--",
      "{{[",
      "[",
      '{{"',
      "{{~",
      "{{{",
      "(upper ",
    ],
    ...[
      "{{else}}",
      "{{else if data.a}}",
      "{{^",
      "{{>a}}",
      "{{@x}}",
      "{{../a}}",
      "../",
      ".a",
      "data.a ",
      "1.",
      " ",
      "\\{{",
      "{{data.0}}",
    ],
    ...["{{#if data.a}}x{{else}}y{{/if}}", "{{#if data.a}}\n  \n{{/if}}\n", "{{upper '", "a=1 ", "|a"],
  ])("16 KiB of %j take little time", (piece) => {
    const filled = (length: number) => piece.repeat(length / piece.length);
    const whole = 16_384;
    const texts = [
      filled(whole),
      `{{#if ${filled(whole - 20)}}}{{/if}}`,
      `{{#if data.a}}${filled(whole - 30)}{{/if}}`,
    ];
    for (const text of texts)
      for (const work of [
        () => compiler.compile(text).render(viewWith({ a: [1, 2] })),
        () => compiler.compileKey(text)(viewWith({ a: [1, 2] })),
      ]) {
        const took = processorTime();
        try {
          work();
        } catch (error) {
          if (!(error instanceof TemplateError)) throw error;
        }
        expect(took()).toBeLessThan(maxBlockMs * slow);
      }
  });

  test("every message is one sentence", () => {
    for (const text of [
      "{{",
      "{{#",
      "{{/",
      "{{a b=}}",
      "{{data.x)}}",
      "{{#if}}",
      "{{^}}",
      "{{data.}}",
      "{{#each}}",
      "{{~",
    ]) {
      const { message } = mistake(text);
      expect(message).not.toContain("\n");
      expect(message).not.toMatch(/Expecting|Parse error|Lexical/);
    }
  });
});

describe("keys", () => {
  const key = (text: string, data: Json) => {
    const found = compiler.compileKey(text)(viewWith(data));
    return found === undefined ? undefined : keyText(found);
  };

  test("an empty part means no key", () => {
    expect(key("{{data.id}}-{{data.attempt}}", { id: 5, attempt: 2 })).toBe("5-2");
    expect(key("{{data.id}}-{{data.attempt}}", { id: 5 })).toBeUndefined();
    expect(key("{{data.id}}-{{data.attempt}}", { id: 5, attempt: " " })).toBeUndefined();
    expect(key("{{upper data.id}}-{{lower data.b}}", { id: "a", b: "B" })).toBe("A-b");
    expect(key("{{upper data.id}}-{{lower data.b}}", { id: "a" })).toBeUndefined();
    expect(key("x{{#if data.a}}{{data.a}}{{/if}}", {})).toBeUndefined();
    expect(key("x {{~#if data.a}} {{data.a~}} {{/if}} y{{! note }}", { a: 1 })).toBe("x 1 y");
    expect(key("{{data.zero}}", { zero: 0 })).toBe("0");
  });

  test("a text without placeholders is constant", () => {
    expect(key("all", {})).toBe("all");
  });
});

describe("a template that fails on an event", () => {
  const failure = (text: string, data: Json): TemplateError => {
    try {
      render(text, data, { text: "" });
    } catch (error) {
      return error as TemplateError;
    }
    throw new Error("it rendered");
  };
  const list = Array.from({ length: 2_000 }, (_, index) => index);

  test.each([
    ["{{#each data.l}}{{#each ../data.l}}x{{/each}}{{/each}}", "steps"],
    ["{{#each data.l}}{{#each ../data.l}}{{/each}}{{/each}}", "steps"],
    ["{{#each data.l}}{{../data.big}}{{/each}}", "1 MiB"],
    [`{{#each data.l}}${"y".repeat(2_000)}{{/each}}`, "1 MiB"],
    ["{{data.big}}{{data.big}}{{data.big}}", "1 MiB"],
    ["{{upper data.big}}{{data.big}}{{data.big}}", "1 MiB"],
    ['{{truncate (replace data.big "x" "0123456789") 5}}', "1 MiB"],
    ["{{#each data.l}}{{truncate (upper ../data.big) 1}}{{/each}}", "16 MiB"],
    ["{{#each data.l}}{{#each ../data.l}}{{#each this}}{{/each}}{{/each}}{{/each}}", "steps"],
    [`{{#each data.l}}${"{{#if ../data.big}}{{/if}}".repeat(100)}{{/each}}`, "steps"],
    ["{{#each data.l}}{{truncate ../data.big 1}}{{truncate ../data 1}}{{/each}}", "16 MiB"],
  ])("%s stops at its bound", (text, reason) => {
    const took = processorTime();
    const error = failure(text, { l: list, big: "x".repeat(500_000) });
    expect(error).toBeInstanceOf(TemplateError);
    expect(error.code).toBe("E_TEMPLATE_RENDER");
    expect(error.message).toContain(reason);
    expect(error.message.length).toBeLessThan(140);
    expect(took()).toBeLessThan(2_000);
  });

  test("a bound counts for one rendering, not for all of them", () => {
    const data = { big: "x".repeat(900_000) };
    for (let times = 0; times < 50; times++) expect(render("{{upper data.big}}", data)).toHaveLength(900_000);
  });

  test("nesting too deep to write is a misfit, not a crash", () => {
    const deep: Json = JSON.parse(`${"[".repeat(20_000)}1${"]".repeat(20_000)}`);
    expect(failure("{{json data}}", deep).code).toBe("E_TEMPLATE_RENDER");
  });
});

describe("Handlebars is loaded only when it is needed", () => {
  test.each([
    "text",
    "{{data.x}} {{headers.x-y}} {{data.items[0].name}}",
    "{ {{data.x}} }",
    "{{upper (default data.x 'none')}} {{percent 0.5 digits=1}}",
  ])("not for %s", async (text) => {
    const fresh = createTemplateCompiler();
    await fresh.prepare([text]);
    expect(typeof fresh.compile(text).render(viewWith({}))).toBe("string");
    expect(() => fresh.compile("{{#if data.x}}{{/if}}")).toThrow("prepare()");
  });

  test.each(["{{#if data.x}}{{/if}}", "{{data.x", "{{unknown}}", "\\{{data.x}}", "{{~data.x}}", "{{upper}}"])(
    "compiling %s unprepared is a bug of the caller",
    (text) => {
      expect(() => createTemplateCompiler().compile(text)).toThrow("prepare()");
    },
  );

  test("a later text may need it", async () => {
    const fresh = createTemplateCompiler();
    await fresh.prepare(["{{data.x}}"]);
    await fresh.prepare(["{{data.x}}", "{{#if data.x}}yes{{/if}}"]);
    expect(fresh.compile("{{#if data.x}}yes{{/if}}").render(viewWith({ x: "a" }))).toBe("yes");
  });
});
