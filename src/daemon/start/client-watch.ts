// Notices that the Claude process that started us is gone although stdin stays open, because a wrapper
// between the two holds it. Not by the parent's pid: wrappers end early, and that means nothing. The ancestor
// is recorded at start, with its start time, and only its own end counts; where no such ancestor is found,
// nothing is watched.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import {
  isRunning,
  lookAt,
  lookInProc,
  type ProcessIdentity,
  signalReaches,
} from "../../cluster/process-identity.ts";
import { systemProgram } from "../../files/system-program.ts";

export interface Ancestor extends ProcessIdentity {
  /** The words of its command line; empty when they cannot be read. */
  readonly command: readonly string[];
}

const maxDepth = 32;

/** From the parent upwards, at the time of the call. */
export async function readAncestors(pid = process.ppid): Promise<Ancestor[]> {
  const ancestors: Ancestor[] = [];
  for (let next = pid; next > 1 && ancestors.length < maxDepth; ) {
    const look = await lookAt(next);
    if (look === undefined) break;
    ancestors.push({ pid: next, start: look.start, command: await readCommand(next) });
    next = look.parent;
  }
  return ancestors;
}

/** Programs that only start others; none of them is the client. */
const wrappers =
  /^-?(?:sh|bash|dash|zsh|fish|ksh|env|nice|nohup|setsid|stdbuf|timeout|sudo|doas|script|tini|dumb-init|npx|npm|pnpm|pnpx|yarn|bunx|mise|direnv|volta)$/;
const wrapperScripts = /^(?:npx|npm|pnpm|pnpx|yarn)(?:-cli)?(?:\.c?js)?$/;
/** Runs sessions of its own and is not a client. */
const inits = /^(?:systemd|init|launchd|tmux(?::.*)?|screen|login|sshd(?:-session)?:?)$/i;

/**
 * The Claude process among the ancestors; without one, when the environment shows that Claude Code started
 * us, the nearest that is not a wrapper. Undefined when neither is found.
 */
export function findClient(
  ancestors: readonly Ancestor[],
  env: Readonly<Record<string, string | undefined>>,
): Ancestor | undefined {
  const claude = ancestors.find(({ command }) => isClaude(command));
  if (claude !== undefined || env.CLAUDECODE !== "1") return claude;
  const nearest = ancestors.find(({ command }) => !isWrapper(command));
  return nearest === undefined || inits.test(fileName(nearest.command[0])) ? undefined : nearest;
}

export function isClaude(command: readonly string[]): boolean {
  const [program = ""] = command;
  const script = scriptOf(command);
  return (
    /^claude(?:\.exe)?$/i.test(fileName(program)) ||
    /[/\\]claude[/\\]versions[/\\]/.test(program) ||
    // An interpreter with the package's entry, or its link in a bin folder.
    /[/\\]@anthropic-ai[/\\]claude-code[/\\]/.test(script) ||
    fileName(script) === "claude"
  );
}

/** The script of an interpreter: the first word that is not one of its options. */
function scriptOf(command: readonly string[]): string {
  return command.slice(1).find((word) => !word.startsWith("-")) ?? "";
}

function isWrapper(command: readonly string[]): boolean {
  const [program = ""] = command;
  // An unreadable command line proves nothing: better one step too far up than a wrapper taken for the
  // client.
  return (
    program === "" || wrappers.test(fileName(program)) || wrapperScripts.test(fileName(scriptOf(command)))
  );
}

function fileName(path = ""): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** Each check wakes the processor; this process must not outlive its client by more than 5 s. */
const lookEveryMs = 2_000;
/**
 * Where a check needs a process of its own, a reused pid or a zombie is noticed only by every second check.
 */
const looksPerPs = 2;

/** Calls `onGone` once. The result ends the watch. */
export function watchClient(client: ProcessIdentity, onGone: () => void): () => void {
  let looks = 0;
  const timer = setInterval(() => {
    void isGone().then((gone) => {
      if (!gone || looks < 0) return;
      stop();
      onGone();
    });
  }, lookEveryMs);
  timer.unref();

  async function isGone(): Promise<boolean> {
    const look = process.platform === "linux" ? lookInProc(client.pid) : "unknown";
    if (look !== "unknown") return look === undefined || look.start !== client.start;
    looks += 1;
    return looks % looksPerPs === 0 ? !(await isRunning(client)) : !signalReaches(client.pid);
  }

  function stop(): void {
    looks = Number.NEGATIVE_INFINITY;
    clearInterval(timer);
  }
  return stop;
}

async function readCommand(pid: number): Promise<string[]> {
  try {
    // proc(5): words with a zero after each.
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    // No /proc, or no permission to read it.
    return process.platform === "linux" ? [] : readCommandWithPs(pid);
  }
}

/**
 * `ps` joins the words with spaces, so paths with spaces are split: good enough to find names and options.
 */
function readCommandWithPs(pid: number): Promise<string[]> {
  return new Promise((resolve) => {
    execFile(
      systemProgram("ps"),
      ["-ww", "-o", "command=", "-p", String(pid)],
      { timeout: 5_000 },
      (error, stdout) => {
        resolve(error ? [] : stdout.trim().split(/\s+/));
      },
    );
  });
}
