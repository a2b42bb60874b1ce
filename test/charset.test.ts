import { expect, test } from "vitest";
import { charsetOf, decodeDeclared, decodeText } from "../src/charset.ts";

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

const wide = (text: string) => Buffer.from(text, "utf16le");

test.each<[string, Uint8Array, (string | undefined)[], string]>([
  ["UTF-8 that nobody declared", Buffer.from("<a>é€"), [undefined, undefined], "<a>é€"],
  ["the first that is declared", Buffer.from([0xcf, 0xf0]), ["windows-1251", "utf-8"], "Пр"],
  ["the second, where the first does not fit", bytes("<a>caf\xe9"), ["utf-8", "iso-8859-1"], "<a>café"],
  ["Latin-1 declared as UTF-8", bytes("<a>caf\xe9 \x80"), ["utf-8"], "<a>café €"],
  ["Latin-1 that nobody declared", bytes("<a>caf\xe9"), [undefined], "<a>café"],
  ["UTF-8 declared as Latin-1", Buffer.from("<a>café"), ["iso-8859-1"], "<a>café"],
  ["UTF-8 declared as UTF-16", Buffer.from("\n<a>café"), ["utf-16"], "\n<a>café"],
  ["UTF-16 with no mark", wide("<a>café"), ["utf-16"], "<a>café"],
  ["UTF-16 with no mark, big-endian", wide('{"a":1}').swap16(), [], '{"a":1}'],
  ["UTF-16 with a mark, declared as UTF-8", wide("\ufeff<a>é"), ["utf-8"], "<a>é"],
  ["plain text in UTF-16", wide("word"), ["utf-16le"], "word"],
  ["Shift_JIS", Buffer.from([0x93, 0xfa, 0x83, 0x5c]), [undefined, "Shift_JIS"], "日ソ"],
  ["GBK whose bytes are also UTF-8", Buffer.from([0xc1, 0xaa, 0xcd, 0xa8]), ["gbk"], "联通"],
  ["an unknown charset", Buffer.from("é"), ["x-none"], "é"],
])("of what is declared, %s is read", (_, from, labels, wanted) => {
  expect(decodeDeclared(from, labels)).toBe(wanted);
});

test("one broken character does not make UTF-8 another charset", () => {
  const broken = Buffer.concat([Buffer.from("é€é "), Buffer.from([0xff])]);
  expect(decodeDeclared(broken, ["utf-8", "iso-8859-1"])).toBe("é€é \ufffd");
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
