// What a process uses, from /proc: resident memory, and the processor time of all its threads.

import { readdirSync, readFileSync } from "node:fs";

/** Linux counts in hundredths of a second here, whatever the kernel's own tick is. */
const millisecondsPerTick = 10;

/** Resident set size in MB (a million bytes). */
export function residentMb(pid) {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1];
  return (Number(kibibytes) * 1024) / 1e6;
}

/** User and system time so far, in milliseconds, exact to 10 ms. */
export function processorMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name, in parentheses, and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * millisecondsPerTick;
}

/** The same from the scheduler's own account: exact, for processes that do next to nothing. */
export function processorMsExact(pid) {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const [nanoseconds] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ");
    return sum + Number(nanoseconds) / 1e6;
  }, 0);
}
