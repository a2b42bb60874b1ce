// The entry that has Claude Code start this program, and its place in a project's .mcp.json.

import { existsSync } from "node:fs";
import { delimiter, dirname, join, sep } from "node:path";
import { realPath } from "../../config/paths.ts";
import { isObject } from "../../json.ts";
import { readRegularSync } from "../../regular-file.ts";
import { shellWord } from "../../text/shell.ts";
import { version } from "../../version.ts";

export interface McpEntry {
  readonly command: string;
  readonly args: readonly string[];
}

interface Started {
  /** The file that node runs. */
  readonly script: string;
  readonly node: string;
  readonly project: string;
  readonly path: string;
  readonly platform: NodeJS.Platform;
}

const inProject = "${CLAUDE_PROJECT_DIR:-.}";

/** Programs that install a package for one run, recognized by a folder in the script's path, which does not last. */
const runners: readonly { readonly folder: RegExp; readonly command: string; readonly args: string[] }[] = [
  { folder: /^_npx$/, command: "npx", args: ["-y"] },
  { folder: /^dlx$/, command: "pnpm", args: ["dlx"] },
  { folder: /^\.?bunx-/, command: "bunx", args: [] },
];

/** What finds this program again on this machine and, where it can, on others that have the project. */
export function mcpEntry({ script, node, project, path, platform }: Started): McpEntry {
  const real = realPath(script);
  const folders = real.split(sep);
  const runner = runners.find(({ folder }) => folders.some((one) => folder.test(one)));
  if (runner !== undefined)
    return { command: runner.command, args: [...runner.args, `channel-router@${version}`] };
  const local = join(project, "node_modules", "channel-router", "dist", "channel-router.js");
  if (realPath(local) === real && existsSync(local))
    return { command: "node", args: [`${inProject}/node_modules/channel-router/dist/channel-router.js`] };
  if (real === realPath(join(project, "dist", "channel-router.js")))
    return { command: "node", args: [`${inProject}/dist/channel-router.js`] };
  const isOnPath = path
    .split(delimiter)
    .some((folder) => folder !== "" && starts(join(folder, "channel-router"), real));
  // Windows starts no scripts without a shell.
  if (isOnPath && platform !== "win32") return { command: "channel-router", args: [] };
  return { command: node, args: [real] };
}

/** Whether the program is a link to the script, or a shell script that runs it, such as pnpm writes. */
function starts(program: string, script: string): boolean {
  if (realPath(program) === script) return true;
  const [, named] = /"\$basedir\/([^"]+\/channel-router\.js)"/.exec(beginningOf(program)) ?? [];
  return named !== undefined && realPath(join(dirname(program), named)) === script;
}

const maxScriptBytes = 16_384;

/** Empty if the file cannot be read. */
function beginningOf(path: string): string {
  try {
    return readRegularSync(path).subarray(0, maxScriptBytes).toString("latin1");
  } catch {
    return "";
  }
}

export type EntryAdded =
  | { readonly text: string; readonly name: string }
  | { readonly present: string }
  | { readonly problem: string };

/** The text of .mcp.json with the entry: everything else in it stays. `text`: undefined when there is no file. */
export function addMcpEntry(text: string | undefined, name: string, entry: McpEntry): EntryAdded {
  const root = parsed(text ?? "{}");
  if (root === undefined) return { problem: "it is not a JSON object" };
  const servers = root.mcpServers ?? {};
  if (!isObject(servers)) return { problem: "its mcpServers is not an object" };
  for (const [known, one] of Object.entries(servers)) if (startsRouter(one)) return { present: known };
  const free = Object.hasOwn(servers, name) ? "channel-router" : name;
  if (Object.hasOwn(servers, free)) return { problem: `it has other servers named ${name} and ${free}` };
  const indent = /^([ \t]+)"/m.exec(text ?? "")?.[1] ?? "  ";
  const next = { ...root, mcpServers: { ...servers, [free]: entry } };
  return { text: `${JSON.stringify(next, null, indent)}\n`, name: free };
}

function startsRouter(entry: unknown): boolean {
  if (!isObject(entry)) return false;
  const words = [entry.command, ...(Array.isArray(entry.args) ? entry.args : [])];
  return words.some(
    (word) => typeof word === "string" && /(^|[/\\@])channel-router(\.[cm]?js)?(@|$)/.test(word),
  );
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** For a shell. */
export function addCommand(name: string, { command, args }: McpEntry): string {
  const words = [name, "--", command, ...args].map((word) => shellWord(word, plainWord));
  return ["claude mcp add --scope user", ...words].join(" ");
}

/** `%` means something to the shell of Windows. */
const plainWord = /^[\w./:@=+-]+$/;
