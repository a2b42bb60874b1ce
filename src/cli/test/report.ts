// What came of tests, for a person and for a program.

import { safeLine } from "../../text.ts";
import { colors } from "../colors.ts";
import type { SuiteResult, TestResult } from "./suite.ts";

export function textReport(
  results: readonly SuiteResult[],
  ms: number,
  named: (file: string) => string,
): string {
  const lines = results.flatMap((result) => suiteLines(result, named));
  return `${[...lines, "", summary(results, ms)].join("\n")}\n`;
}

function suiteLines(result: SuiteResult, named: (file: string) => string): string[] {
  const { file, problems, tests, snapshots, mask } = result;
  const lines = [colors.bold(named(file))];
  for (const { frame } of problems) lines.push(...mask(frame).split("\n"), "");
  if (problems.length > 0) return lines;
  if (tests.length === 0) {
    const why = result.leftOut > 0 ? "no test has such a name" : 'no tests: write some under "tests:"';
    return [...lines, `  ${colors.yellow(why)}`];
  }
  for (const test of tests) lines.push(...testLines(test, named).map(mask));
  if (snapshots.written) lines.push(`  wrote ${named(snapshots.file)}`);
  else if (snapshots.unused.length > 0)
    lines.push(
      `  ${snapshots.unused.length} recorded but asked for by no test; --update removes: ${snapshots.unused.join(", ")}`,
    );
  return lines;
}

function testLines({ name, failures }: TestResult, named: (file: string) => string): string[] {
  if (failures.length === 0) return [`  ${colors.green("ok")}   ${safeLine(name)}`];
  return [
    `  ${colors.red("FAIL")} ${safeLine(name)}`,
    ...failures.flatMap(({ issue, message, lines }) => [
      `       ${named(issue.file)}:${issue.line}:${issue.column} ${issue.path}: ${message}`,
      ...lines.map((line) => `       ${coloured(safeLine(line))}`),
    ]),
  ];
}

function coloured(line: string): string {
  return line.startsWith("- ") ? colors.red(line) : line.startsWith("+ ") ? colors.green(line) : line;
}

function summary(results: readonly SuiteResult[], ms: number): string {
  const { passed, failed, broken } = countsOf(results);
  const all = passed + failed;
  const parts = [
    `${passed} of ${all} ${all === 1 ? "test" : "tests"} passed`,
    ...(broken === 0 ? [] : [`${broken} ${broken === 1 ? "file is" : "files are"} broken`]),
  ];
  const text = `${parts.join(", ")} in ${ms} ms`;
  return failed + broken > 0 || all === 0 ? colors.red(text) : colors.green(text);
}

export function jsonReport(results: readonly SuiteResult[]) {
  return {
    ...countsOf(results),
    files: results.map(({ file, problems, tests, snapshots }) => ({
      file,
      issues: problems.map(({ issue }) => issue),
      snapshots,
      tests: tests.map(({ name, line, column, failures }) => ({
        name,
        ok: failures.length === 0,
        line,
        column,
        failures: failures.map(({ issue, message, lines, expected, actual }) => ({
          path: issue.path,
          line: issue.line,
          column: issue.column,
          message,
          lines,
          ...(expected === undefined ? {} : { expected }),
          ...(actual === undefined ? {} : { actual }),
        })),
      })),
    })),
  };
}

function countsOf(results: readonly SuiteResult[]) {
  const tests = results.flatMap((result) => result.tests);
  const passed = tests.filter(({ failures }) => failures.length === 0).length;
  const broken = results.filter(({ problems }) => problems.length > 0).length;
  return { passed, failed: tests.length - passed, broken };
}
