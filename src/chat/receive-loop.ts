// What chats share that are heard on one connection: messages are taken in turn, what was missed is asked for chat by chat, and what
// does not reach a person holds up nobody.

import type { ButtonPress, People, PressAnswer } from "../contract/chat.ts";
import type { Host } from "../contract/host.ts";
import { ConnectorError } from "../errors.ts";
import { line } from "../text.ts";
import { createIntake } from "./intake.ts";

/** What is asked for after a time away: so many chats, the latest used, and of each so many messages. */
export const caughtUp = { chats: 200, messages: 1_000, page: 100 };

const placeKey = "chat/";

export interface ReceiveLoop {
  /** Behind what waits. The connection ends when too much does, and what waits is taken again. */
  enqueue(work: () => Promise<void>): void;
  /** Forgets what waits; settles when what is under way has ended. Then it begins anew. */
  renew(): Promise<void>;
  /** The same, for good. */
  stop(): Promise<void>;
  /** Never rejects: a failure is told. */
  quietly(work: Promise<unknown>): Promise<void>;
  /** All of this chat was taken, up to this message. */
  keepPlace(chat: string, message: string): Promise<void>;
  /** `take` is called in turn for each chat in use, with the last message that was taken there. */
  catchUp(take: (chat: string, after: string) => Promise<void>): void;
  /** There was more than is asked for. */
  missed(chat: string): void;
  press(press: ButtonPress): Promise<PressAnswer>;
}

interface HearingOptions {
  readonly source: string;
  readonly host: Pick<Host, "clock" | "log" | "store">;
  readonly people: Pick<People, "press">;
  /** Ends the connection, so that a new one is made. */
  endRound(reason: ConnectorError): void;
  /** In words for a person. */
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
        log.error(line`source ${source}: a message was left out: ${reason}`);
      },
    });
  let intake = newIntake();

  let isFull = false;

  /** What waits is taken, and confirmed, before the connection ends: a flood would otherwise come again as a whole, and for ever. */
  function enqueue(work: () => Promise<void>): void {
    if (intake.add(work) || isFull) return;
    isFull = true;
    const full = new ConnectorError("E_CHAT", "more messages wait than are taken", { retryable: true });
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
    keepPlace: (chat, message) => store.set(`${placeKey}${chat}`, message),
    catchUp(take) {
      const known = store.entries().filter(([key]) => key.startsWith(placeKey));
      for (const [key] of known.slice(0, -caughtUp.chats)) void store.set(key, null).catch(() => undefined);
      for (const [key, after] of known.slice(-caughtUp.chats)) {
        const chat = key.slice(placeKey.length);
        enqueue(() =>
          take(chat, String(after)).catch((error: unknown) => {
            if (!(error instanceof ConnectorError) || error.retryable) throw error;
            // The place stays: with the next connection it is asked for again.
            log.warn(line`source ${source}: what came in ${chat} meanwhile cannot be read: ${error.message}`);
          }),
        );
      }
    },
    missed(chat) {
      log.warn(
        line`source ${source}: more than ${caughtUp.messages} messages came in ${chat} meanwhile; the rest was left out`,
      );
    },
    press: (press) =>
      people.press(press).catch((error: unknown) => {
        log.warn(line`source ${source}: a press could not be kept: ${String((error as Error).message)}`);
        return { show: "notice", text: "This cannot be kept now: try again." };
      }),
  };
}
