// Rewords the errors of the CEL library: one sentence, an offset, and what to type instead.

import { didYouMean } from "../../did-you-mean.ts";
import { type ErrorCode, ExpressionError } from "../../errors.ts";
import { cut } from "../show.ts";
import { safeNames } from "./environment.ts";
import { withoutSuffix } from "./zones.ts";

/** The part of the library's errors that is used here. */
export interface CelFailure {
  readonly code: string;
  readonly summary: string;
  readonly range: { readonly start: number; readonly end: number } | undefined;
}

function isCelFailure(error: unknown): error is Error & CelFailure {
  return error instanceof Error && "summary" in error && "range" in error;
}

/** `functions`: the available functions, for "did you mean". */
export function loadError(text: string, failure: unknown, functions: Iterable<string>): ExpressionError {
  if (failure instanceof ExpressionError) return failure;
  if (!isCelFailure(failure)) return unknownFailure(failure);
  const offset = failure.range?.start;
  const atEnd = offset !== undefined && offset >= text.trimEnd().length;
  let message = plain(failure.summary);
  let hint: string | undefined;
  if (failure.code === "expected_token") {
    const wanted = symbols[/^Expected (\w+)/.exec(failure.summary)?.[1] ?? ""] ?? "something else";
    message = `${atEnd ? "the expression ends too early" : `unexpected ${wordAt(text, offset)}`}: ${wanted} is missing`;
    if (text[offset ?? 0] === "?") hint = hintForWord(text, offset ?? 0);
  } else if (failure.code === "unexpected_token" || failure.code === "unexpected_character") {
    message = atEnd ? "the expression ends too early" : `unexpected ${wordAt(text, offset)}`;
    hint = atEnd ? undefined : hintForWord(text, offset ?? 0);
  } else if (failure.code === "no_matching_overload") {
    hint = hintForCall(failure.summary, functions);
  } else if (failure.code === "invalid_escape_sequence") {
    hint = 'write the backslash twice, or the text as r"..."';
  }
  return new ExpressionError("E_CONFIG_CEL", message, { offset, hint, cause: failure });
}

/** The library failed on an input that it cannot handle. */
function unknownFailure(failure: unknown): ExpressionError {
  const reason = failure instanceof Error ? failure.message : String(failure);
  return new ExpressionError("E_CONFIG_CEL", cut(`cannot be compiled: ${reason}`, maxMessage), {
    offset: 0,
    hint: "write it another way",
    cause: failure,
  });
}

export function runError(error: unknown): ExpressionError {
  if (error instanceof ExpressionError) {
    return error.code === "E_CEL_RUN" ? error : runFailure(error.message, error);
  }
  if (isCelFailure(error)) {
    if (error.code === "unsupported_type") {
      return runFailure('an object with a key named "constructor" cannot be read by CEL', error);
    }
    return runFailure(plain(error.summary), error);
  }
  // The library failed on an input that it cannot handle: an error of this event, not a reason to stop.
  return runFailure(`cannot be computed: ${error instanceof Error ? error.message : String(error)}`, error);
}

/** The library quotes the invalid part, however long it is. */
const maxMessage = 300;

function runFailure(message: string, cause: unknown): ExpressionError {
  const code: ErrorCode = "E_CEL_RUN";
  return new ExpressionError(code, cut(message, maxMessage), { cause });
}

const symbols: Record<string, string> = {
  RPAREN: '")"',
  RBRACKET: '"]"',
  RBRACE: '"}"',
  COLON: '":"',
  COMMA: '","',
  IDENTIFIER: "a name",
};

function plain(summary: string): string {
  let message = withoutSuffix(summary)
    .replace(/\bdyn<([^<>]+)>/g, "$1")
    .replaceAll("dyn.", "")
    .replaceAll(safeNames.matches, "matches")
    .replaceAll(safeNames.duration, "duration")
    .replaceAll(safeNames.json, "json");
  message = message.replace(/^no such overload: (.+)$/, "no such operation: $1");
  message = message.replace(/^found no matching overload for '(.+)'$/, "no such function: $1");
  return /^[A-Z][a-z]/.test(message) ? message.charAt(0).toLowerCase() + message.slice(1) : message;
}

function wordAt(text: string, offset: number | undefined): string {
  const rest = text.slice(offset ?? 0);
  return JSON.stringify(/^\s*(\w+|\S)/.exec(rest)?.[1] ?? "end");
}

function hintForWord(text: string, offset: number): string | undefined {
  const word = /^\s*(\w+|\S)/.exec(text.slice(offset))?.[1];
  switch (word) {
    case "and":
    case "&":
      return "use && for and";
    case "or":
    case "|":
      return "use || for or";
    case "?":
      return 'optional values are not supported here: ask first, has(data.x) ? data.x : ""';
    case "=":
      return "use == to compare";
    default:
      return undefined;
  }
}

function hintForCall(summary: string, functions: Iterable<string>): string | undefined {
  const name = /'(?:.*\.)?(\w+)\([^)]*\)'$/.exec(summary)?.[1];
  if (name === undefined) return undefined;
  const known = [...functions];
  if (known.includes(name)) return undefined;
  const near = didYouMean(name, known);
  return near === undefined ? undefined : `did you mean ${near}()?`;
}
