import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/contract.ts";
import { ExpressionError } from "../../../src/errors.ts";
import { celNeedsRegex } from "../../../src/filters/cel/cel.ts";
import { cel, viewOf } from "../example.ts";

const data = {
  n: 5,
  price: 1.5,
  i: 1,
  big: 9_007_199_254_740_991,
  items: ["a", "b"],
  nums: [1, 2],
  s: "abc",
  nothing: null,
  labels: [{ name: "bug" }, { name: "ui" }],
  o: { a: 1 },
};

function value(text: string, more = {}): Json {
  return cel.compile(text, { purpose: "value" }).evaluate(viewOf(data, more));
}

function errorOf(run: () => unknown): ExpressionError {
  try {
    run();
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

function loadError(text: string, purpose: "condition" | "value" = "value"): ExpressionError {
  return errorOf(() => cel.compile(text, { purpose }));
}

describe("an integer that an event can only have as a text", () => {
  it.each([
    ["data.id == 9007199254740993", 11, 'write it in quotes: "9007199254740993"'],
    ["data.a['b'][0] != -9007199254740992", 18, 'write it in quotes: "-9007199254740992"'],
    ["9007199254740993 == data.id", 0, 'write it in quotes: "9007199254740993"'],
    ["data.id in [1, 9007199254740993]", 15, 'write it in quotes: "9007199254740993"'],
    ["data.n == 1 && data.id > 9007199254740993", 25, "write int(data.id) to compare it as a number"],
  ])("is refused where it is compared as a number: %s", (text, offset, hint) => {
    const error = loadError(text, "condition");
    expect(error).toMatchObject({ code: "E_CONFIG_CEL", offset, hint });
  });

  it("may be compared as a text, or converted", () => {
    const id = { data: { id: "9007199254740993" } };
    expect(value('data.id == "9007199254740993"', id)).toBe(true);
    expect(value("int(data.id) > 9007199254740992", id)).toBe(true);
    expect(value("int(data.id) == 9007199254740993", id)).toBe(true);
    expect(value("data.big == 9007199254740991")).toBe(true);
    expect(() => value("data.id == 9007199254740993u", id)).toThrow("never compares with 9007199254740993u");
  });
});

describe("the conversions of the specification", () => {
  const at = 'timestamp("2026-01-05T10:20:30.120Z")';
  it.each<[string, Json]>([
    [`string(${at})`, "2026-01-05T10:20:30.12Z"],
    ['string(timestamp("2026-01-05T10:00:00Z"))', "2026-01-05T10:00:00Z"],
    ['string(duration("90s"))', "90s"],
    [`int(${at})`, 1_767_608_430],
    ['int(timestamp("1969-12-31T23:59:59.5Z"))', -1],
    ["int(7u)", 7],
    [`timestamp(${at}) == ${at}`, true],
    ['duration(duration("1m")) == duration("60s")', true],
    ['matches(data.s, "^a.c$")', true],
    ['matches("abc", "x")', false],
    [`${at}.getHours("02:00")`, 12],
    [`${at}.getHours("-02:30")`, 7],
    ["type(1)", "int"],
    ['type(timestamp("2026-01-05T10:00:00Z"))', "google.protobuf.Timestamp"],
  ])("%s", (text, wanted) => {
    expect(value(text)).toBe(wanted);
  });

  it("matches() as a function takes its pattern from the config only, too", () => {
    expect(loadError('matches("a", data.s)').message).toContain("written in the config");
    expect(loadError('matches("a", "(")').code).toBe("E_CONFIG_REGEX");
    expect(loadError('matches("a")').code).toBe("E_CONFIG_CEL");
    expect(loadError("matches()").code).toBe("E_CONFIG_CEL");
    expect(celNeedsRegex('matches(data.s, "a")')).toBe(true);
  });
});

it("an integer result beyond 2^53 keeps its digits, as in an event", () => {
  const id = { data: { id: "9007199254740993" } };
  expect(value("int(data.id)", id)).toBe("9007199254740993");
  expect(value("[int(data.id) + 1, uint(data.id)]", id)).toEqual(["9007199254740994", "9007199254740993"]);
  expect(value("int(data.id) - 2", id)).toBe(9007199254740991);
  expect(value("-int(data.id)", id)).toBe("-9007199254740993");
});

describe("JSON inside a text", () => {
  const message = JSON.stringify({ Message: '{"state":"ALARM","id":12345678901234567890}', bad: "{" });
  const inside = { data: JSON.parse(message) };

  it.each<[string, Json]>([
    ['fromJson(data.Message).state == "ALARM"', true],
    ["fromJson(data.Message).id", "12345678901234567890"],
    ["bytes(data.Message).json().id", "12345678901234567890"],
    ['fromJson("[1, 2]").map(x, x + 1)', [2, 3]],
    ['"other" in fromJson(data.Message)', false],
  ])("%s", (text, expected) => expect(value(text, inside)).toEqual(expected));

  it("that is not JSON is an error of the event", () => {
    expect(errorOf(() => value("fromJson(data.bad).state", inside))).toMatchObject({
      code: "E_CEL_RUN",
      message: "fromJson(): the text is not JSON",
    });
    expect(errorOf(() => value(`fromJson("${"[".repeat(200)}${"]".repeat(200)}")`)).code).toBe("E_CEL_RUN");
  });
});

describe("parts of a time in a zone", () => {
  const at = (call: string, time = "2026-03-29T23:30:15.250Z") => value(`timestamp("${time}").${call}`);

  it.each<[string, Json]>([
    ['getHours("+02:00")', 1],
    ['getHours("-0330")', 20],
    ['getMinutes("-03:30")', 0],
    ['getHours("+02")', 1],
    ['getHours("Z")', 23],
    ['getHours("Europe/Berlin")', 1],
    ['getDate("+02:00")', 30],
    ['getDayOfMonth("+02:00")', 29],
    ['getDayOfWeek("+02:00")', 1],
    ['getMonth("Asia/Tokyo")', 2],
    ['getFullYear("UTC")', 2026],
    ['getSeconds("+05:45")', 15],
    ['getMilliseconds("+05:45")', 250],
    ["getDayOfYear()", 87],
    ['getDayOfYear("+02:00")', 88],
    ["getHours()", 23],
  ])("%s", (call, expected) => expect(at(call)).toBe(expected));

  it("do not depend on the zone of this machine", () => {
    const before = process.env.TZ;
    try {
      for (const zone of ["UTC", "Europe/Berlin", "America/New_York"]) {
        process.env.TZ = zone;
        expect(at("getDayOfYear()", "2026-07-01T12:00:00Z")).toBe(181);
        // 02:30 does not exist in Berlin on that day.
        expect(at('getHours("+03:00")', "2026-03-28T23:30:00Z")).toBe(2);
      }
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });

  it("that do not exist are found at load where they are written", () => {
    expect(loadError('timestamp(time).getHours("Europe/Berln") > 1')).toMatchObject({
      code: "E_CONFIG_CEL",
      offset: 25,
    });
    expect(errorOf(() => value("timestamp(time).getHours(data.s) > 1")).code).toBe("E_CEL_RUN");
    expect(loadError("timestamp(time).getHours(1)").message).not.toContain("_zoned");
  });
});

describe("numbers just work", () => {
  it.each<[string, Json]>([
    ["data.n + 1", 6],
    ["1 + data.n", 6],
    ["data.price * 2.0", 3],
    ["data.price * 2", 3],
    ["data.n % 2", 1],
    ["data.n % 2 == 1", true],
    ["data.n / 2", 2.5],
    ["7 / 2", 3],
    ["-data.n", -5],
    ["data.n - data.i * 2", 3],
    ["data.n > 5", false],
    ["data.n >= 5 && data.n < 5.5", true],
    ["data.n == 5", true],
    ["data.n == 5.0", true],
    ["5 == data.n", true],
    ["data.n != 4", true],
    ['data.n == "5"', false],
    ["size(data.items) + data.n", 7],
    ["size(data.items) == data.i + 1", true],
    ["data.items[data.i]", "b"],
    ["data.items[data.i - 1]", "a"],
    ["[10, 20, 30][data.i]", 20],
    ["data.n in [1, 5]", true],
    ["1 in data.nums", true],
    ["data.nums == [1, 2]", true],
    ["data.nums.map(n, n * 2)", [2, 4]],
    ["data.nums.exists_one(n, n == 2)", true],
    ["data.s.substring(data.i)", "bc"],
    ["data.s.substring(data.i, 2)", "b"],
    ["data.s.substring(0, data.i + 1)", "ab"],
    ['"a,b,c".split(",", data.i + 1)', ["a", "b,c"]],
    ['"abca".indexOf("a", data.i)', 3],
    ["string(data.n)", "5"],
    ["int(data.price) + 1", 2],
    ["timestamp(data.n)", "1970-01-01T00:00:05.000Z"],
    ["data.big", 9_007_199_254_740_991],
  ])("%s", (text, expected) => {
    expect(value(text)).toEqual(expected);
  });
});

describe("what an expression sees", () => {
  it("every root, and tells which it uses", () => {
    const program = cel.compile('headers["x-a"] == "1" && data.labels.exists(l, l.name == text)', {
      purpose: "condition",
    });
    expect([...program.roots].sort()).toEqual(["data", "headers", "text"]);
    expect(program.evaluate(viewOf(data, { text: "ui", headers: { "x-a": "1" } }))).toBe(true);
  });

  it("a macro's variable may have the name of a root without being one", () => {
    expect([...cel.compile("data.items.map(text, text)", { purpose: "value" }).roots]).toEqual(["data"]);
  });

  it("roots that an event does not have are null", () => {
    expect(value("has(sender.id)")).toBe(false);
    expect(value('method == "POST"')).toBe(false);
    expect(value("headers == null")).toBe(true);
    expect(value("has(sender.id)", { sender: { id: "7" } })).toBe(true);
  });

  it("has() tells a missing key from a present one", () => {
    expect(value("has(data.zip)")).toBe(false);
    expect(value("has(data.nothing)")).toBe(true);
  });

  it("results come back as JSON", () => {
    expect(value('{"a": 1, "b": data.labels, "c": [1, 2.5, null]}')).toEqual({
      a: 1,
      b: data.labels,
      c: [1, 2.5, null],
    });
    expect(value('duration("90m")')).toBe("5400s");
    expect(value('timestamp(time) + duration("1h")')).toBe("2026-11-23T11:00:00.000Z");
    expect(value("data.labels.filter(l, l.name != 'ui').map(l, l.name).join(',')")).toBe("bug");
  });

  it("nothing of prototypes", () => {
    for (const text of [
      "data.constructor",
      "data.__proto__",
      "data.items.constructor",
      "data.s.constructor",
    ]) {
      expect(() => value(text)).toThrow(ExpressionError);
    }
    expect(loadError("constructor").message).toBe('unknown name "constructor"');
    expect(loadError("toString").message).toBe('unknown name "toString"');
  });
});

describe("mistakes at load", () => {
  it.each<[text: string, offset: number, message: string, hint: string | undefined]>([
    ["actoin == 'x'", 0, 'unknown name "actoin"', "did you mean data.actoin?"],
    ["1 == header.x", 5, 'unknown name "header"', "did you mean headers.x?"],
    ["body.action == 'x'", 0, 'unknown name "body"', "did you mean data.action?"],
    [
      "headers.x-github-event == 'push'",
      10,
      'unknown name "github"',
      'a key with hyphens is written headers["x-github-event"]',
    ],
    ["data.a and data.b", 7, 'unexpected "and"', "use && for and"],
    ["data.a or data.b", 7, 'unexpected "or"', "use || for or"],
    ["data.n = 5", 7, 'unexpected "="', "use == to compare"],
    ["(data.n", 7, 'the expression ends too early: ")" is missing', undefined],
    ["data.n == 5 &&", 14, "the expression ends too early", undefined],
    ["", 0, "the expression ends too early", undefined],
    ['"abc', 0, "unterminated string", undefined],
    ["1 < 'a'", 0, "no such operation: int < string", undefined],
    ["data.s.startWith('x')", 0, "no such function: startWith(string)", "did you mean startsWith()?"],
    ["x.y", 0, 'unknown name "x"', "did you mean data.x.y?"],
    [
      "1 + ${inputs.count}",
      4,
      "${...} is not substituted in CEL",
      "use inputs.count, without the braces and the $",
    ],
    [
      "cel.bind(x, 1, x)",
      0,
      'unknown name "cel"',
      "cel.bind is not available: compute the value by name under `vars`",
    ],
  ])("%s", (text, offset, message, hint) => {
    const error = loadError(text);
    expect({ code: error.code, offset: error.offset, message: error.message, hint: error.hint }).toEqual({
      code: "E_CONFIG_CEL",
      offset,
      message,
      hint,
    });
  });

  it("a condition that cannot be true or false", () => {
    expect(loadError("size(data.items)", "condition")).toMatchObject({
      code: "E_CONFIG_CEL",
      message: "gives a value of type int, a condition gives true or false",
      hint: "compare it, for instance with > 0",
    });
    expect(loadError("'a'", "condition").message).toContain("type string");
  });

  it("an expression of unbounded size", () => {
    expect(loadError(Array(3_000).fill("1").join(" + ")).message).toContain("maxAstNodes");
    expect(loadError(`${"(".repeat(100)}1${")".repeat(100)}`).message).toContain("maxDepth");
  });
});

describe("misfits on an event", () => {
  it.each([
    ["data.workflow.pull_requests", "no such key: workflow"],
    ["data.items[7]", "no such key: index out of bounds, index 7 >= size 2"],
    ["data.s + 1", "no such operation: string + int"],
    ["size(data.n)", "no such function: size(double)"],
    ["data.n % 0", "modulo by zero"],
    ["1.0 / 0.0", "the result is Infinity, which is not a JSON number"],
    ["data.n.matches('a')", "no such function: double.matches(string)"],
  ])("%s", (text, message) => {
    const program = cel.compile(text, { purpose: "value" });
    const error = errorOf(() => program.evaluate(viewOf(data)));
    expect({ code: error.code, message: error.message }).toEqual({ code: "E_CEL_RUN", message });
  });

  it("a condition that gives something else", () => {
    const program = cel.compile("data.n", { purpose: "condition" });
    expect(errorOf(() => program.evaluate(viewOf(data))).message).toBe("gave a number, not true or false");
  });

  it("an object with a key named constructor", () => {
    const program = cel.compile("data.n == 1", { purpose: "condition" });
    for (const own of [1, "x", null, {}, []]) {
      const error = errorOf(() => program.evaluate(viewOf({ n: 1, constructor: own } as unknown as Json)));
      expect(error.code).toBe("E_CEL_RUN");
    }
    expect(program.evaluate(viewOf({ n: 1 }))).toBe(true);
  });
});

it("RE2 is needed only where matches is written", () => {
  expect(celNeedsRegex('data.s.matches("a")')).toBe(true);
  expect(celNeedsRegex("data.matched == 1")).toBe(false);
});
