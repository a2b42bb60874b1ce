// Bytes into lines: however they come in, the lines and their places are the same.

import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Line } from "../../../src/connectors/tail/container.ts";
import { byteOrderMark, type Encoding, LineReader, unitOf } from "../../../src/connectors/tail/lines.ts";
import type { SiftedLines } from "../../../src/connectors/tail/sift.ts";
import type { TextNeeds } from "../../../src/contract/emit-all.ts";

function read(encoding: Encoding, pieces: readonly Buffer[], maxBytes = 65_536, offset = 0): Line[] {
  const reader = new LineReader(encoding, offset, maxBytes);
  const lines = pieces.flatMap((piece) => reader.push(piece));
  const rest = reader.flush();
  return rest === undefined ? lines : [...lines, rest];
}

const bufferEncoding = {
  "utf-8": "utf8",
  latin1: "latin1",
  "utf-16le": "utf16le",
  "utf-16be": "utf16le",
} as const;

const words = {
  "utf-8": fc.constantFrom("", "a", "plain text", "ü", "日本", "😀", "tab\t", "x".repeat(50)),
  latin1: fc.constantFrom("", "a", "plain text", "ü", "ÿ", "x".repeat(50)),
  "utf-16le": fc.constantFrom("", "a", "plain", "ü", "日本", "😀", "ਊ\u0a00", "x".repeat(50)),
  "utf-16be": fc.constantFrom("", "a", "plain", "ü", "日本", "😀", "ਊ\u0a00", "x".repeat(50)),
};

test.each(["utf-8", "latin1", "utf-16le", "utf-16be"] as const)(
  "%s: pieces of any size make the same lines",
  (encoding) => {
    const unit = unitOf(encoding);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(words[encoding], fc.constantFrom("\n", "\r\n")), { maxLength: 20 }),
        words[encoding],
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 }),
        (written, last, sizes) => {
          const name = bufferEncoding[encoding];
          const bytes = Buffer.from(written.map((line) => line.join("")).join("") + last, name);
          if (encoding === "utf-16be") bytes.swap16();
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

const needs: fc.Arbitrary<TextNeeds> = fc.array(
  fc.array(
    fc.record({
      texts: fc.array(fc.constantFrom("a", "text", "x", "日", "ü", "pl", "xx"), {
        minLength: 1,
        maxLength: 3,
      }),
      folds: fc.constant(false),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  { minLength: 1, maxLength: 3 },
);
const holds = (text: string, needed: TextNeeds) =>
  needed.some((all) => all.every(({ texts }) => texts.some((one) => text.includes(one))));

test.each(["utf-8", "latin1"] as const)(
  "%s: what is sifted out is what lacks the need, and the others stand where they stood",
  (encoding) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(words[encoding], fc.constantFrom("\n", "\r\n")), { maxLength: 20 }),
        words[encoding],
        needs,
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 6, max: 300 }),
        (written, last, needed, size, maxBytes) => {
          const bytes = Buffer.from(written.flat().join("") + last, bufferEncoding[encoding]);
          const pieces: Buffer[] = [];
          for (let from = 0; from < bytes.length; from += size)
            pieces.push(bytes.subarray(from, from + size));
          const plain = new LineReader(encoding, 7, maxBytes);
          const sifting = new LineReader(encoding, 7, maxBytes);
          const held: Line[] = [];
          const passed: Line[] = [];
          let start = 7;
          const all = pieces
            .flatMap((piece) => plain.push(piece))
            .map((line) => {
              const placed = { ...line, start };
              start = line.end;
              return placed;
            });
          let reached = 7;
          for (const piece of pieces) {
            const sifted = sifting.sift(piece, needed);
            const lines = sifted?.lines ?? sifting.push(piece);
            for (const line of lines) {
              held.push({ start: reached, ...line });
              reached = line.end;
            }
            for (let index = 0; index < (sifted?.passed ?? 0); index++)
              passed.push((sifted as SiftedLines).passedLine(index));
            if (lines.length === 0 || sifted !== undefined)
              reached = 7 + bytesUntil(pieces, piece) - sifting.pending();
          }
          for (const line of held) expect(all).toContainEqual(line);
          const others = all.filter((line) => !held.some(({ end }) => end === line.end));
          expect(passed).toEqual(others.filter(({ text }) => text !== ""));
          expect(others.filter(({ text, cut }) => cut === 0 && holds(text, needed))).toEqual([]);
          expect(sifting.flush()).toEqual(plain.flush());
        },
      ),
    );
  },
);

function bytesUntil(pieces: readonly Buffer[], last: Buffer): number {
  return pieces.slice(0, pieces.indexOf(last) + 1).reduce((sum, { length }) => sum + length, 0);
}

test("what is needed in any case is found in any case, and in ASCII alone", () => {
  const needed = [[{ texts: ["error"], folds: true }]];
  const reader = new LineReader("utf-8", 0, 256);
  const sifted = reader.sift(Buffer.from("an Error\nfine\nERROR\n"), needed);
  expect([sifted?.lines.map(({ text }) => text), sifted?.passed]).toEqual([["an Error", "ERROR"], 1]);
  expect(reader.sift(Buffer.from("ü\n"), needed)).toBeUndefined();
});

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
    const reader = new LineReader("utf-8", 0, 256);
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

describe.each<Encoding>(["utf-8", "latin1", "utf-16le", "utf-16be"])(
  "NULs of copytruncate in %s",
  (encoding) => {
    const encode = (text: string): Buffer => {
      if (encoding === "utf-16be") return Buffer.from(text, "utf16le").swap16();
      return Buffer.from(
        text,
        encoding === "utf-16le" ? "utf16le" : encoding === "latin1" ? "latin1" : "utf8",
      );
    };

    it.each([2, 100, 4_096, 1e6])(
      "before a line are neither shown nor counted, in pieces of %i bytes",
      (size) => {
        for (const word of ["an error", "ein Fehler: ü error"]) {
          for (const nuls of [1, 300, 5_000]) {
            const bytes = encode(`before\n${"\0".repeat(nuls)}${word}\nafter\n`);
            const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
              bytes.subarray(index * size, (index + 1) * size),
            );
            const wanted = ["before", word, "after"];
            expect(read(encoding, pieces, 256).map(({ text, cut }) => [text, cut])).toEqual(
              wanted.map((text) => [text, 0]),
            );
            const reader = new LineReader(encoding, 0, 256);
            const needs = [[{ texts: ["error"], folds: false }]];
            const sifted = pieces.flatMap((piece) => reader.sift(piece, needs)?.lines ?? reader.push(piece));
            expect(sifted).toContainEqual(expect.objectContaining({ text: word, cut: 0 }));
          }
        }
      },
    );
  },
);
