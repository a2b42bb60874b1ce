import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readJson } from "../src/json.ts";

describe("JSON is read with every digit", () => {
  test.each([
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", "9007199254740992"],
    ["-9007199254740993", "-9007199254740993"],
    ['{"id":2868860079149422351}', { id: "2868860079149422351" }],
    ["[2868860079149422351,2868860079149422600]", ["2868860079149422351", "2868860079149422600"]],
    ["1e999", "1e999"],
    ["-1E+400", "-1E+400"],
    ["6.02e23", 6.02e23],
    ["1e-999", 0],
    ["0.1234567890123456789", 0.12345678901234568],
    ["12345678901234567.5", 12345678901234568],
    ['"2868860079149422351"', "2868860079149422351"],
    [
      '{"2868860079149422351":1,"a\\"1":"\\\\\\\\","b":18446744073709551615}',
      { "2868860079149422351": 1, 'a"1': "\\\\", b: "18446744073709551615" },
    ],
    ['"a \\" 12345678901234567890 \\\\"', 'a " 12345678901234567890 \\'],
  ])("%s", (text, wanted) => {
    expect(readJson(text)).toEqual(wanted);
  });

  test("nothing else differs from JSON.parse, whatever the spacing", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 2, "\t"), (text, space) => {
        const value: unknown = JSON.parse(text);
        const wanted = JSON.parse(text, (_, one: unknown) =>
          typeof one === "number" && Number.isInteger(one) && !Number.isSafeInteger(one) ? "large" : one,
        );
        const found = JSON.parse(
          JSON.stringify(readJson(JSON.stringify(value, null, space))),
          (_, one: unknown) => (typeof one === "string" && /^-?\d{16,}$/.test(one) ? "large" : one),
        );
        fc.pre(!/\de\+/.test(text));
        expect(found).toEqual(wanted);
      }),
    );
  });

  test("what is not JSON is refused as JSON.parse refuses it", () => {
    for (const text of [
      "",
      "{",
      "[1,]",
      "NaN",
      "0123456789012345678",
      "12345678901234567890x",
      '"1234567890123456',
    ])
      expect(() => readJson(text)).toThrow(SyntaxError);
  });

  test("every integer keeps its digits, wherever it is", () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt()), fc.dictionary(fc.string(), fc.bigInt()), (list, object) => {
        const text = `{"list":[${list.join(" , ")}],"object":{${Object.entries(object)
          .map(([key, value]) => `${JSON.stringify(key)}:${value}`)
          .join(",")}}}`;
        const read = readJson(text) as { list: unknown[]; object: Record<string, unknown> };
        expect(read.list.map(String)).toEqual(list.map(String));
        for (const [key, value] of Object.entries(object))
          if (key !== "__proto__") expect(String(read.object[key])).toBe(String(value));
      }),
    );
  });

  test("takes time in proportion to the text", () => {
    const text = JSON.stringify({
      a: "\\".repeat(200_000),
      b: Array.from({ length: 100_000 }, () => '"'),
      c: "1".repeat(100_000),
    });
    expect(readJson(text)).toEqual(JSON.parse(text));
  });
});
