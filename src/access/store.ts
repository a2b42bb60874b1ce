// Users who were admitted in addition to the config: one small file in the state folder, read again when it
// changed, replaced as a whole. An invalid file is moved aside, so that nothing in it is lost and none of it
// applies.

import { rename, stat } from "node:fs/promises";
import type { AccessOptions, GroupAccess } from "../contract/chat.ts";
import type { Clock, Log } from "../contract.ts";
import { DeliveryError } from "../errors.ts";
import { readOwn } from "../regular-file.ts";
import { line, type SafeLine } from "../text.ts";

export type DmPolicy = AccessOptions["dm"];

/** By the name of a source. */
export type AccessState = Readonly<Record<string, SourceAccess>>;

/** The user's additions and changes to the `access` of one source. */
export interface SourceAccess {
  /** Of the source. For another type the same id may be another user, so that none of this applies there. */
  readonly type?: string;
  /** Overrides the config. */
  readonly dm?: DmPolicy;
  /** By id. */
  readonly people: Readonly<Record<string, AdmittedPerson>>;
  readonly groups: Readonly<Record<string, GroupAccess>>;
  /** By code. */
  readonly pending: Readonly<Record<string, PendingPerson>>;
  /** Rejected users: they are not asked about again. By id, the time. */
  readonly declined: Readonly<Record<string, number>>;
  /** The private chat with each user, as far as known. By id. */
  readonly chats: Readonly<Record<string, string>>;
}

export interface AdmittedPerson {
  readonly name?: string;
  readonly sinceMs: number;
}

/** A user who got a pairing code. */
export interface PendingPerson {
  readonly id: string;
  readonly name?: string;
  readonly chatId: string;
  readonly createdMs: number;
  readonly untilMs: number;
  /** How often the code was sent. */
  readonly replies: number;
}

export interface AccessStore {
  /** Never rejects: an unreadable file admits nobody. */
  read(): Promise<AccessState>;
  /**
   * Changes are serialised. Settles when written; rejects with a DeliveryError (E_ACCESS_STATE, retryable)
   * when that fails, or with the error of `change`: then nothing changed.
   */
  update<T>(change: (state: AccessState) => { readonly state: AccessState; readonly result: T }): Promise<T>;
  /** What happened to an invalid file; undefined without one. */
  damage(): SafeLine | undefined;
}

export interface StoreOptions {
  readonly file: string;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** Replaces the file atomically, private to this user. */
  write(file: string, text: string): Promise<void>;
}

export const emptyAccess: SourceAccess = { people: {}, groups: {}, pending: {}, declined: {}, chats: {} };

export function openAccessStore({ file, clock, log, write }: StoreOptions): AccessStore {
  let known: { readonly print: string; readonly state: AccessState } = { print: "none", state: {} };
  let damage: SafeLine | undefined;
  /** Why it cannot be read now; an invalid file is moved aside, and stays reported. */
  let unreadable: SafeLine | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** Rejects when the content is unknown: then nothing may be written over it. */
  async function readNow(): Promise<AccessState> {
    const print = await fingerprint(file);
    if (print === known.print) return known.state;
    const text = print === "none" ? "" : (await readOwn(file, 0o022)).toString("utf8");
    try {
      known = { print, state: text === "" ? {} : readState(JSON.parse(text)) };
    } catch (error) {
      // Not damaged: it stays as it is, and nothing is written over it.
      if (error instanceof NewerVersion) throw error;
      await setAside((error as Error).message);
      known = { print: await fingerprint(file), state: {} };
    }
    return known.state;
  }

  async function read(): Promise<AccessState> {
    try {
      const state = await readNow();
      unreadable = undefined;
      return state;
    } catch (error) {
      const said = line`${file} cannot be read, so nobody counts as paired: ${(error as Error).message}`;
      if (said !== unreadable) log.error(said);
      unreadable = said;
      return {};
    }
  }

  async function setAside(reason: string): Promise<void> {
    const aside = `${file}.corrupt-${clock.now()}`;
    const moved = await rename(file, aside).then(
      () => true,
      () => false, // It stays, and still does not apply.
    );
    warnOnce(
      line`${file} is invalid (${reason}), so nobody counts as paired${moved ? `; it was moved aside to ${aside}` : ""}`,
    );
  }

  function warnOnce(said: SafeLine): void {
    if (said !== damage) log.error(said);
    damage = said;
  }

  return {
    read,
    damage: () => unreadable ?? damage,
    update(change) {
      const done = turn.then(async () => {
        const before = await readNow().catch((error: Error) => {
          throw notWritten(`${file} cannot be read: ${error.message}`, error);
        });
        const { state, result } = change(before);
        if (state === before) return result;
        try {
          await write(file, `${JSON.stringify({ version: 1, sources: state }, null, 2)}\n`);
        } catch (error) {
          throw notWritten(`${file} cannot be written: ${(error as Error).message}`, error);
        }
        known = { print: await fingerprint(file), state };
        return result;
      });
      turn = done.catch(() => undefined);
      return done;
    },
  };
}

function notWritten(message: string, cause: unknown): DeliveryError {
  return new DeliveryError("E_ACCESS_STATE", message, { cause });
}

/**
 * Changes when the file was replaced or edited; `none` without a file. Rejects for a file that others can
 * write.
 */
async function fingerprint(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs, mode, uid } = await stat(file);
    if (process.getuid !== undefined && ((mode & 0o022) !== 0 || uid !== process.getuid()))
      throw new Error("others may write it; chmod 600 it after checking its contents");
    return [ino, size, mtimeMs, ctimeMs].join();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "none";
    throw error;
  }
}

class NewerVersion extends Error {}

type Loose = Readonly<Record<string, unknown>>;

/** Throws an Error for anything that this version does not write. */
function readState(content: unknown): AccessState {
  const { version, sources } = asObject(content, "it");
  if (typeof version === "number" && version > 1)
    throw new NewerVersion(`a newer channel-router wrote it (version ${version}); run that one`);
  if (version !== 1) throw new Error("it does not have version 1");
  return mapValues(asObject(sources, "sources"), readSource);
}

function readSource(value: unknown): SourceAccess {
  const { type, dm, people, groups, pending, declined, chats } = asObject(value, "a source");
  if (dm !== undefined && dm !== "pairing" && dm !== "allowlist" && dm !== "disabled")
    throw new Error("dm has an unknown value");
  return {
    ...(type === undefined ? {} : { type: asText(type) }),
    ...(dm === undefined ? {} : { dm }),
    people: mapValues(asObject(people, "people"), (one) => {
      const { name, sinceMs } = asObject(one, "a user");
      return { sinceMs: asNumber(sinceMs), ...nameOf(name) };
    }),
    groups: mapValues(asObject(groups, "groups"), (one) => {
      const { mention, allow } = asObject(one, "a group");
      if (typeof mention !== "boolean" || !Array.isArray(allow)) throw new Error("a group is broken");
      return { mention, allow: allow.map(asText) };
    }),
    pending: mapValues(asObject(pending, "pending"), (one) => {
      const { id, name, chatId, createdMs, untilMs, replies } = asObject(one, "a pending user");
      return {
        id: asText(id),
        ...nameOf(name),
        chatId: asText(chatId),
        createdMs: asNumber(createdMs),
        untilMs: asNumber(untilMs),
        replies: asNumber(replies),
      };
    }),
    declined: mapValues(asObject(declined, "declined"), asNumber),
    chats: mapValues(asObject(chats, "chats"), asText),
  };
}

function nameOf(name: unknown): { readonly name?: string } {
  return name === undefined ? {} : { name: asText(name) };
}

function asObject(value: unknown, what: string): Loose {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Loose;
  throw new Error(`${what} is not an object`);
}

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error("a text is missing");
}

function asNumber(value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Error("a number is missing");
}

/** Without a prototype: an id may be any text. */
function mapValues<T>(object: Loose, read: (value: unknown) => T): Readonly<Record<string, T>> {
  const mapped: Record<string, T> = Object.create(null);
  for (const [key, value] of Object.entries(object)) mapped[key] = read(value);
  return mapped;
}
