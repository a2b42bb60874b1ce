// Sent messages come back from the database: as sent, and in a chat with oneself also as received, sometimes
// in the chat of another address of the same user. They are recognised by chat and text. A message from users
// to themselves may be stored once or twice.

import { createHash } from "node:crypto";
import type { Store } from "../../contract/host.ts";
import type { Clock } from "../../contract.ts";

/** A message row of the database. */
export interface StoredMessage {
  readonly guid: string;
  readonly chat: string;
  /** The chat is one with the user's own address. */
  readonly isOwn: boolean;
  readonly isGroup: boolean;
  readonly fromMe: boolean;
  readonly text: string;
}

export interface Echoes {
  /** Must be called before sending; settles when the message is remembered beyond this process. */
  sent(chat: string, isOwn: boolean, text: string): Promise<void>;
  /** True for our own messages: once as sent and once as received. */
  isEcho(stored: StoredMessage): boolean;
  /** True for the second of the two rows of a message to oneself. */
  isTwin(stored: StoredMessage): boolean;
}

/** Only an entry that never comes back could hide a user's message. */
const keptMs = 60_000;
/** The second row of a message to yourself comes when the server returns it, which is late if the Mac was offline. */
const secondRowMs = 60 * 60_000;
const mostKept = 50;
const compared = 120;
const storeKey = "sent";

interface Known {
  readonly chat: string;
  readonly isOwn: boolean;
  readonly key: string;
  untilMs: number;
  /** For the first row of a user's message. */
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
    sentBefore = fresh(sentBefore ?? restored(store, clock.now()));
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
      if (found.isOwn && !found.came.received) found.untilMs = clock.now() + secondRowMs;
      return true;
    },
    isTwin({ guid, chat, fromMe, text }) {
      written = fresh(written);
      // It was not accepted the first time.
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
      const untilMs = clock.now() + secondRowMs;
      written.push({ guid, chat, isOwn: true, key, untilMs, came: { sent: fromMe, received: !fromMe } });
      return false;
    },
  };
}

/** Rows that the previous process did not read may contain messages that it sent. */
function restored(store: Store, nowMs: number): Known[] {
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
        untilMs: nowMs + (isOwn === true ? secondRowMs : keptMs),
        came: { sent: wasSent === true, received: wasReceived === true },
      },
    ];
  });
}

/** Messages changes white space; the text itself need not be stored in the journal again. */
function keyOf(text: string): string {
  const beginning = text.replaceAll(/\s+/g, " ").trim().slice(0, compared);
  return createHash("sha256").update(beginning).digest("base64url").slice(0, 22);
}
