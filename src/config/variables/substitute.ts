// Replaces `${...}` in one scalar. A replacement is never read again: it cannot contain another `${`, become
// YAML or become a template. Every part of it is marked with its origin. Messages name variables and paths,
// never values.

import type { Json } from "../../contract.ts";
import { didYouMeanHint, listNames } from "../../did-you-mean.ts";
import type { FileResult } from "../yaml/bounded-file.ts";
import { orList, quoted } from "../yaml/problem.ts";
import type { Environment } from "./environment.ts";
import { moved, type Origin, type Taint, type TaintedValue, wholeTaint } from "./taint.ts";
import type { ValueFile } from "./value-files.ts";

/** How the scalar is read later: as plain text, a Handlebars template, or a CEL expression. */
export type Reader = "plain" | "template" | "cel";

export interface SubstitutionContext {
  readonly environment: Environment;
  /** Reads `${file:PATH}`; the path is as written. */
  readFile(path: string): ValueFile | (FileResult & { readonly ok: false });
  /** Replaces a value without a default that must not be read: tests use neither environment nor files. */
  placeholder?(name: string): Json;
  /** Of these, where there are placeholders, the variables and files that are read all the same. */
  readonly only?: { hasVariable(name: string): boolean; hasFile(path: string): boolean };
  /** Text that a template renders as exactly the given text; of the same length, unit by unit. */
  escapeForTemplate(text: string): string;
  /** Where the user can set a variable, for hints. */
  readonly dotenvPaths: readonly string[];
}

/** What `${...}` in a recipe may name: only its inputs. */
export interface InputScope {
  get(name: string): Json | undefined;
  /** Origins of its value; of a list, by index. */
  taints(name: string): readonly TaintedValue[];
  names(): readonly string[];
}

export interface Substitution {
  readonly text: string;
  readonly problems: readonly {
    readonly offset: number;
    readonly message: string;
    readonly hint?: string | undefined;
  }[];
  /** The inserted text, before escaping. */
  readonly replacements: readonly Replacement[];
  /** The parts of `text` that came from a variable, a file or a secret input. */
  readonly taints: readonly Taint[];
}

export interface Replacement {
  readonly value: string;
  /** Its parts, with their origins; none for a default, or for a typed value of an ordinary input. */
  readonly taints: readonly Taint[];
  /** The input that it came from. */
  readonly input?: string;
  /** It was not read: a placeholder replaces it. */
  readonly placeholder?: true;
}

/** With `inputs` the text is in a recipe. */
export function substitute(
  text: string,
  reader: Reader,
  around: SubstitutionContext,
  inputs?: InputScope,
): Substitution {
  const problems: { offset: number; message: string; hint?: string | undefined }[] = [];
  const replacements: Replacement[] = [];
  const taints: Taint[] = [];
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
      const input = /^inputs\.(\w+)$/.exec(text.slice(start + 2, end))?.[1];
      const hint =
        input === undefined || inputs === undefined
          ? "compare with a value from the event, or put the value into match:"
          : `write inputs.${input}, without ${"${}"}`;
      problems.push({ offset: start, message: "CEL cannot contain ${...}", hint });
      continue;
    }
    const reference = text.slice(start + 2, end);
    const found = inputs === undefined ? resolve(reference, around) : fromInputs(reference, inputs);
    if ("message" in found) {
      problems.push({ offset: start, ...found });
      continue;
    }
    replacements.push(found);
    taints.push(...moved(found.taints, result.length));
    result += reader === "template" ? around.escapeForTemplate(found.value) : found.value;
  }
  return { text: result + text.slice(done), problems, replacements, taints };
}

type Resolved = Replacement | { readonly message: string; readonly hint?: string | undefined };

/** The name in a scalar that is exactly one `${inputs.NAME}`: it keeps its type. */
export function wholeInput(text: string): string | undefined {
  return /^\$\{inputs\.([A-Za-z_]\w*)\}$/.exec(text)?.[1];
}

function fromInputs(reference: string, inputs: InputScope): Resolved {
  const name = /^inputs\.([A-Za-z_]\w*)$/.exec(reference)?.[1];
  if (name === undefined) {
    const variable = /^[A-Za-z_]\w*/.exec(reference)?.[0].toLowerCase() ?? "name";
    return {
      message: `a recipe cannot read \${${reference.slice(0, 60)}}: only its inputs are available`,
      hint: `declare an input and write \${inputs.${variable}}; the config sets its value. $\${ is a literal \${`,
    };
  }
  const value = inputs.get(name);
  if (value === undefined) return unknownInput(name, inputs.names());
  if (typeof value !== "object") {
    const taints = inputs.taints(name).flatMap((one) => one.taints);
    return { value: String(value), taints, input: name };
  }
  return {
    message: `the input ${name} is a list, which cannot be used inside a text`,
    hint: `write \${inputs.${name}} alone, or {{join inputs.${name} ", "}} in a template`,
  };
}

export function unknownInput(name: string, known: readonly string[]): { message: string; hint: string } {
  return {
    message: `the recipe has no input ${quoted(name)}`,
    hint:
      didYouMeanHint(name, known) ??
      (known.length === 0 ? "declare it under inputs:" : `its inputs: ${listNames(known)}`),
  };
}

function resolve(reference: string, around: SubstitutionContext): Resolved {
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
      message: `${quoted(reference, 40)} inside \${} is invalid`,
      hint: "write ${NAME}, ${NAME:-default} or ${file:PATH}; $${ is a literal ${",
    };
  }
  const [, name, fallback] = match as unknown as [string, string, string | undefined];
  if (around.placeholder !== undefined && around.only?.hasVariable(name) !== true) {
    return fallback === undefined
      ? placeholderOf(String(around.placeholder(name)), { kind: "env", name, layer: "process" })
      : { value: fallback, taints: [] };
  }
  const found = around.environment.lookup(name);
  // As in a shell, `:-` also replaces a variable that is set but empty.
  if (fallback !== undefined && (found === undefined || found.value === ""))
    return { value: fallback, taints: [] };
  if (found !== undefined) {
    const { value, ...from } = found;
    return { value, taints: [wholeTaint(value, { kind: "env", name, ...from })] };
  }
  const hint =
    didYouMeanHint(name, around.environment.names()) ??
    `set it in the environment or in ${orList(around.dotenvPaths)}, or write \${${name}:-default}`;
  return { message: `the environment variable ${name} is not set`, hint };
}

function fromFile(path: string, around: SubstitutionContext): Resolved {
  if (path === "") return { message: "${file:} names no file", hint: "write ${file:PATH}" };
  if (around.placeholder !== undefined && around.only?.hasFile(path) !== true) {
    const origin: Origin = { kind: "file", path, realPath: path, inProject: false };
    return placeholderOf(String(around.placeholder("file")), origin);
  }
  const reading = around.readFile(path);
  if ("text" in reading) {
    const { text, ...origin } = reading;
    return { value: text, taints: [wholeTaint(text, { kind: "file", ...origin })] };
  }
  return { message: `the file ${quoted(path)} ${reading.problem}` };
}

function placeholderOf(value: string, origin: Origin): Replacement {
  return { value, taints: [wholeTaint(value, origin)], placeholder: true };
}
