// What we send comes back from the database: as sent, and in a chat with oneself as received, too, sometimes in the chat of another
// address of the same person. It is known by its chat and its text. What a person writes to themselves may be stored once or twice.

import { createHash } from "node:crypto";
import type { Store } from "../../contract/host.ts";
import type { Clock } from "../../contract.ts";

/** A message as it stands in the database. */
export interface Stored {
  readonly guid: string;
  readonly chat: string;
  /** The chat is one with the user's own address. */
  readonly isOwn: boolean;
  readonly isGroup: boolean;
  readonly fromMe: boolean;
  readonly text: string;
}

export interface Echoes {
  /** To be called before it is sent; settles when it is remembered beyond this process. */
  sent(chat: string, isOwn: boolean, text: string): Promise<void>;
  /** True for what we sent: once as sent and once as received. */
  isEcho(stored: Stored): boolean;
  /** True for the second of the two rows of what a person wrote to themselves. */
  isTwin(stored: Stored): boolean;
}

/** Only what never comes back could hide what a person writes. */
const keptMs = 60_000;
const mostKept = 50;
const compared = 120;
const storeKey = "sent";

interface Known {
  readonly chat: string;
  readonly isOwn: boolean;
  readonly key: string;
  untilMs: number;
  /** Of the first row of what a person wrote. */
  readonly guid?: string;
  /** Which of its two rows came: as sent, as received. */
  readonly came: { sent: boolean; received: boolean };
}

export function createEchoes(clock: Pick<Clock, "now">, store: Store): Echoes {
  let sentBefore: Known[] | undefined;
  let written: Known[] = [];

  const fresh = (all: readonly Known[]) =>
    all.filter(({ untilMs }) => untilMs > clock.now()).slice(-mostKept);

  function known(): Known[] {
    sentBefore = fresh(sentBefore ?? restored(store, clock.now() + keptMs));
    return sentBefore;
  }

  return {
    async sent(chat, isOwn, text) {
      const sent = known();
      sent.push({
        chat,
        isOwn,
        key: keyOf(text),
        untilMs: clock.now() + keptMs,
        came: { sent: false, received: false },
      });
      await store.set(
        storeKey,
        fresh(sent).map((one) => [one.chat, one.isOwn, one.key, one.came.sent, one.came.received]),
      );
    },
    isEcho({ chat, isOwn, isGroup, fromMe, text }) {
      if (isGroup) return fromMe;
      const key = keyOf(text);
      const way = fromMe ? "sent" : "received";
      const found = known().find(
        (one) => one.key === key && !one.came[way] && (one.chat === chat || one.isOwn || (isOwn && !fromMe)),
      );
      if (found === undefined) return false;
      found.came[way] = true;
      return true;
    },
    isTwin({ guid, chat, fromMe, text }) {
      written = fresh(written);
      // It was not taken the first time.
      if (written.some((one) => one.guid === guid)) return false;
      const key = keyOf(text);
      const other = fromMe ? "received" : "sent";
      const twin = written.find(
        (one) =>
          one.chat === chat && one.key === key && one.came[other] && !(one.came.sent && one.came.received),
      );
      if (twin !== undefined) {
        twin.came.sent = true;
        twin.came.received = true;
        return true;
      }
      const untilMs = clock.now() + keptMs;
      written.push({ guid, chat, isOwn: true, key, untilMs, came: { sent: fromMe, received: !fromMe } });
      return false;
    },
  };
}

/** What the process before us sent may stand in rows that it did not read any more. */
function restored(store: Store, untilMs: number): Known[] {
  const kept = store.get(storeKey);
  if (!Array.isArray(kept)) return [];
  return kept.flatMap((one) => {
    const [chat, isOwn, key, wasSent, wasReceived] = Array.isArray(one) ? one : [];
    if (typeof chat !== "string" || typeof key !== "string") return [];
    return [
      {
        chat,
        isOwn: isOwn === true,
        key,
        untilMs,
        came: { sent: wasSent === true, received: wasReceived === true },
      },
    ];
  });
}

/** Messages changes white space; what was sent is nobody's to read in the journal once more. */
function keyOf(text: string): string {
  const beginning = text.replaceAll(/\s+/g, " ").trim().slice(0, compared);
  return createHash("sha256").update(beginning).digest("base64url").slice(0, 22);
}
