// Whatever the file holds: an answer, in bounded time, with places that exist.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LoadedConfig } from "../../src/config/values.ts";
import { shownLine } from "../../src/text.ts";
import { processorTime } from "../support/processor-time.ts";
import { load } from "./loading.ts";

function expectSound(loaded: LoadedConfig, lines: number): void {
  for (const issue of loaded.issues) {
    expect(issue.line).toBeGreaterThanOrEqual(1);
    expect(issue.line).toBeLessThanOrEqual(lines);
    expect(issue.column).toBeGreaterThanOrEqual(1);
    // A message may quote the file; what cannot be shown of that is replaced where it is printed.
    expect(loaded.frame(issue)).toContain(shownLine(issue.message));
  }
}

describe("any file", () => {
  test("of any bytes is answered", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expectSound(await load(Buffer.from(bytes)), 301);
      }),
      { numRuns: 200 },
    );
  });

  test("of a name that cannot be printed is answered", async () => {
    expectSound(await load(Buffer.from([42, 0])), 1);
  });

  test("of pieces of YAML in any order is answered", async () => {
    const piece = fc.constantFrom(
      ...[
        "sources:",
        "channels:",
        "a:",
        "type: probe",
        "from: a",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ": ",
        "- ",
        "\n",
        "  ",
        "\t",
      ],
      ...[
        "'",
        '"',
        "|\n",
        ">\n",
        "&x ",
        "*x ",
        "<<: ",
        "!t ",
        "${A}",
        "${",
        "{{",
        "#",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "? ",
        "__proto__",
        "\\",
        "\r\n",
        "12",
        "null",
      ],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const text = pieces.join("");
        expectSound(await load(text, { env: { A: "x" } }), text.split("\n").length);
      }),
      { numRuns: 400 },
    );
  });

  test("of valid YAML with any values in any place is answered", async () => {
    const key = fc.oneof(
      fc.constantFrom(
        "type",
        "from",
        "meta",
        "vars",
        "match",
        "changed",
        "dedupe",
        "auth",
        "secret",
        "reply",
        "budget",
        "constructor",
        "toString",
      ),
      fc.string({ maxLength: 6 }),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string({ maxLength: 8 }),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
      ),
    }));
    const top = fc.record(
      Object.fromEntries(
        ["version", "server", "listen", "public_url", "hosts", "budget", "sources", "channels", "sinks"].map(
          (name) => [
            name,
            name === "sources" || name === "channels"
              ? fc.oneof(tree, fc.dictionary(fc.constantFrom("a", "b", "C"), tree))
              : tree,
          ],
        ),
      ),
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(top, async (value) => {
        expectSound(await load(JSON.stringify(value, null, 1)), 10_000);
      }),
      { numRuns: 200 },
    );
  });

  const size = 256 * 1024;
  const filled = (piece: string) => piece.repeat(Math.ceil(size / piece.length)).slice(0, size);
  test.each([
    ["deep flow lists", filled("[")],
    ["deep flow mappings", filled("{")],
    ["deep block lists", filled("- ")],
    ["deep block mappings", Array.from({ length: 1_000 }, (_, n) => `${" ".repeat(n)}a:\n`).join("")],
    ["one open quote", `"${filled("a").slice(1)}`],
    ["unknown keys", Array.from({ length: 20_000 }, (_, n) => `key${n}: v\n`).join("")],
    ["bad channel names", `channels:\n${Array.from({ length: 10_000 }, (_, n) => ` K${n}: {}\n`).join("")}`],
    ["bad values", `channels:\n${Array.from({ length: 10_000 }, (_, n) => ` k${n}: {from: 1}\n`).join("")}`],
    ["missing variables", `hosts:\n${Array.from({ length: 10_000 }, (_, n) => `- \${V${n}}\n`).join("")}`],
    ["a long line of secrets", `a: {${"token: x, ".repeat(20_000)}\n`],
  ])("that is large and full of %s is answered in bounded time", async (_, text) => {
    const took = processorTime();
    const loaded = await load(text);
    expect(loaded.issues.length).toBeGreaterThan(0);
    loaded.frame(loaded.issues[0]!);
    expect(took()).toBeLessThan(8_000);
  });
});

describe("a large good file", () => {
  test("of 1,000 channels loads with little of a processor's time", async () => {
    const channels = Array.from(
      { length: 1_000 },
      (_, n) =>
        `  ci_${n}:\n    from: gh\n    match: { data.action: completed, data.n: ${n} }\n    content: "{{data.name}} failed"\n    meta: { repo: "{{data.repo}}" }\n`,
    );
    const text = `sources:\n  gh: { type: probe }\nchannels:\n${channels.join("")}`;
    await load(text);
    const took = processorTime();
    const { issues, values } = await load(text);
    expect(took()).toBeLessThan(2_000);
    expect(issues).toEqual([]);
    expect(Object.keys(values.channels)).toHaveLength(1_000);
  });
});
