// Programs of the system that the router itself starts. Where to find them is never a question to PATH, which a project's settings
// can set: a program of theirs would run before anybody was asked.

import { existsSync } from "node:fs";
import { join } from "node:path";

const folders = ["/bin", "/usr/bin", "/sbin", "/usr/sbin", "/run/current-system/sw/bin"];

/** Absolute. Where there is none it names a file that is not there, so that the start fails as that of any missing program does. */
export function systemProgram(name: "ps" | "sh" | "sysctl"): string {
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  return found ?? join("/bin", name);
}
