// The last step for every text that reaches the model: no text can pass for a tag of the client, contain
// invisible characters, or change the reading direction. Plain text costs one scan. Idempotent. It does not
// judge the meaning of a text: words stay words.

import { type SafeLine, safeLine } from "../text.ts";
import { firstCharacters } from "./clip.ts";
import { colour, invisible } from "./hidden.ts";

/**
 * Tags that Claude Code writes into a conversation, or that a model may take for the frame of one. From its
 * public documentation, issues and transcripts; longer names that begin with one of these and a hyphen are
 * covered too.
 */
const tags = [
  "channel",
  "system",
  "system-reminder",
  "system-prompt",
  "command-name",
  "command-message",
  "command-args",
  "command-contents",
  "local-command-stdout",
  "local-command-stderr",
  "local-command-caveat",
  "bash-input",
  "bash-stdout",
  "bash-stderr",
  "user-prompt-submit-hook",
  "user-memory-input",
  "task-notification",
  "teammate-message",
  "cross-session-message",
  "persisted-output",
  "new-diagnostics",
  "ide-selection",
  "ide-opened-file",
  "ide-diagnostics",
  "function",
  "functions",
  "function-call",
  "function-calls",
  "function-result",
  "function-results",
  "invoke",
  "parameter",
  "parameters",
  "tool",
  "tools",
  "tool-call",
  "tool-calls",
  "tool-use",
  "tool-use-error",
  "tool-result",
  "tool-results",
  "thinking",
  "human",
  "user",
  "assistant",
  "developer",
  "instructions",
  "important",
  "env",
  "claude",
  "antml",
] as const;

const tagNames = tags
  .toSorted((one, other) => other.length - one.length)
  .map((name) => name.replaceAll("-", "[-_\\s]?"))
  .join("|");

/**
 * `<`, slashes and spaces in any order, a name, and no further letter. The small and the wide `<` count as
 * one.
 */
const tag = new RegExp(
  `[<\\uFE64\\uFF1C](?=[\\s/\\\\\\u2044\\u2215\\u2800]*(?:${tagNames})(?![\\p{L}\\p{N}_]))`,
  "giu",
);

/**
 * Everything that the steps below could change, and some more: surrogates may belong to a valid character.
 */
const worthALook =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff]|\u034f|[\u180b-\u180f]|[\ufe00-\ufe0f]/;

const lineEnd = /\r\n?|[\u2028\u2029]/g;

declare const neutral: unique symbol;

/** The text of a separate block in the model's context. Its lines are those of its author. */
export type ModelText = string & { readonly [neutral]: true };

/**
 * The final form of a text. Line ends become `\n`, lone surrogates U+FFFD, invisible characters and the color
 * sequences of a terminal are removed, and the `<` of a client's tag becomes `‹`. Never longer than the input. Linear time.
 */
export function neutralise(text: string): ModelText {
  const visible = worthALook.test(text)
    ? // Surrogates first: a removal must not join two halves to a new character.
      text.toWellFormed().replace(lineEnd, "\n").replace(colour, "").replace(invisible, "")
    : text;
  return visible.replace(tag, "\u2039") as ModelText;
}

/** A part of a line that the model sees outside of any block: in instructions, in a description. */
export function forModel(raw: string): SafeLine {
  return safeLine(neutralise(raw));
}

/** Characters of a meta value. */
const maxMetaLength = 1_000;

const lookAlikes: Readonly<Record<string, string>> = { '"': "\u201d", "<": "\u2039", ">": "\u203a" };

/**
 * A text as the value of an attribute: neutralised, one line, without characters that could end an attribute
 * or a tag.
 */
export function metaValue(text: string): string {
  const line = neutralise(text)
    .replace(/["<>]/g, (character) => lookAlikes[character] as string)
    .replace(/\s+/g, " ")
    .trim();
  const kept = firstCharacters(line, maxMetaLength);
  return kept.length === line.length ? line : `${firstCharacters(line, maxMetaLength - 1).trimEnd()}…`;
}
