// The chat features of Telegram: quote, react, edit, fetch, show typing, prompt for a permission.

import { checkId } from "../../chat/ids.ts";
import { telegramHtml } from "../../chat/markup.ts";
import { demandText, splitMessage } from "../../chat/split-message.ts";
import type { AnsweredEvent, Chat, ChatAttachment, ChatData, IdForm, Message } from "../../contract/chat.ts";
import type { Host } from "../../contract/host.ts";
import { ConnectorError } from "../../errors.ts";
import type { TelegramApi } from "./api.ts";
import { nameToSave, type TelegramAttachment } from "./attachment.ts";
import type { TelegramOptions } from "./options.ts";
import { askPermission, continuePermission, expirePermission } from "./permission.ts";
import { allowedReactions, reactionFor } from "./reactions.ts";
import { retryOn429 } from "./retry-on-429.ts";
import { createSend, isRefused, longestText, noPreview, withPlainFallback } from "./send.ts";

/** Ids of messages and topics: all of them are exact as JavaScript numbers. */
export const numberForm: IdForm = { pattern: "^[1-9]\\d{0,14}$", example: "9002" };

/** The Bot API serves no larger files (getFile). */
const maxDownloadBytes = 20 * 1024 * 1024;

export type TelegramChat = Required<Omit<Chat, "history">> & {
  answer(event: AnsweredEvent, message: Message): Promise<string>;
};

export function createChat(
  api: TelegramApi,
  options: Pick<TelegramOptions, "token" | "apiRoot" | "partLength" | "quote">,
  { clock, http, people }: Pick<Host, "clock" | "http" | "people">,
): TelegramChat {
  const { raw } = api;
  const send = createSend(api, {
    clock,
    partLength: options.partLength,
    quote: options.quote === "all" ? "all" : "first",
  });
  const fileRoot = `${options.apiRoot.replace(/\/+$/, "")}/file/bot${options.token}`;

  return {
    async answer(event, { replyTo, ...message }) {
      const { chat_id: chatId, thread_id: threadId, message_id: messageId } = chatOf(event);
      if (replyTo !== undefined) checkId("reply_to", replyTo, numberForm);
      const quoted = replyTo ?? (options.quote === "none" ? undefined : messageId);
      return send({ chatId, threadId, replyTo: quoted }, message);
    },

    async react(event, emoji, messageId) {
      const { chat_id: chatId, message_id: own } = chatOf(event);
      const reaction = reactionFor(emoji);
      if (reaction === undefined) {
        throw new ConnectorError("E_TOOL_INPUT", `Telegram has no reaction ${emoji}`, {
          hint: `it has: ${allowedReactions.join(" ")}`,
        });
      }
      await retryOn429(clock, () =>
        raw.setMessageReaction({
          chat_id: chatId,
          message_id: idOf(messageId ?? own),
          reaction: [{ type: "emoji", emoji: reaction as "👍" }],
        }),
      );
      return reaction === reactionFor(reaction) && reaction === emoji.trim().replace("\uFE0F", "")
        ? `reacted with ${reaction}`
        : `reacted with ${reaction}, the nearest match for ${emoji}`;
    },

    async edit(event, messageId, text) {
      const { chat_id: chatId } = chatOf(event);
      const parts = splitMessage(text, telegramHtml, {
        max: longestText,
        unit: "characters",
        counts: "text",
      });
      demandText(parts);
      const [part] = parts;
      if (part === undefined || parts.length > 1) {
        throw new ConnectorError(
          "E_TOOL_INPUT",
          `the text is longer than the ${longestText} characters of one message`,
          {
            hint: "shorten it, or send the rest with reply",
          },
        );
      }
      try {
        await retryOn429(clock, () =>
          withPlainFallback(part, (written) =>
            raw.editMessageText({ chat_id: chatId, message_id: idOf(messageId), ...written, ...noPreview }),
          ),
        );
      } catch (error) {
        if (!isRefused(error, /not modified/i)) throw error;
      }
      return `edited (id: ${messageId})`;
    },

    async download(event, attachment) {
      const { file_id: fileId } = ownAttachment(event, attachment);
      const file = await retryOn429(clock, () => raw.getFile({ file_id: fileId })).catch((error: unknown) => {
        throw isRefused(error, /too big/i)
          ? new ConnectorError(
              "E_FILE",
              "bots can download files of up to 20 MB from Telegram, and this one is larger",
            )
          : error;
      });
      const path = file.file_path ?? "";
      refusePathOnDisk(path);
      const answer = await http.request({
        url: `${fileRoot}/${path.split("/").map(encodeURIComponent).join("/")}`,
        signal: AbortSignal.timeout(300_000),
      });
      const failure = answer.failure();
      if (failure !== undefined) {
        answer.discard();
        throw failure;
      }
      return people.save(nameToSave(attachment, path), answer.body(), maxDownloadBytes);
    },

    async send(to, message) {
      if ("chatId" in to && to.threadId !== undefined) checkId("thread_id", to.threadId, numberForm);
      // A private chat has the id of its user.
      const target = "person" in to ? { chatId: to.person } : { chatId: to.chatId, threadId: to.threadId };
      return send({ ...target, replyTo: message.replyTo }, message);
    },

    async typing(event) {
      const { chat_id: chatId, thread_id: threadId } = chatOf(event);
      await raw.sendChatAction({
        chat_id: chatId,
        action: "typing",
        ...(threadId === undefined ? {} : { message_thread_id: Number(threadId) }),
      });
    },

    askPermission: (person, prompt) => retryOn429(clock, () => askPermission(raw, person, prompt)),
    continuePermission: (asked, page) => retryOn429(clock, () => continuePermission(raw, asked, page)),
    expirePermission: (asked, text) => retryOn429(clock, () => expirePermission(raw, asked, text)),
  };
}

function chatOf({ data }: Pick<AnsweredEvent, "data">): ChatData {
  return data as unknown as ChatData;
}

function idOf(messageId: string): number {
  checkId("message_id", messageId, numberForm);
  return Number(messageId);
}

function refusePathOnDisk(path: string): void {
  const isRelative = !path.startsWith("/");
  if (isRelative && path.split("/").every((part) => part !== "" && part !== ".." && part !== ".")) return;
  throw new ConnectorError("E_FILE", "the server at api_root returns paths on its own disk", {
    hint: "start it without --local",
  });
}

function ownAttachment(event: AnsweredEvent, { id }: ChatAttachment): TelegramAttachment {
  const found = (chatOf(event).attachments ?? []).find((one) => one.id === id) as
    | TelegramAttachment
    | undefined;
  if (found !== undefined) return found;
  throw new ConnectorError("E_FILE", `the message of this event has no attachment ${id}`);
}
