// System programs that the router itself starts. They are never searched in PATH, which a project's settings
// can set: a program of the project would run without consent.

import { existsSync } from "node:fs";
import { join } from "node:path";

const folders = ["/bin", "/usr/bin", "/sbin", "/usr/sbin", "/run/current-system/sw/bin"];

/**
 * Absolute. For a missing program it names a nonexistent file, so that the start fails like that of any
 * missing program.
 */
export function systemProgram(name: "plutil" | "ps" | "sh" | "sysctl"): string {
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  return found ?? join("/bin", name);
}
