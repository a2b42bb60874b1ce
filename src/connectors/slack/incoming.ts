// Maps Slack messages to incoming messages and events. Pure.

import { safeFileName } from "../../chat/file-name.ts";
import type { ChatAttachment, ChatData, IncomingMessage } from "../../contract/chat.ts";
import type { Arrival, Sender } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import type { SlackOptions } from "./options.ts";

/** A `message` of the Events API or of a conversation's history: docs.slack.dev/reference/events/message. */
export interface SlackMessage {
  readonly type?: string;
  readonly subtype?: string;
  readonly channel: string;
  readonly user?: string;
  readonly bot_id?: string;
  readonly username?: string;
  readonly text?: string;
  readonly ts: string;
  readonly thread_ts?: string;
  readonly parent_user_id?: string;
  readonly files?: readonly SlackFile[];
  /** When its author changed it. */
  readonly edited?: { readonly ts: string };
  /** Of `message_changed`: the new and the previous version. */
  readonly message?: Omit<SlackMessage, "channel">;
  readonly previous_message?: Pick<SlackMessage, "text">;
}

/**
 * A change by the author; undefined for other changes, such as the preview of a link:
 * docs.slack.dev/reference/events/message.
 */
export function readEdit({ channel, message, previous_message }: SlackMessage): SlackMessage | undefined {
  if (message?.edited === undefined || message.text === previous_message?.text) return undefined;
  return { ...message, channel };
}

interface SlackFile {
  readonly id: string;
  readonly name?: string | null;
  readonly mimetype?: string;
  readonly size?: number;
  readonly subtype?: string;
}

/** The bot's own ids. */
export interface OwnIdentity {
  readonly userId: string;
  readonly botId?: string;
}

/** Display names of users and channels, which `text` lacks. */
export interface Names {
  person(id: string): string | undefined;
  channel(id: string): string | undefined;
}

/** The rest are system messages: joins, changes, deletions. */
const ordinary: ReadonlySet<string | undefined> = new Set([
  undefined,
  "bot_message",
  "file_share",
  "me_message",
  "thread_broadcast",
]);

export function isOrdinary({ subtype, user, bot_id }: SlackMessage): boolean {
  return ordinary.has(subtype) && (user !== undefined || bot_id !== undefined);
}

export function isOwn({ user, bot_id }: SlackMessage, own: OwnIdentity): boolean {
  return user === own.userId || (bot_id !== undefined && bot_id === own.botId);
}

/** Ids of users that a message mentions, including its sender. */
export function peopleIn({ user, text = "" }: SlackMessage): string[] {
  const named = Array.from(text.matchAll(/<@([UW][A-Z0-9]+)/g), ([, id]) => id as string);
  return [...new Set([...(user === undefined ? [] : [user]), ...named])];
}

/** The ids of direct messages begin with D: docs.slack.dev/apis/web-api/using-the-conversations-api. */
export function isDirect({ channel }: Pick<SlackMessage, "channel">): boolean {
  return channel.startsWith("D");
}

export function incomingOf(message: SlackMessage, own: OwnIdentity, names: Names): IncomingMessage {
  const direct = isDirect(message);
  const mentions = message.text?.includes(`<@${own.userId}>`) === true;
  return {
    sender: senderOf(message, names),
    isBot: message.bot_id !== undefined,
    chat: { id: message.channel, kind: direct ? "direct" : "group" },
    text: textOf(message, own, names),
    isForUs: direct || mentions || message.parent_user_id === own.userId,
    ...(message.edited === undefined ? {} : { isSecondHand: true as const }),
  };
}

/** `isEdit`: it was received before, and its author changed it. */
export function arrivalOf(message: SlackMessage, own: OwnIdentity, names: Names, isEdit = false): Arrival {
  const { channel, ts, thread_ts } = message;
  const text = textOf(message, own, names);
  const attachments = attachmentsOf(message);
  const name = isDirect(message) ? undefined : names.channel(channel);
  const data: ChatData & { edited?: true } = {
    text,
    chat_id: channel,
    message_id: ts,
    chat_type: isDirect(message) ? "direct" : "group",
    ...(name === undefined ? {} : { chat_name: name }),
    ...(thread_ts === undefined ? {} : { thread_id: thread_ts }),
    ...(attachments.length === 0 ? {} : { attachments }),
    ...(isEdit ? { edited: true } : {}),
  };
  return {
    data,
    text,
    trust: "sender",
    sender: senderOf(message, names),
    deliveryId: keyOf(message, isEdit),
    // A reply in a channel opens a thread: later messages there have this as their thread.
    conversation: isDirect(message) && thread_ts === undefined ? channel : `${channel}/${thread_ts ?? ts}`,
  };
}

export function keyOf({ channel, ts, edited }: SlackMessage, isEdit: boolean): string {
  return isEdit ? `${channel}/${ts}/${edited?.ts}` : `${channel}/${ts}`;
}

export function senderOf({ user, bot_id, username }: SlackMessage, names: Names): Sender {
  const id = user ?? bot_id ?? "unknown";
  const name = (user === undefined ? username : names.person(user)) ?? username;
  return { id, ...(name === undefined ? {} : { name }) };
}

/** With Slack's markup converted to plain text; without the mention of the bot. Never empty. */
export function textOf(message: SlackMessage, own: OwnIdentity, names: Names): string {
  const written = (message.text ?? "")
    .replaceAll(`<@${own.userId}>`, "")
    .replaceAll(/<([^<>]*)>/g, (_, inner: string) => readSign(inner, names))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .trim();
  if (written !== "") return written;
  const things = attachmentsOf(message).map(({ kind }) => (kind === "voice" ? "voice message" : kind));
  return things.length === 0 ? "(empty message)" : `(${things.join(", ")})`;
}

/** The content of `<` and `>`: docs.slack.dev/messaging/formatting-message-text. */
function readSign(inner: string, names: Names): string {
  const [target = "", label] = inner.split("|", 2);
  const id = target.slice(1);
  if (target.startsWith("@")) return `@${names.person(id) ?? label ?? id}`;
  if (target.startsWith("#")) return `#${label || names.channel(id) || id}`;
  if (target.startsWith("!")) return label ?? `@${id.split("^")[0]}`;
  return label === undefined || label === target ? target : `${label} (${target})`;
}

function attachmentsOf({ files = [] }: SlackMessage): ChatAttachment[] {
  return files.map(({ id, name, mimetype, size, subtype }) => ({
    id,
    kind: subtype === "slack_audio" ? "voice" : kindOf(mimetype),
    ...(name === undefined || name === null ? {} : { name: safeFileName(name) }),
    ...(mimetype === undefined || mimetype === "" ? {} : { mime: mimetype }),
    ...(size === undefined ? {} : { bytes: size }),
  }));
}

function kindOf(mime: string | undefined): ChatAttachment["kind"] {
  const [kind] = mime?.split("/") ?? [];
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "file";
}

/** For `explain`: a message in the format of the Events API, or its text alone. */
export function sampleArrival(_: SlackOptions, payload: string): Arrival {
  const nobody: Names = { person: () => undefined, channel: () => undefined };
  const made: SlackMessage = { channel: "D0000000001", user: "U0000000002", ts: "1700000000.000100" };
  const own = { userId: "U0000000001" };
  if (!/^\s*\{/.test(payload)) return arrivalOf({ ...made, text: payload }, own, nobody);
  try {
    const read = JSON.parse(payload) as { readonly event?: object };
    return arrivalOf({ ...made, ...(read.event ?? read) }, own, nobody);
  } catch {
    throw new UsageError("E_USAGE", "the payload is neither a message of Slack's Events API nor text");
  }
}
