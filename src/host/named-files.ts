// Which files a command names, and how it uses them. That cannot be known for every program: files that may
// be run are separated from those that are only read or written, because consent is bound to the former, and
// the latter change every minute.

import { basename, join } from "node:path";
import type { ReachedProgram } from "../contract/power.ts";
import { pythonFiles } from "./named-in-scripts.ts";

/** `script`: it is run. `data`: it is read. `output`: it is written. `unknown`: its content decides. */
export type FileRole = "script" | "data" | "output" | "unknown";

export interface NamedFile {
  /** As written; may lead anywhere, or nowhere. */
  readonly name: string;
  /** Folders that it may be relative to, as written. */
  readonly bases: readonly string[];
  readonly role: FileRole;
  /** It is written there, not one of the names that a program searches for instead. */
  readonly isWritten: boolean;
  /** The program searches for it by itself: once it exists, it is another command. */
  readonly isImplied?: true;
}

export interface NamedFiles {
  readonly files: readonly NamedFile[];
  /** A program in it runs texts: any named file may be one. */
  readonly isInterpreted: boolean;
  readonly words: number;
}

/** The argument after them is a text that they run. */
const runners =
  /^(?:(?:ba|da|z|k|c|tc|fi|a)?sh|env|exec|nohup|nice|time|timeout|sudo|xargs|python[\d.]*|pypy[\d.]*|node|deno|bun|tsx|ts-node|perl[\d.]*|ruby[\d.]*|php[\d.]*|lua[\d.]*|luajit|tclsh|wish|expect|pwsh|osascript|rscript|julia|guile)$/i;
/** They run a text that an option names; other arguments are their input. */
const filters = /^(?:[gmn]?awk|sed|jq|yq|psql|mysql|sqlite3|gdb|vim?|nvim|emacs|git|g?make)$/i;
const readers =
  /^(?:tail|head|cat|tac|wc|grep|egrep|fgrep|cut|uniq|tr|nl|stat|ls|du|df|md5sum|sha\d+sum|file|cmp|comm|diff|journalctl|echo|printf|true|false|sleep|date)$/;
/** The word after them is written. */
const outputs =
  /^(?:>{1,2}\|?|\d>{1,2}|&>{1,2}|-o|-O|--out(?:put)?(?:-\w+)?|--log(?:-file)?|--report\w*|tee)$/;
const folders = /^(?:cd|pushd|-C|--directory|--prefix|--cwd|--dir)$/;
/** The word after them is a program of an installed package. */
const packageRunners = /^(?:npx|pnpx|bunx|exec|dlx|x|yarn|pnpm|bun)$/;
/** A text is read and run: `cat x.txt | sh`, `eval "$(cat x.txt)"`, `exec(open('x.txt').read())`. */
const runsOutput =
  /\|&?\s*(?:(?:sudo|env|exec|nohup|time)\s+)*(?:[\w./-]*\/)?(?:(?:ba|da|z|k|c|tc|fi|a)?sh|python[\d.]*|node|deno|bun|perl|ruby|php|lua|psql|mysql|sqlite3|xargs|osascript|pwsh)\b|\beval\b|\bsource\b|(?:^|[\s;&|(])\.\s|\b(?:exec|execfile|compile|load|loadfile|dofile|require|include|import|Function)\s*\(|\b(?:include|require)(?:_once)?\s+["']|\b(?:dofile|runpy|instance_eval|class_eval|module_eval)\b|\bvm\.\w|\bdo\s+["']/;
const takesScript = /^(?:-.*|\.|source)$/;

/** Files that a program reads in the folder where it runs, without naming them. */
const implied: readonly (readonly [program: RegExp, files: readonly string[]])[] = [
  [
    /^(?:npm|npx|pnpm|pnpx|yarn|bun|bunx|node|tsx)$/,
    ["package.json", ".npmrc", ".yarnrc.yml", ".pnpmfile.cjs", "bunfig.toml"],
  ],
  [/^g?make$/, ["Makefile", "makefile", "GNUmakefile"]],
  [/^just$/, ["justfile", "Justfile", ".justfile"]],
  [/^(?:task|go-task)$/, ["Taskfile.yml", "Taskfile.yaml"]],
  [/^(?:rake|bundle|ruby)$/, ["Rakefile", "Gemfile"]],
  [/^(?:direnv)$/, [".envrc"]],
  [/^(?:mise|rtx)$/, ["mise.toml", ".mise.toml"]],
  [
    /^(?:pytest|tox|nox|poetry|pdm|uv|pip\d?)$/,
    ["pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "conftest.py", "noxfile.py"],
  ],
  [/^cargo$/, ["Cargo.toml", "build.rs", ".cargo/config.toml"]],
  [
    /^gradlew?$/,
    ["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "gradle.properties"],
  ],
  [/^mvnw?$/, ["pom.xml", ".mvn/maven.config", ".mvn/jvm.config", ".mvn/extensions.xml"]],
  [/^composer$/, ["composer.json"]],
  [/^deno$/, ["deno.json", "deno.jsonc"]],
  [/^(?:pre-commit)$/, [".pre-commit-config.yaml"]],
  [/^(?:ansible-playbook|terraform)$/, ["ansible.cfg", ".terraformrc"]],
  [
    /^(?:docker|docker-compose|podman)$/,
    ["Dockerfile", "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"],
  ],
];
/** What a runtime appends to a name, and what it searches for in a folder. */
const extensions = [".js", ".json", ".py"] as const;
const mainFiles = ["package.json", "index.js", "index.mjs", "index.ts", "__main__.py"] as const;

const maxNameLength = 1_024;
const maxBases = 10;
const maxInput = 64 * 1024;

/** `maxWords`: how many are examined; `words`: how many there are. */
export function namedFiles({ command, env, stdin = "" }: ReachedProgram, maxWords: number): NamedFiles {
  const pieces = [...command, ...Object.values(env), stdin.slice(0, maxInput)].map(piecesOf);
  const isRun = [...command, stdin.slice(0, maxInput)].some((text) => runsOutput.test(text));
  const words = pieces.reduce((count, list) => count + list.length, 0);
  const tools = pieces.flat().map((piece) => basename(piece));
  const isInterpreted = tools.some((tool) => runners.test(tool) || filters.test(tool));
  if (words > maxWords) return { files: [], isInterpreted, words };
  const files: NamedFile[] = [];
  const bases = ["."];
  let tool: "runner" | "filter" | "reader" | undefined;
  let before = "";
  for (const list of pieces)
    for (const piece of list) {
      const role = roleOf(piece, before, tool);
      if (role !== undefined && piece !== command[0])
        files.push(
          ...variantsOf(piece, [...bases], isRun && role !== "output" ? "script" : role, isInterpreted),
        );
      for (const name of impliedBy(piece, before))
        files.push({ name, bases: [...bases], role: "script", isWritten: false });
      if (folders.test(before) && bases.length < maxBases) bases.push(piece);
      tool = kindOf(piece) ?? tool;
      before = piece;
    }
  const besides = tools.flatMap((one) =>
    implied.flatMap(([pattern, names]) => (pattern.test(one) ? names : [])),
  );
  files.push(
    ...besides.map(
      (name): NamedFile => ({ name, bases: [...bases], role: "script", isWritten: false, isImplied: true }),
    ),
  );
  return { files, isInterpreted, words };
}

function impliedBy(piece: string, before: string): string[] {
  if (!/^[\w@./-]+$/.test(piece)) return [];
  if (packageRunners.test(before)) return [`node_modules/.bin/${piece}`];
  if (before !== "-m" || !piece.includes(".")) return [];
  return [...pythonFiles(piece), `${piece.replaceAll(".", "/")}/__main__.py`];
}

function kindOf(piece: string): "runner" | "filter" | "reader" | undefined {
  const name = basename(piece);
  if (runners.test(name)) return "runner";
  if (filters.test(name)) return "filter";
  return readers.test(name) ? "reader" : undefined;
}

function roleOf(piece: string, before: string, tool: ReturnType<typeof kindOf>): FileRole | undefined {
  if (piece.length > maxNameLength || piece.includes("\0")) return undefined;
  if (outputs.test(before)) return "output";
  const isAfterOption = takesScript.test(before);
  switch (tool) {
    case "reader":
      return "data";
    case "filter":
      return isAfterOption ? "script" : "data";
    case "runner":
      return isAfterOption || runners.test(basename(before)) ? "script" : "unknown";
    default:
      return "unknown";
  }
}

/** `@notes.txt`, `-d@notes.txt`, `-onotes.txt`: what follows an option or a sign may be a path as well. */
export function attachedNames(piece: string): string[] {
  const rest = [/^[^@]*@/, /^--?[A-Za-z]/, /^[+%#^]/].map((lead) => piece.replace(lead, ""));
  return [...new Set([piece, ...rest])].filter((name) => name !== "" && !name.startsWith("--"));
}

/** A script given as an argument names files too; `--require=./file` is an option and a file. */
function piecesOf(text: string): string[] {
  const pieces = text
    .replaceAll(/(\d?>{1,2}|&>{1,2})/g, " $1 ")
    .split(/[\s'"`;|&()<=,:$]+/)
    .filter((piece) => piece !== "");
  return pieces.length <= 1 && pieces[0] === text
    ? pieces
    : [text, ...pieces].filter((piece) => piece !== "");
}

function variantsOf(
  name: string,
  bases: readonly string[],
  role: FileRole,
  isInterpreted: boolean,
): NamedFile[] {
  const plain: NamedFile = { name, bases, role, isWritten: true };
  if (!isInterpreted || role === "data" || role === "output") return [plain];
  const others = [
    ...extensions.map((extension) => name + extension),
    ...mainFiles.map((file) => join(name, file)),
  ];
  return [plain, ...others.map((other): NamedFile => ({ name: other, bases, role, isWritten: false }))];
}
