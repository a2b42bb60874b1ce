// Maps rows of the database to incoming messages and events. Pure.

import { basename, join } from "node:path";
import { safeFileName } from "../../chat/file-name.ts";
import type { ChatAttachment, ChatData, IncomingMessage } from "../../contract/chat.ts";
import type { Arrival } from "../../contract.ts";
import { readAttributedBody } from "./attributed-body.ts";
import { maxBodyBytes, type Row } from "./database.ts";
import type { ImessageOptions } from "./options.ts";

const directStyle = 45;
const maxQuote = 200;
/** Placeholder of an attachment in a text. */
const placeholder = /\uFFFC/g;

/** A chat of unknown kind is treated as a group. */
export function isGroup({ style }: Pick<Row, "style">): boolean {
  return style !== directStyle;
}

/** Addresses differ in case and in how a number is grouped. */
export function normalAddress(address: string): string {
  const lower = address.trim().toLowerCase();
  return lower.includes("@") ? lower : lower.replaceAll(/[\s().-]/g, "");
}

export function rowText(row: Row): string {
  const text =
    row.text ??
    (row.body === "" ? undefined : readAttributedBody(Buffer.from(row.body, "hex"), maxBodyBytes));
  return (text ?? "").replaceAll(placeholder, "").trim();
}

/** Distinguishes messages: the text, else the names of the files. */
export function contentOf(row: Row): string {
  const text = rowText(row);
  if (text !== "") return text;
  const names = (JSON.parse(row.attachments) as StoredAttachment[]).map(
    ({ transfer_name, filename }) => transfer_name ?? basename(filename ?? ""),
  );
  return names.map(fileKey).join(" ");
}

export function fileKey(name: string): string {
  return `file ${name}`;
}

/** Milliseconds since 1970; old databases count seconds. */
export function rowTimeMs({ date }: Pick<Row, "date">): number {
  const sinceMs = date > 1e12 ? date / 1e6 : date * 1_000;
  return Math.round(Date.UTC(2001, 0, 1) + sinceMs);
}

export function incomingOf(row: Row, sender: string): IncomingMessage {
  return {
    sender: { id: sender },
    isBot: false,
    chat: { id: row.chat_guid, kind: isGroup(row) ? "group" : "direct" },
    text: shownText(row, []),
    // Messages cannot mention an app: `mention_patterns` define which group messages are meant for the bot.
    isForUs: !isGroup(row),
  };
}

export function arrivalOf(row: Row, sender: string, home: string): Arrival {
  const attachments = attachmentsOf(row, home);
  const text = shownText(row, attachments);
  const data: ChatData = {
    text,
    chat_id: row.chat_guid,
    message_id: row.guid,
    chat_type: isGroup(row) ? "group" : "direct",
    ...(row.display_name === null || row.display_name === "" ? {} : { chat_name: row.display_name }),
    ...(row.reply_to === null ? {} : { reply_to: row.reply_to }),
    ...(row.quote === null || row.quote === "" ? {} : { quote: row.quote.slice(0, maxQuote).toWellFormed() }),
    ...(attachments.length === 0 ? {} : { attachments }),
  };
  return {
    data,
    text,
    trust: "sender",
    sender: { id: sender },
    deliveryId: row.guid,
    conversation: row.chat_guid,
  };
}

function shownText(row: Row, attachments: readonly ChatAttachment[]): string {
  const text = rowText(row);
  if (text !== "") return text;
  const things = attachments.map(({ kind }) => kind);
  return things.length === 0 ? "(empty message)" : `(${things.join(", ")})`;
}

interface StoredAttachment {
  readonly filename: string | null;
  readonly mime_type: string | null;
  readonly transfer_name: string | null;
  readonly total_bytes: number | null;
}

/** The files are on this Mac already: nothing has to be downloaded. */
function attachmentsOf(row: Row, home: string): ChatAttachment[] {
  const stored = JSON.parse(row.attachments) as StoredAttachment[];
  return stored.map(({ filename, mime_type, transfer_name, total_bytes }, index) => ({
    id: String(index + 1),
    kind: kindOf(mime_type),
    name: safeFileName(transfer_name ?? basename(filename ?? "file")),
    ...(mime_type === null ? {} : { mime: mime_type }),
    ...(total_bytes === null ? {} : { bytes: total_bytes }),
    ...(filename === null
      ? {}
      : { path: filename.startsWith("~/") ? join(home, filename.slice(2)) : filename }),
  }));
}

function kindOf(mime: string | null): ChatAttachment["kind"] {
  const [kind] = mime?.split("/") ?? [];
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "file";
}

/** For `explain`: the text of a message. */
export function sampleArrival(_: ImessageOptions, payload: string): Arrival {
  const row: Row = {
    rowid: 1,
    guid: "imagined",
    text: payload,
    body: "",
    service: "iMessage",
    is_from_me: 0,
    date: 0,
    handle: "+15550100",
    chat_guid: "iMessage;-;+15550100",
    chat_identifier: "+15550100",
    style: 45,
    display_name: null,
    attachments: "[]",
    reply_to: null,
    quote: null,
  };
  return arrivalOf(row, "+15550100", "/");
}
