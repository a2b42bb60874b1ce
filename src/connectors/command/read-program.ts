// Whether an interpreter reads its program from stdin. Fails closed: it does unless its arguments show that
// they name a program.

import type { Interpreter } from "./interpreters.ts";
import { afterOptions, type LeadingOptions } from "./wrappers.ts";

/** `-`, `/dev/stdin`, `/dev/fd/0`, `/proc/self/fd/0`, `con`; also attached: `-f-`, `--file=-`. */
const inputName =
  /^(?:-[A-Za-z]*|--[\w-]+=)?-$|(?:^|[/=])dev\/+(?:\.\/+)*(?:stdin|tty|fd)|(?:^|[/=])proc\/|^con(?:in\$)?:?$/i;

export function readsProgram({ name, reading }: Interpreter, words: readonly string[]): boolean {
  switch (reading) {
    case "shell":
      return shellReads(words);
    case "language":
      return languageReads(words, languages[sameLanguage[name] ?? name] ?? languages.other);
    case "filter":
      return words.length < 2 || words.slice(1).some((word) => inputName.test(word));
    case "sql":
      return !namesSql(words, name === "psql" ? psql : mysql);
    case "sqlite":
      return sqliteReads(words);
    case "always":
      return true;
  }
}

const shellLong =
  /^--(?:norc|noprofile|posix|login|restricted|verbose|no-config|private|no-rcs|emacs|noediting)$/;

function shellReads(words: readonly string[]): boolean {
  let hasCode = false;
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word === "--") return operandReads(words[at + 1], hasCode);
    if (word.startsWith("--")) {
      if (word.startsWith("--command=")) return false;
      if (!shellLong.test(word)) return true;
    } else if (/^[-+]./.test(word)) {
      // `-s` reads the program from stdin, `-i` whatever follows it.
      if (/[si]/.test(word)) return true;
      if (word.startsWith("-") && word.includes("c")) hasCode = true;
      // `-euo pipefail`
      if (/[oO]$/.test(word)) at += 1;
    } else return operandReads(word, hasCode);
  }
  return true;
}

/** With `-c` the operand is the program itself, else it names a file. */
function operandReads(operand: string | undefined, hasCode: boolean): boolean {
  return operand === undefined || (!hasCode && inputName.test(operand));
}

interface Language {
  readonly options: LeadingOptions;
  /** An option that is the program, or is followed by it. */
  readonly code: RegExp;
}

const none = /^(?!)/;
const languages: Readonly<Record<string, Language>> & { readonly other: Language } = {
  python: { options: { flags: "bBdEIOPqsSuvx", valued: "WX" }, code: /^-[bBdEIOPqsSuvx]*[cm]$/ },
  node: {
    options: {
      long: ["no-warnings", "enable-source-maps", "trace-warnings", "throw-deprecation", "input-type"],
    },
    code: /^(?:-e|-p|-pe|--eval|--print)$|^--(?:eval|print)=/,
  },
  perl: { options: { flags: "acflnpswtTuUWX0", valued: "FIMm" }, code: /^-[aclnpswtTuUWX0]*[eE]$/ },
  ruby: { options: { flags: "aclnpswWU", valued: "FIrKT" }, code: /^-[aclnpswW]*e$/ },
  php: { options: { flags: "nq", valued: "dc" }, code: /^-[rBRE]$/ },
  lua: { options: { flags: "EW", valued: "l" }, code: /^-e$/ },
  other: { options: {}, code: none },
};
const sameLanguage: Readonly<Record<string, string>> = {
  pypy: "python",
  pythonw: "python",
  nodejs: "node",
  jruby: "ruby",
  truffleruby: "ruby",
  luajit: "lua",
  texlua: "lua",
  "php-cgi": "php",
};

function languageReads(words: readonly string[], language: Language): boolean {
  const code = words.findIndex((word, index) => index > 0 && language.code.test(word));
  const before = code === -1 ? words : words.slice(0, code);
  const at = afterOptions(before, language.options);
  if (at === undefined) return true;
  // `python3 -m MODULE`: some modules read a program.
  const operand = before[at];
  if (operand !== undefined) return inputName.test(operand);
  if (code === -1 || /^(?:code|pdb|asyncio|idlelib|ipython|ptpython|bpython)\b/i.test(words[code + 1] ?? ""))
    return true;
  return !(words[code] as string).includes("=") && words[code + 1] === undefined;
}

const psql = { alone: /^(?:-[cf]|--command|--file)$/, attached: /^--(?:command|file)=/ };
const mysql = { alone: /^(?:-e|--execute)$/, attached: /^--execute=/ };

/** `psql -c SQL`, `mysql --execute=SQL`, `psql -f FILE`. */
function namesSql(words: readonly string[], { alone, attached }: typeof psql): boolean {
  if (words.some((word) => inputName.test(word))) return false;
  return words.some((word, index) => {
    if (index === 0) return false;
    return attached.test(word) || (alone.test(word) && words[index + 1] !== undefined);
  });
}

/** `sqlite3 FILE SQL` */
function sqliteReads(words: readonly string[]): boolean {
  const at = words.findIndex(
    (word, index) =>
      index > 0 &&
      !/^-{1,2}(?:json|csv|header|noheader|readonly|batch|bail|line|list|column|safe)$/.test(word),
  );
  return at === -1 || words[at]?.startsWith("-") === true || words[at + 1] === undefined;
}
