// Whether a process is there.

import { readFileSync } from "node:fs";

/** A zombie runs nothing any more; whoever inherited it may take his time to reap it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
