// Starts peers (peer.ts) as processes, speaks to them as their clients, and ends them all.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** See `Setting` of peer.ts. */
export interface PeerSetting {
  readonly folder: string;
  readonly [key: string]: unknown;
}

export interface Peer {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Messages from the server, in order, beside answers. */
  readonly messages: Message[];
  /** What it said on stderr (`@{...}`), and everything else it wrote there. */
  readonly said: Record<string, unknown>[];
  stderr(): string;
  /** The answer to a request with a new id. */
  request(method: string, params?: object, withinMs?: number): Promise<Message>;
  call(tool: string, args?: object, withinMs?: number): Promise<Who>;
  write(text: string): boolean;
  /** Ids that were answered more than once. */
  readonly answeredTwice: number[];
  initialize(): Promise<Who>;
  until(condition: (peer: Peer) => boolean, what: string, withinMs?: number): Promise<void>;
  mode(): { mode: string; term?: number; reason?: string; leaderPid?: number };
  kill(signal?: NodeJS.Signals): void;
  readonly exited: Promise<number>;
}

export interface Who {
  readonly pid: number;
  readonly epoch: number;
  readonly exclusive: boolean;
}

export interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: {
    readonly content?: string;
    readonly meta?: Record<string, string>;
    readonly answered?: Message;
  };
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

const folders: string[] = [];
const peers = new Set<Peer>();
let program: string | undefined;

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cr-own-"));
  folders.push(folder);
  return folder;
}

export async function buildPeer(): Promise<string> {
  const outdir = newFolder();
  await build({
    absWorkingDir: fileURLToPath(new URL("../..", import.meta.url)),
    entryPoints: { peer: "test/cluster/peer.ts" },
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
  });
  program = join(outdir, "peer.mjs");
  return program;
}

export async function endPeers(): Promise<void> {
  const all = [...peers];
  for (const peer of all) peer.kill("SIGKILL");
  await Promise.all(all.map((peer) => peer.exited));
  peers.clear();
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** `within`: a program and its arguments that run the peer in turn, as `unshare` does. */
export function startPeer(
  setting: PeerSetting,
  { within = [], ...spawning }: { uid?: number; within?: readonly string[] } = {},
): Peer {
  const [command, ...args] = [...within, process.execPath, program as string, JSON.stringify(setting)];
  const child = spawn(command as string, args, { stdio: ["pipe", "pipe", "pipe"], cwd: "/", ...spawning });
  const waiting = new Map<number | string, (message: Message) => void>();
  const answered = new Set<number | string>();
  let lastId = 0;
  let stderr = "";
  const peer: Peer = {
    pid: child.pid as number,
    child,
    messages: [],
    said: [],
    answeredTwice: [],
    stderr: () => stderr,
    request(method, params = {}, withinMs = 90_000) {
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error(`no answer to ${method} ${id} of ${peer.pid} in ${withinMs} ms; ${stderr}`));
        }, withinMs);
        waiting.set(id, (message) => {
          clearTimeout(timer);
          resolve(message);
        });
        peer.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
      });
    },
    async call(tool, args = {}, withinMs) {
      const answer = await peer.request("tools/call", { name: tool, arguments: args }, withinMs);
      return answer.result as unknown as Who;
    },
    write: (text) => child.stdin.write(text),
    async initialize() {
      const answer = await peer.request("initialize", { protocolVersion: "2025-11-25" });
      peer.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
      return answer.result?.serverInfo as Who;
    },
    until: (condition, what, withinMs) => until(() => condition(peer), `${what}; ${stderr}`, withinMs),
    mode: () => (peer.said.findLast(({ state }) => state !== undefined)?.state ?? { mode: "none" }) as never,
    kill: (signal = "SIGKILL") => void child.kill(signal),
    exited: new Promise((resolve) => child.once("exit", (code) => resolve(code ?? -1))),
  };
  peers.add(peer);
  child.stdin.on("error", () => undefined);
  eachLine(child.stdout, (line) => {
    const message = JSON.parse(line) as Message;
    if (message.id === undefined || message.method !== undefined) {
      peer.messages.push(message);
      return;
    }
    if (answered.has(message.id)) peer.answeredTwice.push(message.id as number);
    answered.add(message.id);
    waiting.get(message.id)?.(message);
  });
  eachLine(child.stderr, (line) => {
    stderr += `${line}\n`;
    if (line.startsWith("@")) peer.said.push(JSON.parse(line.slice(1)) as Record<string, unknown>);
  });
  return peer;
}

function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const whole = (rest + text).split("\n");
    rest = whole.pop() ?? "";
    for (const line of whole) onLine(line);
  });
}

export async function until(condition: () => boolean, what: string, withinMs = 90_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
