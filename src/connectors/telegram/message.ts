// Maps one Telegram message, or an album, to the common chat format. Pure: files are described, not fetched.

import type { Message, MessageOrigin, User } from "grammy/types";
import type { ChatData, IncomingMessage } from "../../contract/chat.ts";
import type { Arrival, Json, Sender } from "../../contract.ts";
import { attachmentOf, type TelegramAttachment } from "./attachment.ts";
import { placeholderOf } from "./placeholder.ts";
import { commandOf, isMentioned, readableText } from "./text.ts";

/** The bot itself. */
export type BotIdentity = Pick<User, "id" | "username">;

export interface ReadMessage {
  readonly incoming: IncomingMessage;
  readonly arrival: Arrival & { readonly data: Json };
  readonly attachments: readonly TelegramAttachment[];
  /** To answer in its chat. */
  readonly chatId: number;
  readonly messageId: number;
  readonly threadId: number | undefined;
}

const maxQuote = 200;

/**
 * Undefined without an author: a service message, a post of a channel. An album is given as its messages, in
 * order.
 */
export function readMessage(
  album: readonly Message[],
  self: BotIdentity,
  isEdit = false,
): ReadMessage | undefined {
  const [message] = album;
  if (message === undefined || message.chat.type === "channel") return undefined;
  const attachments = album
    .map(attachmentOf)
    .filter((found) => found !== undefined)
    .map((found, index) => ({ ...found, id: String(index + 1) }));
  const worded = album.find(({ text, caption }) => (text ?? caption) !== undefined) ?? message;
  const written = readableText(worded, self);
  const text = written === "" ? placeholderOf(album) : written;
  const sender = senderOf(message);
  if (text === undefined || sender === undefined) return undefined;

  const { chat } = message;
  const isDirect = chat.type === "private";
  const threadId = message.is_topic_message === true ? message.message_thread_id : undefined;
  const answered = answeredBy(message);
  const command = commandOf(worded, self, isDirect);
  const quote = message.quote?.text ?? (answered === undefined ? undefined : quotable(answered));
  const data: ChatData & { edited?: true; forwarded_from?: string } = {
    text,
    chat_id: String(chat.id),
    message_id: String(message.message_id),
    chat_type: isDirect ? "direct" : "group",
    ...("title" in chat && chat.title !== undefined ? { chat_name: chat.title } : {}),
    ...(threadId === undefined ? {} : { thread_id: String(threadId) }),
    ...(answered === undefined ? {} : { reply_to: String(answered.message_id) }),
    ...(quote === undefined || quote === "" ? {} : { quote: cut(quote) }),
    ...(attachments.length === 0 ? {} : { attachments }),
    ...(isEdit ? { edited: true } : {}),
    ...(message.forward_origin === undefined ? {} : { forwarded_from: originOf(message.forward_origin) }),
  };
  const place = threadId === undefined ? `${chat.id}` : `${chat.id}/${threadId}`;
  const edition = isEdit ? `/${message.edit_date ?? 0}` : "";
  return {
    incoming: {
      sender,
      // An automatic post of a channel and an anonymous administrator are not users.
      isBot: message.sender_chat !== undefined || message.from?.is_bot === true,
      chat: { id: String(chat.id), kind: data.chat_type },
      text,
      isForUs:
        isDirect ||
        answered?.from?.id === self.id ||
        album.some((one) => isMentioned(one, self)) ||
        command !== undefined,
      ...(command === undefined ? {} : { command }),
      ...(isEdit || message.forward_origin !== undefined || message.via_bot !== undefined
        ? { isSecondHand: true as const }
        : {}),
    },
    arrival: {
      data: data as unknown as Json,
      text,
      trust: "sender",
      sender,
      deliveryId: `${chat.id}/${message.message_id}${edition}`,
      conversation: place,
    },
    attachments,
    chatId: chat.id,
    messageId: message.message_id,
    threadId,
  };
}

/** In a message on behalf of a chat `from` is a shared placeholder. */
function senderOf({ from, sender_chat: chat }: Message): Sender | undefined {
  if (chat !== undefined) {
    const name = "title" in chat ? chat.title : undefined;
    return { id: String(chat.id), ...(name === undefined ? {} : { name }) };
  }
  return from === undefined ? undefined : { id: String(from.id), name: nameOf(from) };
}

/**
 * The message that this one replies to. In a topic, a message that replies to nothing refers to the message
 * that opened the topic.
 */
function answeredBy({
  reply_to_message: answered,
  is_topic_message: isTopic,
  message_thread_id: thread,
}: Message) {
  return isTopic === true && answered?.message_id === thread ? undefined : answered;
}

function quotable(message: Pick<Message, "text" | "caption">): string {
  return message.text ?? message.caption ?? placeholderOf([message as Message]) ?? "";
}

function cut(text: string): string {
  return text.length <= maxQuote
    ? text
    : text
        .slice(0, maxQuote - 1)
        .toWellFormed()
        .replace(/\uFFFD$/, "")
        .concat("…");
}

function originOf(origin: MessageOrigin): string {
  switch (origin.type) {
    case "user":
      return nameOf(origin.sender_user);
    case "hidden_user":
      return origin.sender_user_name;
    case "chat":
      return titleOf(origin.sender_chat);
    case "channel":
      return titleOf(origin.chat);
  }
}

function titleOf(chat: { readonly title?: string | undefined; readonly id: number }): string {
  return chat.title ?? String(chat.id);
}

function nameOf({ first_name: first, last_name: last }: Pick<User, "first_name" | "last_name">): string {
  return last === undefined ? first : `${first} ${last}`;
}
