// Writes a drafted recipe as YAML in block style.

import { schemaUrl } from "../../config/schema-url.ts";
import type { JsonObject } from "../../contract.ts";
import { isObject } from "../../json.ts";
import type { DraftContent } from "./draft-content.ts";
import type { MatchPath } from "./draft-match.ts";
import type { DraftInput, DraftSource } from "./draft-source.ts";

export interface RecipeDraft {
  readonly name: string;
  readonly title: string;
  readonly source: DraftSource;
  readonly match: readonly MatchPath[];
  readonly content: DraftContent;
  readonly tests: readonly DraftTest[];
}

export interface DraftTest {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Relative to the recipe. */
  readonly fixture: string;
  /** The path because of which it is skipped; undefined if it is delivered. */
  readonly skippedBy?: string | undefined;
  /** The upper limit, if known. */
  readonly tokens?: number | undefined;
}

const channel = "event";

export function recipeText(draft: RecipeDraft, license: string | undefined): string {
  const { name, title, source, match, content, tests } = draft;
  return lines([
    `# yaml-language-server: $schema=${schemaUrl("recipe")}`,
    `recipe: ${name}`,
    'version: "1.0.0"',
    `title: ${scalar(title)}`,
    `description: ${scalar(describe(match))}`,
    "requires:",
    '  router: ">=0.1.0"',
    ...(license === undefined ? [] : [`license: ${scalar(license)}`]),
    "setup: |",
    ...source.setup.flatMap((step, index) =>
      step.split("\n").map((one, at) => `  ${at === 0 ? `${index + 1}.` : "  "} ${one}`),
    ),
    "",
    "inputs:",
    ...source.inputs.flatMap(inputLines),
    "",
    "capabilities:",
    ...block(source.capabilities, "  "),
    "",
    "sources:",
    `  ${source.name}:`,
    `    type: ${source.type}`,
    ...block(source.options, "    "),
    "",
    "channels:",
    `  ${channel}:`,
    `    from: ${source.name}`,
    ...(match.length === 0 ? [] : ["    match:", ...match.flatMap((one) => matchLines(one))]),
    ...(content.dedupe === undefined
      ? []
      : ["    dedupe:", `      key: ${quoted(content.dedupe)}`, "      for: 1h"]),
    "    content: |",
    ...content.content.split("\n").map((one) => `      ${one}`),
    ...metaLines(content.meta),
    "",
    "tests:",
    ...tests.flatMap((test) => testLines(test, source)),
  ]);
}

function inputLines({ name, type, description, default: fallback, pattern, example }: DraftInput): string[] {
  const limit = pattern === undefined ? [] : [`pattern: ${quoted(pattern)}`];
  return [
    `  ${name}:`,
    `    type: ${type}`,
    ...(type === "list" ? ["    items:", "      type: string", ...limit.map((one) => `      ${one}`)] : []),
    ...(fallback === undefined ? [] : block({ default: fallback }, "    ")),
    ...(type === "list" ? [] : limit.map((one) => `    ${one}`)),
    `    description: ${scalar(description)}`,
    ...(example === undefined ? [] : block({ example }, "    ")),
  ];
}

/** The entries of a mapping in block style. */
function block(value: JsonObject, indent: string): string[] {
  return Object.entries(value).flatMap(([key, one]): string[] => {
    const name = /^[\w-]+$/.test(key) ? key : quoted(key);
    if (Array.isArray(one) && one.length > 0)
      return [
        `${indent}${name}:`,
        ...one.map(
          (item) => `${indent}  - ${typeof item === "object" ? JSON.stringify(item) : scalar(item)}`,
        ),
      ];
    if (isObject(one) && Object.keys(one).length > 0)
      return [`${indent}${name}:`, ...block(one, `${indent}  `)];
    return [`${indent}${name}: ${typeof one === "object" ? JSON.stringify(one) : scalar(one as string)}`];
  });
}

function matchLines({ path, value, exists, contains }: MatchPath): string[] {
  if (contains) return [`      ${path}:`, `        contains: ${scalar(value)}`];
  return exists ? [`      ${path}:`, "        exists: true"] : [`      ${path}: ${scalar(value)}`];
}

function metaLines(meta: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(meta);
  return entries.length === 0
    ? []
    : ["    meta:", ...entries.map(([key, value]) => `      ${key}: ${quoted(value)}`)];
}

function testLines({ name, headers, fixture, skippedBy, tokens }: DraftTest, source: DraftSource): string[] {
  const sent = Object.entries(headers);
  return [
    `  - name: ${scalar(name)}`,
    "    send:",
    `      source: ${source.name}`,
    ...(sent.length === 0
      ? []
      : ["      headers:", ...sent.map(([key, value]) => `        ${key}: ${scalar(value)}`)]),
    "      data:",
    `        file: ${scalar(fixture)}`,
    "    expect:",
    ...(skippedBy === undefined
      ? [
          `      channel: ${channel}`,
          ...(tokens === undefined ? [] : ["      tokens:", `        lte: ${tokens}`]),
        ]
      : [`      none: ${skippedBy}`]),
  ];
}

function describe(match: readonly MatchPath[]): string {
  const words = match.map(
    ({ path, value, exists }) => `${path.split(".").at(-1)}${exists ? "" : ` ${value}`}`,
  );
  return words.length === 0
    ? "Every event of the source."
    : `Events with ${words.join(", ")}; others are skipped.`;
}

function lines(all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Plain words unquoted, anything else as JSON, which is valid YAML. */
function scalar(value: string | number | boolean): string {
  const isPlain =
    typeof value === "string" &&
    /^[A-Za-z][\w./ -]*$/.test(value) &&
    !/\s$|^(?:true|false|null|yes|no|on|off)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}
