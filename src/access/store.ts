// Who was admitted beside those that the config names: one small file in the state folder, read again whenever it changed,
// replaced as a whole. A file that cannot be understood is set aside, so that nothing in it is lost and nothing counts.

import { rename, stat } from "node:fs/promises";
import type { AccessOptions, GroupAccess } from "../contract/chat.ts";
import type { Clock, Log } from "../contract.ts";
import { DeliveryError } from "../errors.ts";
import { readOwn } from "../regular-file.ts";
import { line, type SafeLine } from "../text.ts";

export type DmPolicy = AccessOptions["dm"];

/** By the name of a source. */
export type AccessState = Readonly<Record<string, SourceAccess>>;

/** What a person added to, or changed of, the `access` of one source. */
export interface SourceAccess {
  /** Of the source. Under another one the same id may be somebody else, so that all this counts for nothing there. */
  readonly type?: string;
  /** In place of the config's. */
  readonly dm?: DmPolicy;
  /** By id. */
  readonly people: Readonly<Record<string, AdmittedPerson>>;
  readonly groups: Readonly<Record<string, GroupAccess>>;
  /** By code. */
  readonly pending: Readonly<Record<string, PendingPerson>>;
  /** Of people who were refused: they are not asked about again. By id, the time. */
  readonly declined: Readonly<Record<string, number>>;
  /** The chat with each person alone, as far as it was seen. By id. */
  readonly chats: Readonly<Record<string, string>>;
}

export interface AdmittedPerson {
  readonly name?: string;
  readonly sinceMs: number;
}

/** Somebody who has been given a code. */
export interface PendingPerson {
  readonly id: string;
  readonly name?: string;
  readonly chatId: string;
  readonly createdMs: number;
  readonly untilMs: number;
  /** How often they were told the code. */
  readonly replies: number;
}

export interface AccessStore {
  /** Never rejects: a file that cannot be read admits nobody. */
  read(): Promise<AccessState>;
  /**
   * Changes come one after the other. Settles when written; rejects with a DeliveryError (E_ACCESS_STATE, retryable) when that
   * cannot be, or with what `change` throws: then nothing changed.
   */
  update<T>(change: (state: AccessState) => { readonly state: AccessState; readonly result: T }): Promise<T>;
  /** What became of a file that could not be understood; undefined when there was none. */
  damage(): SafeLine | undefined;
}

export interface StoreOptions {
  readonly file: string;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** Replaces the file in one step, private to this user. */
  write(file: string, text: string): Promise<void>;
}

export const emptyAccess: SourceAccess = { people: {}, groups: {}, pending: {}, declined: {}, chats: {} };

export function openAccessStore({ file, clock, log, write }: StoreOptions): AccessStore {
  let known: { readonly print: string; readonly state: AccessState } = { print: "none", state: {} };
  let damage: SafeLine | undefined;
  /** Why it cannot be read now; what cannot be understood is set aside, and stays told. */
  let unreadable: SafeLine | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** Rejects when it is not known what the file says: then nothing may be written over it. */
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
      () => false, // It stays, and goes on counting for nothing.
    );
    tell(
      line`${file} could not be understood (${reason}), so nobody counts as paired${moved ? `; it was set aside as ${aside}` : ""}`,
    );
  }

  function tell(said: SafeLine): void {
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

/** Differs when the file was replaced or edited; `none` where there is none. Rejects for a file that others may have written. */
async function fingerprint(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs, mode, uid } = await stat(file);
    if (process.getuid !== undefined && ((mode & 0o022) !== 0 || uid !== process.getuid()))
      throw new Error("others may write it; chmod 600 it once you have looked at what is in it");
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
  if (version !== 1) throw new Error("it is not of version 1");
  return mapValues(asObject(sources, "sources"), readSource);
}

function readSource(value: unknown): SourceAccess {
  const { type, dm, people, groups, pending, declined, chats } = asObject(value, "a source");
  if (dm !== undefined && dm !== "pairing" && dm !== "allowlist" && dm !== "disabled")
    throw new Error("dm is none that is known");
  return {
    ...(type === undefined ? {} : { type: asText(type) }),
    ...(dm === undefined ? {} : { dm }),
    people: mapValues(asObject(people, "people"), (one) => {
      const { name, sinceMs } = asObject(one, "a person");
      return { sinceMs: asNumber(sinceMs), ...nameOf(name) };
    }),
    groups: mapValues(asObject(groups, "groups"), (one) => {
      const { mention, allow } = asObject(one, "a group");
      if (typeof mention !== "boolean" || !Array.isArray(allow)) throw new Error("a group is broken");
      return { mention, allow: allow.map(asText) };
    }),
    pending: mapValues(asObject(pending, "pending"), (one) => {
      const { id, name, chatId, createdMs, untilMs, replies } = asObject(one, "a pending person");
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
  throw new Error(`${what} is no object`);
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
