// The results of tests, for the user and for a program.

import type { SuiteResult, TestResult } from "../testing/suite.ts";
import { line, lines, masked, type PaintedText, type SafeText } from "../text.ts";
import { colors } from "./colors.ts";

export function textReport(
  results: readonly SuiteResult[],
  ms: number,
  named: (file: string) => string,
): SafeText {
  const shown = results.flatMap((result) => suiteLines(result, named));
  return lines([...shown, line``, summary(results, ms), line``]);
}

function suiteLines(result: SuiteResult, named: (file: string) => string): SafeText[] {
  const { file, problems, warnings, tests, snapshots, mask } = result;
  const shown: SafeText[] = [line`${colors.bold(named(file))}`];
  for (const { frame } of [...problems, ...warnings]) shown.push(masked(frame, mask), line``);
  if (problems.length > 0) return shown;
  if (tests.length === 0) {
    if (result.uses.length > 0 && result.leftOut === 0)
      return [...shown, line`  no tests of its own; those of its recipes follow`];
    const why = result.leftOut > 0 ? "no test with such a name" : 'no tests: write some under "tests:"';
    return [...shown, line`  ${colors.yellow(why)}`];
  }
  for (const test of tests) shown.push(...testLines(test, named).map((one) => masked(one, mask)));
  if (snapshots.written) shown.push(line`  wrote ${named(snapshots.file)}`);
  else if (snapshots.unused.length > 0)
    shown.push(
      line`  ${snapshots.unused.length} recorded but unused; --update removes: ${snapshots.unused.join(", ")}`,
    );
  return shown;
}

function testLines({ name, failures }: TestResult, named: (file: string) => string): SafeText[] {
  if (failures.length === 0) return [line`  ${colors.green("ok")}   ${name}`];
  return [
    line`  ${colors.red("FAIL")} ${name}`,
    ...failures.flatMap(({ issue, message, lines: different }) => [
      line`       ${named(issue.file)}:${issue.line}:${issue.column} ${issue.path}: ${message}`,
      ...different.map((one) => line`       ${coloured(one)}`),
    ]),
  ];
}

function coloured(one: string): PaintedText | string {
  return one.startsWith("- ") ? colors.red(one) : one.startsWith("+ ") ? colors.green(one) : one;
}

function summary(results: readonly SuiteResult[], ms: number): SafeText {
  const { passed, failed, broken } = countsOf(results);
  const all = passed + failed;
  const parts = [
    `${passed} of ${all} ${all === 1 ? "test" : "tests"} passed`,
    ...(broken === 0 ? [] : [`${broken} ${broken === 1 ? "file is" : "files are"} broken`]),
  ];
  const counted = `${parts.join(", ")} in ${ms} ms`;
  const isEmpty = all === 0;
  return line`${failed + broken > 0 || isEmpty ? colors.red(counted) : colors.green(counted)}`;
}

export function jsonReport(results: readonly SuiteResult[]) {
  return {
    ...countsOf(results),
    files: results.map(({ file, problems, warnings, tests, snapshots }) => ({
      file,
      issues: problems.map(({ issue }) => issue),
      warnings: warnings.map(({ issue }) => issue),
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
