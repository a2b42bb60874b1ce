// Starts and ends a stdio server the way Claude Code does: same environment, and an end by signals that leaves stdin open.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Readable, Writable } from "node:stream";

export interface ServerCommand {
  readonly command: string;
  readonly args?: readonly string[];
  /** The project: working directory and `CLAUDE_PROJECT_DIR`. Default: this process' own. */
  readonly project?: string;
  /** Over this process' environment and Claude Code's own variables; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What was sent before it ended. */
  readonly sent: readonly NodeJS.Signals[];
  /** From the first of them, or from the start when none was sent. */
  readonly afterMs: number;
}

export interface ServerProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** What it wrote to stderr so far, the last 1 MiB of it. */
  stderr(): string;
  readonly exited: Promise<Exit>;
  /** SIGINT, 100 ms, SIGTERM, 400 ms, SIGKILL; stdin stays open. Settles when the process is gone. Idempotent. */
  interrupt(): Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
}

/** Verified on Claude Code 2.1.197 and 2.1.330. */
export function claudeEnvironment(project: string): Record<string, string> {
  return {
    CLAUDE_PROJECT_DIR: project,
    CLAUDE_CODE_SESSION_ID: randomUUID(),
    CLAUDECODE: "1",
    CLAUDE_CODE_ENTRYPOINT: "cli",
  };
}

const maxStderr = 1024 * 1024;

export function startServer(server: ServerCommand): ServerProcess {
  const project = server.project ?? process.cwd();
  const env = { ...process.env, ...claudeEnvironment(project), ...server.env };
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    server.command,
    [...(server.args ?? [])],
    {
      cwd: project,
      env,
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  const sent: NodeJS.Signals[] = [];
  let since = performance.now();
  let stderr = "";
  let gone = false;
  let ladder: Promise<Exit> | undefined;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-maxStderr);
  });
  child.on("error", (error) => {
    stderr += `could not start: ${error.message}\n`;
  });

  const exited = new Promise<Exit>((resolve) => {
    const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
      gone = true;
      resolve({ code, signal, sent: [...sent], afterMs: performance.now() - since });
    };
    child.once("exit", finish);
    child.once("error", () => finish(null, null));
  });

  function send(signal: NodeJS.Signals): void {
    if (gone) return;
    if (sent.length === 0) since = performance.now();
    sent.push(signal);
    child.kill(signal);
  }

  async function climb(): Promise<Exit> {
    for (const [signal, waitMs] of [
      ["SIGINT", 100],
      ["SIGTERM", 400],
    ] as const) {
      send(signal);
      const exit = await within(exited, waitMs);
      if (exit) return exit;
    }
    send("SIGKILL");
    return exited;
  }

  return {
    pid: child.pid ?? -1,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: () => stderr,
    exited,
    kill: send,
    interrupt() {
      ladder ??= climb();
      return ladder;
    },
  };
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const first = await Promise.race([promise, timeout]);
  clearTimeout(timer);
  return first;
}
