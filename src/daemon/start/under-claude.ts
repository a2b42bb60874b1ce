// Whether typed input and variables count as the user's own decision. They do not when a Claude process
// started this one: then a project's settings may have set the variables, and the model may have typed the
// command. The environment shows it and, because a variable is easily unset, so do the ancestors. A process
// that detaches from its ancestors (`env -i setsid`) is not detected.

import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { lookInProc } from "../../cluster/process-identity.ts";
import { systemProgram } from "../../files/system-program.ts";

export interface UnderClaude {
  /** The evidence, for a message: `CLAUDECODE is set`. */
  readonly sign: string;
  /** Working folders of Claude processes above this one: the project, whatever the environment says. */
  readonly folders: readonly string[];
}

type Variables = Readonly<Record<string, string | undefined>>;

/** One process above this one. */
export interface AncestorInfo {
  readonly pid: number;
  /** The words of its command line. */
  readonly command: readonly string[];
  /** Its names in the system: that of its first thread, and that of the program's file. */
  readonly names: readonly string[];
  /** The environment that it started with; empty where it cannot be read. */
  readonly env: Variables;
  readonly folder?: string;
}

/** Claude Code sets all three for its shells and servers. */
const marks = ["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SESSION_ID"] as const;
const maxDepth = 64;

/** Undefined when nothing shows that a Claude process started this one. */
export function findClaudeAbove(
  env: Variables = process.env,
  ancestors: () => readonly AncestorInfo[] = readAncestorLooks,
): UnderClaude | undefined {
  const above = ancestors();
  const signs = [
    ...signsIn(env).map((name) => `${name} is set`),
    ...above.filter(looksLikeClaude).map(({ pid }) => `process ${pid} above this one is Claude`),
    ...above.flatMap(({ pid, env: begun }) =>
      signsIn(begun).map((name) => `process ${pid} above this one started with ${name}`),
    ),
  ];
  const [sign] = signs;
  if (sign === undefined) return undefined;
  const folders = above.filter(looksLikeClaude).flatMap(({ folder }) => folder ?? []);
  return { sign, folders };
}

let ofThisProcess: { readonly found: UnderClaude | undefined } | undefined;

/** The same for this process as it was started, looked up once. */
export function underClaude(): UnderClaude | undefined {
  ofThisProcess ??= { found: findClaudeAbove() };
  return ofThisProcess.found;
}

function signsIn(env: Variables): readonly string[] {
  return marks.filter((name) => (env[name] ?? "") !== "");
}

const interpreters = /^(?:node|nodejs|bun|deno|python[\d.]*|perl|ruby|sh|bash|dash|zsh|ksh|ash|busybox)$/;
const claudeName = /^claude(?:\.exe)?$/i;
const claudeVersion = /[/\\]claude[/\\]versions[/\\]/;
const claudePackage = /[/\\]@anthropic-ai[/\\]claude-(?:code|agent-sdk)[/\\]/;

function looksLikeClaude({ command, names }: AncestorInfo): boolean {
  const [program = "", ...words] = command;
  if (claudeVersion.test(program) || [basename(program), ...names].some((name) => claudeName.test(name)))
    return true;
  // Options of an interpreter may have values, so each word may be the script.
  return (
    interpreters.test(basename(program).replace(/^-/, "")) &&
    words.some((word) => claudePackage.test(word) || claudeName.test(basename(word)))
  );
}

function readAncestorLooks(): AncestorInfo[] {
  if (process.platform === "linux") return readFromProc(process.ppid);
  return process.platform === "win32" ? [] : readFromPs(process.ppid);
}

function readFromProc(first: number): AncestorInfo[] {
  const looks: AncestorInfo[] = [];
  for (let pid = first; pid > 0 && looks.length < maxDepth; ) {
    const look = lookInProc(pid);
    if (look === undefined || look === "unknown") break;
    const link = (name: string) => attempt(() => readlinkSync(`/proc/${pid}/${name}`));
    const words = (name: string) =>
      (attempt(() => readFileSync(`/proc/${pid}/${name}`, "utf8")) ?? "").split("\0").filter(Boolean);
    const folder = link("cwd");
    looks.push({
      pid,
      command: words("cmdline"),
      names: [attempt(() => readFileSync(`/proc/${pid}/comm`, "utf8")), link("exe")].flatMap((name) =>
        name === undefined ? [] : basename(name.trim()),
      ),
      env: Object.fromEntries(
        words("environ").map((line) => {
          const equals = line.indexOf("=");
          return [line.slice(0, equals), line.slice(equals + 1)];
        }),
      ),
      ...(folder === undefined ? {} : { folder }),
    });
    pid = look.parent;
  }
  return looks;
}

/** macOS and the BSDs: one `ps` for all; it does not show the initial environment of a process. */
function readFromPs(first: number): AncestorInfo[] {
  const table = attempt(() =>
    execFileSync(systemProgram("ps"), ["-axww", "-o", "pid=,ppid=,command="], {
      encoding: "utf8",
      timeout: 5_000,
      maxBuffer: 32 * 1024 * 1024,
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  const byPid = new Map(
    (table ?? "").split("\n").flatMap((line) => {
      const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return command === undefined ? [] : [[Number(pid), { parent: Number(parent), command }] as const];
    }),
  );
  const looks: AncestorInfo[] = [];
  for (let pid = first; looks.length < maxDepth; ) {
    const row = byPid.get(pid);
    if (row === undefined) break;
    const command = row.command.trim().split(/\s+/);
    looks.push({ pid, command, names: [basename(command[0] ?? "")], env: {} });
    if (row.parent === pid) break;
    pid = row.parent;
  }
  return looks;
}

/** Undefined where the system does not permit it: then the other evidence must suffice. */
function attempt(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
