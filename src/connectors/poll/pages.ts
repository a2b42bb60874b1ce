// One answer: its items, their keys, and the URL of the next page, by the options or by their defaults. When
// an expression does not fit an answer, the answer is assumed to be at fault: the request is retried, and the
// user is notified.

import type { CodeRoots, CompiledOptions, HttpAnswer } from "../../contract/host.ts";
import type { Arrival, Json, Trust } from "../../contract.ts";
import { ConnectorError, ExpressionError } from "../../errors.ts";
import { type AnswerContent, found, readAnswer } from "../../intake/answer.ts";
import { linkTarget } from "../../intake/link-header.ts";
import { keyOf } from "../../intake/seen-keys.ts";
import { isObject } from "../../json.ts";

/** A list of items, one changing value, a changing text; or nothing, which each of them may be at times. */
export type Shape = "list" | "value" | "text" | "nothing";

export interface Page {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly content: AnswerContent;
  readonly shape: Shape;
  /** For a value or a text: itself. As the answer has them; none for an empty answer. */
  readonly items: readonly Json[];
  /** Absolute; undefined on the last page. */
  readonly next: string | undefined;
  /** A description for messages. */
  readonly found: string;
}

export interface PageReader {
  /** Rejects with a ConnectorError. */
  read(answer: HttpAnswer): Promise<Page>;
  keyOf(item: Json): string;
  /** The cursor of the next request instead of `before`. */
  cursorOf(page: Page, before: Json | undefined): Json | undefined;
}

export function createPageReader(
  code: CompiledOptions,
  { maxBytes, misfit }: { readonly maxBytes: number; misfit(line: string): void },
): PageReader {
  const itemsOf = code.cel("items");
  const ownKey = code.cel("key");
  const cursor = code.cel("cursor");
  const next = code.cel("next");

  function nextOf(roots: CodeRoots, { url, headers }: HttpAnswer): string | undefined {
    const given = next === undefined ? linkTarget(headers.link, "next") : evaluate("next", next, roots);
    if (given === undefined || given === null || given === "") return undefined;
    if (typeof given !== "string" || !URL.canParse(given, url))
      throw misfitting("next", `gave ${nameOf(given)}, not a URL`);
    const to = new URL(given, url);
    if (to.origin !== new URL(url).origin)
      throw new ConnectorError("E_HTTP_CONTENT", `the next page is on another host, ${to.host}`, {
        retryable: true,
        hint: "pages are read on the host of url only; max_pages: 1 reads the first alone",
      });
    return to.href;
  }

  return {
    async read(answer) {
      const { url, headers } = answer;
      if (answer.status === 204) {
        answer.discard();
        return {
          url,
          headers,
          content: noContent,
          shape: "nothing",
          items: [],
          next: undefined,
          found: "empty",
        };
      }
      const content = await readAnswer(answer, maxBytes);
      const roots = { ...content, headers };
      // Some servers write an empty list as null.
      const list = itemsOf === undefined ? content.data : (evaluate("items", itemsOf, roots) ?? []);
      if (itemsOf !== undefined && !Array.isArray(list))
        throw misfitting(
          "items",
          `gave ${nameOf(list)}, not a list: the answer is ${found(answer, content.text)}`,
        );
      return {
        url,
        headers,
        content,
        shape: shapeOf(list),
        items: Array.isArray(list) ? list : list === null ? [] : [list],
        next: nextOf(roots, answer),
        found: found(answer, content.text),
      };
    },
    keyOf(item) {
      if (ownKey === undefined) return keyOf(idOf(item) ?? item);
      try {
        const key = ownKey({ data: item, text: textOf(item) });
        if (key !== null && key !== "" && isExact(key)) return keyOf(key);
        const gave = key === null || key === "" ? "nothing" : "a number with too many digits to be exact";
        misfit(`key gave ${gave} for an item: the whole item is its key`);
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        misfit(`key: ${error.message}; the whole item is its key`);
      }
      return keyOf(item);
    },
    cursorOf({ content, headers, items }, before) {
      if (cursor === undefined) return before;
      try {
        return evaluate("cursor", cursor, { ...content, headers }) ?? before;
      } catch (error) {
        // `data[0].id` of an empty list.
        if (items.length === 0 && error instanceof ConnectorError) return before;
        throw error;
      }
    },
  };
}

export function arrivalOf(item: Json, trust: Trust): Arrival {
  return { data: item, text: textOf(item), trust };
}

function textOf(item: Json): string {
  return typeof item === "string" ? item : JSON.stringify(item);
}

function idOf(item: Json): Json | undefined {
  if (!isObject(item)) return undefined;
  const { id = null } = item;
  return (typeof id === "string" || typeof id === "number") && isExact(id) ? id : undefined;
}

/**
 * False for an integer that cannot be distinguished from its neighbours in JavaScript: as a key it would be ambiguous.
 */
function isExact(value: Json): boolean {
  return typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value);
}

const noContent: AnswerContent = { data: null, text: "" };

function shapeOf(value: Json): Shape {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "list";
  return typeof value === "object" ? "value" : "text";
}

function evaluate(option: string, program: (roots: CodeRoots) => Json, roots: CodeRoots): Json {
  try {
    return program(roots);
  } catch (error) {
    if (error instanceof ExpressionError) throw misfitting(option, error.message);
    throw error;
  }
}

function misfitting(option: string, message: string): ConnectorError {
  return new ConnectorError("E_HTTP_CONTENT", `${option}: ${message}`, { retryable: true });
}

function nameOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return { object: "an object", string: "a text", number: "a number", boolean: "true or false" }[
    typeof value as "object" | "string" | "number" | "boolean"
  ];
}
