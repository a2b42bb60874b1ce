// Sends an answer: its text in parts of HTML, each as plain text where Telegram rejects the markup, and its
// files after it.

import type { RawApi } from "grammy";
import { telegramHtml } from "../../chat/markup.ts";
import { demandText, type Part, splitMessage } from "../../chat/split-message.ts";
import type { Message, OutgoingFile } from "../../contract/chat.ts";
import type { Clock } from "../../contract.ts";
import { ConnectorError, isRouterError } from "../../errors.ts";
import { type TelegramApi, TelegramRefusal } from "./api.ts";
import { createQueueByKey, retryOn429 } from "./retry-on-429.ts";

/** Telegram counts the text without its markup. */
export const longestText = 4096;
/** The limit of `sendPhoto`; a larger picture is sent as a file. */
const maxPhotoBytes = 10_000_000;

export interface Target {
  /** A number; a name such as `@channel` is accepted as well. */
  readonly chatId: string;
  readonly threadId?: string | undefined;
  /** The message to quote. It may have been deleted. */
  readonly replyTo?: string | undefined;
}

export interface SendOptions {
  readonly clock: Clock;
  readonly partLength: number;
  /** Which parts quote. */
  readonly quote: "first" | "all";
}

export type Send = (target: Target, message: Pick<Message, "text" | "files">) => Promise<string>;

/** Settles with a line for Claude. Rejects with a ConnectorError that says how much was sent. */
export function createSend(api: TelegramApi, { clock, partLength, quote }: SendOptions): Send {
  const inTurn = createQueueByKey();

  return ({ chatId, threadId, replyTo }, { text, files = [] }) =>
    inTurn(`${chatId}/${threadId ?? ""}`, async () => {
      const parts =
        text.trim() === ""
          ? []
          : splitMessage(text, telegramHtml, { max: partLength, unit: "characters", counts: "text" });
      if (files.length === 0) demandText(parts);
      const all = parts.length + files.length;
      const ids: number[] = [];
      const target = (): ApiTarget => ({
        chat_id: chatId,
        ...(threadId === undefined ? {} : { message_thread_id: Number(threadId) }),
        ...(replyTo === undefined || (quote === "first" && ids.length > 0)
          ? {}
          : { reply_parameters: { message_id: Number(replyTo), allow_sending_without_reply: true } }),
      });
      try {
        for (const part of parts) ids.push(await retryOn429(clock, () => sendText(api.raw, target(), part)));
        for (const file of files) ids.push(await retryOn429(clock, () => sendFile(api, target(), file)));
      } catch (error) {
        throw ids.length === 0 ? error : halfSent(ids, all, error);
      }
      return ids.length === 1 ? `sent (id: ${ids[0]})` : `sent ${ids.length} parts (ids: ${ids.join(", ")})`;
    });
}

interface ApiTarget {
  readonly chat_id: string;
  readonly message_thread_id?: number;
  readonly reply_parameters?: { readonly message_id: number; readonly allow_sending_without_reply: true };
}

/**
 * Telegram would fetch the first URL of a text at once for a preview: injected content would leak to the
 * server of the URL before anybody has read it.
 */
export const noPreview = { link_preview_options: { is_disabled: true } };

async function sendText(raw: RawApi, target: ApiTarget, part: Part): Promise<number> {
  const { message_id: id } = await withPlainFallback(part, (text) =>
    raw.sendMessage({ ...target, ...text, ...noPreview }),
  );
  return id;
}

/** Tries the markup, then plain text when Telegram cannot parse it. */
export async function withPlainFallback<T>(
  { markup, plain }: Part,
  send: (text: { text: string; parse_mode?: "HTML" }) => Promise<T>,
): Promise<T> {
  try {
    return await send({ text: markup, parse_mode: "HTML" });
  } catch (error) {
    if (!isRefused(error, /can't parse|entit|unsupported start tag/i)) throw error;
    return send({ text: plain });
  }
}

async function sendFile(api: TelegramApi, target: ApiTarget, file: OutgoingFile): Promise<number> {
  if (/\.(jpe?g|png|webp)$/i.test(file.name) && file.bytes <= maxPhotoBytes) {
    try {
      const sent = await api.raw.sendPhoto({ ...target, photo: api.file(file) });
      return sent.message_id;
    } catch (error) {
      // Extreme dimensions, or not a picture whatever its name says.
      if (!isRefused(error, /photo|image/i)) throw error;
    }
  }
  const sent = await api.raw.sendDocument({ ...target, document: api.file(file) });
  return sent.message_id;
}

export function isRefused(error: unknown, description: RegExp): boolean {
  return error instanceof TelegramRefusal && error.status === 400 && description.test(error.description);
}

function halfSent(ids: readonly number[], all: number, error: unknown): unknown {
  if (!isRouterError(error)) return error;
  return new ConnectorError(
    error.code,
    `only ${ids.length} of ${all} parts were sent (ids: ${ids.join(", ")}), then: ${error.message}`,
    { hint: error.hint ?? "send only the rest", cause: error },
  );
}
