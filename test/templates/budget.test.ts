import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { finalContent, finalPayload, fitBudget, renderBlock } from "../../src/templates/budget.ts";
import { neutralise } from "../../src/text/neutralise.ts";
import { charactersIn, tokensOf } from "../../src/text/tokens.ts";
import { hostileText } from "../support/hostile-text.ts";
import { processorTime } from "../support/processor-time.ts";
import { runs } from "../support/runs.ts";

test("the block is what the client shows", () => {
  expect(renderBlock({ channel: "ci", pr: "7" }, "failed")).toBe(
    '<channel source="router" channel="ci" pr="7">\nfailed\n</channel>',
  );
  expect(renderBlock({}, "x", "other")).toBe('<channel source="other">\nx\n</channel>');
});

describe("a text over its budget", () => {
  const log = Array.from({ length: 400 }, (_, index) => `line ${index}`).join("\n");

  test("keeps its beginning and its end, whole lines, and says how much is gone", () => {
    const fitted = fitBudget(log, 50).split("\n");
    expect(fitted[0]).toBe("line 0");
    expect(fitted.at(-1)).toBe("line 399");
    const notice = fitted.findIndex((line) => line.startsWith("…"));
    expect(fitted[notice]).toMatch(/^… ~[\d,]+ tokens cut: call event …$/);
    expect(fitted.filter((_, index) => index !== notice).every((line) => /^line \d+$/.test(line))).toBe(true);
  });

  test("the number counts what is missing", () => {
    const fitted = fitBudget("x".repeat(400_000), 1_000);
    const [head = "", notice, tail = ""] = fitted.split("\n");
    expect(notice).toBe("… ~141,871 tokens cut: call event …");
    expect(head.length + tail.length).toBeGreaterThan(2_740);
  });

  test("a large payload keeps its ends, and its secrets are masked wherever the cuts are", () => {
    const secret = "s3cret-of-thirty-two-characters!";
    const mask = (text: string) => text.replaceAll(secret, "•••");
    const whole = (text: string, tokens: number) => finalContent(mask(text), tokens);
    const log = Array.from({ length: 200_000 }, (_, n) => `line ${n} of a log that is long`).join("\n");
    for (const tokens of [10, 50, 500, 100_000]) {
      expect(finalPayload(log, tokens, mask)).toBe(whole(log, tokens));
      expect(finalPayload("short", tokens, mask)).toBe("short");
    }
    // Nothing but its ends is left of these: what is near the cuts is visible.
    const hidden = "\u200b".repeat(2_000);
    for (const text of [`${`${hidden}${secret}`.repeat(3_000)}`, `x${`${hidden}${secret}`.repeat(3_001)}`]) {
      const content = finalPayload(text, 50_000, mask);
      expect(content).toMatch(/^(?:x?(?:•••)+)\n… ~[\d,]+ tokens cut: call event …\n(?:•••)+$/);
    }
  });

  test("one that fits is left alone", () => {
    expect(fitBudget("ab", 1)).toBe("ab");
    expect(fitBudget(log, tokensOf(log.length))).toBe(log);
  });

  test("takes one scan, however large", () => {
    const large = "y".repeat(4 * 1024 * 1024);
    const took = processorTime();
    for (let times = 0; times < 200; times++) fitBudget(large, 500);
    expect(took()).toBeLessThan(1_000);
  });

  test("never exceeds any budget, never splits a character, undoes no neutralising", () => {
    const text = fc.oneof(
      fc.array(hostileText, { minLength: 1, maxLength: 30 }).map((pieces) => pieces.join("")),
      fc.string({ unit: "grapheme", maxLength: 400 }),
      fc.nat(2_000).map((count) => "e\u0301\u{1F44D}\u{1F3FD}".repeat(count)),
      fc.nat(90).map((count) => `\u{1F600}${"\u0301".repeat(count)}`.repeat(4)),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 120 }), (raw, tokens) => {
        const content = neutralise(raw).trimEnd();
        const fitted = finalContent(raw, tokens);
        expect(tokensOf(fitted.length)).toBeLessThanOrEqual(tokens);
        expect(fitted.isWellFormed()).toBe(true);
        expect(neutralise(fitted)).toBe(fitted);
        if (content.length > charactersIn(tokens) && tokens >= 20)
          expect(fitted).toMatch(/^… ~[\d,]+ tokens cut: call event …$/m);
      }),
      { numRuns: runs(800) },
    );
  });

  test("a base and its marks stay together", () => {
    for (let tokens = 16; tokens < 60; tokens++) {
      const fitted = fitBudget("e\u0301".repeat(200), tokens);
      for (const piece of fitted.split("\n").filter((line) => !line.startsWith("…"))) {
        expect(piece).toMatch(/^(?:e\u0301)+$/);
      }
    }
  });
});
