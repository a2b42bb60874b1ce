// How much a template may hold, checked in one pass before it is parsed: the parser is slow for thousands of blocks, and recursion
// follows what is nested in a tag.

import { TemplateError } from "../errors.ts";

/** Placeholders, comments, and the tags of blocks. */
const maxTags = 1_000;
/** Blocks and their `else`. */
const maxBlocks = 500;
/** Characters between `{{` and `}}`; a comment may be longer. */
const maxTagLength = 2_000;

const block = /\{\{~?\s*(?:[#^]|else\b)/y;
const comment = /\{\{~?!/y;

/** The error for a template that is too large to be parsed. */
export function findExcess(text: string): TemplateError | undefined {
  let tags = 0;
  let blocks = 0;
  let end = 0;
  for (let at = text.indexOf("{{"); at !== -1; at = text.indexOf("{{", at + 2)) {
    if (++tags > maxTags)
      return excess(`a template may have at most ${maxTags} tags`, "split it into several channels", at);
    if (isAt(block, text, at) && ++blocks > maxBlocks)
      return excess(`a template may have at most ${maxBlocks} blocks`, "split it into several channels", at);
    if (end < at + 2) end = endOf(text, at + 2);
    if (end - at - 2 > maxTagLength && !isAt(comment, text, at))
      return excess(
        `a tag of a template may have at most ${maxTagLength} characters`,
        "close it with }}, or compute the value in vars",
        at,
      );
  }
  return undefined;
}

function endOf(text: string, from: number): number {
  const end = text.indexOf("}}", from);
  return end === -1 ? text.length : end;
}

function isAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

function excess(message: string, hint: string, offset: number): TemplateError {
  return new TemplateError("E_CONFIG_TEMPLATE", message, { hint, offset });
}
