// Reads what the client adds to its MCP log of one session after the log was opened, also in a file that replaced
// the first one, and in a later file of the same session.

import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openRegular } from "../regular-file.ts";
import { type ClientLogQuery, findRegistration, isOwnEntry, parseLogLine } from "./client-log.ts";

const chunkBytes = 256 * 1024;
/** A longer line is none of those that count. */
const maxLineBytes = 64 * 1024;
/** How many later files are searched, and for how many files it is known how far they were read. */
const maxLaterFiles = 3;
const maxKnownFiles = 8;

export interface LogEntry {
  readonly debug: string;
  readonly sessionId: string | undefined;
  /** It belongs to the session that was asked for. */
  readonly isOwn: boolean;
}

/** How far a file was read. */
interface Reading {
  readonly path: string;
  /** Of the file that was read so far. If it differs, another file has replaced that one. */
  inode: number | undefined;
  offset: number;
  rest: string;
}

export class LogTail {
  readonly #query: () => ClientLogQuery;
  readonly #openedMs = Date.now();
  #file: Reading | undefined;
  /** Files that were read before: the client may continue in one of them. */
  readonly #earlier = new Map<string, Reading>();

  /**
   * The file in which the client wrote about this session's registration, from its end on. It is usually the client
   * process's own, and after `/clear` its entries carry another session id.
   */
  static async open(query: () => ClientLogQuery): Promise<LogTail> {
    const path = (await findRegistration(query()))?.path;
    const found = path === undefined ? undefined : await stat(path).catch(() => undefined);
    const file =
      path === undefined ? undefined : { path, inode: found?.ino, offset: found?.size ?? 0, rest: "" };
    return new LogTail(query, file);
  }

  private constructor(query: () => ClientLogQuery, file: Reading | undefined) {
    this.#query = query;
    this.#file = file;
  }

  /**
   * The entries since the last call; undefined when there is no file to read. `isLast`: a decision depends on this
   * call, so later files are searched too. Never rejects.
   */
  async read(isLast = false): Promise<LogEntry[] | undefined> {
    if (this.#file === undefined) return undefined;
    const added = await this.#readFile(this.#file);
    if (added !== undefined && !isLast) return added;
    const later = await this.#findLater(this.#file.path);
    if (later === undefined) return added;
    this.#earlier.set(this.#file.path, this.#file);
    for (const path of this.#earlier.keys())
      if (this.#earlier.size > maxKnownFiles) this.#earlier.delete(path);
    this.#earlier.delete(later.reading.path);
    this.#file = later.reading;
    return [...(added ?? []), ...later.entries];
  }

  async #readFile(reading: Reading): Promise<LogEntry[] | undefined> {
    let added = "";
    try {
      const file = await openRegular(reading.path);
      try {
        const { size, ino } = await file.stat();
        if (size < reading.offset || ino !== reading.inode) {
          reading.offset = 0;
          reading.rest = "";
        }
        reading.inode = ino;
        while (reading.offset < size) {
          const { buffer, bytesRead } = await file.read(
            Buffer.alloc(chunkBytes),
            0,
            chunkBytes,
            reading.offset,
          );
          if (bytesRead === 0) break;
          reading.offset += bytesRead;
          // The lines that count are ASCII, so a character that is cut in two does no harm.
          added += buffer.toString("latin1", 0, bytesRead);
          added = added.slice(Math.max(0, added.length - 4 * chunkBytes));
        }
      } finally {
        await file.close();
      }
    } catch {
      return undefined; // Removed meanwhile, or not readable.
    }
    const lines = (reading.rest + added).split("\n");
    reading.rest = (lines.pop() ?? "").slice(-maxLineBytes);
    const query = this.#query();
    return lines.flatMap((line) => {
      if (!/channel/i.test(line)) return [];
      const { debug, sessionId } = parseLogLine(line) ?? {};
      if (typeof debug !== "string") return [];
      const id = typeof sessionId === "string" ? sessionId : undefined;
      return [{ debug, sessionId: id, isOwn: isOwnEntry(id, query) }];
    });
  }

  /** A newer file in the folder with new entries of this session: the client continued there. */
  async #findLater(
    path: string,
  ): Promise<{ readonly reading: Reading; readonly entries: LogEntry[] } | undefined> {
    const folder = dirname(path);
    const changedMs = (file: string) =>
      stat(file).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".jsonl"));
    const others = await Promise.all(
      names
        .map((name) => join(folder, name))
        .filter((other) => other !== path)
        .map(async (other) => ({ other, ms: await changedMs(other) })),
    );
    const sinceMs = Math.max(this.#openedMs - 1_000, await changedMs(path));
    const later = others.filter(({ ms }) => ms >= sinceMs).sort((a, b) => b.ms - a.ms);
    const { session } = this.#query();
    // Without an id it is unknown whose file it is.
    if (session === undefined) return undefined;
    for (const { other } of later.slice(0, maxLaterFiles)) {
      const reading = { path: other, inode: undefined, offset: 0, rest: "", ...this.#earlier.get(other) };
      const entries = await this.#readFile(reading);
      if (entries?.some(({ isOwn }) => isOwn)) return { reading, entries };
    }
    return undefined;
  }
}
