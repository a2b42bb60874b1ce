// Reads in Claude Code's own MCP log whether it registered our channel for a session. Only a hint: the log is
// undocumented and may change or be absent; nothing here fails because of that. Format verified on Claude
// Code 2.1.197, 2.1.330 and 2.1.332.

import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openRegular } from "../regular-file.ts";

export type Registration =
  | { readonly registered: true }
  | { readonly registered: false; readonly reason: string };

export interface ClientLogQuery {
  /** The client's working folder: the project. */
  readonly project: string;
  /** The server's name in the client: `router`, or `plugin:<plugin>:<server>`. */
  readonly server: string;
  /** `CLAUDE_CODE_SESSION_ID`; without it, lines since `sinceMs` count whichever session they belong to. */
  readonly session: string | undefined;
  /** The id that the client gave its session later, for example after `/clear`. */
  readonly laterSession?: string | undefined;
  /** When this process started, milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly cacheFolder: string;
}

/**
 * The operating system's folder for caches: the rule of the `env-paths` package, which the client follows.
 */
export function clientCacheFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string {
  const home = env.HOME ?? homedir();
  if (platform === "darwin") return join(home, "Library", "Caches", "claude-cli-nodejs");
  if (platform === "win32") {
    return join(env.LOCALAPPDATA ?? join(home, "AppData", "Local"), "claude-cli-nodejs", "Cache");
  }
  return join(env.XDG_CACHE_HOME || join(home, ".cache"), "claude-cli-nodejs");
}

const maxFiles = 3;
const maxTailBytes = 512 * 1024;

/** The last entry of the log for this session; undefined when there is none. Never rejects. */
export async function readRegistration(query: ClientLogQuery): Promise<Registration | undefined> {
  return (await findRegistration(query))?.word;
}

/** The same, and the file that it is in. */
export async function findRegistration(
  query: ClientLogQuery,
): Promise<{ readonly word: Registration; readonly path: string } | undefined> {
  const folder = await findFolder(query);
  const names = folder === undefined ? [] : await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names
      .filter((name) => name.endsWith(".jsonl"))
      .map(async (name) => {
        const path = join(folder as string, name);
        return {
          path,
          changedMs: await stat(path).then(
            ({ mtimeMs }) => mtimeMs,
            () => 0,
          ),
        };
      }),
  );
  const latest = files.sort((a, b) => b.changedMs - a.changedMs).slice(0, maxFiles);
  for (const { path } of latest) {
    const word = lastWord(await readTail(path), query);
    if (word !== undefined) return { word, path };
  }
  return undefined;
}

/** As `readRegistration`, but waits for the first entry for at most `withinMs`. */
export async function awaitRegistration(
  query: ClientLogQuery,
  withinMs: number,
  signal?: AbortSignal,
): Promise<Registration | undefined> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const found = await readRegistration(query);
    const leftMs = endMs - performance.now();
    if (found !== undefined || leftMs <= 0 || signal?.aborted) return found;
    await pause(Math.min(100, leftMs), undefined, { ...(signal && { signal }) }).catch(() => undefined);
  }
}

async function findFolder({ cacheFolder, project, server }: ClientLogQuery): Promise<string | undefined> {
  const plain = (text: string) => text.replaceAll(/[^A-Za-z0-9]/g, "-");
  const wanted = `mcp-logs-${plain(server)}`;
  // `/` and `.` are known to become `-`; for other characters both readings are tried.
  for (const name of new Set([project.replaceAll(/[/\\.:]/g, "-"), plain(project)])) {
    const folder = join(cacheFolder, name);
    const found = (await readdir(folder).catch(() => [])).find((entry) => plain(entry) === wanted);
    if (found !== undefined) return join(folder, found);
  }
  return undefined;
}

async function readTail(path: string): Promise<string> {
  try {
    const file = await openRegular(path);
    try {
      const { size } = await file.stat();
      const length = Math.min(size, maxTailBytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return ""; // Removed meanwhile, or not readable.
  }
}

/** Whether an entry under this id is the session's own. */
export function isOwnEntry(
  sessionId: unknown,
  { session, laterSession }: Pick<ClientLogQuery, "session" | "laterSession">,
): boolean {
  return (
    session === undefined || sessionId === session || (sessionId === laterSession && sessionId !== undefined)
  );
}

/** The length of the accepted message that a debug text reports; undefined for all other texts. */
export function readAcceptedChars(debug: string): number | undefined {
  const [, digits] = /^notifications\/claude\/channel \((\d+) chars\)$/.exec(debug) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Whether the log of this session has a message of this length since `sinceMs`. Never rejects. */
export async function hasAccepted(query: ClientLogQuery, chars: number, sinceMs: number): Promise<boolean> {
  const path = (await findRegistration(query))?.path;
  const text = path === undefined ? "" : await readTail(path);
  return text.split("\n").some((line) => {
    if (!line.includes("claude/channel")) return false;
    const { debug, timestamp } = parseLogLine(line) ?? {};
    return (
      typeof debug === "string" &&
      readAcceptedChars(debug) === chars &&
      Date.parse(String(timestamp)) >= sinceMs
    );
  });
}

function lastWord(text: string, query: ClientLogQuery): Registration | undefined {
  for (const line of text.split("\n").reverse()) {
    if (!/Channel (?:notifications|gate)/.test(line)) continue;
    const entry = parseLogLine(line);
    if (typeof entry?.debug !== "string") continue;
    if (query.session === undefined && !(Date.parse(String(entry.timestamp)) >= query.sinceMs)) continue;
    if (!isOwnEntry(entry.sessionId, query)) continue;
    const word = readRegistrationWord(entry.debug);
    if (word !== undefined) return word;
  }
  return undefined;
}

/** What a debug text says about the registration; undefined for all others. */
export function readRegistrationWord(debug: string): Registration | undefined {
  // The gate refuses now, but the client keeps the handler that it has.
  if (/Channel gate says skip\b.*\bpreserving handler/s.test(debug)) return { registered: true };
  const [, word, reason = "no reason given"] =
    /Channel notifications ((?:re-)?registered|skipped)(?::\s*(.*))?/s.exec(debug) ?? [];
  if (word?.endsWith("registered")) return { registered: true };
  return word === "skipped" ? { registered: false, reason: reason.slice(0, 300) } : undefined;
}

/** A line of the log, which is JSON; undefined for a line that was cut. */
export function parseLogLine(
  line: string,
): { debug?: unknown; sessionId?: unknown; timestamp?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined; // The first line of a tail is incomplete.
  }
}
