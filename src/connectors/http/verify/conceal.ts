// Hides what proved a request's sender wherever else the request repeats it: in another header, in a link (`Referer`), in the path, in
// the body; plain, percent-encoded, escaped, in base64 or in hex. By where a text came from, not by the names of headers:
// what is kept of a request must not let anybody send another one.

import type { Json, JsonObject } from "../../../contract.ts";
import { unescapeOnce } from "./unescape.ts";

/**
 * A text as it is kept; the same text where nothing had to be hidden. In a `body` people write prose, of which a short secret may be
 * a word: there it is hidden only where it is a value.
 */
export type Conceal = (text: string, from: "head" | "body") => string;

const hidden = "•••";
/** A shorter one is hidden only where it stands by itself: inside a longer word it is a coincidence. */
const minLengthAnywhere = 8;
/** And a still shorter one only where it is all there is. */
const minLengthOfWord = 4;
/** A part of a signature's header that is long enough to be the signature. */
const signaturePart = /[A-Za-z0-9+/_-]{16,}={0,2}/g;
/** JSON in a form in a link. */
const maxDepth = 3;
/** To undo the escapes of a longer text takes too long: it is searched as it is, and its parts one by one. */
const maxUnescaped = 1_048_576;

/**
 * `credentials`: the texts that a sender may prove itself with. The result is called for each request with the values of the headers
 * in which its signature stood.
 */
export function createConcealer(credentials: readonly string[]): (signatures: readonly string[]) => Conceal {
  const known = credentials.flatMap(needlesOf);
  return (signatures) => {
    const parts = signatures.flatMap((value) => [value, ...(value.match(signaturePart) ?? [])]);
    const needles = [...new Set(parts)].flatMap(needlesOf).concat(known);
    return (text, from) => hide(text, needles, from === "body" ? isValue : isWord);
  };
}

/** A payload as it is kept: its text, and the same for each text in its data, also for keys. */
export function concealPayload(
  { data, text }: { readonly data: Json; readonly text: string },
  conceal: Conceal,
): { readonly data: Json; readonly text: string } {
  const kept = conceal(text, "body");
  // The data was read from the text: where that shows nothing, there is nothing.
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
  /** Where it counts: anywhere, as a word of its own, or as all of a text. */
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
  // What looks like an escape in a secret is undone with the real ones around it.
  for (const text of texts) {
    const plain = unescapeOnce(text)?.text;
    if (plain !== undefined && plain !== "" && plain !== text) texts.push(plain);
  }
  return [...new Set(texts)].map((text) => ({ text, place }));
}

/**
 * What base64 makes of these bytes wherever they stand in a longer text: three ways, without the characters that depend on their
 * neighbours.
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

type Standing = (text: string, span: Span) => boolean;

const isWord: Standing = (text, { start, end }) =>
  !/[\p{L}\p{N}]/u.test(`${text[start - 1] ?? ""}${text[end] ?? ""}`);
const isValue: Standing = (text, { start, end }) =>
  (start === 0 || /["'=:>]/.test(text[start - 1] as string)) &&
  (end === text.length || /["'&;,<\r\n]/.test(text[end] as string));

function hide(text: string, needles: readonly Needle[], stands: Standing): string {
  const spans = spansIn(text, needles, stands, maxDepth).sort((one, other) => one.start - other.start);
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

/** Also of what stands there in an escaped form, and in an escaped form of that. */
function spansIn(text: string, needles: readonly Needle[], stands: Standing, depth: number): Span[] {
  const spans = needles.flatMap((needle) => spansOf(text, needle, stands));
  const plain = depth === 0 || text.length > maxUnescaped ? undefined : unescapeOnce(text);
  if (plain === undefined) return spans;
  for (const { start, end } of spansIn(plain.text, needles, stands, depth - 1))
    spans.push({ start: plain.original(start), end: plain.original(end) });
  return spans;
}

function spansOf(text: string, { text: wanted, place }: Needle, stands: Standing): Span[] {
  if (place === "whole") return text.trim() === wanted ? [{ start: 0, end: text.length }] : [];
  const spans: Span[] = [];
  for (let start = text.indexOf(wanted); start !== -1; start = text.indexOf(wanted, start + 1)) {
    const span = { start, end: start + wanted.length };
    if (place === "anywhere" || stands(text, span)) spans.push(span);
  }
  return spans;
}
