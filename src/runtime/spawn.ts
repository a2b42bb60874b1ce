// Child processes: without a shell, each in a process group of its own, so that what it started ends with it.

import { spawn } from "node:child_process";
import type { Child, SpawnOptions } from "../contract/host.ts";
import { ConnectorError } from "../errors.ts";

const defaultGraceMs = 2_000;

/** Settles when the program runs. */
export function spawnGroup(options: SpawnOptions, folder: string): Promise<Child> {
  const [program = "", ...args] = options.command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? folder,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      shell: false,
    });
    const ended: Child["ended"] = new Promise((settle) => {
      child.once("close", (code, signal) => settle({ code, signal }));
    });
    // A program that ends before it has read all is its own affair; its exit code says more.
    child.stdin.on("error", () => undefined);
    child.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        new ConnectorError(
          "E_COMMAND_START",
          `the command ${program} cannot be started: ${reasonOf(error)}`,
          {
            retryable: true,
            cause: error,
          },
        ),
      );
    });
    child.once("spawn", () => {
      const pid = child.pid as number;
      resolve({
        pid,
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        ended,
        async kill(graceMs = defaultGraceMs) {
          signalGroup(pid, "SIGTERM");
          const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
          await ended;
          clearTimeout(timer);
          // What it left behind in its group.
          signalGroup(pid, "SIGKILL");
        },
      });
    });
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function reasonOf({ code }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return "there is no such program";
  if (code === "EACCES") return "it may not be run";
  return code ?? "unknown reason";
}
