// Rewords a parser error for the user. The parser reports the unexpected token; this says what is wrong and
// what to type.

import { TemplateError } from "../errors.ts";

/** Where the parser stopped: the unexpected token (empty at the end of the text) and its offset. */
export interface Stop {
  readonly token: string;
  readonly offset: number;
}

/** How a block begins or ends, up to the end of its name. No block has a longer name, and each `{{` is tried. */
const blockTag = /\{\{~?(?:#\s*([^\s}~|()]{1,100})|\/\s*([^\s}~]{1,100}))/y;

/** `text` and all offsets are those of the original text. */
export function syntaxError(text: string, stop: Stop): TemplateError {
  const { message, hint, offset = stop.offset } = diagnosis(text, stop);
  return new TemplateError("E_CONFIG_TEMPLATE", message, { hint, offset });
}

interface Diagnosis {
  readonly message: string;
  readonly hint?: string;
  readonly offset?: number;
}

function diagnosis(text: string, { token, offset }: Stop): Diagnosis {
  const braces = text.lastIndexOf("{{", offset);
  const open = text[braces - 1] === "{" ? braces - 1 : braces;
  if (text.includes("\0"))
    return { message: "a template may not contain a NUL character", offset: text.indexOf("\0") };

  const unbalanced = firstUnbalanced(text);
  if (token === "" || token.startsWith("{{/")) {
    if (unbalanced !== undefined) return unbalanced;
  }
  if (token === "" || text.indexOf("}}", open) === -1) {
    return { message: "{{ is never closed", hint: "close it with }}", offset: Math.max(0, open) };
  }
  if (/^\{\{~?\s*(?:else|\^)/.test(token)) {
    return {
      message: `${token} is not allowed here`,
      hint: "it belongs once between {{#if ...}} and {{/if}}",
    };
  }
  if (token === "}}}") {
    return {
      message: "}}} closes a {{ that was opened with two braces",
      hint: "a brace that is text needs a space: {{data.x}} }",
    };
  }
  if (text.startsWith("{{{", open)) {
    return {
      message: "{{{ must be closed with }}}",
      hint: "write {{ and }}; a brace that is text needs a space: { {{data.x}}",
      offset: open,
    };
  }
  if (token === "|") {
    return { message: "templates have no pipes", hint: "write the function first: {{upper data.x}}" };
  }
  if (text[offset + token.length] === "," || token === ",") {
    return { message: "values are separated by spaces, not by commas", hint: "{{truncate data.x 80}}" };
  }
  if (/^[=+*<>?!%&]/.test(token)) {
    return { message: "templates have no operators", hint: "compare with a function: {{#if (eq data.x 1)}}" };
  }
  if (token === ".") {
    return { message: "a path may not begin with a dot", hint: "it begins with a root: data.x" };
  }
  if (token === "@") {
    return { message: "@ may only begin a path", hint: "a key with other characters: data.[@timestamp]" };
  }
  if (token === "(") {
    return {
      message: "( is not allowed here",
      hint: "{{upper (first data.list)}}: a function first, then values",
    };
  }
  if (token === "}}") {
    return { message: "a name or a value is missing before }}", hint: "for instance {{data.action}}" };
  }
  return {
    message: `unexpected ${JSON.stringify(token.slice(0, 20))} in {{...}}`,
    hint: "a key with other characters is written in brackets: data.[my key]",
  };
}

function firstUnbalanced(text: string): Diagnosis | undefined {
  const open: { name: string; offset: number }[] = [];
  for (const { opened, closed, offset } of blockTags(text)) {
    if (opened !== undefined) {
      open.push({ name: opened, offset });
      continue;
    }
    const last = open.pop();
    if (last === undefined) {
      return {
        message: `{{/${closed}}} closes nothing`,
        hint: `open it with {{#${closed} ...}}`,
        offset,
      };
    }
    if (last.name !== closed) {
      return {
        message: `{{/${closed}}} is used where {{/${last.name}}} is needed`,
        hint: `{{#${last.name}}} is still open`,
        offset,
      };
    }
  }
  const last = open.at(-1);
  return last === undefined
    ? undefined
    : { message: `{{#${last.name}}} is never closed`, hint: `add {{/${last.name}}}`, offset: last.offset };
}

interface BlockTag {
  readonly opened: string | undefined;
  readonly closed: string | undefined;
  readonly offset: number;
}

/** The tags that open and close blocks. In one pass: a pattern for a whole tag would look for its end at each `{{`. */
function* blockTags(text: string): Generator<BlockTag> {
  let end = -1;
  for (let from = 0; ; ) {
    const offset = text.indexOf("{{", from);
    if (offset === -1) return;
    blockTag.lastIndex = offset;
    const found = blockTag.exec(text);
    from = offset + 1;
    if (found === null) continue;
    const [{ length }, opened, closed] = found;
    if (end < offset + length) end = text.indexOf("}", offset + length);
    if (end === -1) return;
    if (text[end + 1] !== "}") continue;
    yield { opened, closed, offset };
    from = end + 2;
  }
}
