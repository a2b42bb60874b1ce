// The estimate of what a text costs, against real vocabularies.

import { expect, test } from "vitest";
import { charactersIn, tokensOf } from "../../src/text/tokens.ts";
import { recipeBlocks } from "../support/recipe-blocks.ts";

test("tokens are characters / 2.8, rounded up, and as many characters cost no more", () => {
  expect([0, 1, 2, 3, 28, 29].map(tokensOf)).toEqual([0, 1, 1, 2, 10, 11]);
  for (let tokens = 0; tokens < 3_000; tokens++) {
    expect(tokensOf(charactersIn(tokens))).toBeLessThanOrEqual(tokens);
    expect(tokensOf(charactersIn(tokens) + 1)).toBeGreaterThan(tokens);
  }
  expect(charactersIn(-1)).toBe(0);
});

/** Not installed: 55 MB for one figure. `npm install --no-save gpt-tokenizer @anthropic-ai/tokenizer` brings them. */
const vocabularies = await Promise.all(
  [
    ["gpt-tokenizer/encoding/o200k_base", "countTokens"],
    ["@anthropic-ai/tokenizer", "countTokens"],
  ].map(([name = "", count = ""]) =>
    import(/* @vite-ignore */ name).then(
      (loaded) => ({ name, count: loaded[count] as (text: string) => number }),
      () => undefined,
    ),
  ),
);

test.runIf(vocabularies.every((one) => one !== undefined))(
  "over the blocks of all recipes, the estimate is within 12 % of public vocabularies",
  async () => {
    const blocks = await recipeBlocks();
    const estimate = blocks.reduce((sum, block) => sum + tokensOf(block.length), 0);
    for (const vocabulary of vocabularies) {
      const measured = blocks.reduce((sum, block) => sum + (vocabulary?.count(block) ?? 0), 0);
      process.stdout.write(`${vocabulary?.name}: ${measured} tokens, estimated ${estimate}\n`);
      expect(Math.abs(estimate / measured - 1)).toBeLessThan(0.12);
    }
  },
);
