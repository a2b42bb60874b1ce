// Where in a command line an external value would become code: the arguments of an interpreter, whichever
// program runs it, the stdin of one that reads its program there, and a script that passes its arguments on.

import { isInterpreted } from "../../interpreting-variables.ts";
import { type Interpreter, interpreterOf } from "./interpreters.ts";
import { namesOf } from "./program-name.ts";
import { readsProgram } from "./read-program.ts";
import { commandsOf, type ScriptWord } from "./shell-script.ts";
import { isGluedToOption, obeysInput, runsItsValue, useOf, withoutEnd } from "./tools.ts";
import { afterOptions, wrappedBy } from "./wrappers.ts";

/** A word of a command line. */
export interface Word {
  /** With the placeholders of a template, as written. */
  readonly text: string;
  /** Whether it contains an external value. */
  readonly hasValue: boolean;
  /** The text before the first value. */
  readonly before: string;
}

/** Where else external values are. */
export interface Values {
  readonly stdin: boolean;
  /** Environment variables that contain one. */
  readonly variables: ReadonlySet<string>;
}

/**
 * `program`: it would choose what runs. `interpreter`: the program takes text as a program. `hidden`: it
 * cannot be seen what the program would run with it. `option`: the value of this option is run. `glued`: it
 * is in one word with an option, `-O{{x}}`. `variable`: the variable is interpreted. `arguments`: it would become arguments of another program. `script`: the
 * script runs it.
 */
export interface Fault {
  readonly at: number | "stdin";
  readonly why:
    | "program"
    | "interpreter"
    | "hidden"
    | "option"
    | "glued"
    | "variable"
    | "arguments"
    | "script";
  readonly name: string;
}

interface Look extends Values {
  /** Number of wrapper programs so far. */
  readonly depth: number;
  /** A program by all of its names: its own, and those that links lead to. */
  readonly namesOf: (program: string) => readonly string[];
  /**
   * Inside a script, where a quoted "$X" is the way to pass a value on: an interpreter may get one after the
   * program text.
   */
  readonly isScript: boolean;
}

/** Nobody nests more by hand, or writes a longer command line. */
const maxDepth = 16;
const maxWords = 1_000;

/**
 * The first fault. `namesOf`: the targets of links that a program may be; by default it is judged by its own
 * name.
 */
export function findFault(
  words: readonly Word[],
  values: Values,
  namesOf: Look["namesOf"] = (program) => [program],
): Fault | undefined {
  if (!values.stdin && values.variables.size === 0 && !words.some(({ hasValue }) => hasValue))
    return undefined;
  if (words.length > maxWords)
    return {
      at: Math.max(
        0,
        words.findIndex(({ hasValue }) => hasValue),
      ),
      why: "hidden",
      name: words[0]?.text ?? "",
    };
  return findIn(words, 0, words.length, { ...values, isScript: false, depth: 0, namesOf });
}

function findIn(all: readonly Word[], from: number, to: number, look: Look): Fault | undefined {
  const words = all.slice(from, to);
  const [program, ...rest] = words;
  if (program === undefined) return undefined;
  if (program.hasValue) return { at: from, why: "program", name: program.text };
  const known = look.namesOf(program.text).find(isKnown) ?? program.text;
  const name = known === program.text ? known : `${program.text} (a link to ${known})`;
  const texts = [known, ...rest.map(({ text }) => text)];
  const first = rest.findIndex(({ hasValue }) => hasValue);
  const closed = (why: Fault["why"]): Fault | undefined => {
    if (first !== -1) return { at: from + 1 + first, why, name };
    return look.stdin ? { at: "stdin", why, name } : undefined;
  };

  if (look.depth >= maxDepth) return closed("hidden") ?? { at: from, why: "hidden", name };
  const interpreter = interpreterOf(known);
  if (interpreter !== undefined) return findInInterpreter({ ...interpreter, shown: name }, words, from, look);
  const deeper = { ...look, depth: look.depth + 1 };
  const wrapped = wrappedBy(texts);
  if (wrapped !== undefined) {
    const { at } = wrapped;
    if (look.stdin && wrapped.argumentsFromStdin) return { at: "stdin", why: "arguments", name };
    if (at === undefined || at === texts.length) return closed("hidden");
    if (first !== -1 && first + 1 < at) return { at: from + 1 + first, why: "hidden", name };
    return findIn(all, from + at, to, deeper);
  }
  const use = useOf(texts);
  if (use.as === "closed") return closed("hidden");
  if (look.stdin && obeysInput(texts)) return { at: "stdin", why: "arguments", name };
  const inner = use.as === "inner" ? use.parts : [];
  for (const [start, end] of inner) {
    const fault = findIn(all, from + start, from + end, deeper);
    if (fault !== undefined) return fault;
  }
  const isInner = new Set(inner.flatMap(([start, end]) => range(start, end)));
  const runs = use.as === "unknown" ? words.findIndex((_, index) => looksRun(words, index)) : -1;
  for (const [index, word] of words.entries()) {
    if (!word.hasValue || isInner.has(index)) continue;
    const why = runs !== -1 && runs < index ? "hidden" : faultOfArgument(words, index, look);
    if (why !== undefined) return { at: from + index, why, name };
  }
  return undefined;
}

function findInInterpreter(
  interpreter: Interpreter & { readonly shown: string },
  words: readonly Word[],
  from: number,
  look: Look,
): Fault | undefined {
  const name = interpreter.shown;
  const value = words.findIndex(
    (word, index) => word.hasValue && !(look.isScript && isHandedOn(interpreter, words, index)),
  );
  if (value !== -1) return { at: from + value, why: "interpreter", name };
  const texts = words.map(({ text }) => text);
  const script = scriptIn(interpreter, texts);
  if (script !== undefined) {
    return runsValues(script.text, { ...look, depth: look.depth + 1 })
      ? { at: from + script.at, why: "script", name }
      : undefined;
  }
  return look.stdin && readsProgram(interpreter, texts)
    ? { at: "stdin", why: "interpreter", name }
    : undefined;
}

/**
 * The value comes after the program text of the interpreter, as a value of it: `awk -v x="$X" '...'`,
 * `python3 tool.py "$X"`.
 */
function isHandedOn({ reading }: Interpreter, words: readonly Word[], index: number): boolean {
  if (reading === "always") return false;
  const previous = words[index - 1]?.text ?? "";
  if (reading === "filter" && /^(?:-v|--assign|--arg|--argjson)$/.test(previous)) return true;
  if (/^-[A-Za-z]*[ceErf]$|^--(?:eval|command|execute|print|expression|file|exec)$/.test(previous))
    return false;
  const operand = words.findIndex(({ text, hasValue }, at) => at > 0 && !hasValue && !text.startsWith("-"));
  return operand !== -1 && operand < index && !(words[index] as Word).before.startsWith("-");
}

const sshOptions = { flags: "46AaCfGgKkMNnqsTtVvXxYy", valued: "BbcDEeFIiJLlmOopQRSWw" };

/** The script of a shell in its arguments, and at which word. */
function scriptIn(
  { name, reading }: Interpreter,
  words: readonly string[],
): { readonly at: number; readonly text: string } | undefined {
  if (name === "ssh") {
    const at = afterOptions(words, sshOptions);
    return at === undefined || at + 1 >= words.length
      ? undefined
      : { at: at + 1, text: words.slice(at + 1).join(" ") };
  }
  if (reading !== "shell" || readsProgram({ name, reading }, words)) return undefined;
  const option = words.findIndex((word, index) => index > 0 && /^-[A-Za-z]*c[A-Za-z]*$/.test(word));
  if (option === -1) return undefined;
  const at = words.findIndex((word, index) => index > option && !/^[-+]/.test(word));
  return at === -1 ? undefined : { at, text: words[at] as string };
}

const keywords =
  /^(?:if|then|elif|else|while|until|do|!|\{|time|exec|command|builtin|coproc|export|local|declare|readonly|typeset)$/;
const assignment = /^([A-Za-z_]\w*)\+?=/;

/** Whether the script runs one of its values as code. */
function runsValues(script: string, look: Look): boolean {
  const { variables, stdin } = look;
  const commands = commandsOf(script);
  if (commands === undefined) return true;
  const known = new Set(variables);
  const isUsed = commands.some(({ words }) =>
    words.some((word) => word.variables.some((name) => known.has(name))),
  );
  const holds = (word: ScriptWord) =>
    word.variables.some((name) => known.has(name)) || (word.hasOutput && (stdin || isUsed));
  for (const { words, input } of commands) {
    const reads = input === "inherited" ? stdin : input === "pipe" ? stdin || isUsed : holds(input);
    // A variable that is assigned from it contains it too.
    for (const word of words) if (holds(word)) known.add(assignment.exec(word.text)?.[1] ?? "");
    const start = words.findIndex(({ text }) => !keywords.test(text) && !assignment.test(text));
    if (start === -1) continue;
    const own = words.slice(start);
    const [program, ...rest] = own as [ScriptWord, ...ScriptWord[]];
    if (program.text === "for" && rest.some(holds)) known.add(rest[0]?.text ?? "");
    if (/^(?:read|mapfile|readarray)$/.test(program.text) && reads)
      for (const { text } of rest) known.add(text);
    // A script in it may name the variables too.
    const isConcerned =
      reads ||
      own.some((word) => holds(word) || [...known].some((name) => name !== "" && word.text.includes(name)));
    if (isConcerned && runsValue(program.text, own, holds, { ...look, stdin: reads, variables: known }))
      return true;
  }
  return false;
}

function runsValue(
  program: string,
  words: readonly ScriptWord[],
  holds: (word: ScriptWord) => boolean,
  look: Look,
): boolean {
  if (/^(?:eval|trap|alias)$/.test(program)) return words.some(holds);
  if (/^(?:source|\.)$/.test(program)) return look.stdin || words.some(holds);
  const line = words.map((word): Word => {
    const hasValue = holds(word);
    return {
      text: word.text,
      hasValue,
      before: hasValue ? (word.text.split(/[$`]/, 1)[0] ?? "") : word.text,
    };
  });
  return findIn(line, 0, line.length, { ...look, isScript: true }) !== undefined;
}

/**
 * Where the arguments of the outermost runner's program begin: a `--` before that ends the options of another
 * program.
 */
export function innermostAt(words: readonly string[]): number {
  let from = 0;
  for (let depth = 0; depth < maxDepth; depth += 1) {
    const rest = words.slice(from);
    const at = wrappedBy(rest)?.at ?? partOf(rest);
    if (at === undefined || at >= rest.length) break;
    from += at;
  }
  return from;
}

function partOf(words: readonly string[]): number | undefined {
  const use = useOf(words);
  return use.as === "inner" ? use.parts.at(-1)?.[0] : undefined;
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}

function isKnown(program: string): boolean {
  return interpreterOf(program) !== undefined || wrappedBy([program]) !== undefined;
}

/** For a program that is not an interpreter and whose arguments are understood. */
function faultOfArgument(
  words: readonly Word[],
  index: number,
  { isScript }: Look,
): Fault["why"] | undefined {
  const { before } = words[index] as Word;
  const program = (words[0] as Word).text;
  const previous = words[index - 1]?.text ?? "";
  if (before.startsWith("-") && runsItsValue(program, before)) return "option";
  if (/^-[^=]+$/.test(previous) && runsItsValue(program, previous)) return "option";
  if (!isScript && isGluedToOption(program, before) && !isAfterEnd(words, index)) return "glued";
  const variable = /(?:^|=|^-[A-Za-z])([A-Z_][A-Z0-9_]*)=[^=]*$/.exec(before)?.[1];
  return variable !== undefined && isInterpreted(variable) ? "variable" : undefined;
}

/** After a `--`, where nothing is an option. */
function isAfterEnd(words: readonly Word[], index: number): boolean {
  if (namesOf((words[0] as Word).text).some((name) => withoutEnd.has(name))) return false;
  return words.slice(0, index).some(({ text }) => text === "--");
}

/**
 * In the arguments of an unknown program: is this word an interpreter that it will run? `sh -c` is,
 * `--language python` and `-- node` are not.
 */
function looksRun(words: readonly Word[], at: number): boolean {
  const word = words[at] as Word;
  const interpreter = at === 0 || word.hasValue ? undefined : interpreterOf(word.text);
  if (interpreter === undefined) return false;
  if (word.text.includes("/")) return true;
  const next = words[at + 1];
  if (next === undefined) return false;
  if (next.hasValue) return interpreter.reading === "shell" && !/^-[^-]/.test(words[at - 1]?.text ?? "");
  return /^-[^-]|^--./.test(next.text);
}
