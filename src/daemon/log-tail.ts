// What the client adds to its MCP log of one session, from the opening on.

import { stat } from "node:fs/promises";
import { openRegular } from "../regular-file.ts";
import { type ClientLogQuery, findRegistration, parseLogLine } from "./client-log.ts";

const chunkBytes = 256 * 1024;
/** A longer line is none of those that count. */
const maxLineBytes = 64 * 1024;

export interface LogEntry {
  readonly debug: string;
  /** It belongs to the session that was asked for. */
  readonly isOwn: boolean;
}

export class LogTail {
  readonly #path: string | undefined;
  readonly #session: string | undefined;
  #offset: number;
  #rest = "";

  /**
   * The file in which the client wrote about this session's registration, from its end on. It is usually the client
   * process's own, and after `/clear` its entries carry another session id.
   */
  static async open(query: ClientLogQuery): Promise<LogTail> {
    const path = (await findRegistration(query))?.path;
    const size =
      path === undefined
        ? 0
        : await stat(path).then(
            (found) => found.size,
            () => 0,
          );
    return new LogTail(path, query.session, size);
  }

  private constructor(path: string | undefined, session: string | undefined, offset: number) {
    this.#path = path;
    this.#session = session;
    this.#offset = offset;
  }

  /** The entries since the last call; undefined when there is no file to read. Never rejects. */
  async read(): Promise<LogEntry[] | undefined> {
    if (this.#path === undefined) return undefined;
    let added = "";
    try {
      const file = await openRegular(this.#path);
      try {
        const { size } = await file.stat();
        if (size < this.#offset) this.#offset = 0;
        while (this.#offset < size) {
          const { buffer, bytesRead } = await file.read(
            Buffer.alloc(chunkBytes),
            0,
            chunkBytes,
            this.#offset,
          );
          if (bytesRead === 0) break;
          this.#offset += bytesRead;
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
    const lines = (this.#rest + added).split("\n");
    this.#rest = (lines.pop() ?? "").slice(-maxLineBytes);
    return lines.flatMap((line) => {
      if (!/channel/i.test(line)) return [];
      const { debug, sessionId } = parseLogLine(line) ?? {};
      const isOwn = this.#session === undefined || sessionId === this.#session;
      return typeof debug === "string" ? [{ debug, isOwn }] : [];
    });
  }
}
