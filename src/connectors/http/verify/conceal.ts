// Hides the credentials of a request wherever else the request repeats them: in another header, in a link
// (`Referer`), in the path, in the body; plain, percent-encoded, escaped, in base64 or in hex. Selects by the
// origin of a text, not by header names: the stored form of a request must not allow anybody to send another
// one.

import type { Json, JsonObject } from "../../../contract.ts";
import { unescapeOnce } from "./unescape.ts";

/**
 * The stored form of a text; the same text where nothing had to be hidden. A short secret may be an ordinary
 * word in the prose of a `body`: there it is hidden only where it is a value.
 */
export type Conceal = (text: string, from: "head" | "body") => string;

const hidden = "•••";
/** A shorter one is hidden only as a separate word: inside a longer word it is a coincidence. */
const minLengthAnywhere = 8;
/** And a still shorter one only as the whole text. */
const minLengthOfWord = 4;
/** A part of a signature header that is long enough to be the signature. */
const signaturePart = /[A-Za-z0-9+/_-]{16,}={0,2}/g;
/** JSON in a form in a link. */
const maxDepth = 3;
/** Unescaping a longer text takes too long: it is searched as it is, and its parts one by one. */
const maxUnescaped = 1_048_576;

/**
 * `credentials`: the texts that prove a sender. The result is called for each request with the values of its
 * signature headers.
 */
export function createConcealer(credentials: readonly string[]): (signatures: readonly string[]) => Conceal {
  const known = credentials.flatMap(needlesOf);
  return (signatures) => {
    const parts = signatures.flatMap((value) => [value, ...(value.match(signaturePart) ?? [])]);
    const needles = [...new Set(parts)].flatMap(needlesOf).concat(known);
    return (text, from) => hide(text, needles, from === "body" ? isValue : isWord);
  };
}

/** The stored form of a payload: its text, and each text in its data, including keys. */
export function concealPayload(
  { data, text }: { readonly data: Json; readonly text: string },
  conceal: Conceal,
): { readonly data: Json; readonly text: string } {
  const kept = conceal(text, "body");
  // The data was parsed from the text: if the text is clean, the data is too.
  if (kept === text && text.length <= maxUnescaped) return { data, text };
  return { data: concealAll(data, conceal), text: kept };
}

function concealAll(value: Json, conceal: Conceal): Json {
  if (typeof value === "string") return conceal(value, "body");
  if (typeof value === "number") {
    const text = String(value);
    const kept = conceal(text, "body");
    return kept === text ? value : kept;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => concealAll(item, conceal));
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) result[conceal(key, "body")] = concealAll(item, conceal);
  return result;
}

interface Needle {
  readonly text: string;
  /** Where it is hidden: anywhere, as a separate word, or as the whole text. */
  readonly place: "anywhere" | "word" | "whole";
}

function needlesOf(credential: string): Needle[] {
  if (credential === "") return [];
  const { length } = credential;
  const place = length >= minLengthAnywhere ? "anywhere" : length >= minLengthOfWord ? "word" : "whole";
  const bytes = Buffer.from(credential);
  const encoded =
    place === "anywhere"
      ? [bytes.toString("hex"), bytes.toString("hex").toUpperCase(), ...base64Cores(bytes)]
      : [bytes.toString("base64"), bytes.toString("base64url")];
  // A form writes a space as a plus.
  const texts = [credential, credential.replaceAll(" ", "+"), ...encoded];
  // A text in a secret that looks like an escape is unescaped together with the real ones around it.
  for (const text of texts) {
    const plain = unescapeOnce(text)?.text;
    if (plain !== undefined && plain !== "" && plain !== text) texts.push(plain);
  }
  return [...new Set(texts)].map((text) => ({ text, place }));
}

/**
 * The base64 of these bytes at any offset of a longer text: three variants, without the characters that
 * depend on their neighbours.
 */
function base64Cores(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const core = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [core, core.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

interface Span {
  readonly start: number;
  readonly end: number;
}

type SpanTest = (text: string, span: Span) => boolean;

const isWord: SpanTest = (text, { start, end }) =>
  !/[\p{L}\p{N}]/u.test(`${text[start - 1] ?? ""}${text[end] ?? ""}`);
const isValue: SpanTest = (text, { start, end }) =>
  (start === 0 || /["'=:>]/.test(text[start - 1] as string)) &&
  (end === text.length || /["'&;,<\r\n]/.test(text[end] as string));

function hide(text: string, needles: readonly Needle[], matches: SpanTest): string {
  const spans = spansIn(text, needles, matches, maxDepth).sort((one, other) => one.start - other.start);
  if (spans.length === 0) return text;
  let result = "";
  let done = 0;
  for (const { start, end } of spans) {
    if (end <= done) continue;
    if (start >= done) result += text.slice(done, start) + hidden;
    done = end;
  }
  return result + text.slice(done);
}

/** Also finds escaped forms, and escaped forms of those. */
function spansIn(text: string, needles: readonly Needle[], matches: SpanTest, depth: number): Span[] {
  const spans = needles.flatMap((needle) => spansOf(text, needle, matches));
  const plain = depth === 0 || text.length > maxUnescaped ? undefined : unescapeOnce(text);
  if (plain === undefined) return spans;
  for (const { start, end } of spansIn(plain.text, needles, matches, depth - 1))
    spans.push({ start: plain.original(start), end: plain.original(end) });
  return spans;
}

function spansOf(text: string, { text: wanted, place }: Needle, matches: SpanTest): Span[] {
  if (place === "whole") return text.trim() === wanted ? [{ start: 0, end: text.length }] : [];
  const spans: Span[] = [];
  for (let start = text.indexOf(wanted); start !== -1; start = text.indexOf(wanted, start + 1)) {
    const span = { start, end: start + wanted.length };
    if (place === "anywhere" || matches(text, span)) spans.push(span);
  }
  return spans;
}
