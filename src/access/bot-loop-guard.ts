// Two bots that answer each other never stop by themselves. Only a limited number of consecutive messages of
// an admitted bot is accepted.

import type { IncomingMessage } from "../contract/chat.ts";
import type { Clock } from "../contract.ts";

export interface BotLoopGuard {
  /** False for a message of a bot beyond the limit. A human's message resets the count. */
  takes(message: IncomingMessage): boolean;
}

const maxInARow = 10;
const forgetAfterMs = 60 * 60 * 1_000;
const maxChats = 1_000;

export function createBotLoopGuard(clock: Pick<Clock, "now">): BotLoopGuard {
  const rows = new Map<string, { count: number; lastMs: number }>();
  return {
    takes({ isBot, chat }) {
      if (!isBot) {
        rows.delete(chat.id);
        return true;
      }
      const nowMs = clock.now();
      const row = rows.get(chat.id);
      const count = row === undefined || nowMs - row.lastMs > forgetAfterMs ? 0 : row.count;
      if (count >= maxInARow) return false;
      rows.delete(chat.id);
      rows.set(chat.id, { count: count + 1, lastMs: nowMs });
      const [oldest] = rows.keys();
      if (rows.size > maxChats && oldest !== undefined) rows.delete(oldest);
      return true;
    },
  };
}
