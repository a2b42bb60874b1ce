// The exit for text: text that is shown to a user, a model, a log or a caller has a type that only this file
// creates. A `SafeText` contains no character that controls a terminal, hides or reorders text, and each of
// its lines begins with the program's own words: external text is part of a line, or is on separate lines
// that are indented, quoted or JSON. So the compiler finds every exit that receives anything else. Values are
// masked by the code that knows the secrets; see `host/secret-mask.ts`.

import { invisible, withoutHidden, withoutHiddenInLines } from "./text/hidden.ts";

declare const safe: unique symbol;
declare const oneLine: unique symbol;

/** Some lines. At run time a plain string; the brand exists for the compiler only. */
export type SafeText = string & { readonly [safe]: true };

/** One line. */
export type SafeLine = SafeText & { readonly [oneLine]: true };

/**
 * Text with colours, as `paint` makes it. An object, because the sanitiser would remove the colours from a
 * string.
 */
export interface PaintedText {
  readonly painted: SafeLine;
}

/** External text with lines of its own, as `block` makes it. */
export interface Block {
  readonly block: SafeText;
}

type InLine = string | number | PaintedText;

/** The default limit of one inserted value, in UTF-16 units. */
const maxValueLength = 4_000;
const maxBlockLength = 40_000;

/**
 * A line: the words of the template are the program's own, each value becomes part of the line. Values are
 * cut at 4,000 characters, with a note.
 */
export function line(words: TemplateStringsArray, ...values: readonly InLine[]): SafeLine {
  const whole = joined(words, values.map(inLine));
  return (whole.includes("\n") ? whole.replaceAll("\n", " ") : whole) as SafeLine;
}

/**
 * The same with line ends in the words of the template, and with blocks: their further lines are indented.
 */
export function text(words: TemplateStringsArray, ...values: readonly (InLine | Block)[]): SafeText {
  const shown = values.map((value) =>
    typeof value === "object" && "block" in value ? value.block.replaceAll("\n", "\n  ") : inLine(value),
  );
  return joined(words, shown) as SafeText;
}

export function lines(parts: readonly SafeText[]): SafeText {
  return parts.join("\n") as SafeText;
}

/** A text as one line, by default of at most 4,000 characters; the cut states how much is missing. */
export function safeLine(raw: string, { most = maxValueLength }: { readonly most?: number } = {}): SafeLine {
  return bounded(raw, most, (part) => withoutHidden(part)) as SafeLine;
}

/**
 * The same with U+FFFD for each invisible character. For texts that a user decides about: two values that
 * differ must not look the same.
 */
export function shownLine(raw: string): SafeLine {
  return bounded(raw, maxValueLength, (part) => withoutHidden(part, "\uFFFD")) as SafeLine;
}

/** External text with its lines, for `text`: a stack, the output of a program. */
export function block(raw: string, maxLength = maxBlockLength): Block {
  return { block: bounded(raw, maxLength, withoutHiddenInLines) as SafeText };
}

/** A thrown value, for `text`: an error with its stack. */
export function stackOf(error: unknown): Block {
  return block(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

/** With a mark before each line: nothing in it can pass for a line of the program. */
export function marked(raw: string, mark: SafeLine, maxLength = maxBlockLength): SafeText {
  return (mark + bounded(raw, maxLength, withoutHiddenInLines).replaceAll("\n", `\n${mark}`)) as SafeText;
}

/** Text of the author of the config, or of a block that the model sees as such: keeps its lines. */
export function ownWords(raw: string, maxLength = maxBlockLength): SafeText {
  return bounded(raw, maxLength, withoutHiddenInLines) as SafeText;
}

/** With its secrets replaced. `mask` only inserts "•••". */
export function masked<T extends SafeText>(shown: T, mask: (text: string) => string): T {
  return mask(shown) as T;
}

/** For a file that a program reads: undefined when it contains a control or invisible character. */
export function verbatim(raw: string): SafeText | undefined {
  return withoutHiddenInLines(raw) === raw.replace(/[\uFE0E\uFE0F\u200D]/g, "")
    ? (raw as SafeText)
    : undefined;
}

/** JSON of the same value, in which every hidden character is an escape. */
export function safeJson(value: unknown, indent?: number): SafeText {
  // Line ends between the values are the program's; those in texts are escapes already, and so are lone surrogates.
  return (JSON.stringify(value, undefined, indent) ?? "null").replace(invisible, escaped) as SafeText;
}

const escapes = new Map<string, string>();

/** Few characters are hidden ones, and a text may hold a million of them. */
function escaped(found: string): string {
  const known = escapes.get(found);
  if (known !== undefined) return known;
  const made = found
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
  escapes.set(found, made);
  return made;
}

/** `colour` adds what a terminal acts on, and nothing else. */
export function paint(shown: string | number, colour: (text: string) => string): PaintedText {
  return { painted: colour(inLine(shown)) as SafeLine };
}

/** The same for a text that is complete. */
export function paintAll(shown: SafeText, colour: (text: string) => string): SafeText {
  return colour(shown) as SafeText;
}

/** Concatenated, with colours. */
export function concat(...parts: readonly SafeText[]): SafeText {
  return parts.join("") as SafeText;
}

function inLine(value: InLine | Block): string {
  if (typeof value === "string") return safeLine(value);
  if (typeof value === "number") return String(value);
  return "painted" in value ? value.painted : safeLine(value.block);
}

function joined(words: TemplateStringsArray, shown: readonly string[]): string {
  return words.reduce((whole, word, index) => `${whole}${shown[index - 1]}${word}`);
}

/** Examines no more than necessary. The note of the cut counts too, so that a text is not cut twice. */
function bounded(raw: string, maxLength: number, clean: (raw: string) => string): string {
  const shown = clean(raw.slice(0, 4 * maxLength));
  const unseen = Math.max(0, raw.length - 4 * maxLength);
  if (unseen === 0 && shown.length <= maxLength) return shown;
  const kept = shown
    .slice(0, Math.max(0, maxLength - noteLength))
    // Half of a surrogate pair at the end is dropped too.
    .replace(/[\uD800-\uDBFF]$/, "");
  return `${kept}… (${shown.length - kept.length + unseen} more characters)`;
}

const noteLength = 32;
