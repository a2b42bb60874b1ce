// What a command of a config would run: the program, and the files of the project that it names. Consent is bound to what they hold, so
// that an edited script is another power; and what is started is what was agreed to.

import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import type { Launch, ReachedProgram, Script } from "../contract/power.ts";
import { isWithin } from "../files/pattern.ts";
import { findProgram } from "./find-program.ts";

export interface LaunchWorld {
  /** The folder whose files come with the config: those are bound. Absolute, without links. */
  readonly project: string;
  /** PATH of the router. */
  readonly path: string;
}

/** They run a text that is in a file, whatever that is called. */
const interpreters =
  /^(?:(?:ba|da|z|k|c|tc|fi|a)?sh|env|python[\d.]*|pypy[\d.]*|node|deno|bun|tsx|ts-node|perl[\d.]*|ruby[\d.]*|php[\d.]*|lua[\d.]*|luajit|tclsh|wish|expect|pwsh|osascript|[gmn]?awk|sed|jq|psql|mysql|sqlite3|rscript|julia|guile|gdb|vim?|nvim|emacs|git|make|gmake)$/i;
/** They run nothing: a file that they are given is something to read, and grows. */
const readers =
  /^(?:tail|head|cat|tac|wc|grep|egrep|fgrep|cut|uniq|tr|nl|stat|ls|du|df|md5sum|sha\d+sum|file|cmp|comm|journalctl|echo|printf|true|false|sleep|date)$/;
const data = /^\.(?:log|txt|out|csv|tsv|jsonl|ndjson|pid|db|sqlite3?|gz|zip|png|jpe?g|gif|pdf)$/i;

/** Files that a program reads in the folder where it runs, though nothing names them. */
const implied: readonly (readonly [program: RegExp, files: readonly string[]])[] = [
  [/^(?:npm|npx|pnpm|pnpx|yarn|bun|bunx|node|tsx)$/, ["package.json", ".npmrc", ".yarnrc.yml"]],
  [/^g?make$/, ["Makefile", "makefile", "GNUmakefile"]],
  [/^just$/, ["justfile", "Justfile", ".justfile"]],
  [/^(?:task|go-task)$/, ["Taskfile.yml", "Taskfile.yaml"]],
  [/^rake$/, ["Rakefile"]],
  [
    /^(?:docker|docker-compose|podman)$/,
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"],
  ],
];
/** What a runtime adds to a name, and what it looks for in a folder that it is given. */
const extensions = [".js", ".json", ".py"] as const;
const mainFiles = ["package.json", "index.js", "index.mjs", "index.ts", "__main__.py"] as const;

const maxWords = 2_000;
const maxNameLength = 1_024;
const maxBytes = 1024 * 1024;
const maxInput = 64 * 1024;

/** Reads the disk. Never throws. */
export function readLaunch(reach: ReachedProgram, world: LaunchWorld): Launch {
  const { command, cwd, env } = reach;
  const ownPath = env.PATH;
  const path = ownPath === undefined || ownPath.includes("{{") ? world.path : ownPath;
  const name = command[0] ?? "";
  const program = findProgram(name, { path, cwd }) ?? null;
  const words = wordsOf(reach);
  if (words.length > maxWords)
    return {
      name,
      program,
      project: world.project,
      scripts: [],
      problem: `it has more than ${maxWords} words, of which each could be a script`,
    };
  const isInterpreted = words.some(({ tool }) => interpreters.test(tool));
  const onlyReads = !isInterpreted && readers.test(words[0]?.tool ?? "");
  const besides = words.flatMap(({ tool }) =>
    implied.flatMap(([pattern, files]) => (pattern.test(tool) ? files : [])),
  );
  const candidates = [
    ...(program === null ? [] : [{ name: program, isData: false }]),
    ...words.slice(1).flatMap((word) => candidatesOf(word, isInterpreted)),
    ...besides.map((name) => ({ name, isData: false })),
  ];
  const scripts = new Map<string, Script>();
  for (const { name, isData } of candidates) {
    const file = resolve(cwd, name);
    if (scripts.has(file) || !isInProject(file, world.project)) continue;
    const sha256 = digestOf(file, (start, mode) => {
      if (file === program || (isInterpreted && !isData)) return true;
      return !onlyReads && (!data.test(extname(file)) || (mode & 0o111) !== 0 || start === "#!");
    });
    if (sha256 !== undefined) scripts.set(file, { path: file, sha256 });
  }
  return { name, program, project: world.project, scripts: [...scripts.values()] };
}

/** Of two files with the same text the digests are equal; undefined for a file that is gone, or that is no script. */
export function digestOf(
  file: string,
  isWanted: (start: string, mode: number) => boolean = () => true,
): string | undefined {
  let handle: number;
  try {
    handle = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile()) return undefined;
    const { size, mode, mtimeMs } = stat;
    const bytes = Buffer.alloc(Math.min(size, maxBytes));
    const length = readSync(handle, bytes, 0, bytes.length, 0);
    const text = bytes.subarray(0, length);
    if (!isWanted(text.subarray(0, 2).toString("latin1"), mode)) return undefined;
    const hash = createHash("sha256").update(text);
    // A larger one is known by its beginning, and by when it was written.
    if (size > maxBytes) hash.update(`\0${size} ${mtimeMs}`);
    return hash.digest("hex");
  } catch {
    return undefined;
  } finally {
    closeSync(handle);
  }
}

interface Word {
  readonly text: string;
  /** Its last part, as the name of a program. */
  readonly tool: string;
  /** What stands before it, or the program that it belongs to, takes such a file for something to read. */
  readonly isData: boolean;
}

/** All that could be the name of a file in the arguments, the variables and the input, in order. */
function wordsOf({ command, env, stdin = "" }: ReachedProgram): Word[] {
  const words: Word[] = [];
  for (const text of [...command, ...Object.values(env), stdin.slice(0, maxInput)]) {
    let before = words.at(-1)?.text ?? "";
    let isReading = false;
    for (const piece of piecesOf(text)) {
      const tool = basename(piece);
      if (interpreters.test(tool)) isReading = false;
      else if (readers.test(tool)) isReading = true;
      const isRun = interpreters.test(basename(before)) || /^(?:-.*|\.|source)$/.test(before);
      words.push({ text: piece, tool, isData: isReading || !isRun });
      before = piece;
    }
  }
  return words.filter(({ text }) => text !== "" && text.length <= maxNameLength && !text.includes("\0"));
}

/** A script given as an argument names files too; `--require=./file` is an option and a file. */
function piecesOf(text: string): string[] {
  const pieces = text.split(/[\s'"`;|&()<>=,:$]+/).filter((piece) => piece !== "");
  return pieces.length === 1 && pieces[0] === text ? pieces : [text, ...pieces];
}

function candidatesOf({ text, isData }: Word, isInterpreted: boolean): { name: string; isData: boolean }[] {
  if (!isInterpreted) return [{ name: text, isData }];
  const added = [
    ...extensions.map((extension) => text + extension),
    ...mainFiles.map((file) => join(text, file)),
  ];
  return [{ name: text, isData }, ...added.map((name) => ({ name, isData: false }))];
}

/** By its name or by what a link makes of it. */
function isInProject(file: string, project: string): boolean {
  if (isWithin(file, project)) return true;
  try {
    return isWithin(realpathSync(file), project);
  } catch {
    return false;
  }
}
