// Which process a pid means: a pid alone is reused, but together with its start time it is unique. A zombie
// counts as gone: it runs nothing any more, and its parent may take a while to notice.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { systemProgram } from "../files/system-program.ts";

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; comparable on this machine only. Empty when the system does not provide it. */
  readonly start: string;
}

export interface ProcessInfo extends ProcessIdentity {
  readonly parent: number;
}

/** Undefined when no such process runs. Never rejects. */
export function lookAt(pid: number): Promise<ProcessInfo | undefined> {
  if (process.platform === "linux") {
    const look = lookInProc(pid);
    if (look !== "unknown") return Promise.resolve(look);
  }
  return lookWithPs(pid);
}

export async function isRunning({ pid, start }: ProcessIdentity): Promise<boolean> {
  const look = await lookAt(pid);
  return look !== undefined && (start === "" || look.start === "" || look.start === start);
}

let ownIdentity: Promise<ProcessIdentity> | undefined;

export function thisProcess(): Promise<ProcessIdentity> {
  ownIdentity ??= lookAt(process.pid).then((look) => ({ pid: process.pid, start: look?.start ?? "" }));
  return ownIdentity;
}

let bootId: string | undefined;

/** proc(5): after the command in brackets come state, ppid and, as field 22, the start in ticks since boot. */
export function lookInProc(pid: number): ProcessInfo | undefined | "unknown" {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    // Ticks restart at each boot, so they mean nothing without the boot id.
    bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8);
    return { pid, start: `${bootId}/${fields[19]}`, parent: Number(fields[1]) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH") return undefined;
    return code === "ENOENT" && hasProc() ? undefined : "unknown";
  }
}

function hasProc(): boolean {
  try {
    readFileSync("/proc/self/stat", "latin1");
    return true;
  } catch {
    return false; // A container without /proc: `ps` or the signal is used instead.
  }
}

function lookWithPs(pid: number): Promise<ProcessInfo | undefined> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, LC_ALL: "C", TZ: "UTC" }, timeout: 5_000 };
    execFile(
      systemProgram("ps"),
      ["-o", "stat=,ppid=,lstart=", "-p", String(pid)],
      options,
      (error, stdout) => {
        const [, state, parent, start] = /^\s*(\S+)\s+(\d+)\s+(\S.*\S)\s*$/.exec(stdout) ?? [];
        if (state !== undefined && start !== undefined) {
          resolve(state.startsWith("Z") ? undefined : { pid, start, parent: Number(parent) });
        } else if (error?.code === 1) {
          resolve(undefined);
        } else {
          resolve(signalReaches(pid) ? { pid, start: "", parent: 0 } : undefined);
        }
      },
    );
  });
}

/** True when a process with this pid exists, of any user. */
export function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
