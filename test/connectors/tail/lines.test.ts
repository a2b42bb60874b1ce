// Bytes into lines: however they come in, the lines and their places are the same.

import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  byteOrderMark,
  createLineReader,
  type Encoding,
  type Line,
} from "../../../src/connectors/tail/lines.ts";

function read(encoding: Encoding, pieces: readonly Buffer[], maxBytes = 65_536, offset = 0): Line[] {
  const reader = createLineReader(encoding, offset, maxBytes);
  const lines = pieces.flatMap((piece) => reader.push(piece));
  const rest = reader.flush();
  return rest === undefined ? lines : [...lines, rest];
}

const bufferEncoding = { "utf-8": "utf8", latin1: "latin1", "utf-16le": "utf16le" } as const;

const words = {
  "utf-8": fc.constantFrom("", "a", "plain text", "ü", "日本", "😀", "tab\t", "x".repeat(50)),
  latin1: fc.constantFrom("", "a", "plain text", "ü", "ÿ", "x".repeat(50)),
  "utf-16le": fc.constantFrom("", "a", "plain", "ü", "日本", "😀", "ਊ\u0a00", "x".repeat(50)),
};

test.each(["utf-8", "latin1", "utf-16le"] as const)(
  "%s: pieces of any size make the same lines",
  (encoding) => {
    const unit = encoding === "utf-16le" ? 2 : 1;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(words[encoding], fc.constantFrom("\n", "\r\n")), { maxLength: 20 }),
        words[encoding],
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 }),
        (written, last, sizes) => {
          const name = bufferEncoding[encoding];
          const bytes = Buffer.from(written.map((line) => line.join("")).join("") + last, name);
          const pieces: Buffer[] = [];
          for (let from = 0, turn = 0; from < bytes.length; turn++) {
            const size = (sizes[turn % sizes.length] as number) * unit;
            pieces.push(bytes.subarray(from, from + size));
            from += size;
          }
          let end = 7;
          const expected = written.map(([text, ending]) => {
            end += Buffer.byteLength(text + ending, name);
            return { text, cut: 0, end };
          });
          if (last !== "") expected.push({ text: last, cut: 0, end: end + Buffer.byteLength(last, name) });
          expect(read(encoding, pieces, 65_536, 7)).toEqual(expected);
        },
      ),
    );
  },
);

describe("a line that is too long", () => {
  it.each([
    ["in one piece", [`${"x".repeat(300)}\nnext\n`]],
    ["in many", [...Array.from({ length: 30 }, () => "x".repeat(10)), "\nne", "xt\n"]],
  ])("is cut, and says by how much: %s", (_, pieces) => {
    const lines = read(
      "utf-8",
      pieces.map((piece) => Buffer.from(piece)),
      256,
    );
    expect(lines).toEqual([
      { text: "x".repeat(256), cut: 44, end: 301 },
      { text: "next", cut: 0, end: 306 },
    ]);
  });

  it("is not cut within a character", () => {
    const [line] = read("utf-8", [Buffer.from(`${"ü".repeat(200)}\n`)], 255);
    expect(line).toEqual({ text: "ü".repeat(127), cut: 145, end: 401 });
  });

  it("of exactly the length is whole, also with a carriage return", () => {
    expect(read("utf-8", [Buffer.from(`${"x".repeat(256)}\r\n`)], 256)[0]).toMatchObject({ cut: 0 });
    expect(read("utf-8", [Buffer.from("x".repeat(256)), Buffer.from("\r\n")], 256)[0]).toMatchObject({
      text: "x".repeat(256),
      cut: 0,
    });
  });

  it("keeps no more than it may of a line without end", () => {
    const reader = createLineReader("utf-8", 0, 256);
    for (let n = 0; n < 1_000; n++) reader.push(Buffer.alloc(1_000, "x"));
    expect(reader.flush()).toEqual({ text: "x".repeat(256), cut: 999_744, end: 1_000_000 });
  });
});

test("bytes that are no UTF-8 are replaced", () => {
  expect(read("utf-8", [Buffer.from([0x61, 0xff, 0x62, 0x0a])])[0]?.text).toBe("a\uFFFDb");
});

test("a byte order mark names the encoding", () => {
  expect(byteOrderMark(Buffer.from("\ufeffa"))).toEqual({ encoding: "utf-8", length: 3 });
  expect(byteOrderMark(Buffer.from("\ufeffa", "utf16le"))).toEqual({ encoding: "utf-16le", length: 2 });
  expect(byteOrderMark(Buffer.from([0xfe, 0xff]))).toMatchObject({ encoding: "utf-16be" });
  expect(byteOrderMark(Buffer.from("a"))).toBeUndefined();
});
