// Checks of a tail that the option schema cannot express. Pure.

import type { OptionIssue } from "../../contract.ts";
import { patternIssues } from "../../files/pattern.ts";
import type { TailOptions } from "./options.ts";

const shortestLineBytes = 256;
const longestLineBytes = 1024 * 1024;

export function checkOptions(options: TailOptions): OptionIssue[] {
  const { files, format, pattern, multiline, maxLineBytes } = options;
  const issues = patternIssues(files, "files");
  if (format === "regex" && pattern === undefined)
    issues.push({
      path: ["format"],
      message: "regex needs a pattern with named groups",
      hint: "add  pattern: '^(?P<level>[A-Z]+) (?P<message>.*)'",
    });
  if (format !== "regex" && pattern !== undefined)
    issues.push({
      path: ["pattern"],
      message: `has no effect with format: ${format}`,
      hint: "write  format: regex",
    });
  if (pattern !== undefined && !/\(\?P?<\w+>/.test(pattern))
    issues.push({
      path: ["pattern"],
      message: "has no named group, so it produces no field",
      hint: "for instance (?P<level>[A-Z]+)",
    });
  if (multiline !== undefined && (multiline.start === undefined) === !joinsLines(multiline))
    issues.push({
      path: ["multiline"],
      message: "needs either start, or indent: true, traces: true or both",
      hint: 'for instance  multiline: { start: "^\\d{4}-" }  or  multiline: { traces: true }',
    });
  if (maxLineBytes < shortestLineBytes || maxLineBytes > longestLineBytes)
    issues.push({
      path: ["max_line"],
      message: "must be from 256B to 1MiB",
      hint: "for example max_line: 64KiB",
    });
  return issues;
}

function joinsLines({ indent, traces }: NonNullable<TailOptions["multiline"]>): boolean {
  return indent === true || traces === true;
}
