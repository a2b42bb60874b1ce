// Child processes: without a shell, each in a process group of its own, so that its children end with it, and
// without the secrets of the router's own environment, which a command gets only when its `env` names them.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { PassThrough } from "node:stream";
import type { Child, SpawnOptions } from "../contract/host.ts";
import { ConnectorError } from "../errors.ts";
import { shownPath } from "../files/pattern.ts";
import { isWithin } from "../within.ts";
import type { CommandWatch } from "./command-watch.ts";
import { absolutePath, findProgram } from "./find-program.ts";
import { isUnedited, newLink } from "./launch.ts";

const defaultGraceMs = 2_000;
/** How long leftover children of a program may still write to the output that they share. */
const closeWithinMs = 1_000;

interface SpawnContext {
  /** The folder of a command that names none. */
  readonly folder: string;
  /** Of the router. */
  readonly environment: NodeJS.ProcessEnv;
  /** Whether a value is, or contains, a secret of the config. */
  isSecret(value: string): boolean;
  /** Absent: commands end only when the router stops in order. */
  readonly watch?: CommandWatch;
}

/**
 * Settles when the program runs. Rejects with a ConnectorError when there is none, or when it is not the one
 * with consent.
 */
export async function spawnGroup(options: SpawnOptions, context: SpawnContext): Promise<Child> {
  const [program = "", ...args] = options.command;
  const cwd = options.cwd ?? context.folder;
  const env = withAbsolutePath({ ...commandEnvironment(context), ...options.env });
  const file = programOf(options, cwd, env.PATH, context.folder);
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      argv0: program,
      env,
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      shell: false,
    });
    const outputs = [child.stdout, child.stderr].map((from) => ({ from, to: from.pipe(new PassThrough()) }));
    const ended: Child["ended"] = new Promise((settle) => {
      child.once("close", (code, signal) => settle({ code, signal }));
      child.once("exit", (code, signal) => {
        const timer = setTimeout(() => {
          for (const { from, to } of outputs) {
            from.unpipe(to);
            from.destroy();
            to.end();
          }
          settle({ code, signal });
        }, closeWithinMs);
        child.once("close", () => clearTimeout(timer));
      });
    });
    const [stdout, stderr] = outputs.map(({ to }) => to) as [PassThrough, PassThrough];
    // A program may end before it has read everything; its exit code says more.
    child.stdin.on("error", () => undefined);
    child.once("error", (error: NodeJS.ErrnoException) => {
      const hasFolder = existsSync(cwd);
      reject(
        new ConnectorError(
          "E_COMMAND_START",
          `the command ${program} cannot be started: ${hasFolder ? reasonOf(error) : `no such folder: ${cwd}`}`,
          { retryable: true, cause: error },
        ),
      );
    });
    child.once("spawn", () => {
      const pid = child.pid as number;
      context.watch?.add(pid);
      void ended.then(() => context.watch?.remove(pid));
      resolve({
        pid,
        stdin: child.stdin,
        stdout,
        stderr,
        ended,
        async kill(graceMs = defaultGraceMs) {
          signalGroup(pid, graceMs > 0 ? "SIGTERM" : "SIGKILL");
          const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
          await ended;
          clearTimeout(timer);
          // Leftover processes of its group.
          signalGroup(pid, "SIGKILL");
        },
      });
    });
  });
}

/** What is started: the program with consent, with its scripts as they were then. */
function programOf(
  { command: [name = ""], launch }: SpawnOptions,
  cwd: string,
  path = "",
  folder: string,
): string {
  const refuse = (reason: string): never => {
    throw new ConnectorError("E_COMMAND_START", `the command ${name} is not started: ${reason}`, {
      retryable: true,
    });
  };
  if (launch?.problem !== undefined) return refuse(launch.problem);
  for (const script of launch?.scripts ?? [])
    if (!isUnedited(script))
      return refuse(`${shownPath(script.path, folder)} was changed since it was read for your consent`);
  const link = launch && newLink(launch);
  if (link !== undefined)
    return refuse(
      `${shownPath(link.path, folder)} leads to ${link.target}, and did not when it was read for your consent`,
    );
  const named = launch && [launch, ...(launch.others ?? [])].find((one) => one.name === name);
  if (launch !== undefined && named === undefined) return refuse("your consent does not name it");
  if (typeof named?.program === "string") return named.program;
  const found = findProgram(name, { path, cwd });
  if (found === undefined) return name;
  if (launch !== undefined && isWithin(found, launch.project))
    return refuse(`${shownPath(found, folder)} was not there when it was read for your consent`);
  return found;
}

const secretName =
  /passw(?:or)?d|passphrase|secret|credential|cookie|tokens?(?:_|$)|(?:^|_)(?:(?:api|private|access|signing|encryption)?_?keys?|pat|dsn)(?:_|$)/i;
const ownName = /^(?:CHANNEL_ROUTER_|CLAUDE_|CLAUDECODE$|MCP_|NODE_OPTIONS$|NODE_CHANNEL_FD$)/;
/** A password inside an address: `postgres://user:password@host`. */
const loginInUrl = /:\/\/[^/\s:@]*:[^/\s@]+@/;

/**
 * The environment of every command: the router's own, without the secrets of the config, without names that
 * sound like a secret, and without what belongs to this process alone.
 */
export function commandEnvironment({
  environment,
  isSecret,
}: Pick<SpawnContext, "environment" | "isSecret">): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(withAbsolutePath(environment)).filter(
      ([name, value]) =>
        value !== undefined &&
        !ownName.test(name) &&
        !secretName.test(name) &&
        !loginInUrl.test(value) &&
        !isSecret(value),
    ),
  );
}

/**
 * A file in the folder where a command happens to run is never started instead of a program of that name,
 * regardless of the PATH.
 */
function withAbsolutePath(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env.PATH === undefined ? env : { ...env, PATH: absolutePath(env.PATH) };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function reasonOf({ code }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return "no such program";
  if (code === "EACCES") return "it may not be run";
  return code ?? "unknown reason";
}
