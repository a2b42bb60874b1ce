// Reading piece by piece finds what reading at once finds, wherever the pieces end.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { LineCounter, Parser } from "yaml";
import { readTokens } from "../../src/config/read.ts";

const example = readFileSync(fileURLToPath(new URL("../../channels.example.yaml", import.meta.url)), "utf8");
const texts = {
  "the example": example,
  "the example with CRLF": example.replaceAll("\n", "\r\n"),
  "block scalars, folded and kept": "a: |\n  one\n\n  two\n\n\nb: >-\n  x\n   y\n  z\nc: |+\n  k\n\n# end\n",
  "quoted and plain texts over lines":
    "a: 'one\n  two\n\n  three'\nb: \"x \\\n  y\"\nc: plain\n  goes on\n  and on\n",
  "flow over lines": "a: [1,\n 2, { b: c,\n  d: [e\n ] } ]\nf: {\n}\n",
  "several documents, tags, anchors": "%YAML 1.2\n---\na: &x !!str 1\n...\n---\nb: *x\n",
  "broken in the middle": "a: [1\nb: }\n\tc: 'open\nd: 2\n",
  "no line end": "a: 1",
  nothing: "",
};

test.each(Object.entries(texts))("%s", async (_, text) => {
  const whole = new LineCounter();
  const tokens = [...new Parser(whole.addNewLine).parse(text)];
  for (const length of [0, 1, 7, 20, 100, 16_384]) {
    const lines = new LineCounter();
    expect(await readTokens(text, lines, length)).toEqual(tokens);
    expect(lines.lineStarts).toEqual(whole.lineStarts);
  }
});
