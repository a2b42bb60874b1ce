// The length limits of texts: counts tokens, builds the block as the client shows it, and cuts the middle of
// a text that is too long.

import { type ModelText, neutralise } from "../text/neutralise.ts";
import { charactersIn, tokensOf } from "../text/tokens.ts";

/**
 * An event as the client shows it to the model. `source` is the server's name, which the client puts first.
 */
export function renderBlock(
  meta: Readonly<Record<string, string>>,
  content: string,
  source = "router",
): string {
  let attributes = "";
  for (const [key, value] of Object.entries(meta)) attributes += ` ${key}="${value}"`;
  return `<channel source="${source}"${attributes}>\n${content}\n</channel>`;
}

/** Tokens of the block that `renderBlock` makes for the usual server name, without making it. */
export function blockTokens(meta: Readonly<Record<string, string>>, content: string): number {
  let length = emptyBlockLength + content.length;
  for (const key in meta) length += key.length + (meta[key] as string).length + ' =""'.length;
  return tokensOf(length);
}

/**
 * The content as it is sent: neutralised, within this many tokens. Neutralised again after a cut, because the
 * cut joins text that was apart: `< user` and the following text may only now look like a tag.
 */
export function finalContent(text: string, tokens: number): ModelText {
  return neutralise(fitBudget(neutralise(text).trimEnd(), tokens));
}

/** Of a longer payload only the beginning and the end are looked at, as much of them as could be kept. */
const maxReach = 1_048_576;
/** No secret is longer. What is this close to a cut may be a part of one, which the mask does not know. */
const maxSecretLength = 131_072;

/** `finalContent` of a payload, which may be large, with its secrets masked. */
export function finalPayload(text: string, tokens: number, mask: (text: string) => string): ModelText {
  const reach = Math.max(maxReach, charactersIn(tokens));
  if (text.length <= reach + 2 * maxSecretLength) return finalContent(mask(text), tokens);
  const headLength = Math.ceil(reach * headShare);
  const head = neutralise(mask(text.slice(0, headLength + maxSecretLength)).slice(0, -maxSecretLength));
  const end = mask(text.slice(headLength - reach - maxSecretLength)).slice(maxSecretLength);
  const tail = neutralise(end).trimEnd();
  const omitted = text.length - head.length - tail.length;
  return neutralise(fitBudget(head + tail, tokens, { at: head.length, omitted }));
}

const emptyBlockLength = renderBlock({}, "").length;

/** The share of the kept text that is taken from the beginning. */
const headShare = 2 / 3;
/** A cut moves to a line boundary when that costs at most this share of a side. */
const nearShare = 1 / 4;

/**
 * The text within this many tokens. A longer one keeps its beginning and its end; the middle is replaced by a
 * line `… ~1,234 tokens cut: call event …`. No character is split. Never longer than the budget, which may be
 * anything from 0. `gap`: the place in it where characters are missing, and their number.
 */
export function fitBudget(
  content: string,
  tokens: number,
  gap: { readonly at: number; readonly omitted: number } = { at: content.length, omitted: 0 },
): string {
  const room = charactersIn(tokens);
  const length = content.length + gap.omitted;
  if (length <= room) return content;

  const longestNotice = notice(tokensOf(length)).length + 2;
  const kept = room - longestNotice;
  if (kept < 2) return room < 2 ? content.slice(0, 0) : `${content.slice(0, boundary(content, room - 1))}…`;

  const isWhole = gap.omitted === 0;
  const headRoom = Math.min(Math.ceil(kept * headShare), isWhole ? length : gap.at);
  const tailRoom = Math.min(kept - headRoom, isWhole ? length : content.length - gap.at);
  const head = content.slice(0, headEnd(content, headRoom)).trimEnd();
  const tail = content.slice(tailStart(content, content.length - tailRoom, tailRoom));
  const cut = tokensOf(length - head.length - tail.length);
  return [head, notice(cut), tail].filter((piece) => piece !== "").join("\n");
}

function notice(tokens: number): string {
  return `… ~${String(tokens).replace(/\B(?=(?:\d{3})+$)/g, ",")} tokens cut: call event …`;
}

function headEnd(text: string, end: number): number {
  const line = text.lastIndexOf("\n", end);
  return line >= end * (1 - nearShare) ? line : boundary(text, end);
}

function tailStart(text: string, start: number, length: number): number {
  if (text[start - 1] === "\n") return start;
  const line = text.indexOf("\n", start);
  if (line !== -1 && line - start < length * nearShare) return line + 1;
  return boundaryAfter(text, start);
}

const continuing = /^(?:\p{M}|[\u{1F3FB}-\u{1F3FF}]|[\uDC00-\uDFFF])/u;
/** Further marks on one character are decoration; a cut may split them off. */
const mostMarks = 8;

function continues(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const here = text.charCodeAt(at);
  if (before >= 0xd800 && before <= 0xdbff && here >= 0xdc00 && here <= 0xdfff) return true;
  return here > 0x2ff && continuing.test(text.slice(at, at + 2));
}

/** The nearest offset at or before `at` where no character is split. */
function boundary(text: string, at: number): number {
  let end = at;
  for (let steps = 0; end > 0 && steps < 2 * mostMarks && continues(text, end); steps++) end -= 1;
  return isSplit(text, end) ? end - 1 : end;
}

function boundaryAfter(text: string, at: number): number {
  let start = at;
  for (let steps = 0; start < text.length && steps < 2 * mostMarks && continues(text, start); steps++)
    start += 1;
  return isSplit(text, start) ? start + 1 : start;
}

function isSplit(text: string, at: number): boolean {
  return at > 0 && at < text.length && (text.codePointAt(at - 1) as number) > 0xffff;
}
