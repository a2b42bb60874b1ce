// The built program under test: a config in a folder of its own, started as Claude Code or a person would start it.

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFile, mkdir, mkdtemp, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { realContext } from "../../src/cli/real-context.ts";
import { type ServerProcess, startServer } from "./claude-process.ts";
import { type ClaudeOptions, type SpawnedClaude, spawnClaude } from "./claude-simulator.ts";
import { type Finished, runHere } from "./command-line.ts";
import { trustAll, trustUse } from "./trust.ts";

export const program = fileURLToPath(new URL("../../dist/channel-router.js", import.meta.url));

export interface Project {
  readonly folder: string;
  /** The state root, which lies outside of it. */
  readonly state: string;
  readonly port: number;
  /** Of the one listener; `listen:` in the config must use `port`. */
  readonly address: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  write(file: string, text: string): Promise<string>;
  /** From now on the user agrees to whatever its channels.yaml asks for. */
  trust(): Promise<void>;
  /** Starts the stdio server and settles when it has greeted. Ended by `remove`. */
  claude(options?: ClaudeOptions, env?: Readonly<Record<string, string>>): Promise<SpawnedClaude>;
  /** Appends to Claude Code's own log about this server. */
  clientLog(debug: string): Promise<void>;
  /** The same about the session with this id. */
  clientLogOf(session: string, debug: string): Promise<void>;
  /** Starts `dev`; the caller ends it. */
  dev(options?: readonly string[]): { readonly process: ServerProcess; printed(): string };
  /** Runs one command to its end. */
  run(
    args: readonly string[],
    options?: { input?: string; env?: Readonly<Record<string, string>> },
  ): Promise<Finished>;
  /**
   * Runs a command about the running router (status, access, reload, ...) in this process: for looking again and again, and
   * where it is the router's answer that matters. One at a time.
   */
  ask(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  remove(): Promise<void>;
}

const registered = "Channel notifications registered";
const skipped = "Channel notifications skipped: server router not in --channels list for this session";

interface ProjectOptions {
  readonly program?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** What the user has agreed to before: whatever its channels.yaml asks for, only to use it (the default), or nothing. */
  readonly consent?: "all" | "use" | "none";
}

/** A project whose channels.yaml is what `config` makes of a free port; no config without it. */
export async function createProject(
  config?: (port: number) => string,
  { program: entry = program, consent = "use", port: given }: ProjectOptions = {},
): Promise<Project> {
  const root = await mkdtemp("/tmp/cr-test-");
  const [folder, state] = [join(root, "project"), join(root, "state")];
  await mkdir(folder);
  const port = given ?? (await freePort());
  const env = {
    CLAUDE_CONFIG_DIR: join(root, "claude"),
    CHANNEL_ROUTER_STATE_DIR: state,
    CHANNEL_ROUTER_CONFIG: undefined,
    CLAUDE_PROJECT_DIR: folder,
    XDG_CACHE_HOME: join(root, "cache"),
    NO_COLOR: "1",
  };
  const running: SpawnedClaude[] = [];
  /** What Claude Code writes about this server once its handler is there: the router's first push waits for it. */
  async function writeClientLog(session: string, debug: string): Promise<void> {
    const logs = join(root, "cache", "claude-cli-nodejs", folder.replaceAll(/[/.]/g, "-"), "mcp-logs-router");
    await mkdir(logs, { recursive: true });
    await appendFile(
      join(logs, "log.jsonl"),
      `${JSON.stringify({ debug, timestamp: new Date().toISOString(), sessionId: session, cwd: folder })}\n`,
    );
  }
  const project: Project = {
    folder,
    state,
    port,
    address: `http://127.0.0.1:${port}`,
    env,
    async write(file, text) {
      await writeFile(join(folder, file), text);
      return join(folder, file);
    },
    trust: () => trustAll(env, join(folder, "channels.yaml")),
    clientLog: (debug) => writeClientLog(randomUUID(), debug),
    clientLogOf: writeClientLog,
    async claude(options, more) {
      const session = randomUUID();
      const server = {
        command: process.execPath,
        args: [entry],
        project: folder,
        env: { ...env, CLAUDE_CODE_SESSION_ID: session, ...more },
      };
      const claude = await spawnClaude(server, { bootWindowMs: 0, timeoutMs: hangMs, ...options });
      await writeClientLog(session, options?.listening === false ? skipped : registered);
      running.push(claude);
      return claude;
    },
    dev(options = []) {
      const dev = startServer({
        command: process.execPath,
        args: [entry, "dev", ...options],
        project: folder,
        env,
      });
      let printed = "";
      dev.stdout.on("data", (chunk) => {
        printed += chunk;
      });
      return { process: dev, printed: () => printed };
    },
    run: (args, options = {}) =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [entry, ...args], {
          cwd: folder,
          env: { ...process.env, ...env, ...options.env },
        });
        let stdout = "";
        let stderr = "";
        child.stdout.on("data", (chunk) => {
          stdout += chunk;
        });
        child.stderr.on("data", (chunk) => {
          stderr += chunk;
        });
        child.on("close", (code) => resolve({ code, stdout, stderr }));
        child.stdin.end(options.input ?? "");
      }),
    ask: (args, more) =>
      runHere(args, {
        ...realContext(),
        underClaude: more?.CLAUDECODE === undefined ? undefined : { sign: "CLAUDECODE is set", folders: [] },
        env: { ...process.env, ...env, ...more },
        cwd: folder,
        person: undefined,
      }),
    async remove() {
      await Promise.all(running.splice(0).map((claude) => claude.process.interrupt()));
      await stopRouters(root);
      await rm(root, { recursive: true, force: true });
    },
  };
  if (config !== undefined) await project.write("channels.yaml", config(port));
  const file = join(folder, "channels.yaml");
  if (consent === "all") await project.trust();
  if (consent === "use") await trustUse(env, file);
  return project;
}

/** Ends what a test started with `up`, or by any other way that outlives its parent: everything that works below this folder. */
async function stopRouters(root: string): Promise<void> {
  const left = await processesBelow(root);
  for (const pid of left) kill(pid, "SIGTERM");
  const endMs = Date.now() + stopMs;
  while (left.some((pid) => isAlive(pid)) && Date.now() < endMs)
    await new Promise((resolve) => setTimeout(resolve, 20));
  for (const pid of left) kill(pid, "SIGKILL");
}

/** By their working folder. Empty on a system that does not list processes in `/proc`. */
async function processesBelow(root: string): Promise<readonly number[]> {
  const names = await readdir("/proc").catch(() => []);
  const found = names.map(async (name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    const folder = await readlink(`/proc/${name}/cwd`).catch(() => "");
    return folder.startsWith(`${root}/`) ? [pid] : [];
  });
  return (await Promise.all(found)).flat();
}

function isAlive(pid: number): boolean {
  return kill(pid, 0);
}

/** False when there is no such process. */
function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

const stopMs = 3_000;

export async function freePort(): Promise<number> {
  for (;;) {
    nextPort = firstPort + ((nextPort - firstPort + 1) % portsPerWorker);
    const server = createServer().listen(nextPort, "127.0.0.1");
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("listening", () => resolve(true));
      server.once("error", () => resolve(false));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return nextPort;
  }
}

/**
 * Below the ports that systems give to outgoing connections (from 32768 on Linux), and others for each worker: a port that is free
 * now must still be free when the test's router opens it, seconds later.
 */
const portsPerWorker = 2_000;
const firstPort = 10_000 + (Number(process.env.VITEST_POOL_ID ?? 0) % 11) * portsPerWorker;
let nextPort = firstPort + Math.floor(Math.random() * portsPerWorker);

/** What never happens is awaited for so long. It ends a test that would hang, and no busy machine comes near it. */
const hangMs = 90_000;

/**
 * Waits until `condition` gives something: for what another process does in its own time. A look that takes long is made less often, so
 * that looking leaves the processor to that process.
 */
export async function eventually<T>(
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = hangMs,
): Promise<T> {
  const endMs = Date.now() + withinMs;
  for (;;) {
    const beginMs = performance.now();
    const value = await condition();
    const tookMs = performance.now() - beginMs;
    if (value !== undefined && value !== false) return value;
    if (Date.now() > endMs) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(Math.max(20, 3 * tookMs), 200)));
  }
}
