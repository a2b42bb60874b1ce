// Compares one text with what is expected of it.

import type { Regex } from "../filters/regex.ts";
import { difference } from "./difference.ts";
import type { Snapshots } from "./snapshots.ts";
import type { ContentTests, Failure } from "./test-case.ts";

export interface TextContext {
  /** The name of the text in a message. */
  readonly what: string;
  readonly path: Failure["path"];
  /** The key of its snapshot. */
  readonly key: string;
  readonly snapshots: Snapshots;
  readonly update: boolean;
  /** Throws an ExpressionError for a pattern that RE2 does not accept. */
  regex(pattern: string): Regex;
}

export function testText(text: string, tests: ContentTests, context: TextContext): Failure[] {
  const { what, path } = context;
  const failures: Failure[] = [];
  const fail = (key: string, message: string, lines: readonly string[], expected: string) =>
    failures.push({ path: [...path, key], message, lines, expected, actual: text });
  const shown = () => text.split("\n").map((line) => `  ${line}`);

  if (tests.equals !== undefined && trimmed(tests.equals) !== trimmed(text)) {
    fail("equals", `${what} is different`, difference(trimmed(tests.equals), trimmed(text)), tests.equals);
  }
  for (const part of listOf(tests.contains)) {
    if (!text.includes(part))
      fail("contains", `${what} does not contain ${JSON.stringify(part)}`, shown(), part);
  }
  for (const part of listOf(tests.excludes)) {
    if (text.includes(part)) fail("excludes", `${what} contains ${JSON.stringify(part)}`, shown(), part);
  }
  if (tests.matches !== undefined) {
    const regex = context.regex(tests.matches);
    regex.begin();
    if (!regex.test(text)) fail("matches", `${what} does not match ${tests.matches}`, shown(), tests.matches);
  }
  if (tests.snapshot) failures.push(...testSnapshot(text, context));
  return failures;
}

function testSnapshot(text: string, { what, path, key, snapshots, update }: TextContext): Failure[] {
  const recorded = snapshots.read(key);
  snapshots.note(key, text);
  if (update || recorded === text) return [];
  const at = [...path, "snapshot"];
  if (recorded === undefined) {
    const lines = text.split("\n").map((line) => `+ ${line}`);
    return [{ path: at, message: `${what} has no snapshot yet: --update records it`, lines, actual: text }];
  }
  const message = `${what} differs from the snapshot: --update records it again`;
  return [{ path: at, message, lines: difference(recorded, text), expected: recorded, actual: text }];
}

/** Line breaks at the end depend on how YAML was written. */
function trimmed(text: string): string {
  return text.replace(/\n+$/, "");
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}
