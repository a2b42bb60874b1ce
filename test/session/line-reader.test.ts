import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLineReader } from "../../src/session/line-reader.ts";
import { processorTime } from "../support/processor-time.ts";

function read(chunks: readonly Buffer[], maxLineBytes = 1024): { lines: string[]; tooLong: number } {
  const lines: string[] = [];
  let tooLong = 0;
  const reader = createLineReader({
    maxLineBytes,
    onLine: (line) => lines.push(line),
    onTooLong: () => {
      tooLong += 1;
    },
  });
  for (const chunk of chunks) reader.push(chunk);
  return { lines, tooLong };
}

function split(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let start = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(start, start + size));
    start += size;
  }
  return [...chunks, bytes.subarray(start)];
}

const lineText = fc.string({ unit: "binary", maxLength: 60 }).map((text) => text.replaceAll(/[\r\n]/g, "é"));

describe("reading lines", () => {
  test("lines are the same however the bytes are split, also inside a character", () => {
    fc.assert(
      fc.property(
        fc.array(lineText, { maxLength: 20 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }),
        fc.constantFrom("\n", "\r\n"),
        (lines, sizes, lineEnd) => {
          const bytes = Buffer.from(lines.map((line) => line.toWellFormed() + lineEnd).join(""));
          expect(read(split(bytes, sizes)).lines).toEqual(lines.map((line) => line.toWellFormed()));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("a line over the limit is dropped and told once, and the lines around it are read", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 40 }),
        (lengths, sizes) => {
          const all = lengths.map((length, index) => String.fromCharCode(97 + (index % 26)).repeat(length));
          const bytes = Buffer.from(all.map((line) => `${line}\n`).join(""));
          const { lines, tooLong } = read(split(bytes, sizes), 100);
          expect(lines).toEqual(all.filter((line) => line.length <= 100));
          expect(tooLong).toBe(all.filter((line) => line.length > 100).length);
        },
      ),
    );
  });

  test("a line of the largest size that comes byte by byte is read in time linear in its length", () => {
    const bytes = Buffer.alloc(1024 * 1024, "x");
    bytes[bytes.length - 1] = 10;
    const chunks = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
    const took = processorTime();
    expect(read(chunks, bytes.length).lines[0]).toHaveLength(bytes.length - 1);
    expect(took()).toBeLessThan(3_000);
  });

  test("half a line is not a line", () => {
    expect(read([Buffer.from('{"a":1}\n{"b"')]).lines).toEqual(['{"a":1}']);
  });
});
