// What a text costs a model, as an estimate: the tokenizer of Claude is not public.

/**
 * 2.8 characters per token of a short block, as a ratio of whole numbers. For the 135 blocks that the tests of the
 * bundled recipes produce (21,398 characters, 2026-11-30), the ratio is 2.76 with the last vocabulary that Anthropic
 * published (@anthropic-ai/tokenizer 0.0.4), and 2.98 with o200k_base and cl100k_base (gpt-tokenizer 4.0.0): ids,
 * URLs and brackets cost more than prose, which has about 4. The lower figure is used, because a budget must hold.
 * test/text/tokens.test.ts measures it again.
 */
const charactersPerToken = { characters: 14, tokens: 5 };

/**
 * Rounded up. Characters are UTF-16 units: their number is known without a scan, and characters of two units (emoji, rare scripts) also
 * cost a model more tokens.
 */
export function tokensOf(characters: number): number {
  return Math.ceil((characters * charactersPerToken.tokens) / charactersPerToken.characters);
}

/** The length of the longest text that costs no more than this. */
export function charactersIn(tokens: number): number {
  return Math.floor((Math.max(0, tokens) * charactersPerToken.characters) / charactersPerToken.tokens);
}
