// Hides the credentials of a request wherever else the request repeats them: in another header, in a link
// (`Referer`), in the path, in the body; plain, percent-encoded, escaped, in base64 or in hex. Selects by the
// origin of a text, not by header names: the stored form of a request must not allow anybody to send another
// one.

import type { Json, JsonObject } from "../../../contract.ts";
import { runAtOnce } from "../../../yield-to-event-loop.ts";
import { unescapeOnce, unescapeSteps } from "./unescape.ts";

/**
 * The stored form of a text; the same text where nothing had to be hidden. A short secret may be an ordinary
 * word in the prose of a `body`: there it is hidden only where it is a value.
 */
export interface Conceal {
  (text: string, from: From): string;
  /** The same in steps, for a text that may be long. */
  steps(text: string, from: From): Generator<void, string>;
}

type From = "head" | "body";

const hidden = "•••";
/** A shorter one is hidden only as a separate word: inside a longer word it is a coincidence. */
const minLengthAnywhere = 8;
/** And a still shorter one only as the whole text. */
const minLengthOfWord = 4;
/** A part of a signature header that is long enough to be the signature. */
const signaturePart = /[A-Za-z0-9+/_-]{16,}={0,2}/g;
const mayHoldEscapes = /[%\\&]/;
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
    const steps = (text: string, from: From) => hide(text, needles, from === "body" ? isValue : isWord);
    // Most texts hold nothing of it: a payload can have hundreds of thousands.
    const isClean = (text: string) =>
      !mayHoldEscapes.test(text) && !needles.some((needle) => text.includes(needle.text));
    return Object.assign(
      (text: string, from: From) => (isClean(text) ? text : runAtOnce(steps(text, from))),
      { steps },
    );
  };
}

interface StoredPayload {
  readonly data: Json;
  readonly text: string;
}

/** The stored form of a payload: its text, and each text in its data, including keys. */
export function concealPayload(payload: StoredPayload, conceal: Conceal): StoredPayload {
  return runAtOnce(concealPayloadSteps(payload, conceal));
}

/** The same in steps, for a payload that may be large. */
export function* concealPayloadSteps(
  { data, text }: StoredPayload,
  conceal: Conceal,
): Generator<void, StoredPayload> {
  const kept = yield* conceal.steps(text, "body");
  // The data was parsed from the text: if the text is clean, the data is too.
  if (kept === text && text.length <= maxUnescaped) return { data, text };
  return { data: yield* concealAll(data, conceal, { count: 0 }), text: kept };
}

const valuesPerStep = 256;

function* concealAll(value: Json, conceal: Conceal, seen: { count: number }): Generator<void, Json> {
  if (++seen.count % valuesPerStep === 0) yield;
  if (typeof value === "string") return yield* concealText(value, conceal);
  if (typeof value === "number") {
    const text = String(value);
    const kept = conceal(text, "body");
    return kept === text ? value : kept;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const list: Json[] = [];
    for (const item of value) list.push(yield* concealAll(item, conceal, seen));
    return list;
  }
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value))
    result[yield* concealText(key, conceal)] = yield* concealAll(item, conceal, seen);
  return result;
}

function* concealText(text: string, conceal: Conceal): Generator<void, string> {
  return text.length > 16_384 ? yield* conceal.steps(text, "body") : conceal(text, "body");
}

interface Needle {
  readonly text: string;
  /** Where it is hidden: anywhere, as a separate word, or as the whole text. */
  readonly scope: "anywhere" | "word" | "whole";
}

function needlesOf(credential: string): Needle[] {
  if (credential === "") return [];
  const { length } = credential;
  const scope = length >= minLengthAnywhere ? "anywhere" : length >= minLengthOfWord ? "word" : "whole";
  const bytes = Buffer.from(credential);
  const encoded =
    scope === "anywhere"
      ? [bytes.toString("hex"), bytes.toString("hex").toUpperCase(), ...base64Cores(bytes)]
      : [bytes.toString("base64"), bytes.toString("base64url")];
  // A form writes a space as a plus.
  const texts = [credential, credential.replaceAll(" ", "+"), ...encoded];
  // A text in a secret that looks like an escape is unescaped together with the real ones around it.
  for (const text of texts) {
    const plain = unescapeOnce(text)?.text;
    if (plain !== undefined && plain !== "" && plain !== text) texts.push(plain);
  }
  return [...new Set(texts)].map((text) => ({ text, scope }));
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

/** A text that repeats a credential more often is nothing but that: it is hidden as a whole. */
const maxSpans = 10_000;
const matchesPerStep = 4_096;

function* hide(text: string, needles: readonly Needle[], matches: SpanTest): Generator<void, string> {
  const spans = yield* spansIn(text, needles, matches, maxDepth);
  if (spans.length === 0) return text;
  if (spans.length > maxSpans) return hidden;
  spans.sort((one, other) => one.start - other.start);
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
function* spansIn(
  text: string,
  needles: readonly Needle[],
  matches: SpanTest,
  depth: number,
): Generator<void, Span[]> {
  const spans: Span[] = [];
  for (const needle of needles) {
    yield* addSpansOf(text, needle, matches, spans);
    if (text.length > matchesPerStep) yield;
  }
  const plain = depth === 0 || text.length > maxUnescaped ? undefined : yield* unescapeSteps(text);
  if (plain === undefined || spans.length > maxSpans) return spans;
  for (const { start, end } of yield* spansIn(plain.text, needles, matches, depth - 1))
    spans.push({ start: plain.original(start), end: plain.original(end) });
  return spans;
}

function* addSpansOf(
  text: string,
  { text: wanted, scope }: Needle,
  matches: SpanTest,
  spans: Span[],
): Generator<void, void> {
  if (scope === "whole") {
    if (text.trim() === wanted) spans.push({ start: 0, end: text.length });
    return;
  }
  let count = 0;
  for (let start = text.indexOf(wanted); start !== -1; start = text.indexOf(wanted, start + 1)) {
    const span = { start, end: start + wanted.length };
    if (scope === "anywhere" || matches(text, span)) spans.push(span);
    if (spans.length > maxSpans) return;
    if (++count % matchesPerStep === 0) yield;
  }
}
