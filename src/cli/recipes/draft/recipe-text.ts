// A drafted recipe as the text of its file, in block style.

import type { DraftContent } from "./draft-content.ts";
import type { MatchPath } from "./draft-match.ts";

export interface RecipeDraft {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly path: string;
  /** The options of `verify` but its secret; undefined: requests are not verified. */
  readonly verify: Readonly<Record<string, string>> | undefined;
  readonly match: readonly MatchPath[];
  readonly content: DraftContent;
  readonly tests: readonly DraftTest[];
}

export interface DraftTest {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Relative to the recipe. */
  readonly fixture: string;
  /** Why it is skipped; undefined: it is delivered. */
  readonly skippedBy?: string | undefined;
  /** At most so many, where that is known. */
  readonly tokens?: number | undefined;
}

const channel = "event";

export function recipeText(draft: RecipeDraft, license: string | undefined): string {
  const { name, title, source, path, verify, match, content, tests } = draft;
  const variable = `${name.replaceAll("-", "_").toUpperCase()}_SECRET`;
  return lines([
    "# yaml-language-server: $schema=https://unpkg.com/channel-router/schema/recipe.schema.json",
    `recipe: ${name}`,
    'version: "1.0.0"',
    `title: ${scalar(title)}`,
    `description: ${scalar(describe(match))}`,
    "requires:",
    '  router: ">=0.1.0"',
    ...(license === undefined ? [] : [`license: ${scalar(license)}`]),
    "setup: |",
    ...(verify === undefined
      ? ["  1. At the sender, add a webhook with the URL of your router, followed by ${inputs.path}"]
      : [
          "  1. Create a secret:  openssl rand -hex 32",
          `     Put it in .env next to channels.yaml:  ${variable}=...`,
          "  2. At the sender, add a webhook: the public URL of your router, followed by ${inputs.path}, and the same secret.",
        ]),
    "",
    "inputs:",
    ...(verify === undefined
      ? []
      : [
          "  secret:",
          "    type: secret",
          "    description: The secret of the webhook.",
          `    example: "\${${variable}}"`,
        ]),
    "  path:",
    "    type: string",
    `    default: ${scalar(path)}`,
    '    pattern: "^/"',
    "    description: The path of the webhook's URL.",
    "",
    "capabilities:",
    "  listen:",
    '    - "${inputs.path}"',
    ...(verify === undefined ? [] : ["  secrets:", "    secret:", "      - verify"]),
    "",
    "sources:",
    `  ${source}:`,
    "    type: http",
    "    path: ${inputs.path}",
    ...(verify === undefined
      ? []
      : [
          "    verify:",
          ...Object.entries(verify).map(([key, value]) => `      ${key}: ${scalar(value)}`),
          '      secret: "${inputs.secret}"',
        ]),
    "",
    "channels:",
    `  ${channel}:`,
    `    from: ${source}`,
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

function matchLines({ path, value, exists }: MatchPath): string[] {
  return exists ? [`      ${path}:`, "        exists: true"] : [`      ${path}: ${scalar(value)}`];
}

function metaLines(meta: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(meta);
  return entries.length === 0
    ? []
    : ["    meta:", ...entries.map(([key, value]) => `      ${key}: ${quoted(value)}`)];
}

function testLines({ name, headers, fixture, skippedBy, tokens }: DraftTest, source: string): string[] {
  const sent = Object.entries(headers);
  return [
    `  - name: ${scalar(name)}`,
    "    send:",
    `      source: ${source}`,
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

/** In JSON, which is YAML, but for plain words. */
function scalar(value: string | boolean): string {
  const isPlain =
    typeof value === "string" &&
    /^[A-Za-z][\w./ -]*$/.test(value) &&
    !/\s$|^(?:true|false|null|yes|no|on|off)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}
