// The body of an answer as data and text: JSON by content-type or appearance, else text.

import type { HttpAnswer } from "../contract/host.ts";
import type { Json } from "../contract.ts";
import { ConnectorError } from "../errors.ts";
import { guessJson, type ParsedJson, parseJson, parseJsonLines } from "./json.ts";
import { readable } from "./terminal-escapes.ts";

export interface AnswerContent {
  readonly data: Json;
  readonly text: string;
}

/**
 * Rejects with a ConnectorError: E_HTTP_CONTENT when it is labelled as JSON and is not, else as
 * `HttpAnswer.text` does.
 */
export async function readAnswer(answer: HttpAnswer, maxBytes: number): Promise<AnswerContent> {
  const text = (await withinMaxBody(answer.text(maxBytes))).replace(/^\uFEFF/, "");
  const parsed = parse(text, typeOf(answer));
  if ("fault" in parsed) {
    throw new ConnectorError("E_HTTP_CONTENT", `the answer is ${found(answer, text)}: ${parsed.fault}`, {
      retryable: true,
    });
  }
  return readable(text, parsed.data);
}

/** The error for an overlong answer, with a hint for a source that has `max_body`. */
export async function withinMaxBody<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.code !== "E_HTTP_SIZE") throw error;
    throw new ConnectorError(error.code, error.message, { hint: "raise max_body, or request less" });
  }
}

function parse(text: string, type: string): ParsedJson {
  if (type === "application/json" || type === "text/json" || type.endsWith("+json")) return parseJson(text);
  if (/^application\/(x-)?(ndjson|jsonl|jsonlines)$/.test(type)) return parseJsonLines(text);
  // Some servers send JSON as text/html. A page that only begins like JSON is text.
  return guessJson(text);
}

/** The media type alone, in lower case; empty when there is none. */
export function typeOf({ headers }: Pick<HttpAnswer, "headers">): string {
  return (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** A short description of the answer: `text/html that begins "<!doctype html>"`. */
export function found(answer: Pick<HttpAnswer, "headers">, text: string): string {
  const type = typeOf(answer) || "of no type";
  const start = text.trim().replace(/\s+/g, " ").slice(0, 40);
  return start === "" ? `${type} and empty` : `${type} that begins ${JSON.stringify(start)}`;
}
