import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareNumbers, readJson } from "../src/json.ts";
import { runs } from "./support/runs.ts";

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
    ["12345678901234567.5", "12345678901234567.5"],
    ["1234567890123.456", 1234567890123.456],
    ["9007199254740993.0", "9007199254740993.0"],
    ["12345678901234567890e0", "12345678901234567890e0"],
    ["1.2345678901234567e19", "1.2345678901234567e19"],
    ["-9.007199254740993E+15", "-9.007199254740993E+15"],
    ["900719925474099300e-2", "900719925474099300e-2"],
    ["900719925474099100e-2", 9007199254740991],
    ["9007199254740991.0", 9007199254740991],
    ["1.5e300", 1.5e300],
    ["1e21", 1e21],
    ["-0", -0],
    ["-0.0e5", -0],
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

  const digits = fc.stringMatching(/^\d{1,40}$/);
  const numbers = fc
    .tuple(fc.constantFrom("", "-"), digits, fc.option(digits), fc.option(fc.integer({ min: -30, max: 330 })))
    .map(([sign, whole, fraction, exponent]) => {
      const mantissa = `${sign}${whole.replace(/^0+(?=\d)/, "")}${fraction === null ? "" : `.${fraction}`}`;
      return exponent === null ? mantissa : `${mantissa}e${exponent}`;
    });

  /** The exact value, as an integer times a power of ten. */
  function exact(text: string): { readonly value: bigint; readonly exponent: number } {
    const [mantissa = "", exponent = "0"] = text.split("e");
    const [whole = "", fraction = ""] = mantissa.split(".");
    let value = BigInt(whole.replace("-", "") + fraction) * (text.startsWith("-") ? -1n : 1n);
    let power = Number(exponent) - fraction.length;
    while (value !== 0n && value % 10n === 0n) {
      value /= 10n;
      power += 1;
    }
    return { value, exponent: value === 0n ? 0 : power };
  }

  test("a number is exact or the text that was sent: two integers never become one", () => {
    fc.assert(
      fc.property(
        numbers,
        fc.constantFrom("%", "[%]", '{ "a" : %\n}', '["1234567890123456",%]'),
        (text, around) => {
          const [found] = [readJson(around.replace("%", text))].flatMap((read) =>
            typeof read === "object" && read !== null ? Object.values(read).slice(-1) : [read],
          );
          if (typeof found === "string") {
            expect(found).toBe(text);
            expect(Math.abs(Number(text))).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
            return;
          }
          expect(found).toBe(Number(text));
          const sent = exact(text);
          // A fraction is a measure, which may be rounded.
          if (sent.exponent >= 0) expect(exact(String(found).replace("e+", "e"))).toEqual(sent);
        },
      ),
      { numRuns: runs(800) },
    );
  });

  test("numbers are compared by all of their digits", () => {
    const pair = fc.oneof(
      fc.tuple(numbers, numbers),
      // Differ in one digit only.
      fc.tuple(fc.stringMatching(/^[1-9]\d{16,40}$/), fc.nat(9)).map(([text, digit]): [string, string] => {
        return [text, `${text.slice(0, -1)}${digit}`];
      }),
    );
    const scaled = ({ value, exponent }: ReturnType<typeof exact>, least: number): bigint =>
      value * 10n ** BigInt(exponent - least);
    fc.assert(
      fc.property(pair, fc.boolean(), ([left, right], isRead) => {
        const [x, y] = [exact(left), exact(right)];
        const least = Math.min(x.exponent, y.exponent);
        const difference = scaled(x, least) - scaled(y, least);
        const wanted = difference > 0n ? 1 : difference < 0n ? -1 : 0;
        const [a, b] = isRead ? [readJson(left), readJson(right)] : [left, right];
        const found = Math.sign(compareNumbers(a as string | number, b as string | number));
        // Fractions are doubles, and may have become equal.
        if (found !== wanted) expect([found, Number(left)]).toEqual([0, Number(right)]);
        if (x.exponent >= 0 && y.exponent >= 0) expect(found).toBe(wanted);
      }),
      { numRuns: runs(800) },
    );
    expect(compareNumbers("1e999", "1e1000")).toBeLessThan(0);
    expect(compareNumbers("-1e999", "-1e1000")).toBeGreaterThan(0);
    expect(compareNumbers(" 0x10 ", 16)).toBe(0);
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
