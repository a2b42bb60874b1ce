// Shared by chats that receive on one connection: messages are processed one at a time, missed ones are
// fetched chat by chat, and failed answers block nothing.

import type { ButtonPress, People, PressAnswer } from "../contract/chat.ts";
import type { Host } from "../contract/host.ts";
import { ConnectorError } from "../errors.ts";
import { line } from "../text.ts";
import { createIntake } from "./intake.ts";

/**
 * Limits of catching up after a disconnection: this many chats, the most recently used, and this many
 * messages of each.
 */
export const caughtUp = { chats: 200, messages: 1_000, page: 100 };

const cursorKey = "chat/";

export interface ReceiveLoop {
  /** After the waiting ones. The connection is closed when too many wait, and they are fetched again. */
  enqueue(work: () => Promise<void>): void;
  /** Clears the queue; settles when the current message has ended. Then it can start again. */
  renew(): Promise<void>;
  /** The same, permanently. */
  stop(): Promise<void>;
  /** Never rejects: a failure is logged. */
  quietly(work: Promise<unknown>): Promise<void>;
  /** All messages of this chat up to this one were processed. */
  saveCursor(chat: string, message: string): Promise<void>;
  /** `take` is called in turn for each chat in use, with the last message that was processed there. */
  catchUp(take: (chat: string, after: string) => Promise<void>): void;
  /** There were more messages than the limit. */
  missed(chat: string): void;
  press(press: ButtonPress): Promise<PressAnswer>;
}

interface HearingOptions {
  readonly source: string;
  readonly host: Pick<Host, "clock" | "log" | "store">;
  readonly people: Pick<People, "press">;
  /** Closes the connection, so that a new one is opened. */
  endRound(reason: ConnectorError): void;
  /** Describes an error for messages. */
  describe(error: unknown): string;
}

export function createReceiveLoop({ source, host, people, endRound, describe }: HearingOptions): ReceiveLoop {
  const { clock, log, store } = host;
  const newIntake = () =>
    createIntake({
      clock,
      broke: endRound,
      skipped(error) {
        const reason = error instanceof ConnectorError ? error.message : String((error as Error).stack);
        log.error(line`source ${source}: a message was skipped: ${reason}`);
      },
    });
  let intake = newIntake();

  let isFull = false;

  /**
   * Waiting messages are processed, and confirmed, before the connection ends: a flood would otherwise come
   * again as a whole, and for ever.
   */
  function enqueue(work: () => Promise<void>): void {
    if (intake.add(work) || isFull) return;
    isFull = true;
    const full = new ConnectorError("E_CHAT", "too many messages are waiting", { retryable: true });
    const { drained } = intake;
    void drained().then(() => endRound(full));
  }

  return {
    enqueue,
    async renew() {
      await intake.stop();
      intake = newIntake();
      isFull = false;
    },
    stop: () => intake.stop(),
    quietly: (work) =>
      work.then(
        () => undefined,
        (error: unknown) => log.warn(line`source ${source}: ${describe(error)}`),
      ),
    saveCursor: (chat, message) => store.set(`${cursorKey}${chat}`, message),
    catchUp(take) {
      const known = store.entries().filter(([key]) => key.startsWith(cursorKey));
      for (const [key] of known.slice(0, -caughtUp.chats)) void store.set(key, null).catch(() => undefined);
      for (const [key, after] of known.slice(-caughtUp.chats)) {
        const chat = key.slice(cursorKey.length);
        enqueue(() =>
          take(chat, String(after)).catch((error: unknown) => {
            if (!(error instanceof ConnectorError) || error.retryable) throw error;
            // The position stays: the next connection requests it again.
            log.warn(line`source ${source}: missed messages in ${chat} cannot be read: ${error.message}`);
          }),
        );
      }
    },
    missed(chat) {
      log.warn(
        line`source ${source}: more than ${caughtUp.messages} messages were missed in ${chat}; the rest was skipped`,
      );
    },
    press: (press) =>
      people.press(press).catch((error: unknown) => {
        log.warn(
          line`source ${source}: a button press could not be stored: ${String((error as Error).message)}`,
        );
        return { show: "notice", text: "This could not be stored: try again." };
      }),
  };
}
