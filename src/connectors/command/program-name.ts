// The name of a program as the tables of interpreters.ts, wrappers.ts and tools.ts spell it, whatever its
// form: a path, another case, a version, a Windows extension, a toolchain prefix.

/**
 * Separators of a path. U+FDD2 is a backslash that a variable brought into a template (templates/literal.ts).
 */
const separators = /[/\\\uFDD2]/;
const windowsExtension = /\.(?:exe|com|cmd|bat|ps1)$/;
/** `python3.12`, `luajit-2.1.0-beta3`, `python3.13t`, `node20`, `lua5.4-static`. */
const version = /[-_.@]?v?\d[\d.]*(?:[a-z]{1,2}\d*)?(?:[-.](?:dbg|debug|static|preview|beta\d*|rc\d*|lts))?$/;
const variant = /[-_.](?:dbg|debug|static|preview|tiny|basic|nox|gtk\d?|athena|full|minimal|rs|suid)$/;
/** `x86_64-linux-gnu-gdb`. */
const toolchain = /^[a-z0-9_]+(?:-[a-z0-9_]+){1,3}-(?=[a-z]+$)/;
/** GNU's own tools on a BSD. */
const gnu = /^g(?=(?:awk|sed|make|find|xargs|env|nice|nohup|timeout|stdbuf|chroot|time|tar|split|sort)$)/;

/**
 * The names by which the program may be known: `/usr/bin/python3.12-dbg` gives `python3.12-dbg`, `python`;
 * `gsed` gives `gsed`, `sed`.
 */
export function namesOf(program: string): readonly string[] {
  const last = (program.split(separators).at(-1) ?? "").trim().toLowerCase();
  // A login shell is called `-sh`.
  const plain = last.replace(windowsExtension, "").replace(/^-/, "");
  const names = [plain, plain.replace(variant, ""), plain.replace(toolchain, "")]
    .flatMap((name) => [name, name.replace(version, "")])
    .flatMap((name) => [name, name.replace(gnu, "")]);
  return [...new Set(names)].filter((name) => name !== "");
}
