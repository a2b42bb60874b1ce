// What the client reports about a session in `<config folder>/sessions/<pid>.json`: its id, which `/clear` changes,
// its name (`/rename`), and whether it is idle, or waits for its user. Format verified on Claude Code 2.1.332. Only a hint: the file is
// undocumented, and everything else works without it.

import { stat } from "node:fs/promises";
import type { Clock } from "../contract.ts";
import { isObject } from "../json.ts";
import { readRegular } from "../regular-file.ts";

export interface ClientSessionInfo {
  /** The id that the client gives the session now. */
  readonly sessionId?: string;
  /** As the user named it; a name that the client derived from the folder does not count. */
  readonly name?: string;
  /** Undefined when the client does not say. */
  readonly isIdle?: boolean;
  /** Whether it shows a dialog, such as a permission prompt. Undefined when the client does not say. */
  readonly waitsForUser?: boolean;
}

interface ClientSessionOptions {
  /** The file; undefined when it is not known. */
  path(): string | undefined;
  readonly clock: Clock;
  onChange(): void;
}

const lookEveryMs = 2_000;
const maxBytes = 64 * 1024;
const maxChars = 200;
const nothing: ClientSessionInfo = {};

export class ClientSession {
  readonly #options: ClientSessionOptions;
  #info = nothing;
  /** Identifies the file's content, so that it is read only when it has changed. */
  #version = "";
  #cancelLook = () => {};
  #isClosed = false;

  constructor(options: ClientSessionOptions) {
    this.#options = options;
  }

  get info(): ClientSessionInfo {
    return this.#info;
  }

  /** Looks now, and from time to time until `close`. Never rejects. */
  async follow(): Promise<void> {
    await this.look();
    if (this.#isClosed) return;
    this.#cancelLook = this.#options.clock.after(lookEveryMs, () => void this.follow());
  }

  async look(): Promise<void> {
    const path = this.#options.path();
    const found = path === undefined ? undefined : await stat(path).catch(() => undefined);
    const version = found === undefined ? "" : `${found.ino} ${found.mtimeMs} ${found.size}`;
    if (version === this.#version) return;
    this.#version = version;
    const info = path === undefined || found === undefined ? nothing : await readInfo(path);
    const hasChanged = JSON.stringify(info) !== JSON.stringify(this.#info);
    this.#info = info;
    if (hasChanged && !this.#isClosed) this.#options.onChange();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook();
  }
}

/** Empty if the file does not exist or has another format. */
async function readInfo(path: string): Promise<ClientSessionInfo> {
  try {
    const bytes = await readRegular(path);
    if (bytes.length > maxBytes) return nothing;
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (!isObject(value)) return nothing;
    const { sessionId, name, nameSource, status } = value;
    return {
      ...(isShort(sessionId) ? { sessionId } : {}),
      ...(isShort(name) && nameSource !== "derived" ? { name } : {}),
      ...(status === "idle" || status === "busy" || status === "waiting"
        ? { isIdle: status === "idle", waitsForUser: status === "waiting" }
        : {}),
    };
  } catch {
    return nothing; // Removed, or half written: the next look finds it.
  }
}

function isShort(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= maxChars;
}
