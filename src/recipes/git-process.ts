// Runs the user's git for repositories of shared recipes: without a shell, checkout, hooks, submodules or prompts,
// and with limits on time and size. The user's credentials, proxies and `insteadOf` apply.

import { execFile } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConnectorError } from "../errors.ts";

export interface GitOptions {
  /** The temporary bare repository to work in. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether git may connect: a partial clone must not fetch missing objects later. */
  readonly online: boolean;
  /** Stops git. */
  readonly signal?: AbortSignal | undefined;
}

const withinMs = 60_000;
/** The limit for its output. */
const maxOutputBytes = 8 * 1024 * 1024;
/** The limit for what a fetch stores. Larger files are left out if the server supports it. */
const maxStoredBytes = 64 * 1024 * 1024;
const lookEveryMs = 250;

/**
 * Overrides the user's settings. The URL is always https: another protocol can only come from an `insteadOf` of the
 * user, never from a redirect.
 */
const settings = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.bigFileThreshold=1m",
  "protocol.allow=never",
  "protocol.https.allow=always",
  "protocol.http.allow=user",
  "protocol.ssh.allow=user",
  "protocol.file.allow=user",
  "protocol.ext.allow=never",
  "transfer.bundleURI=false",
  "fetch.recurseSubmodules=false",
  "submodule.recurse=false",
  "fetch.writeCommitGraph=false",
  "fetch.unpackLimit=1",
  "gc.auto=0",
  "maintenance.auto=false",
  "http.followRedirects=initial",
  "http.lowSpeedLimit=1",
  "http.lowSpeedTime=30",
  "credential.interactive=false",
];

/** Resolves to its output. Rejects with a ConnectorError (E_RECIPE_FETCH). */
export function runGit(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const { folder, env, online, signal } = options;
  const all = ["--no-pager", "--literal-pathspecs", ...settings.flatMap((one) => ["-c", one]), ...args];
  return new Promise((resolve, reject) => {
    let tooLarge = false;
    const child = execFile(
      "git",
      all,
      {
        cwd: folder,
        env: { ...environment(env, folder), ...(online ? {} : { GIT_ALLOW_PROTOCOL: "none" }) },
        encoding: "buffer",
        shell: false,
        windowsHide: true,
        timeout: withinMs,
        killSignal: "SIGKILL",
        maxBuffer: maxOutputBytes,
        ...(signal === undefined ? {} : { signal }),
      },
      (error, stdout, stderr) => {
        clearInterval(watch);
        if (tooLarge) return reject(failed(`the repository has more than ${maxStoredBytes / 1024 ** 2} MiB`));
        if (error === null) return resolve(stdout);
        reject(failed(reasonOf(error, stderr.toString("utf8")), error));
      },
    );
    child.stdin?.end();
    const watch = setInterval(() => {
      if (sizeOf(folder) <= maxStoredBytes) return;
      tooLarge = true;
      // Child processes of git may keep its output open.
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.kill("SIGKILL");
    }, lookEveryMs);
  });
}

function failed(reason: string, cause?: Error): ConnectorError {
  return new ConnectorError("E_RECIPE_FETCH", reason, { cause });
}

type Failure = Error & { readonly code?: unknown; readonly killed?: boolean };

function reasonOf(error: Failure, output: string): string {
  if (error.code === "ENOENT") return "git was not found: install it, or add it to PATH";
  if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return "git printed too much";
  if (error.name === "AbortError") return "interrupted";
  if (error.killed === true) return `git did not exit within ${withinMs / 1_000} s`;
  const said = output
    .split("\n")
    .map((one) => one.trim())
    .filter((one) => one !== "" && !/^(?:warning|hint|remote): /.test(one));
  return `git: ${said.slice(0, 3).join("; ").slice(0, 500) || `exit code ${String(error.code)}`}`;
}

/** Variables with which a user configures credentials, proxies and settings. All others point to a repository. */
const kept =
  /^GIT_(?:ASKPASS|CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)|EXEC_PATH|SSH|SSH_COMMAND|SSH_VARIANT|SSL_\w+|PROXY_\w+|HTTP_\w+)$/;

function environment(env: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(([name]) => !/^GIT_/i.test(name) || kept.test(name));
  return {
    ...Object.fromEntries(own),
    LC_ALL: "C",
    GIT_DIR: folder,
    GIT_TERMINAL_PROMPT: "0",
    GCM_INTERACTIVE: "never",
    SSH_ASKPASS_REQUIRE: "never",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_ATTR_NOSYSTEM: "1",
    ...(env.GIT_SSH_COMMAND === undefined && env.GIT_SSH === undefined
      ? { GIT_SSH_COMMAND: "ssh -o BatchMode=yes" }
      : {}),
  };
}

/** The size of a folder in bytes. Files may appear and disappear meanwhile. */
function sizeOf(folder: string): number {
  let bytes = 0;
  const names = attempt(() => readdirSync(folder, { recursive: true, encoding: "utf8" })) ?? [];
  for (const name of names) bytes += attempt(() => statSync(join(folder, name)).size) ?? 0;
  return bytes;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
