import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDotenv } from "../../../src/config/variables/dotenv.ts";

describe("a value of a .env file", () => {
  test.each([
    ["A=x", "x"],
    ["A = x ", "x"],
    ["export A=x", "x"],
    ["A=", ""],
    ["A=x # note", "x"],
    ["A=x#y", "x#y"],
    ["A=a=b=c", "a=b=c"],
    ["A='x # y' # note", "x # y"],
    ["A='it is \"quoted\"'", 'it is "quoted"'],
    ["A='a\\nb'", "a\\nb"],
    ['A="a\\nb"', "a\nb"],
    ['A="{\\"type\\":\\"service\\",\\"id\\":7}"', '{"type":"service","id":7}'],
    ['A="{\\"key\\":\\"-----BEGIN\\\\nabc\\"}"', '{"key":"-----BEGIN\\nabc"}'],
    ['A="ends in a backslash \\\\"', "ends in a backslash \\"],
    ['A="two\nlines"', "two\nlines"],
    ["A=`'\"`", "'\""],
    ["A=one\nA=two", "two"],
    ["\uFEFFA=x\r\n", "x"],
    ["A=\\d+", "\\d+"],
  ])("%j", (text, wanted) => {
    expect(parseDotenv(text)).toEqual({ variables: { A: wanted }, problems: [] });
  });

  test.each([
    ['A="{"type":"service"}"', "continues after its closing"],
    ["A='it's'", "continues after its closing"],
    ['A="no end', "has no closing"],
    ["A='no end\nB=1\n", "has no closing"],
    ['A="x"y', "continues after its closing"],
    ["A", "is not NAME=value"],
    ["=x", "is not NAME=value"],
  ])("%j is refused whole, and the lines after it count", (text, message) => {
    const { variables, problems } = parseDotenv(`${text}\nZ=last\n`);
    expect(variables).not.toHaveProperty("A");
    expect(variables.Z).toBe("last");
    expect(problems).toEqual([
      expect.objectContaining({ line: 1, message: expect.stringContaining(message) }),
    ]);
  });

  test("comes back whole from double quotes, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (value) => {
        fc.pre(!value.includes("\r"));
        const written = `A="${value.replace(/[\\"$]/g, "\\$&")}"`;
        expect(parseDotenv(written)).toEqual({ variables: { A: value }, problems: [] });
      }),
    );
  });

  test("never is a name of Object.prototype", () => {
    expect(parseDotenv("__proto__=x\n").variables.polluted).toBeUndefined();
    expect(parseDotenv("A=1").variables.toString).toBeUndefined();
  });
});
