// On which running kernel, and in which pid namespace, this process lives: a pid identifies a process only
// there, and a socket in a shared folder works only on one kernel.

import { execFile } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { uptime } from "node:os";
import { systemProgram } from "../files/system-program.ts";

export interface Machine {
  /** Changes with each boot. */
  readonly kernel: string;
  /** The pid namespace: containers have their own. */
  readonly space: string;
}

let known: Promise<Machine | undefined> | undefined;

/** Undefined where the system does not provide it. Never rejects. */
export function thisMachine(): Promise<Machine | undefined> {
  known ??= process.platform === "linux" ? Promise.resolve(lookInProc()) : askSysctl();
  return known;
}

/** Changes with each boot, where the system does not provide it by its time, to ten seconds. */
export async function thisBoot(): Promise<string> {
  const machine = await thisMachine();
  return machine?.kernel ?? `up since ${Math.round(Date.now() / 10_000 - uptime() / 10)}`;
}

export function isElsewhere(other: Machine | undefined, here: Machine | undefined): boolean {
  if (other === undefined || here === undefined) return false;
  return other.kernel !== here.kernel || other.space !== here.space;
}

function lookInProc(): Machine | undefined {
  try {
    const kernel = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return { kernel, space: readlinkSync("/proc/self/ns/pid") };
  } catch {
    return undefined; // A sandbox without /proc.
  }
}

/** macOS. */
function askSysctl(): Promise<Machine | undefined> {
  return new Promise((resolve) => {
    execFile(systemProgram("sysctl"), ["-n", "kern.bootsessionuuid"], { timeout: 2_000 }, (error, stdout) => {
      const kernel = stdout.trim();
      resolve(error !== null || kernel === "" ? undefined : { kernel, space: "" });
    });
  });
}
