import fc from "fast-check";
import { expect, test } from "vitest";
import { createLineSplitter } from "../../src/cluster/lines.ts";

function split(chunks: readonly Buffer[], maxBytes = 1_000_000) {
  const lines: string[] = [];
  let tooLong = 0;
  const splitter = createLineSplitter({
    maxBytes,
    onLine: (line) => lines.push(line.toString("utf8")),
    onTooLong: () => {
      tooLong += 1;
    },
  });
  for (const chunk of chunks) splitter.push(chunk);
  return { lines, tooLong };
}

test("however the bytes are cut, the same whole lines come out and half a line never does", () => {
  const text = fc.array(fc.string({ unit: "grapheme" }).map((line) => line.replaceAll("\n", "")));
  fc.assert(
    fc.property(
      text,
      fc.string().map((half) => half.replaceAll("\n", "")),
      fc.array(fc.nat({ max: 40 })),
      (whole, half, cuts) => {
        const bytes = Buffer.from(whole.map((line) => `${line}\n`).join("") + half);
        const chunks: Buffer[] = [];
        let start = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(start, start + cut));
          start += cut;
        }
        chunks.push(bytes.subarray(start));
        expect(split(chunks).lines).toEqual(whole);
      },
    ),
  );
});

test("a line that is too long is dropped once and the next one is whole", () => {
  const chunks = ["ab\n", "x".repeat(6), "y".repeat(8), "z\ncd\n", `${"w".repeat(11)}\n`, "ef\n"];
  expect(
    split(
      chunks.map((chunk) => Buffer.from(chunk)),
      10,
    ),
  ).toEqual({ lines: ["ab", "cd", "ef"], tooLong: 2 });
});
