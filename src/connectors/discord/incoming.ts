// Maps Discord messages to incoming messages and events. Pure.

import type { APIAttachment, APIMessage, APIUser } from "@discordjs/core";
import { safeFileName } from "../../chat/file-name.ts";
import type { ChatAttachment, ChatData, IncomingMessage } from "../../contract/chat.ts";
import type { Arrival, Sender } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import type { DiscordOptions } from "./options.ts";

/** A message as the gateway or the API sends it; only the gateway includes `guild_id` and `member`. */
export type DiscordMessage = APIMessage & {
  readonly guild_id?: string;
  readonly member?: { readonly nick?: string | null };
};

/** Where a message was posted. */
export interface ChannelInfo {
  readonly channelId: string;
  readonly isDirect: boolean;
  readonly name?: string;
  /** The parent channel of a thread. */
  readonly parentId?: string;
}

/** Ordinary messages and replies; the rest are system messages of Discord (joins, pins, boosts). */
const ordinary: ReadonlySet<number> = new Set([0, 19]);
const voiceFlag = 1 << 13;
const maxQuote = 200;

export function isOrdinary({ type }: Pick<APIMessage, "type">): boolean {
  return ordinary.has(type);
}

export function senderOf(message: DiscordMessage): Sender {
  const { id, global_name, username } = message.author;
  return { id, name: message.member?.nick ?? global_name ?? username };
}

/** `own` is the bot's id. */
export function incomingOf(message: DiscordMessage, channel: ChannelInfo, own: string): IncomingMessage {
  const answersUs = message.referenced_message?.author.id === own;
  return {
    sender: senderOf(message),
    isBot: message.author.bot === true || message.webhook_id !== undefined,
    chat: {
      id: channel.channelId,
      kind: channel.isDirect ? "direct" : "group",
      ...(channel.parentId === undefined ? {} : { parentId: channel.parentId }),
    },
    text: textOf(message, own),
    isForUs: channel.isDirect || answersUs || (message.mentions ?? []).some(({ id }) => id === own),
    ...(message.message_snapshots !== undefined || typeof message.edited_timestamp === "string"
      ? { isSecondHand: true as const }
      : {}),
  };
}

/**
 * An edit this long ago is ignored: Discord also sends an update when a message is pinned, or a link in it
 * gets its preview.
 */
const newEditMs = 60 * 60 * 1_000;

export function isNewEdit({ edited_timestamp: edited }: DiscordMessage, nowMs: number): boolean {
  return typeof edited === "string" && nowMs - Date.parse(edited) < newEditMs;
}

/** `isEdit`: it was received before, and its author changed it. */
export function arrivalOf(
  message: DiscordMessage,
  channel: ChannelInfo,
  own: string,
  isEdit = false,
): Arrival {
  const text = textOf(message, own);
  const attachments = attachmentsOf(message);
  const reference = message.message_reference?.message_id;
  const quote = message.referenced_message?.content;
  const data: ChatData & { edited?: true } = {
    text,
    chat_id: channel.parentId ?? channel.channelId,
    message_id: message.id,
    chat_type: channel.isDirect ? "direct" : "group",
    ...(channel.name === undefined ? {} : { chat_name: channel.name }),
    ...(channel.parentId === undefined ? {} : { thread_id: channel.channelId }),
    ...(reference === undefined || message.type !== 19 ? {} : { reply_to: reference }),
    ...(quote === undefined || quote === "" ? {} : { quote: quote.slice(0, maxQuote).toWellFormed() }),
    ...(attachments.length === 0 ? {} : { attachments }),
    ...(isEdit ? { edited: true } : {}),
  };
  const changed = isEdit ? `/${message.edited_timestamp}` : "";
  return {
    data,
    text,
    trust: "sender",
    sender: senderOf(message),
    deliveryId: `${message.channel_id}/${message.id}${changed}`,
    conversation: channel.channelId,
  };
}

/** Without the mention of the bot; other mentions as display names. Never empty. */
function textOf(message: DiscordMessage, own: string): string {
  const names = new Map((message.mentions ?? []).map((user) => [user.id, nameOf(user)]));
  const forwarded = message.message_snapshots?.[0]?.message;
  const written = (message.content || forwarded?.content || "")
    .replaceAll(new RegExp(`<@!?${own}>`, "g"), "")
    .replaceAll(/<@!?(\d+)>/g, (whole, id: string) => (names.has(id) ? `@${names.get(id)}` : whole))
    .replaceAll(/<a?(:\w+:)\d+>/g, "$1")
    .trim();
  if (written !== "") return forwarded === undefined ? written : `(forwarded) ${written}`;
  const things = attachmentsOf(message).map(({ kind }) => (kind === "voice" ? "voice message" : kind));
  return things.length === 0 ? "(empty message)" : `(${things.join(", ")})`;
}

function nameOf({ global_name, username }: APIUser): string {
  return global_name ?? username;
}

function attachmentsOf(message: DiscordMessage): ChatAttachment[] {
  const isVoice = ((message.flags ?? 0) & voiceFlag) !== 0;
  const files = message.attachments ?? [];
  const stickers = (message.sticker_items ?? []).map(
    ({ id, name }): ChatAttachment => ({ id, kind: "sticker", name: safeFileName(name) }),
  );
  return [...files.map((file) => attachmentOf(file, isVoice)), ...stickers];
}

function attachmentOf({ id, filename, content_type, size }: APIAttachment, isVoice: boolean): ChatAttachment {
  const mime = content_type?.split(";", 1)[0];
  return {
    id,
    kind: isVoice ? "voice" : kindOf(mime),
    name: safeFileName(filename),
    ...(mime === undefined ? {} : { mime }),
    bytes: size,
  };
}

function kindOf(mime: string | undefined): ChatAttachment["kind"] {
  const [kind] = mime?.split("/") ?? [];
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "file";
}

/** For `explain`: a message in the format of Discord's API, or its text alone. */
export function sampleArrival(_: DiscordOptions, payload: string): Arrival {
  const own = "0";
  const made = {
    id: "1",
    channel_id: "1",
    type: 0,
    author: { id: "2", username: "someone", global_name: null },
    mentions: [],
    attachments: [],
  };
  if (!/^\s*\{/.test(payload)) return fromSample({ ...made, content: payload });
  try {
    return fromSample({ ...made, ...(JSON.parse(payload) as object) });
  } catch {
    throw new UsageError("E_USAGE", "the payload is neither a message of Discord's API nor text");
  }

  function fromSample(message: object): Arrival {
    const full = message as unknown as DiscordMessage;
    return arrivalOf(full, { channelId: full.channel_id, isDirect: full.guild_id === undefined }, own);
  }
}
