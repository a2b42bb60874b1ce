// The position in the mailbox: the next UID. UIDs increase, and are valid as long as UIDVALIDITY does not change (RFC 9051,
// section 2.3.1.1). If it changes, or UIDs restart, reading continues with the messages received since the last one.

import type { Store } from "../../contract/host.ts";
import { isObject } from "../../json.ts";
import type { MailboxState, MailConnection } from "./connection.ts";
import type { FetchedMessage } from "./library.ts";
import type { ReceivedMessage } from "./message.ts";

const key = "mailbox";
const dayMs = 24 * 60 * 60 * 1_000;
/** Servers compare days in their own time zone. */
const searchSlackMs = 2 * dayMs;
/** A message whose own date is older was already read, and was restored from a backup. */
const staleMs = 7 * dayMs;

type Position = {
  readonly validity: string;
  readonly nextUid: number;
  /** When the server received the latest message that was read. */
  readonly receivedMs: number;
  /** After the UIDs changed: messages below this UID are new only if the server received them since `receivedMs`. */
  readonly checkedUid?: number;
};

export class MailCursor {
  readonly #store: Store;
  #position: Position | undefined;

  constructor(store: Store) {
    this.#store = store;
    this.#position = storedPosition(store);
  }

  /**
   * Finds the position in the opened mailbox. Resolves to true if its UIDs have changed. `backfill`: how many of the existing messages
   * count as new at the first start.
   */
  async place(
    state: MailboxState,
    connection: Pick<MailConnection, "newest">,
    backfill: number,
  ): Promise<boolean> {
    const known = this.#position;
    const isSame =
      known?.validity === state.validity && (state.nextUid === undefined || known.nextUid <= state.nextUid);
    if (isSame) return false;
    const newest = await connection.newest(Math.max(1, backfill), state.count);
    const nextUid = state.nextUid ?? lastUid(newest) + 1;
    if (known === undefined) {
      const first = backfill > 0 ? (newest[0]?.uid ?? nextUid) : nextUid;
      await this.#save({ validity: state.validity, nextUid: first, receivedMs: lastReceived(newest) });
      return false;
    }
    const { receivedMs } = known;
    await this.#save({ validity: state.validity, nextUid: 1, receivedMs, checkedUid: nextUid });
    return true;
  }

  /** The next UID, and the day from which messages are new. */
  next(): { readonly uid: number; readonly since?: Date } {
    const { nextUid, checkedUid = 0, receivedMs } = this.#placed();
    if (nextUid >= checkedUid || receivedMs === 0) return { uid: nextUid };
    return { uid: nextUid, since: new Date(receivedMs - searchSlackMs) };
  }

  /** `writtenMs`: its own date, if it has one. */
  isNew(
    { uid, receivedMs }: Pick<ReceivedMessage, "uid" | "receivedMs">,
    writtenMs: number | undefined,
  ): boolean {
    const { checkedUid = 0, receivedMs: sinceMs } = this.#placed();
    if (uid >= checkedUid || receivedMs === undefined) return true;
    return receivedMs >= sinceMs && (writtenMs === undefined || writtenMs >= sinceMs - staleMs);
  }

  /** Records that all messages up to this UID were read. Resolves when that is durable. */
  async passed(uid: number, receivedMs: readonly (number | undefined)[]): Promise<void> {
    const position = this.#placed();
    const { validity, checkedUid = 0 } = position;
    const isChecking = uid + 1 < checkedUid;
    await this.#save({
      validity,
      nextUid: uid + 1,
      // Not changed while messages are still compared with it.
      receivedMs: isChecking
        ? position.receivedMs
        : Math.max(position.receivedMs, ...receivedMs.map((ms) => ms ?? 0)),
      ...(isChecking ? { checkedUid } : {}),
    });
  }

  #placed(): Position {
    if (this.#position === undefined) throw new Error("the mailbox was not opened");
    return this.#position;
  }

  async #save(position: Position): Promise<void> {
    await this.#store.set(key, position);
    this.#position = position;
  }
}

function storedPosition(store: Store): Position | undefined {
  const stored = store.get(key);
  if (!isObject(stored)) return undefined;
  const { validity, nextUid, receivedMs, checkedUid } = stored;
  if (typeof validity !== "string" || typeof nextUid !== "number" || typeof receivedMs !== "number")
    return undefined;
  return { validity, nextUid, receivedMs, ...(typeof checkedUid === "number" ? { checkedUid } : {}) };
}

function lastUid(messages: readonly FetchedMessage[]): number {
  return Math.max(0, ...messages.map(({ uid = 0 }) => uid));
}

function lastReceived(messages: readonly FetchedMessage[]): number {
  return Math.max(
    0,
    ...messages.map(({ internalDate }) => (internalDate instanceof Date ? internalDate.getTime() : 0)),
  );
}
