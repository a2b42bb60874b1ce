// Runs npm, without a shell and without the install scripts of packages.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ConnectorError } from "../errors.ts";

export type Npm = (args: readonly string[], options: NpmOptions) => Promise<void>;

interface NpmOptions {
  /** No project's: npm reads the settings (`.npmrc`) of the folder that it runs in. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

const withinMs = 5 * 60_000;
const maxShown = 4_000;
const maxPrinted = 8 * 1024 * 1024;

/** Rejects with a ConnectorError (E_LIBRARY) that shows npm's own last lines. */
export const runNpm: Npm = async (args, options) => void (await npmOutput(args, options));

/** The same; settles with what npm prints on stdout. */
export const npmOutput = (args: readonly string[], { folder, env }: NpmOptions): Promise<string> =>
  new Promise((resolve, reject) => {
    const [program, ...first] = npmProgram(process.platform, process.execPath, existsSync);
    const child = spawn(program, [...first, ...args], {
      cwd: folder,
      env,
      shell: false,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: withinMs,
    });
    let output = "";
    let printed = "";
    child.stdout.on("data", (text: string) => {
      if (printed.length < maxPrinted) printed += text;
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-maxShown);
      });
    child.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "ENOENT" ? "npm was not found" : `npm could not be started: ${cause.message}`;
      reject(
        new ConnectorError("E_LIBRARY", why, { hint: "npm comes with Node.js; it must be in PATH", cause }),
      );
    });
    child.once("close", (code, signal) => {
      if (code === 0) return resolve(printed);
      const why = signal === null ? `exit code ${code}` : signal;
      reject(new ConnectorError("E_LIBRARY", `npm failed (${why}):\n${output.trim()}`));
    });
  });

/** On Windows `npm` is a script for a shell; what it runs is beside node. */
export function npmProgram(
  platform: NodeJS.Platform,
  node: string,
  isThere: (path: string) => boolean,
): readonly [string, ...string[]] {
  if (platform !== "win32") return ["npm"];
  const script = join(dirname(node), "node_modules", "npm", "bin", "npm-cli.js");
  return isThere(script) ? [node, script] : ["npm.exe"];
}
