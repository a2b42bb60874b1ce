// Fields of a line, and lines that belong together.

import { describe, expect, it } from "vitest";
import { createFormat } from "../../../src/connectors/tail/format.ts";
import { createRecords } from "../../../src/connectors/tail/records.ts";
import { regex } from "../../filters/example.ts";

const of = (format: "plain" | "json" | "logfmt", line: string) =>
  createFormat(format, undefined)(line, "app.log", 0);

describe("json", () => {
  it("gives its keys", () => {
    expect(of("json", '{"level":"error","n":1}')).toEqual({
      line: '{"level":"error","n":1}',
      file: "app.log",
      level: "error",
      n: 1,
    });
  });

  it("cannot say of itself which file it stands in", () => {
    expect(of("json", '{"file":"main.go","line":3,"unparsed":true}')).toEqual({
      line: '{"file":"main.go","line":3,"unparsed":true}',
      file: "app.log",
      file_: "main.go",
      line_: 3,
      unparsed_: true,
    });
  });

  it.each(["no json", "[1]", "3", "null", `${'{"a":'.repeat(200)}1${"}".repeat(200)}`])(
    "is not made of %s",
    (line) => {
      expect(of("json", line)).toEqual({ line, file: "app.log", unparsed: true });
    },
  );

  it("keeps a key called __proto__ as a key", () => {
    const data = of("json", '{"__proto__":{"admin":true}}');
    expect(Object.keys(data)).toContain("__proto__");
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
  });
});

describe("logfmt", () => {
  it("reads pairs, quotes, numbers and bare keys", () => {
    const line = 'level=warn msg="disk \\"full\\"" free=0.5 id=007 ok=true slow err=';
    expect(of("logfmt", line)).toEqual({
      line,
      file: "app.log",
      level: "warn",
      msg: 'disk "full"',
      free: 0.5,
      id: "007",
      ok: true,
      slow: true,
      err: "",
    });
  });

  it.each(["just some words", 'a="unfinished', "= =", 'a=b"c'])("is not made of %s", (line) => {
    expect(of("logfmt", line)).toMatchObject({ unparsed: true });
  });
});

describe("regex", () => {
  const dataOf = createFormat("regex", regex("^(?P<level>[A-Z]+) (?P<status>\\d+)?(?P<rest>.*)$"));

  it("gives its named groups", () => {
    expect(dataOf("ERROR 503 down", "a", 0)).toMatchObject({ level: "ERROR", status: 503, rest: " down" });
    expect(dataOf("ERROR down", "a", 0)).not.toHaveProperty("status");
  });

  it("says of a line that does not fit that it does not", () => {
    expect(dataOf("nothing", "a", 12)).toEqual({ line: "nothing", file: "a", cut: 12, unparsed: true });
  });
});

describe("lines that belong together", () => {
  const line = (text: string, end = 0, cut = 0) => ({ text, cut, end });
  const setUp = (more: { maxLines?: number; maxBytes?: number } = {}) =>
    createRecords({
      begins: (text) => !/^\s/.test(text),
      maxLines: 500,
      maxBytes: 1_000,
      flushMs: 1_000,
      ...more,
    });

  it("are one record once the next begins, with the place where the last of them ends", () => {
    const records = setUp();
    const found = records.push([line("Error: a", 9), line("  at b", 16), line("Error: c", 25)], 0);
    expect(found).toEqual([{ text: "Error: a\n  at b", cut: 0, end: 16 }]);
    expect(records.dueMs()).toBe(1_000);
    expect(records.flush()).toEqual({ text: "Error: c", cut: 0, end: 25 });
    expect(records.dueMs()).toBeUndefined();
  });

  it("are complete at the most lines", () => {
    const found = setUp({ maxLines: 2 }).push([line("a"), line(" b"), line(" c"), line(" d"), line("e")], 0);
    expect(found.map(({ text }) => text)).toEqual(["a\n b", " c\n d"]);
  });

  it("are cut where they are too long, and nothing is left out in the middle", () => {
    const records = setUp({ maxBytes: 10 });
    records.push([line("aaaa"), line(" bbbbbbbb"), line(" c")], 0);
    expect(records.flush()).toMatchObject({ text: "aaaa", cut: 13 });
  });
});
