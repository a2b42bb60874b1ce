import { expect, test } from "vitest";
import { charsetOf, decodeText } from "../src/charset.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

test.each(["windows-1252", "iso-8859-1", "latin1", "us-ascii", "cp1252", "ISO_8859-1:1987"])(
  "%s has the quotes, dashes and the euro sign of windows-1252",
  (charset) => {
    expect(decodeText(bytes("It\x92s \x80 5 \x96 caf\xe9 \x93x\x94\x85"), charset)).toBe(
      "It\u2019s \u20ac 5 \u2013 café \u201cx\u201d\u2026",
    );
  },
);

test.each([
  ["utf-8", Buffer.from("é€", "utf8"), "é€"],
  [undefined, Buffer.from("\uFEFFé", "utf8"), "é"],
  ["koi8-r", Buffer.from([0xd0, 0xd2]), "пр"],
  ["shift_jis", Buffer.from([0x93, 0xfa]), "日"],
  ["utf-16le", Buffer.from("é", "utf16le"), "é"],
  ["no-such-charset", Buffer.from("é", "utf8"), "é"],
] as const)("%s is read", (charset, from, wanted) => {
  expect(decodeText(from, charset)).toBe(wanted);
});

test("a part of a larger buffer is read alone", () => {
  const whole = bytes("ab\x80cd");
  expect(decodeText(whole.subarray(2, 3), "windows-1252")).toBe("€");
});

test.each([
  ["text/xml; charset=windows-1252", "windows-1252"],
  ['text/xml; Charset = "ISO-8859-1"; x=y', "ISO-8859-1"],
  ["application/json", undefined],
  [undefined, undefined],
])("%s names %s", (header, wanted) => {
  expect(charsetOf(header)).toBe(wanted);
});

test.runIf(process.versions.node.startsWith("20."))(
  "the guard is still needed: the oldest Node that is supported reads 0x80 of windows-1252 as a control character",
  () => {
    expect(new TextDecoder("windows-1252").decode(bytes("\x80"))).toBe("\x80");
  },
);
