import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Parse, type Payload, parseBody } from "../../../src/connectors/http/parse-body.ts";
import { Refusal } from "../../../src/http/answer.ts";
import { findJsonFault } from "../../../src/intake/json-fault.ts";
import { readJson } from "../../../src/json.ts";
import { runs } from "../../support/runs.ts";

const parse = (body: string | Buffer, type?: string, formField?: string, as?: Parse) =>
  parseBody(Buffer.from(body), type, { formField, parse: as });
const refusal = (body: string | Buffer, type?: string) => {
  const result = parse(body, type);
  return result instanceof Refusal ? [result.status, result.error] : undefined;
};
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

it("of a form has up to 10,000 fields, and more are refused before they are gathered", () => {
  const form = "application/x-www-form-urlencoded";
  const fields = (count: number) => Array.from({ length: count }, (_, n) => `k${n}`).join("&");
  expect(Object.keys((parse(fields(10_000), form) as Payload).data as object)).toHaveLength(10_000);
  expect(refusal(fields(10_001), form)).toEqual([400, "the form has more than 10000 fields"]);
  expect(parse(fields(10_001), form, "payload")).toBeInstanceOf(Refusal);
});

describe("a body of JSON has up to 250,000 values", () => {
  const tooMany = [400, "the JSON has more than 250,000 values"];
  const list = (values: number) => `[${"1,".repeat(values - 2)}1]`;
  const lines = (count: number) => "1\n".repeat(count);
  const form = (...values: string[]) =>
    values
      .map(
        (value) =>
          `--b\r\ncontent-disposition: form-data; name="a"\r\ncontent-type: application/json\r\n\r\n${value}\r\n`,
      )
      .join("")
      .concat("--b--");

  it.each([
    ["application/json", list(250_000), list(250_001)],
    ["application/json", `{"a":[${"{},".repeat(249_997)}{}]}`, `{"a":[${"{},".repeat(249_998)}{}]}`],
    ["application/json", JSON.stringify({ a: ',[{\\"'.repeat(200_000) }), `${list(260_000)}}`],
    ["", list(250_000), list(250_001)],
    ["application/x-ndjson", `${list(200_000)}\n${list(40_000)}`, `${list(200_000)}\n${list(60_000)}`],
    ["multipart/form-data; boundary=b", form(list(200_000), list(40_000)), form(list(200_000), list(60_000))],
  ])("%s", (type, within, beyond) => {
    expect(parse(within, type)).not.toBeInstanceOf(Refusal);
    expect(refusal(beyond, type)).toEqual(tooMany);
  });

  it("and as many lines", () => {
    expect(parse(lines(250_000), "application/x-ndjson")).not.toBeInstanceOf(Refusal);
    expect(refusal(lines(250_001), "application/x-ndjson")).toEqual([
      400,
      "there are more than 250,000 lines",
    ]);
  });

  it("and is text where nobody called it JSON", () => {
    expect((parse(list(250_001), "text/plain") as Payload).data).toBe(list(250_001));
  });

  it("may have a fault behind a very long string", () => {
    expect(refusal(`{"a":"${"x".repeat(9_000_000)}"`, "application/json")).toEqual([
      400,
      'invalid JSON at line 1 column 9000008: expected "," or "}", the text ends',
    ]);
  });
});

describe("the payload of a body", () => {
  it.each([
    ["application/json", '{"a":1}', { a: 1 }],
    ["application/json; charset=utf-8", "[1]", [1]],
    ["APPLICATION/JSON", "1", 1],
    ["application/vnd.api+json", '"x"', "x"],
    ["application/json", '\ufeff{"a":1}', { a: 1 }],
    ["application/x-ndjson", '{"a":1}\n\n{"a":2}\r\n', [{ a: 1 }, { a: 2 }]],
    ["application/x-www-form-urlencoded", "a=1&b=x+y&b=%C3%A9&b=z", { a: "1", b: ["x y", "é", "z"] }],
    ["application/x-www-form-urlencoded", '{"curl":"-d"}', { curl: "-d" }],
    ["application/x-www-form-urlencoded", '[{"curl":"-d"}]', [{ curl: "-d" }]],
    ["application/x-www-form-urlencoded", '\n{"curl":"-d"}\n', { curl: "-d" }],
    ["text/plain; charset=UTF-8", '{"Type":"Notification"}', { Type: "Notification" }],
    ["text/html", '[{"a":12345678901234567890}]', [{ a: "12345678901234567890" }]],
    ["application/octet-stream", '{"a":1}', { a: 1 }],
    ["text/plain", "12", "12"],
    ["text/plain", "[INFO] started", "[INFO] started"],
    ["text/plain", nested(101), nested(101)],
    ["application/json; charset=ISO-8859-1", '{"a":"é"}', { a: "é" }],
    ["application/json; charset=utf-16", '{"a":"é"}', { a: "é" }],
    ["application/xml", "<a/>", "<a/>"],
    [undefined, ' {"a":1}', { a: 1 }],
    [undefined, "{nearly", "{nearly"],
    [undefined, "12", "12"],
    ["application/json", "", {}],
    [undefined, "", {}],
  ])("of type %s: %j", (type, body, data) => {
    expect(parse(body, type)).toEqual({ data, text: body.replace("\ufeff", "") });
  });

  it("is the named field of a form where a sender wraps its JSON in one", () => {
    const form = `payload=${encodeURIComponent('{"zen":"ok"}')}`;
    const type = "application/x-www-form-urlencoded";
    expect(parse(form, type, "payload")).toEqual({ data: { zen: "ok" }, text: '{"zen":"ok"}' });
    expect(parse(form, type)).toMatchObject({ data: { payload: '{"zen":"ok"}' } });
    expect(parse("command=%2Fdeploy", type, "payload")).toMatchObject({ data: { command: "/deploy" } });
  });

  it("is read as JSON whatever its type says, when it is an object or a list as a whole", () => {
    const types = fc.constantFrom(
      "",
      "text/plain",
      "text/html",
      "application/xml",
      "application/octet-stream",
    );
    const forms = fc.constantFrom("application/x-www-form-urlencoded", "application/json", "text/csv");
    const bodies = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()));
    fc.assert(
      fc.property(fc.oneof(types, forms), bodies, (type, value) => {
        const body = JSON.stringify(value);
        fc.pre(!/__proto__|\\u00(1b|9b)|[\x1b\x9b]/i.test(body));
        expect(parse(body, type)).toEqual({ data: readJson(body), text: body });
      }),
    );
  });

  it.each<[string, string | Buffer, string, object]>([
    ["; charset=windows-1252", "who=caf%E9&price=5+%80", "UTF-8 is not", { who: "café", price: "5 €" }],
    ["; charset=ISO-8859-1", "who=caf%C3%A9", "UTF-8 after all", { who: "café" }],
    ["", "_charset_=iso-8859-1&who=caf%E9", "in a field", { _charset_: "iso-8859-1", who: "café" }],
    ["", "who=caf%E9&charset=windows-1252", "as PayPal does", { charset: "windows-1252", who: "café" }],
    ["; charset=Shift_JIS", "%93%FA=%83%5C&x", "in its names too", { 日: "ソ", x: "" }],
    ["; charset=latin1", Buffer.from("who=caf\xe9", "latin1"), "raw", { who: "café" }],
    ["; charset=gbk", "a=1&b=%zz", "with a broken escape", { a: "1", b: "%zz" }],
  ])("of a form is in its charset: %s %s (%s)", (charset, body, _, data) => {
    expect(parse(body, `application/x-www-form-urlencoded${charset}`)).toMatchObject({ data });
  });

  it("of a form whose fields are signed is UTF-8, as they were checked", () => {
    const type = "application/x-www-form-urlencoded; charset=windows-1252";
    expect(parseBody(Buffer.from("who=caf%E9"), type, { parse: "form", isSignedForm: true })).toMatchObject({
      data: { who: "caf\ufffd" },
    });
    const raw = Buffer.from("who=caf\xe9", "latin1");
    expect(parseBody(raw, type, { parse: "form", isSignedForm: true })).toMatchObject({ status: 400 });
  });

  it.each([
    ["a name in no quotes", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--", { a: "1" }],
    [
      "an empty line first",
      '\r\n--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b--',
      { a: "1" },
    ],
    [
      "a remark first",
      'multipart\r\n--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b--',
      { a: "1" },
    ],
    [
      "an encoded file name",
      "--b\r\ncontent-disposition: form-data; name=\"f\"; filename*=UTF-8''na%C3%AFve.bin\r\n\r\n\xff\r\n--b--",
      { f: { filename: "naïve.bin", type: "application/octet-stream", size: 1 } },
    ],
    [
      "an escaped quote",
      '--b\r\ncontent-disposition: form-data; name="a\\"b"; filename="C:\\x\\y.txt"\r\n\r\n1\r\n--b--',
      { 'a"b': { filename: "C:\\x\\y.txt", type: "application/octet-stream", size: 1 } },
    ],
  ])("of a multipart form with %s", (_, body, data) => {
    expect(parse(Buffer.from(body, "latin1"), "multipart/form-data; boundary=b")).toMatchObject({ data });
  });

  it("of a form has no terminal escapes in its fields", () => {
    const body = `log=${encodeURIComponent("\x1b[31mERROR\x1b[0m full")}&log=b`;
    expect(parse(body, "application/x-www-form-urlencoded")).toMatchObject({
      data: { log: ["ERROR full", "b"] },
    });
  });

  it.each([
    ["text/plain; charset=windows-1251", Buffer.from([0xcf, 0xf0]), "Пр"],
    ["text/plain; charset=gb2312", Buffer.from([0xd6, 0xd0]), "中"],
    ['text/plain; charset="cp1252"', Buffer.from([0x80]), "€"],
    ["text/plain; charset=utf-16", Buffer.from("\ufeffBuild é", "utf16le"), "Build é"],
    ["text/csv; charset=UTF-16LE", Buffer.from("a,中", "utf16le"), "a,中"],
    ["text/plain; charset=utf-16be", Buffer.from("é a", "utf16le").swap16(), "é a"],
    ["text/plain; charset=utf-16", "UTF-8 é", "UTF-8 é"],
    ["application/json; charset=utf-16", Buffer.from("\ufeff12", "utf16le"), 12],
  ])("of type %s is in that charset", (type, body, data) => {
    expect(parse(body, type)).toEqual({ data, text: String(data) });
  });

  it.each([
    ["text", "application/json", '{"a":1}', '{"a":1}'],
    ["json", "text/plain", "12", 12],
    ["json", "application/octet-stream", '"x"', "x"],
    ["form", "text/plain", "a=1&b=2", { a: "1", b: "2" }],
    ["lines", "text/plain", '{"a":1}\n{"a":2}', [{ a: 1 }, { a: 2 }]],
    ["text", "image/svg+xml", "<svg/>", "<svg/>"],
  ] as const)("is read as %s where `parse` says so, although the type is %s", (as, type, body, data) => {
    expect(parse(body, type, undefined, as)).toMatchObject({ data });
  });

  it("is refused where it is not what `parse` says", () => {
    expect(parse("a=1", "text/plain", undefined, "json")).toMatchObject({ status: 400 });
    expect(parse("a=1", "text/plain", undefined, "multipart")).toMatchObject({ status: 400 });
  });

  it("of a multipart form has its fields, and the name, type and size of its files", () => {
    const part = (head: string, content: string) =>
      `--b\r\ncontent-disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
    const json = "\r\ncontent-type: application/json";
    const body =
      part('name="subject"', "build failed") +
      part('name="to"', "a@x") +
      part('name="to"', "b@x") +
      part('name="__proto__"', "1") +
      part(`name="event"; filename="e.json"${json}`, '{"id":12345678901234567890}') +
      part('name="log"; filename="build.log"\r\ncontent-type: image/png', "\u0000\u0001") +
      "--b--\r\n";
    const latin = Buffer.from(
      `${part('name="_charset_"', "iso-8859-1")}${part('name="a"', "caf\xe9")}--b--`,
      "latin1",
    );
    expect(parse(latin, "multipart/form-data; boundary=b")).toMatchObject({ data: { a: "café" } });
    expect(parse(body, 'multipart/form-data; boundary="b"')).toMatchObject({
      data: {
        subject: "build failed",
        to: ["a@x", "b@x"],
        event: { id: "12345678901234567890" },
        log: { filename: "build.log", type: "image/png", size: 2 },
      },
    });
  });

  it.each([
    ["application/octet-stream", "x", 415],
    ["application/octet-stream", Buffer.from([0x7b, 0xff]), 415],
    ["multipart/form-data; boundary=x", "x", 400],
    ["multipart/mixed; boundary=x", "x", 415],
    ["image/png", "x", 415],
    ["text/plain; charset=utf-16", Buffer.from([0x61, 0x00, 0x62]), 400],
    ["text/plain", Buffer.from([0x61, 0xff]), 400],
    ["text/plain; charset=shift_jis", Buffer.from([0x61, 0xff]), 400],
    ["text/plain; charset=x-none", "x", 415],
    ["application/json", Buffer.from([0x22, 0xc0, 0x80, 0x22]), 400],
  ])("of type %s is refused with what is wrong", (type, body, status) => {
    expect(refusal(body, type)?.[0]).toBe(status);
  });

  it("is refused beyond 100 levels and taken up to them", () => {
    expect(refusal(nested(100), "application/json")).toBeUndefined();
    expect(refusal(nested(101), "application/json")).toEqual([
      400,
      "the JSON is nested deeper than 100 levels",
    ]);
    expect(refusal('{"a":'.repeat(101) + 1 + "}".repeat(101))?.[0]).toBe(400);
    expect(refusal(nested(500_000), "application/json")?.[0]).toBe(400);
    expect(refusal(nested(100), "application/x-ndjson")?.[0]).toBe(400);
  });

  it.each(["application/json", undefined, "application/x-ndjson"])("never sets a prototype (%s)", (type) => {
    const body = '{"a":{"__proto__":{"admin":true},"\\u005f_proto__":1,"constructor":2}}';
    const { data } = parse(body, type) as unknown as { data: { a: object } | [{ a: object }] };
    const a = Array.isArray(data) ? data[0].a : data.a;
    expect(Object.getPrototypeOf(a)).toBe(Object.prototype);
    expect(Object.getPrototypeOf({ ...a, ...Object.assign({}, a) })).toBe(Object.prototype);
    expect(Object.keys(a)).toEqual(["constructor"]);
  });

  it("never sets a prototype from a form", () => {
    const { data } = parse("__proto__=1&__proto__=2&toString=x", "application/x-www-form-urlencoded") as {
      data: object;
    };
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect(Object.entries(data)).toEqual([["toString", "x"]]);
  });
});

describe("what is said about broken JSON", () => {
  it.each([
    ['{"a": 1,\n "b" 2}', 'line 2 column 6: expected ":", found "2"'],
    ['{"a":1,}', 'line 1 column 8: expected a key in double quotes, found "}"'],
    ["[1 2]", 'line 1 column 4: expected "," or "]", found "2"'],
    ["{'a':1}", 'line 1 column 2: expected a key in double quotes, found "\'"'],
    ['{"a":tru}', 'line 1 column 6: expected a value, found "t"'],
    ['{"a":"x', "line 1 column 8: expected the end of a string, the text ends"],
    ['["a\nb"]', 'line 1 column 4: expected the end of a string, found "\\n"'],
    ["[01]", 'line 1 column 3: expected "," or "]", found "1"'],
    ["{} {}", 'line 1 column 4: expected nothing more after the value, found "{"'],
    ["[", "line 1 column 2: expected a value, the text ends"],
  ])("%j", (text, message) => {
    expect(refusal(text, "application/json")).toEqual([400, `invalid JSON at ${message}`]);
  });

  it("counts lines over newline-delimited JSON", () => {
    expect(refusal('{"a":1}\n{"a":}\n', "application/x-ndjson")?.[1]).toMatch(
      /^invalid JSON at line 2 column 6/,
    );
  });

  it("points at a fault in every text that JSON.parse refuses, and at none in any other", () => {
    const texts = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.json(), fc.nat(), fc.constantFrom("", "}", "]", '"', ",", ":", "\\", "\n", "0", "x"))
        .map(([json, at, extra]) => {
          const place = at % (json.length + 1);
          return json.slice(0, place) + extra + json.slice(place + 1);
        }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const fault = findJsonFault(text);
        const valid = (() => {
          try {
            JSON.parse(text);
            return true;
          } catch {
            return false;
          }
        })();
        expect(fault.message === "expected nothing more after the value, the text ends").toBe(valid);
        expect(fault.line).toBeLessThanOrEqual(text.split("\n").length);
        expect(fault.column).toBeGreaterThan(0);
      }),
      { numRuns: runs(600) },
    );
  });
});
