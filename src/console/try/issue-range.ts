// Where an issue is in the text that is edited: a line, a column and how much of the line is underlined.

import type { Issue } from "../../contract.ts";

export interface IssueLocation {
  readonly line: number;
  readonly column: number;
  /** In UTF-16 units; 0: nothing to underline. */
  readonly length: number;
  readonly message: string;
}

/** For one in another file (a recipe, `.env`): where the config causes it, else the start, with its own location in the message. */
export function locateIssue(issue: Issue, text: string, file: string): IssueLocation {
  const { message } = issue;
  if (issue.file === file) return at(issue, text, message);
  const elsewhere = `${issue.file}:${issue.line}: ${message}`;
  if (issue.cause?.file === file) return at(issue.cause, text, elsewhere);
  return { line: 1, column: 1, length: 0, message: elsewhere };
}

function at({ line, column }: Pick<Issue, "line" | "column">, text: string, message: string): IssueLocation {
  const shown = lineOf(text, line);
  return { line, column, length: tokenLength(shown, column - 1), message };
}

function lineOf(text: string, line: number): string {
  let start = 0;
  for (let count = 1; count < line; count++) {
    const end = text.indexOf("\n", start);
    if (end === -1) return "";
    start = end + 1;
  }
  const end = text.indexOf("\n", start);
  return text.slice(start, end === -1 ? undefined : end).replace(/\r$/, "");
}

/** A quoted text with its quotes, a plain one up to what ends it. */
function tokenLength(line: string, start: number): number {
  const rest = line.slice(start);
  const quoted = /^"(?:[^"\\]|\\.)*"|^'(?:[^']|'')*'/.exec(rest)?.[0];
  if (quoted !== undefined) return quoted.length;
  const plain = /^[^\s,\]}][^,\]}#]*?(?=\s*(?:[,\]}]|:(?:\s|$)|\s#|$))/.exec(rest)?.[0];
  return plain?.length ?? (rest === "" ? 0 : 1);
}
