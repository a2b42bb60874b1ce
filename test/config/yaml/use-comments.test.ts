// Edits of `use:` keep every comment beside its own entry, and a removal undoes an addition byte for byte.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { addUse } from "../../../src/config/yaml/add-use.ts";
import { addInputs, removeUse, setReference, useEntries } from "../../../src/config/yaml/edit-use.ts";

const textOf = (change: object): string => {
  if (!("text" in change)) throw new Error(JSON.stringify(change));
  return change.text as string;
};
const added = (text: string, name = "new_one") =>
  textOf(addUse(text, "", [`${name}:`, "  recipe: new-one", "  with:", '    token: "${TOKEN}"']));
const removed = (text: string, name: string) => textOf(removeUse(text, name));

interface Written {
  /** Comments and blank lines above the entry; the last block is its own. */
  readonly above: readonly string[];
  readonly name: string;
  readonly body: readonly string[];
}

/** Bodies without indentation; each line is deeper than the key. */
const bodies: readonly (readonly string[])[] = [
  ["recipe: a # same line"],
  ["# inside", "recipe: a", "# below, inside"],
  ["recipe: a", "with:", "  # the branch", "  branch: main", "", "  # deeper, after a blank line"],
  ["recipe: a", "with:", "  text: |", "    hello", "    # content", ""],
  ["recipe: a", "with:", "  text: |+", "    hello", "", ""],
  ["recipe: a", "with:", "  text: >-", "    hello", "    # content"],
  ['recipe: "a"', "with: { text: [1,", "  2] } # flow"],
  ["recipe: a", "with:", "  list:", "    - one # 1", "    # between", "    - two"],
  ["recipe: a", "with:", "  text: plain", "    and more"],
  ["recipe: a", "with:", "  text:", "  # of nothing"],
];

const word = fc.stringMatching(/^[a-z]{1,6}$/);
const entries = fc.uniqueArray(
  fc.record({
    name: word,
    isSpaced: fc.boolean(),
    loose: fc.array(word, { maxLength: 2 }),
    own: fc.array(word, { maxLength: 2 }),
    body: fc.constantFrom(...bodies),
  }),
  { minLength: 1, maxLength: 4, selector: ({ name }) => name },
);
const configs = fc
  .record({
    entries,
    indent: fc.integer({ min: 1, max: 4 }),
    head: fc.constantFrom("", "version: 1\n", "# top\nversion: 1\n\n# our hooks\n", "text: |+\n  a\n\n"),
    tail: fc.constantFrom("", "\n", "# end\n", "\n# about sources\nsources:\n  x: {}\n", "sources: {} # s\n"),
    section: fc.constantFrom("use:", "use: # section"),
    isOpen: fc.boolean(),
    isWindows: fc.boolean(),
  })
  .map(({ entries: all, indent, head, tail, section, isOpen, isWindows }) => {
    const pad = " ".repeat(indent);
    const written = all.map(({ name, isSpaced, loose, own, body }, index): Written => {
      const comments = (kind: string, words: readonly string[]) =>
        words.map((one, at) => `${pad}# ${kind} ${index}.${at} ${one}`);
      const separate = loose.length > 0 ? [...comments("loose", loose), ""] : [];
      return { above: [...(isSpaced ? [""] : []), ...separate, ...comments("own", own)], name, body };
    });
    const lines = (one: Written) => [
      ...one.above,
      `${pad}${one.name}:`,
      ...one.body.map((line) => (line === "" ? "" : `${pad}  ${line}`)),
    ];
    const use = [section, ...written.flatMap(lines)].join("\n");
    const whole = `${head}${use}\n${tail}`;
    const closed = isOpen ? whole.replace(/\n$/, "") : whole;
    const text = isWindows ? closed.replaceAll("\n", "\r\n") : closed;
    return { text, written, pad };
  });

test("an entry that is added and removed again leaves the same text", () => {
  fc.assert(
    fc.property(configs, ({ text, written }) => {
      const next = added(text);
      expect(useEntries(next).map(({ name }) => name)).toEqual([
        ...written.map(({ name }) => name),
        "new_one",
      ]);
      expect(removed(next, "new_one")).toBe(text);
    }),
    { numRuns: 200 },
  );
});

test.each([
  "",
  "\n",
  "# only a comment",
  "version: 1",
  "version: 1\n",
  "version: 1\n\n",
  "version: 1\r\n",
  "text: |+\n  a\n\n",
  "text: |\n  a\n  ",
  "\uFEFFversion: 1\n",
  "sources: {} # last",
])("use: that is added to %j and removed again leaves the same text", (text) => {
  expect(parse(added(text)).use.new_one.recipe).toBe("new-one");
  expect(removed(added(text), "new_one")).toBe(text);
});

test("an addition puts no line between a comment and its entry", () => {
  fc.assert(
    fc.property(configs, ({ text, written }) => {
      const next = added(text);
      const at = next.indexOf("new_one:");
      for (const { name, above } of written) {
        const key = next.search(new RegExp(`^ +${name}:`, "m"));
        expect(key).toBeLessThan(at);
        const lines = next
          .slice(0, key)
          .split(/\r?\n/)
          .slice(-1 - above.length, -1);
        expect(lines).toEqual(above);
      }
    }),
  );
});

test("a removal takes an entry with its own comments, and leaves each other line in its order", () => {
  fc.assert(
    fc.property(configs, fc.nat(), ({ text, written, pad }, index) => {
      const gone = written[index % written.length] as Written;
      const change = removeUse(text, gone.name);
      // Without `use:` what is left there could become a part of this value.
      fc.pre(!("problem" in change && written.length === 1 && text.startsWith("text: |+")));
      const rest = textOf(change);
      expect(useEntries(rest).map(({ name }) => name)).toEqual(
        written.filter((one) => one !== gone).map(({ name }) => name),
      );
      const lines = text.split(/\r?\n/);
      const key = lines.indexOf(`${pad}${gone.name}:`);
      const own = gone.above.filter((one) => one.includes("# own")).length;
      const first = key - own;
      let last = key + gone.body.length;
      // A blank line behind an entry is not its own, except as the content of `|+`.
      if (!gone.body.some((line) => line.endsWith("|+"))) while (lines[last]?.trim() === "") last -= 1;
      const isSection = (line: string) => written.length === 1 && /^use:/.test(line);
      const expected = lines.filter(
        (line, at) => (at < first || at > last) && !isSection(line) && line !== "",
      );
      expect(rest.split(/\r?\n/).filter((line) => line !== "")).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

test("inputs are added behind the others of their entry, and every other line stays", () => {
  fc.assert(
    fc.property(configs, fc.nat(), ({ text, written }, index) => {
      const { name } = written[index % written.length] as Written;
      const change = addInputs(text, name, ["extra: 1"]);
      if ("problem" in change) {
        expect(written.find((one) => one.name === name)?.body).toContain("with: { text: [1,");
        return;
      }
      const next = change.text;
      expect(parse(next).use[name].with.extra).toBe(1);
      const isNew = (line: string) => /^ +(extra: 1|with:)$/.test(line);
      expect(next.split(/\r?\n/).filter((line) => !isNew(line) && line !== "")).toEqual(
        text.split(/\r?\n/).filter((line) => !isNew(line) && line !== ""),
      );
    }),
  );
});

describe("what cannot be edited without a change of something else is left alone", () => {
  test.each([
    ["an anchor that another entry uses", "use:\n  a: &x\n    recipe: a\n  b: *x\n"],
    ["an anchor of the section", "use: &u\n  a:\n    recipe: a\nother: *u\n"],
    ["an explicit key", "use:\n  ? a\n  : recipe: a\n"],
  ])("%s", (_, text) => {
    expect(removeUse(text, "a")).toHaveProperty("problem");
  });

  test("a config with an end marker", () => {
    expect(addUse("version: 1\n...\n", "x", ["a:", "  recipe: x"])).toHaveProperty("problem");
  });

  test("a reference in a block scalar", () => {
    const text = "use:\n  a:\n    recipe: >-\n      github:a/b/c@v1\n    with: {}\n";
    expect(setReference(text, "a", "github:a/b/c@v2")).toHaveProperty("problem");
  });
});
