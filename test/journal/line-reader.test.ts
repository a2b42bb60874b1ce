// The reader of journal files: whatever the lengths of lines and pieces are, each line is visited once, at its offset.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeLine } from "../../src/journal/line-format.ts";
import { readLastLine, readLines } from "../../src/journal/line-reader.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lines-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const texts = fc.array(fc.string({ maxLength: 90 }), { maxLength: 12 });
const tornEnds = fc.constantFrom("", "torn", '{"v":1,"type":"torn');
const sizes = fc.integer({ min: 1, max: 400 });

function write(lines: readonly Buffer[], torn: string): string {
  const path = join(folder, "lines");
  writeFileSync(path, Buffer.concat([...lines, Buffer.from(torn)]));
  return path;
}

test("each line is visited once, at its offset, whatever the pieces are", async () => {
  await fc.assert(
    fc.asyncProperty(texts, tornEnds, sizes, fc.boolean(), async (given, torn, pieceBytes, fromSecond) => {
      const lines = given.map((text) => encodeLine({ type: "note", text }));
      const path = write(lines, torn);
      const whole = lines.reduce((sum, { length }) => sum + length, 0);
      const skipped = fromSecond && lines.length > 0 ? 1 : 0;
      const from = skipped === 1 ? (lines[0] as Buffer).length : 0;
      const seen: string[] = [];
      const offsets: number[] = [];
      const end = await readLines(
        path,
        {
          line(bytes, offset) {
            seen.push(bytes.toString());
            offsets.push(offset);
          },
          broken: () => expect.fail("no line is broken"),
        },
        { from, pieceBytes },
      );
      expect(seen).toEqual(lines.slice(skipped).map((line) => line.toString().trimEnd()));
      const starts = lines.map((_, n) => lines.slice(0, n).reduce((sum, { length }) => sum + length, 0));
      expect(offsets).toEqual(starts.slice(skipped));
      expect(end).toBe(Math.max(from, whole));
    }),
    { numRuns: 120 },
  );
});

test("nothing behind the given end is read", async () => {
  const lines = ["a", "b", "c"].map((text) => encodeLine({ type: "note", text }));
  const path = write(lines, "");
  const two = (lines[0] as Buffer).length + (lines[1] as Buffer).length;
  for (const pieceBytes of [7, 64, 4_096]) {
    let count = 0;
    const end = await readLines(path, { line: () => (count += 1) }, { to: two, pieceBytes });
    expect([count, end]).toEqual([2, two]);
  }
});

test("the last line is found behind any other lines, a torn end and a small tail", async () => {
  await fc.assert(
    fc.asyncProperty(texts, tornEnds, sizes, async (given, torn, tailBytes) => {
      const lines = given.map((text) => encodeLine({ type: "note", text }));
      const found = await readLastLine(write(lines, torn), tailBytes);
      expect(found?.toString()).toBe(lines.at(-1)?.toString().trimEnd());
    }),
    { numRuns: 120 },
  );
});

test("a broken last line is not found", async () => {
  const path = write([encodeLine({ type: "note", text: "good" }), Buffer.from("broken\n")], "");
  expect(await readLastLine(path)).toBeUndefined();
});
