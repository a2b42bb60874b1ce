// What a command of a config would run: the program, and the files of the project that it names. Consent is
// bound to their content, so that an edited script is a new power, and only what was agreed to is started.

import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { delimiter, dirname, extname, isAbsolute, join, resolve } from "node:path";
import type { Launch, Link, ReachedProgram, Script } from "../contract/power.ts";
import { readRegularSync } from "../regular-file.ts";
import { isWithin } from "../within.ts";
import { findProgram } from "./find-program.ts";
import { attachedNames, type FileRole, type NamedFile, namedFiles } from "./named-files.ts";
import { namedInScript } from "./named-in-scripts.ts";
import { linksOut, matching } from "./named-links.ts";

export interface LaunchContext {
  /** The folder whose files belong to the config: those are bound. Absolute, without links. */
  readonly project: string;
  /** PATH of the router. */
  readonly path: string;
}

/** Files that are read or written, and run only by a program that is given them as scripts. */
const data =
  /^\.(?:log|txt|md|out|csv|tsv|json|jsonl|ndjson|xml|html?|pid|db|sqlite3?|gz|zip|png|jpe?g|gif|pdf|ics|eml)$/i;

const maxWords = 2_000;
const maxBytes = 1024 * 1024;
/** Paths whose links are looked up at each start. */
const maxPaths = 20_000;
/** Files in total, attempts to open one, and bytes of each: reading a config must not take long. */
const followed = { files: 200, looks: 4_000, bytes: 256 * 1024 };
/** Instead of a digest: there is no such file. Once there is one, it is another command. */
const absent = "absent";

/** Reads the disk. Never throws. */
export function readLaunch(reach: ReachedProgram, context: LaunchContext): Launch {
  const { command, cwd, env } = reach;
  const ownPath = env.PATH;
  const path = ownPath === undefined || ownPath.includes("{{") ? context.path : ownPath;
  const [name = ""] = command;
  const program = findProgram(name, { path, cwd }) ?? null;
  const named = namedFiles(reach, maxWords);
  const { project } = context;
  if (named.words > maxWords)
    return {
      name,
      program,
      project,
      scripts: [],
      paths: [],
      links: [],
      problem: `it has more than ${maxWords} words, of which each could be a script`,
    };
  const scripts = new Map<string, Script>();
  const add = (file: string, role: FileRole, mayCome = false) => {
    if (scripts.has(file) || !isInProject(file, project)) return;
    const sha256 = digestOf(file, (start, mode) => {
      if (role === "script") return true;
      // A library is loaded whatever its name and mode are.
      const isProgram = (mode & 0o111) !== 0 || start === "#!" || start === "\x7fE";
      if (role === "data") return isProgram && named.isInterpreted;
      return isProgram || !data.test(extname(file));
    });
    if (sha256 !== undefined) scripts.set(file, { path: file, sha256 });
    else if (role === "script" && mayCome && !existsSync(file))
      scripts.set(file, { path: file, sha256: absent });
  };
  if (program !== null) add(program, "script");
  for (const { name: written, bases, role, isWritten, isImplied } of named.files) {
    if (role === "output") continue;
    for (const base of bases)
      for (const file of matching(resolve(cwd, base, written)))
        add(file, role, isImplied === true || (isWritten && isFileName(written)));
  }
  // Programs of the project that a PATH leads to may be named by any word.
  for (const entry of path.split(delimiter).filter((one) => isAbsolute(one) && isInProject(one, project)))
    for (const { name: written, isWritten } of named.files)
      if (isWritten && /^[\w@.+-]+$/.test(written)) add(join(entry, written), "script", true);
  follow(scripts, cwd, project, add);
  const paths = pathsOf(named.files, cwd);
  const known = { name, program, project, scripts: [...scripts.values()] };
  if (paths.length > maxPaths)
    return { ...known, paths: [], links: [], problem: `it names more than ${maxPaths} paths` };
  return { ...known, paths, links: linksOut(paths, project) };
}

/** The folder where it runs, and every word that could be a path. */
function pathsOf(files: readonly NamedFile[], cwd: string): string[] {
  const written = files.filter(({ name, isWritten }) => isWritten && !name.includes("{{"));
  const paths = written.flatMap(({ name, bases }) =>
    attachedNames(name).flatMap((one) => bases.map((base) => resolve(cwd, base, one))),
  );
  return [...new Set([cwd, ...paths])];
}

/** The first path that leads out of the project and did not do so when consent was given. */
export function newLink({ paths, links, project }: Launch): Link | undefined {
  return linksOut(paths, project).find(
    ({ path, target }) => !links.some((known) => known.path === path && known.target === target),
  );
}

/** Files that scripts source, import and start are bound too, a few levels deep. */
function follow(
  scripts: ReadonlyMap<string, Script>,
  cwd: string,
  project: string,
  add: (file: string, role: FileRole, mayCome?: boolean) => void,
): void {
  let looks = followed.looks;
  // The map grows during the loop: a script that is found is scanned as well.
  for (const { path, sha256 } of scripts.values()) {
    if (sha256 === absent || scripts.size >= followed.files || looks <= 0) continue;
    const text = textOf(path);
    if (text === undefined) continue;
    const folders = [...new Set([dirname(path), cwd, project])];
    for (const name of namedInScript(path, text))
      for (const folder of folders) {
        if (--looks < 0 || scripts.size >= followed.files) break;
        // Python searches beside a script before its own modules.
        const isBeside = folder === dirname(path) && /^\w+\.py$/.test(name);
        add(resolve(folder, name), isBeside ? "script" : "unknown", isBeside);
      }
  }
}

/** Undefined for a compiled program, and for a file too large to be handwritten. */
function textOf(file: string): string | undefined {
  try {
    if (statSync(file).size > followed.bytes) return undefined;
    const bytes = readRegularSync(file);
    return bytes.includes(0) ? undefined : bytes.toString("utf8");
  } catch {
    return undefined; // It was removed meanwhile, or is unreadable: then it cannot be started either.
  }
}

/** Whether it is unchanged since it was read. */
export function isUnedited({ path, sha256 }: Script): boolean {
  return sha256 === absent ? !existsSync(path) : digestOf(path) === sha256;
}

/** Words of a script are rarely file names, and then they have an extension. */
function isFileName(name: string): boolean {
  return /^[\w.@+/][\w.@+/-]*$/.test(name) && extname(name) !== "";
}

/**
 * Two files with the same text have equal digests; undefined for a missing file, or one that is not a script.
 */
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
    const { size, mode, mtimeMs, ctimeMs } = stat;
    const bytes = Buffer.alloc(Math.min(size, maxBytes));
    const length = readSync(handle, bytes, 0, bytes.length, 0);
    const text = bytes.subarray(0, length);
    if (!isWanted(text.subarray(0, 2).toString("latin1"), mode)) return undefined;
    const hash = createHash("sha256").update(text);
    // A larger one is identified by its beginning and its times: a program can set the first, not the second.
    if (size > maxBytes) hash.update(`\0${size} ${mtimeMs} ${ctimeMs}`);
    return hash.digest("hex");
  } catch {
    return undefined;
  } finally {
    closeSync(handle);
  }
}

/** By its name or by the target of a link. */
function isInProject(file: string, project: string): boolean {
  if (isWithin(file, project)) return true;
  try {
    return isWithin(realpathSync(file), project);
  } catch {
    return false;
  }
}
