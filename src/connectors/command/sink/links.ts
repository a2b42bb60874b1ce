// Resolves the links that a program name may be: `./count` may be a link to awk. The config check judges a
// program by its name; this check judges the real file, just before it runs.

import { constants } from "node:fs";
import { access, readlink, realpath } from "node:fs/promises";
import { basename, delimiter, dirname, resolve } from "node:path";
import type { OptionIssue } from "../../../contract.ts";
import { type CommandOptions, checkCommand } from "../command-line.ts";

/** Programs that act by the name they are called by: links to them say nothing. */
const multiCall =
  /^(?:busybox|toybox|coreutils|gnu-coreutils|snap|firejail|rustup|mise|asdf|volta-shim|update-alternatives)(?:[-.].*)?$/;
const maxLinks = 40;

/** The first fault of the command when links are followed; `path` is the search path of the program. */
export async function checkLinks(
  options: CommandOptions,
  { cwd, path }: { readonly cwd: string; readonly path: string },
): Promise<OptionIssue | undefined> {
  const known = new Map<string, readonly string[]>();
  for (;;) {
    const asked = new Set<string>();
    const [issue] = checkCommand(options, (program) => {
      if (!known.has(program)) asked.add(program);
      return known.get(program) ?? [program];
    });
    if (issue !== undefined || asked.size === 0) return issue;
    for (const program of asked) known.set(program, [program, ...(await linksOf(program, cwd, path))]);
  }
}

/** Every name on the way to the file itself. Empty for a missing file: starting it reports that. */
async function linksOf(program: string, cwd: string, path: string): Promise<string[]> {
  let at = await find(program, cwd, path);
  const found: string[] = [];
  for (let left = maxLinks; at !== undefined && left > 0; left -= 1) {
    found.push(at);
    const folder = await realpath(dirname(at)).catch(() => dirname(at as string));
    const link: string | undefined = await readlink(at).catch(() => undefined); // It is not a link.
    at = link === undefined ? undefined : resolve(folder, link);
  }
  return found.filter((one) => !multiCall.test(basename(one)));
}

async function find(program: string, cwd: string, path: string): Promise<string | undefined> {
  const folders = program.includes("/") ? [""] : path.split(delimiter);
  for (const folder of folders) {
    const path = resolve(cwd, folder, program);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
