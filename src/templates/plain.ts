// Templates without blocks: text, `{{path}}` and `{{function value ...}}`. Most templates are of this kind,
// so they are parsed and rendered here, without Handlebars, whose code is then never loaded and whose parser
// takes a hundred times as long. Every uncertain text is left to Handlebars, if only to report the error.
// Both must render the same: a property test compares them.

import type { View } from "../contract.ts";
import { isLargeNumber } from "../json.ts";
import type { Dialect } from "./dialect.ts";
import { type MeteredCall, meteredCall } from "./functions/metered.ts";
import { type TemplateFunction, type TemplateFunctions, textOf } from "./functions/template-function.ts";
import type { Meter } from "./limits.ts";
import { restoreLiteral } from "./literal.ts";

/** Literal text, or a function that returns the text of one placeholder. */
export type Part = string | ((view: View) => string);

/** The parts of a template without blocks; undefined when the text needs Handlebars. */
export type PlainReader = (text: string) => Part[] | undefined;

/** The value of an expression for one event. */
type Evaluate = (view: View) => unknown;

const space = /\s*/y;
const path =
  /([A-Za-z]+)((?:\.[A-Za-z_][\w-]*|\.\d+(?![\w-])|\.?\[\d+\]|\.\[[^\]\\*"'\0\uFDD0-\uFDD4]+\])*)(?=[\s)}])/y;
const segment = /\[([^\]]*)\]|[^.[\]]+/g;
const literal =
  /"([^"\\]*)"(?=[\s)}])|'([^'\\]*)'(?=[\s)}])|(-?\d+(?:\.\d+)?|true|false|null|undefined)(?=[\s)}])/y;
const option = /([A-Za-z]+)=/y;
const words: Readonly<Record<string, unknown>> = { true: true, false: false, null: null, undefined };

export function createPlainReader(
  { functions, roots, encode }: { readonly functions: TemplateFunctions } & Dialect,
  meter: Meter,
): PlainReader {
  return (text) => {
    const parts: Part[] = [];
    let from = 0;
    for (;;) {
      const open = text.indexOf("{{", from);
      const words = text.slice(from, open === -1 ? undefined : open);
      if (words.includes("\0")) return undefined;
      if (words !== "") parts.push(restoreLiteral(words));
      if (open === -1) return parts;
      if (words.endsWith("\\")) return undefined;

      const placeholder = readPlaceholder(text, open + 2);
      if (placeholder === undefined) return undefined;
      parts.push(placeholder.part);
      from = placeholder.end;
    }
  };

  function readPlaceholder(text: string, from: number): { part: Part; end: number } | undefined {
    let at = from;
    const match = (pattern: RegExp): RegExpExecArray | undefined => {
      pattern.lastIndex = at;
      const found = pattern.exec(text);
      if (found === null) return undefined;
      at += found[0].length;
      return found;
    };

    const readPath = (): Evaluate | undefined => {
      const found = match(path);
      if (found === undefined || !roots.has(found[1] as string)) return undefined;
      const keys = Array.from((found[2] as string).matchAll(segment), (part) => part[1] ?? part[0]);
      return keys.includes("this") ? undefined : lookup(found[1] as string, keys);
    };

    const readValue = (): Evaluate | undefined => {
      if (text[at] === "(") {
        at += 1;
        match(space);
        const call = readCall();
        if (call === undefined || text[at] !== ")") return undefined;
        at += 1;
        return call;
      }
      const found = match(literal);
      if (found === undefined) return readPath();
      const [, double, single, word = ""] = found;
      const quoted = double ?? single;
      if (quoted === undefined && isLargeNumber(word)) return undefined;
      const value =
        quoted !== undefined ? restoreLiteral(quoted) : word in words ? words[word] : Number(word);
      return () => value;
    };

    const readCall = (): Evaluate | undefined => {
      const found = match(path);
      const name = found?.[0] as string;
      if (found === undefined || !Object.hasOwn(functions, name)) return undefined;
      const called = functions[name] as TemplateFunction;
      const values: Evaluate[] = [];
      const options: [string, Evaluate][] = [];
      for (;;) {
        match(space);
        if (text[at] === ")" || text[at] === "}") break;
        const key = match(option)?.[1];
        if (key === undefined && options.length > 0) return undefined;
        const literalAt = at;
        const value = readValue();
        if (value === undefined) return undefined;
        const written = /^["']/.test(text.slice(literalAt, literalAt + 1))
          ? text.slice(literalAt + 1, at - 1)
          : undefined;
        if (key === undefined) {
          const index = values.push(value) - 1;
          if (written !== undefined && called.checkValue?.(index, written) !== undefined) return undefined;
          continue;
        }
        if (!called.options?.includes(key)) return undefined;
        if (written !== undefined && called.checkOption?.(key, written) !== undefined) return undefined;
        options.push([key, value]);
      }
      if (values.length < called.takes[0] || values.length > called.takes[1]) return undefined;
      return evaluateCall(meteredCall(called, meter), values, options);
    };

    match(space);
    const start = at;
    let evaluate = readPath();
    match(space);
    if (evaluate === undefined || text[at] !== "}") {
      at = start;
      evaluate = readCall();
    }
    if (evaluate === undefined || !text.startsWith("}}", at) || text[at + 2] === "}") return undefined;
    const value = evaluate;
    const part = (view: View) => {
      const written = encode(textOf(value(view)));
      meter.output(written.length);
      return written;
    };
    return { part, end: at + 2 };
  }
}

/**
 * The value of a text that is exactly one `{{path}}`; undefined for any other text. Its root is not checked.
 */
export function readWholePath(text: string): Evaluate | undefined {
  const inside = /^\{\{\s*([^{}]*?)\s*\}\}$/.exec(text)?.[1] ?? "";
  path.lastIndex = 0;
  // The pattern of a path needs to see the following character.
  const found = path.exec(`${inside} `);
  if (found === null || found[0].length !== inside.length) return undefined;
  const keys = Array.from((found[2] as string).matchAll(segment), (part) => part[1] ?? part[0]);
  return keys.includes("this") ? undefined : lookup(found[1] as string, keys);
}

function lookup(root: string, keys: readonly string[]): Evaluate {
  return (view) => {
    let value: unknown = view[root as keyof View];
    for (const key of keys) {
      if (value === undefined || value === null) return value;
      value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    }
    return value;
  };
}

function evaluateCall(call: MeteredCall, values: Evaluate[], options: [string, Evaluate][]): Evaluate {
  return (view) =>
    call(
      values.map((value) => value(view)),
      Object.fromEntries(options.map(([key, value]) => [key, value(view)])),
    );
}
