import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { load } from "../loading.ts";

/** The text of the file from the place of the draft on. */
async function at(text: string, draft: { path: (string | number)[]; on?: "key"; offset?: number }, env = {}) {
  const loaded = await load(text, { env });
  const { line, column } = loaded.locate({ code: "E_CONFIG_CEL", message: "x", ...draft });
  return text.split("\n")[line - 1]!.slice(column - 1);
}

describe("a problem of a later room finds its place", () => {
  const channel = (body: string) => `sources:\n  p: { type: probe }\nchannels:\n  p:\n${body}`;
  const path = ["channels", "p", "when"];

  test.each<[string, string, number, string]>([
    ["plain", "    when: data.x == foo\n", 10, "foo"],
    ["single-quoted", "    when: 'data.x == ''a'' && foo'\n", 17, "foo'"],
    ["double-quoted with escapes", '    when: "data.x == \\"\\u0061\\x62\\" && foo"\n', 18, 'foo"'],
    ["over several lines", "    when: data.x\n      == foo\n", 10, "foo"],
    ["over several lines with a blank one", "    when: data.x\n\n      == foo\n", 10, "foo"],
    ["quoted over several lines", "    when: 'data.x\n      == foo'\n", 10, "foo'"],
    ["double-quoted over escaped line breaks", '    when: "data.x \\\n      == foo"\n', 10, 'foo"'],
    ["a literal block", "    when: |\n      data.x ==\n        foo\n", 12, "foo"],
    [
      "a literal block with an indentation indicator",
      "    when: |2-\n       data.x ==\n      foo\n",
      11,
      "foo",
    ],
    ["a folded block", "    when: >-\n      data.x ==\n      foo\n", 10, "foo"],
    [
      "a folded block with a deeper line",
      "    when: >\n      data.x\n        == 1\n      && foo\n",
      17,
      "foo",
    ],
    ["with Windows line ends", "    when: |\r\n      data.x ==\r\n      foo\r\n", 10, "foo\r"],
  ])("in a %s scalar", async (_, body, offset, expected) => {
    expect(await at(channel(body), { path, offset })).toBe(expected);
  });

  test("at the end of the text, where something is missing", async () => {
    const text = channel("    when: data.x ==\n");
    const issue = (await load(text)).locate({ path, offset: 9, code: "E_CONFIG_CEL", message: "x" });
    expect(issue).toMatchObject({ line: 5, column: 20, path: "channels.p.when" });
  });

  test("at the start of a scalar that held a variable, because its offsets mean nothing in the file", async () => {
    expect(
      await at(
        channel('    content: "${A} {{foo}}"\n'),
        { path: ["channels", "p", "content"], offset: 3 },
        { A: "long text" },
      ),
    ).toBe('"${A} {{foo}}"');
    expect(
      await at(channel('    content: "$${A} {{foo}}"\n'), { path: ["channels", "p", "content"], offset: 5 }),
    ).toBe('"$${A} {{foo}}"');
  });

  test("at the key, when the key is wrong or the value is not there", async () => {
    const text = channel("    meta: { a: b }\n    match:\n      data.x: 1\n");
    expect(await at(text, { path: ["channels", "p", "meta", "a"], on: "key" })).toBe("a: b }");
    expect(await at(text, { path: ["channels", "p", "when"] })).toBe("p:");
    expect(await at(text, { path: ["channels", "p", "match", "data.x", "eq"] })).toBe("data.x: 1");
    expect(await at(text, { path: [] })).toBe("sources:");
  });

  test("in the short form of an option, where the text is", async () => {
    const text = channel("    changed: data.state +\n");
    expect(await at(text, { path: ["channels", "p", "changed", "value"], offset: 5 })).toBe("state +");
  });

  test("behind an alias, where the text is", async () => {
    const text =
      "sources:\n  p: { type: probe }\nchannels:\n  a: { from: p, vars: &v { n: data.foo } }\n  b: { from: p, vars: *v }\n";
    expect(await at(text, { path: ["channels", "b", "vars", "n"], offset: 5 })).toBe("foo } }");
  });

  test("for any text in any style of scalar", async () => {
    const word = fc.stringMatching(/^[a-z"'\\#: é🎉]{1,12}$/u);
    const value = fc.array(word, { minLength: 1, maxLength: 5 }).map((lines) => lines.join("\n"));
    const style = fc.constantFrom("PLAIN", "QUOTE_SINGLE", "QUOTE_DOUBLE", "BLOCK_LITERAL", "BLOCK_FOLDED");
    await fc.assert(
      fc.asyncProperty(
        value,
        style,
        fc.nat(),
        fc.integer({ min: 20, max: 80 }),
        async (content, defaultStringType, seed, lineWidth) => {
          const text = stringify(
            { sources: { p: { type: "probe" } }, channels: { p: { content } } },
            { defaultStringType: defaultStringType as never, defaultKeyType: "PLAIN", lineWidth },
          );
          const offset = seed % content.length;
          fc.pre(/[a-zé]/.test(content[offset]!));
          // The writer changes some texts that begin with blanks or breaks; what was read is what counts.
          fc.pre(parse(text).channels.p.content === content);
          expect((await at(text, { path: ["channels", "p", "content"], offset }))[0]).toBe(content[offset]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
