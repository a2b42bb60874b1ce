// Long-polls Telegram for updates. Accepted updates are confirmed by the offset of the next request; the
// offset is stored, so that a killed process requests the unconfirmed ones again.

import type { Update } from "grammy/types";
import type { Host, Round } from "../../contract/host.ts";
import { ConnectorError } from "../../errors.ts";
import { line } from "../../text.ts";
import { pause } from "../../waiting.ts";
import { type TelegramApi, TelegramRefusal } from "./api.ts";
import type { Intake } from "./intake.ts";
import type { BotIdentity } from "./message.ts";

/** How long Telegram keeps the request open. */
export const pollSeconds = 50;
export const updateKinds = ["message", "edited_message", "callback_query", "my_chat_member"] as const;

/**
 * Updates are dropped after a day at the latest, and after a week without messages the ids start at a random
 * number (Update.update_id): an offset this old could only hide new ones.
 */
const offsetForgottenMs = 3 * 24 * 60 * 60 * 1_000;
/** The minimum interval for a server that returns empty answers immediately. */
const idleMs = 1_000;
const longestStaleMs = 60_000;
const staleBeforeWarning = 5;
/** The pictures of an album arrive within a moment of each other. */
const albumMs = 700;

interface Polling {
  readonly api: TelegramApi;
  readonly intake: Intake;
  readonly host: Pick<Host, "store" | "clock" | "log">;
  readonly name: string;
}

/**
 * One connection: runs until the signal fires; rejects when Telegram does not answer, or a message was
 * rejected.
 */
export function createPolling({ api, intake, host, name }: Polling) {
  const { store, clock } = host;

  function offset(): number | undefined {
    const kept = store.get("offset") as { next: number; atMs: number } | undefined;
    return kept !== undefined && clock.now() - kept.atMs < offsetForgottenMs ? kept.next : undefined;
  }

  async function next(signal: AbortSignal, seconds: number): Promise<Update[]> {
    const from = offset();
    const updates: unknown = await api.raw.getUpdates(
      { timeout: seconds, allowed_updates: updateKinds, ...(from === undefined ? {} : { offset: from }) },
      signal as never,
    );
    if (areUpdates(updates)) return [...updates].sort((one, other) => one.update_id - other.update_id);
    throw new ConnectorError("E_CHAT", "api_root did not return a list of updates", { retryable: true });
  }

  /** Updates before the requested offset are not new. */
  function areNew(updates: readonly Update[]): boolean {
    const from = offset();
    return updates.length === 0 || from === undefined || updates.some((one) => one.update_id >= from);
  }

  /** Telegram rejects polling while a webhook is set. Settles with whether one was removed. */
  async function endWebhook(): Promise<boolean> {
    const { url } = await api.raw.getWebhookInfo();
    if (url === undefined || url === "") return false;
    await api.raw.deleteWebhook({ drop_pending_updates: false });
    host.log.warn(
      line`source ${name}: removed the bot's webhook at ${hostOf(url)}; its messages are received here now`,
    );
    return true;
  }

  /**
   * An answered update is final immediately: repeated, a verdict would become a message. An event is
   * recognised by its delivery id, and an ignored update would be ignored again: of these the last one is
   * enough.
   */
  async function takeAll(updates: readonly Update[], self: BotIdentity): Promise<void> {
    const from = offset() ?? 0;
    // Never backwards: earlier updates were handled already.
    const keep = (id: number) => store.set("offset", { next: Math.max(id + 1, from), atMs: clock.now() });
    let isKept = true;
    let last = 0;
    try {
      await intake.take(updates, self, async (id, mayComeAgain) => {
        last = id;
        isKept = !mayComeAgain;
        if (isKept) await keep(id);
      });
    } finally {
      if (!isKept) await keep(last);
    }
  }

  return async (self: BotIdentity, signal: AbortSignal, round: Round): Promise<void> => {
    let hadWebhook = false;
    let staleAnswers = 0;
    while (!signal.aborted) {
      const askedMs = clock.now();
      let updates: Update[];
      try {
        updates = await next(signal, pollSeconds);
        if (updates.at(-1)?.message?.media_group_id !== undefined) {
          await pause(clock, albumMs, signal);
          updates = await next(signal, 0);
        }
      } catch (error) {
        if (signal.aborted) return;
        const isTaken = error instanceof TelegramRefusal && error.status === 409;
        if (!isTaken || hadWebhook) throw error;
        hadWebhook = await endWebhook();
        if (hadWebhook) continue;
        throw error;
      }
      round.works();
      // The same updates again: a server that ignores the offset would be polled in a busy loop.
      staleAnswers = areNew(updates) ? 0 : staleAnswers + 1;
      if (staleAnswers > 0) {
        const pauseMs = Math.min(idleMs * 2 ** (staleAnswers - 1), longestStaleMs);
        if (staleAnswers === staleBeforeWarning)
          host.log.warn(
            line`source ${name}: api_root returns the same updates again and again; next request in ${pauseMs / 1_000} s`,
          );
        await pause(clock, pauseMs, signal);
        continue;
      }
      if (updates.length === 0 && clock.now() - askedMs < idleMs) await pause(clock, idleMs, signal);
      await takeAll(updates, self);
    }
  };
}

function areUpdates(value: unknown): value is Update[] {
  return (
    Array.isArray(value) &&
    value.every(
      (one: unknown) =>
        typeof one === "object" && one !== null && Number.isSafeInteger((one as Update).update_id),
    )
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "another address";
}
