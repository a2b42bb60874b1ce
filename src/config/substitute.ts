// Replaces `${...}` in one scalar. What a replacement brings in is never read again: it cannot hold another `${`, become
// YAML or become a template. Messages name variables and paths, never values.

import { didYouMeanHint } from "../did-you-mean.ts";
import type { FileReading } from "./bounded-file.ts";
import type { Environment } from "./environment.ts";
import { orList, quoted } from "./problem.ts";

/** What the scalar will be read as later: plain text, a Handlebars template, or a CEL expression. */
export type Reader = "plain" | "template" | "cel";

export interface Surroundings {
  readonly environment: Environment;
  /** Reads `${file:PATH}`; the path is as written. */
  readFile(path: string): { readonly text: string } | (FileReading & { readonly ok: false });
  /** Text that a template renders as the given text, whatever that holds. */
  escapeForTemplate(text: string): string;
  /** Where a person can put a variable, for hints. */
  readonly dotenvPlaces: readonly string[];
}

export interface Substitution {
  readonly text: string;
  readonly problems: readonly {
    readonly offset: number;
    readonly message: string;
    readonly hint?: string | undefined;
  }[];
  /** What came in, before escaping; `fromFile` is always a secret. */
  readonly replacements: readonly { readonly value: string; readonly fromFile: boolean }[];
}

export function substitute(text: string, reader: Reader, around: Surroundings): Substitution {
  const problems: { offset: number; message: string; hint?: string | undefined }[] = [];
  const replacements: { value: string; fromFile: boolean }[] = [];
  let result = "";
  let done = 0;
  for (let start = text.indexOf("${"); start !== -1; start = text.indexOf("${", done)) {
    if (start > done && text[start - 1] === "$") {
      result += `${text.slice(done, start - 1)}\${`;
      done = start + 2;
      continue;
    }
    result += text.slice(done, start);
    const end = text.indexOf("}", start);
    if (end === -1) {
      problems.push({ offset: start, message: "a ${ without its }", hint: "write $${ for a literal ${" });
      done = text.length;
      break;
    }
    done = end + 1;
    if (reader === "cel") {
      const hint = "compare with a value from the event, or put the value into match:";
      problems.push({ offset: start, message: "CEL cannot hold ${...}", hint });
      continue;
    }
    const found = resolve(text.slice(start + 2, end), around);
    if ("message" in found) {
      problems.push({ offset: start, ...found });
      continue;
    }
    replacements.push(found);
    result += reader === "template" ? around.escapeForTemplate(found.value) : found.value;
  }
  return { text: result + text.slice(done), problems, replacements };
}

type Resolved =
  | { readonly value: string; readonly fromFile: boolean }
  | { readonly message: string; readonly hint?: string | undefined };

function resolve(reference: string, around: Surroundings): Resolved {
  if (reference.startsWith("file:")) return fromFile(reference.slice("file:".length).trim(), around);
  if (reference.startsWith("inputs.")) {
    return {
      message: `\${${reference.slice(0, 60)}} is an input, and only recipes have inputs`,
      hint: "use a variable of the environment: ${NAME}",
    };
  }
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/.exec(reference);
  if (match === null) {
    return {
      message: `${quoted(reference, 40)} inside \${} cannot be understood`,
      hint: "write ${NAME}, ${NAME:-default} or ${file:PATH}; $${ is a literal ${",
    };
  }
  const [, name, fallback] = match as unknown as [string, string, string | undefined];
  const value = around.environment.lookup(name);
  // As in a shell, `:-` also stands in for a variable that is set but empty.
  if (fallback !== undefined && (value === undefined || value === ""))
    return { value: fallback, fromFile: false };
  if (value !== undefined) return { value, fromFile: false };
  const hint =
    didYouMeanHint(name, around.environment.names()) ??
    `set it in the environment or in ${orList(around.dotenvPlaces)}, or write \${${name}:-default}`;
  return { message: `the environment variable ${name} is not set`, hint };
}

function fromFile(path: string, around: Surroundings): Resolved {
  if (path === "") return { message: "${file:} names no file", hint: "write ${file:PATH}" };
  const reading = around.readFile(path);
  if ("text" in reading) return { value: reading.text, fromFile: true };
  return { message: `the file ${quoted(path)} ${reading.problem}` };
}
