// The only file that uses Handlebars: an environment of our functions and four blocks, without partials,
// decorators, `log` (it writes to stdout) or anything from a prototype. A template is parsed and checked when
// it is created here; Handlebars turns it into code at its first rendering.

import Handlebars from "handlebars";
import { TemplateError } from "../errors.ts";
import { checkTemplate, writer } from "./check.ts";
import type { Dialect } from "./dialect.ts";
import { meteredCall } from "./functions/metered.ts";
import { type TemplateFunctions, textOf } from "./functions/template-function.ts";
import { rewriteIndexes } from "./index-notation.ts";
import { type Meter, maxOutputLength } from "./limits.ts";
import type { Part } from "./plain.ts";
import { findExcess } from "./size.ts";
import { syntaxError } from "./syntax-error.ts";

export interface Environment {
  /**
   * Throws a TemplateError (E_CONFIG_TEMPLATE) at the first mistake. The part throws the errors of the
   * rendering.
   */
  whole(text: string): Part;
  /** The same, with each top-level placeholder and block as a separate part. */
  split(text: string): Part[];
}

/** Blocks and `lookup`. The two hooks are called by Handlebars' own code. */
const kept = ["if", "unless", "with", "lookup", "helperMissing", "blockHelperMissing"];

/** See `Dialect`. */
type Language = { readonly functions: TemplateFunctions } & Dialect;

export function createEnvironment({ functions, roots, encode }: Language, meter: Meter): Environment {
  const handlebars = Handlebars.create();
  const each = handlebars.helpers.each as Handlebars.HelperDelegate;
  for (const name of Object.keys(handlebars.helpers)) {
    if (!kept.includes(name)) handlebars.unregisterHelper(name);
  }
  for (const name of Object.keys(handlebars.decorators)) handlebars.unregisterDecorator(name);
  handlebars.registerHelper("each", metered(each, meter));
  for (const name of kept)
    handlebars.registerHelper(name, stepping(handlebars.helpers[name] as Handlebars.HelperDelegate, meter));

  const helpers: Record<string, Handlebars.HelperDelegate> = {
    [writer]: (value: unknown) => {
      meter.step();
      const text = encode(textOf(value));
      meter.output(text.length);
      return text;
    },
  };
  for (const [name, called] of Object.entries(functions)) {
    const call = meteredCall(called, meter);
    helpers[name] = (...given: unknown[]) =>
      call(given.slice(0, -1), (given.at(-1) as Handlebars.HelperOptions).hash);
  }
  const knownHelpers = Object.fromEntries(
    [...Object.keys(helpers), ...kept, "each"].map((name) => [name, true]),
  );

  const read = (
    text: string,
  ): { program: hbs.AST.Program; used: Record<string, Handlebars.HelperDelegate> } => {
    const excess = findExcess(text);
    if (excess !== undefined) throw excess;
    const rewritten = rewriteIndexes(text);
    const offsetOf = (position: Position) => rewritten.originalOffset(offsetIn(rewritten.text, position));
    const program = parse(handlebars, rewritten.text, text, offsetOf);
    const used = checkTemplate(program, { functions, roots, offsetOf });
    return {
      program,
      used: Object.fromEntries([...used].map((name) => [name, helpers[name]])) as typeof helpers,
    };
  };

  const partOf = (program: hbs.AST.Program, used: Record<string, Handlebars.HelperDelegate>): Part => {
    const template = handlebars.compile(program, {
      noEscape: true,
      knownHelpers,
      knownHelpersOnly: true,
      // The parser has already handled lines that contain only a tag.
      ignoreStandalone: true,
    });
    const options = {
      helpers: used,
      allowProtoPropertiesByDefault: false,
      allowProtoMethodsByDefault: false,
    };
    return (view) => template(view, options);
  };

  return {
    whole(text) {
      const { program, used } = read(text);
      return partOf(program, used);
    },
    split(text) {
      const { program, used } = read(text);
      return program.body
        .filter((statement) => statement.type !== "CommentStatement")
        .map((statement) =>
          statement.type === "ContentStatement"
            ? (statement as hbs.AST.ContentStatement).value
            : partOf({ ...program, body: [statement] }, used),
        );
    },
  };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

function parse(
  handlebars: typeof Handlebars,
  text: string,
  original: string,
  offsetOf: (position: Position) => number,
): hbs.AST.Program {
  try {
    return handlebars.parse(text);
  } catch (error) {
    const { match, yylloc } = (handlebars as unknown as { Parser: Parser }).Parser.lexer;
    const { lineNumber, column } = error as { lineNumber?: number; column?: number };
    if (lineNumber === undefined || column === undefined) {
      const offset = offsetOf({ line: yylloc.first_line, column: yylloc.first_column });
      throw syntaxError(original, { token: match, offset });
    }
    const offset = offsetOf({ line: lineNumber, column });
    const message = (error as Error).message.replace(/ - \d+:\d+$/, "");
    if (!message.startsWith("Invalid path")) throw syntaxError(original, { token: "{{/", offset });
    throw new TemplateError("E_CONFIG_TEMPLATE", "this and .. may only begin a path", {
      offset,
      hint: "a key of that name is written in brackets: data.[this]",
    });
  }
}

/** Where Handlebars' parser stopped: its error contains that only as text. */
interface Parser {
  readonly lexer: {
    readonly match: string;
    readonly yylloc: { readonly first_line: number; readonly first_column: number };
  };
}

function offsetIn(text: string, { line, column }: Position): number {
  const lineEnd = /\r\n?|\n/g;
  let start = 0;
  for (let current = 1; current < line && lineEnd.exec(text) !== null; current++) start = lineEnd.lastIndex;
  return start + column;
}

/** Counts the calls. */
function stepping(helper: Handlebars.HelperDelegate, meter: Meter): Handlebars.HelperDelegate {
  return function (this: unknown, ...given: unknown[]) {
    meter.step();
    return (helper as (this: unknown, ...all: unknown[]) => unknown).apply(this, given);
  };
}

/** Counts the turns, and what they write beside placeholders: lists come from payloads, and loops can be nested. */
function metered(each: Handlebars.HelperDelegate, meter: Meter): Handlebars.HelperDelegate {
  return function (this: unknown, list: unknown, options: Handlebars.HelperOptions) {
    // A list in each of many turns may be empty.
    meter.step();
    let written = 0;
    const fn = (element: unknown, inner: Handlebars.RuntimeOptions) => {
      meter.step();
      const text = options.fn(element, inner);
      written += text.length;
      if (written > maxOutputLength) throw new Error("the text grows beyond 1 MiB");
      return text;
    };
    return each.call(this, list, { ...options, fn });
  } as Handlebars.HelperDelegate;
}
