import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linkTarget } from "../../src/intake/link-header.ts";
import { processorTime } from "../support/processor-time.ts";

describe("the next page of a Link header", () => {
  test.each([
    ['<https://a.example/2>; rel="next"', "https://a.example/2"],
    ["</2>;rel=next", "/2"],
    ['<2>; REL="NEXT"', "2"],
    ['<2>; rel="prev next"', "2"],
    ['<1>; rel="prev", <2>; rel="next"', "2"],
    ["<1>;rel=prev,<2>;rel=next", "2"],
    ['<2>; title="Page two, continued"; rel="next"', "2"],
    ['<9>; title="old;rel=next"; rel="last"', undefined],
    ['<9>; title="say \\"hi\\", <3>; rel=next"; rel="last", <2>; rel=next', "2"],
    ['<2?a=1,2;b=3>; rel="next"', "2?a=1,2;b=3"],
    ["<2>; crossorigin; rel=next", "2"],
    ["<2>;; rel=next", "2"],
    ['<2>; rel="last"; rel="next"', undefined],
    ['<2>; anchor="/other"; rel="next"', undefined],
    ['rubbish, "<9>; rel=next", <2>; rel=next', "2"],
    ["<2>; rel", undefined],
    ["<2", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%s", (header, wanted) => {
    expect(linkTarget(header, "next")).toBe(wanted);
  });

  test("is found whatever quoted parameters stand around it", () => {
    const quoted = fc.string().map((text) => `"${text.replace(/["\\]/g, "\\$&").replace(/[\r\n]/g, " ")}"`);
    const link = fc.tuple(fc.webPath(), fc.constantFrom("prev", "last", "first"), quoted);
    fc.assert(
      fc.property(fc.array(link), quoted, fc.array(link), (before, title, after) => {
        const written = (links: typeof before) =>
          links.map(([path, rel, text]) => `<${path}>; title=${text}; rel="${rel}"`);
        const next = `<https://a.example/next>; title=${title}; rel="next"`;
        expect(linkTarget([...written(before), next, ...written(after)].join(", "), "next")).toBe(
          "https://a.example/next",
        );
      }),
    );
  });

  test("takes no long time over a long header", () => {
    const time = processorTime();
    for (const header of [
      "<".repeat(60_000),
      '<a>;"'.repeat(10_000),
      "<a>; ".repeat(10_000),
      '"\\'.repeat(30_000),
    ])
      expect(linkTarget(header, "next")).toBeUndefined();
    // Some seconds, if each character were a place to begin from.
    expect(time()).toBeLessThan(1_000);
  });
});
