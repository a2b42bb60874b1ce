// Broken YAML in plain words. After an error the parser reports every following token; here each line is
// reported once and consequences of an earlier mistake are left out. Texts of the file are not quoted: they
// may be secret.

import { type LineCounter, visit, type YAMLError } from "yaml";
import type { ParsedDocument, Problem } from "./problem.ts";
import { strangeSpaceInLine } from "./strange-spaces.ts";

/** More than are shown of a file; see `issue-location.ts`. */
const maxProblems = 30;
/** Per line, in UTF-16 units: a mistake is searched at its beginning. */
const maxLine = 2_000;

interface Explanation {
  readonly message: string;
  readonly hint?: string | undefined;
}

export function syntaxProblems(
  documents: readonly ParsedDocument[],
  text: string,
  lines: LineCounter,
): readonly Problem[] {
  const problems = new Map<number, Problem>();
  const add = (at: number, words: Explanation) => {
    const { line } = lines.linePos(at);
    if (!problems.has(line) && problems.size < maxProblems) {
      problems.set(line, { at, path: [], code: "E_CONFIG_SYNTAX", ...words });
    }
  };
  const errors = documents.flatMap((document) => [...document.errors, ...document.warnings]);
  const quotes = quotedScalars(documents);
  const seen = new Set<number>();
  for (const error of errors.sort((a, b) => a.pos[0] - b.pos[0])) {
    if (problems.size === maxProblems) break;
    if (problems.size > 0 && isAftermath(error)) continue;
    const at = offsetOf(error, quotes);
    const { line } = lines.linePos(at);
    // One line can have hundreds of errors, and is reported once.
    if (seen.has(line)) continue;
    seen.add(line);
    const start = lines.lineStarts[line - 1] ?? 0;
    const space = strangeSpaceInLine(text.slice(start, start + maxLine).split("\n", 1)[0] ?? "");
    const unquoted = unquotedAt(at, text, lines);
    if (space !== undefined) add(start + space.index, space.words);
    else if (unquoted === undefined) add(at, explainError(error));
    else add(unquoted.at, unquoted.words);
  }
  const second = documents[1];
  if (second !== undefined) {
    const at = text.lastIndexOf("---", second.range[0]);
    add(at === -1 ? second.range[0] : at, {
      message: "the file has more than one YAML document",
      hint: 'keep one, and remove the "---" or "..." line between them',
    });
  }
  const version = documents[0]?.directives.yaml;
  if (version?.explicit === true && version.version !== "1.2") {
    add(Math.max(0, text.indexOf("%YAML")), {
      message: `the file requires YAML ${version.version}; channels.yaml is YAML 1.2`,
      hint: "remove the %YAML line",
    });
  }
  return [...problems.values()];
}

/**
 * Once the parser has lost the structure, it reports the rest of the file as "unexpected", token by token.
 */
function isAftermath(error: YAMLError): boolean {
  return error.code === "UNEXPECTED_TOKEN" && error.message.includes(" in YAML ");
}

/** Range of each quoted text, in the order of the file. */
function quotedScalars(documents: readonly ParsedDocument[]): readonly (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  for (const document of documents) {
    visit(document, {
      Scalar(_, { range, type }) {
        if (range && type?.startsWith("QUOTE")) found.push([range[0], range[1]]);
      },
    });
  }
  return found.sort((a, b) => a[0] - b[0]);
}

function offsetOf(error: YAMLError, quotes: ReturnType<typeof quotedScalars>): number {
  const at = error.pos[0];
  if (error.code !== "MISSING_CHAR" || !error.message.includes("quote")) return at;
  // The parser points at the end of an open quote, which is the end of the file; the user needs its
  // beginning.
  const last = lastBefore(quotes, at);
  return last !== undefined && last[1] >= at ? last[0] : at;
}

function lastBefore(
  quotes: ReturnType<typeof quotedScalars>,
  at: number,
): readonly [number, number] | undefined {
  let [low, high] = [0, quotes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((quotes[middle] as readonly [number, number])[0] < at) low = middle + 1;
    else high = middle;
  }
  return quotes[low - 1];
}

/** `${`, `{{` or `[0]` outside quotes on the line of an error is nearly always the cause of it. */
export function unquotedAt(
  at: number,
  text: string,
  lines: LineCounter,
): { readonly at: number; readonly words: Explanation } | undefined {
  const start = lines.lineStarts[lines.linePos(at).line - 1] ?? 0;
  const [line = ""] = text.slice(start, start + maxLine).split("\n", 1);
  const bare = line
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/g, (quote) => " ".repeat(quote.length))
    .replace(/(^|\s)#.*$/, "");
  const match = /[^\s,{}[\]"']*(\$\{[^}]*\}|\{\{[^}]*\}\}|(?<=[\w)])\[(?:\d+|\*)\])[^\s,}[\]]*/.exec(bare);
  if (match === null) return undefined;
  const opening = match[1]!.startsWith("$") ? "${" : match[1]!.startsWith("{") ? "{{" : match[1]!;
  return {
    at: start + match.index,
    words: { message: `an unquoted "${opening}" breaks the YAML here`, hint: `quote it: "${match[0]}"` },
  };
}

function explainError(error: YAMLError): Explanation {
  const { code, message } = error;
  switch (code) {
    case "TAB_AS_INDENT":
      return {
        message: "a tab is used for indentation",
        hint: "YAML is indented with spaces: use two for each level",
      };
    case "BAD_INDENT":
      return message.startsWith("Flow")
        ? {
            message: 'a "{" or "[" is not closed',
            hint: "close it, and indent its lines deeper than its key",
          }
        : {
            message: "this line is not indented like its neighbours",
            hint: "keys of one mapping begin in the same column",
          };
    case "BLOCK_AS_IMPLICIT_KEY":
      return { message: 'a second ": " in one value', hint: "quote the value" };
    case "MULTILINE_IMPLICIT_KEY":
    case "KEY_OVER_1024_CHARS":
      return { message: 'a key without ": "', hint: 'write "key: value", with a space after the colon' };
    case "BAD_SCALAR_START":
      return {
        message: `a value cannot begin with ${message.at(-1) === "%" ? "%" : (message.at(-1) ?? "this")}`,
        hint: "quote the value",
      };
    case "BAD_ALIAS":
    case "ALIAS_PROPS":
      return { message: '"*" begins a YAML alias', hint: "quote the value if a star is meant" };
    case "BAD_DQ_ESCAPE":
      return {
        message: "an unknown escape after a backslash in double quotes",
        hint: "write \\\\ for a backslash, or use single quotes",
      };
    case "TAG_RESOLVE_FAILED":
      return { message: '"!" begins a YAML tag, and tags are not supported here', hint: "quote the value" };
    case "MISSING_CHAR":
      if (message.includes("quote"))
        return { message: "this quote is not closed", hint: "add the closing quote" };
      if (message.includes("need to be followed")) {
        return { message: 'a key without ": "', hint: 'write "key: value"' };
      }
      if (message.startsWith("Flow") || message.startsWith("Missing ,")) {
        return {
          message: 'a "{" or "[" is not closed, or a comma is missing',
          hint: "quote values that contain brackets",
        };
      }
      return { message: "something is missing here", hint: "is a quote, comma or bracket missing?" };
    case "MULTIPLE_ANCHORS":
    case "MULTIPLE_TAGS":
      return { message: "a value can have one anchor and one tag at most", hint: "quote the value" };
    case "BAD_DIRECTIVE":
      return {
        message: "a line that begins with % is a YAML directive, and this one is unknown",
        hint: "remove it",
      };
    default:
      return { message: "text that YAML does not expect here", hint: "is a quote missing, or one too many?" };
  }
}
