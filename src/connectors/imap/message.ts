// Converts a message to the data of an event. Flags, size and time of receipt come from the server; everything else was written by the
// sender, so it is bounded, and reduced to one line where one line is expected.

import { createHash } from "node:crypto";
import type { Arrival, Json } from "../../contract.ts";
import { readDate } from "../../dates.ts";
import { linesText } from "../../intake/html-text.ts";
import { isVisible } from "../../text/hidden.ts";
import { type AuthResult, readAuthResult } from "./auth-results.ts";
import { type Attachment, attachmentsOf, attachmentsParsed } from "./body-parts.ts";
import type { BodyPart, ParsedAddress, ParsedMessage } from "./library.ts";
import { readableLine, withWindowsLetters } from "./readable-line.ts";

type Address = { address: string; name?: string };

/** The `data` of an event. Keys that the message lacks are absent. */
export type MessageData = {
  mailbox: string;
  uid: number;
  from?: Address;
  reply_to?: Address[];
  to?: Address[];
  cc?: Address[];
  subject?: string;
  /** The date written by the sender. RFC 3339 in UTC, as all times. */
  date?: string;
  /** When the server received it. */
  received?: string;
  message_id?: string;
  in_reply_to?: string;
  references?: string[];
  text: string;
  /** True if the text was cut. */
  truncated?: boolean;
  attachments?: Attachment[];
  flags?: string[];
  size?: number;
  auth?: AuthResult;
  /** Why the message could not be read, in which case only its UID is known. */
  problem?: string;
};

/** What the server reports about a message, and its parsed beginning. */
export interface ReceivedMessage {
  readonly mailbox: string;
  readonly validity: string;
  readonly uid: number;
  readonly flags?: Iterable<string>;
  readonly size?: number;
  readonly receivedMs?: number;
  readonly structure?: BodyPart;
  readonly parsed: ParsedMessage;
  readonly isCut: boolean;
}

const longest = { subject: 500, name: 200, address: 320, id: 250, header: 500 };
const most = { addresses: 50, references: 50, headers: 60, flags: 50 };
/** A flag that depends on our connection, not on the message. */
const recent = "\\Recent";
/** How long a repeated delivery is recognized: after a crash, or if a message is moved out of the mailbox and back. */
const knownMs = 30 * 24 * 60 * 60 * 1_000;

export function dataOf(message: ReceivedMessage, authServer: string | undefined): MessageData {
  const { parsed, flags = [], size, receivedMs, structure } = message;
  const from = addressesOf(parsed.from === undefined ? [] : [parsed.from])[0];
  const attachments = structure === undefined ? attachmentsParsed(parsed) : attachmentsOf(structure);
  const optional = {
    from,
    reply_to: listed(addressesOf(parsed.replyTo)),
    to: listed(addressesOf(parsed.to)),
    cc: listed(addressesOf(parsed.cc)),
    subject: readableLine(parsed.subject, longest.subject),
    date: isoDate(readDate(headerOf(parsed, "date") ?? "")),
    received: isoDate(receivedMs),
    message_id: idOf(parsed.messageId),
    in_reply_to: idOf(parsed.inReplyTo),
    references: listed(idsIn(parsed.references)),
    truncated: message.isCut || undefined,
    attachments: listed(attachments),
    flags: listed([...flags].filter((flag) => flag !== recent).slice(0, most.flags)),
    size,
    auth: authOf(parsed, from, authServer),
  };
  const present = Object.entries(optional).filter(([, value]) => value !== undefined);
  return {
    mailbox: message.mailbox,
    uid: message.uid,
    ...(Object.fromEntries(present) as Partial<MessageData>),
    text: textOf(parsed),
  };
}

export function arrivalOf(
  data: MessageData,
  headers: Readonly<Record<string, string>> = {},
  deliveryId?: string,
): Arrival {
  const { subject = "", text = "" } = data;
  return {
    data: data as unknown as Json,
    text: [subject, text].filter((part) => part !== "").join("\n\n"),
    headers,
    // Anyone can send mail under any name.
    trust: "unverified",
    ...(deliveryId === undefined ? {} : { deliveryId, known: { idMs: knownMs } }),
  };
}

/**
 * Stays the same if a message is moved, or the mailbox gets new UIDs. The size distinguishes messages of senders that reuse one
 * Message-ID.
 */
export function deliveryIdOf({ parsed, validity, uid, size }: ReceivedMessage): string {
  const id = parsed.messageId?.trim() ?? "";
  const identity =
    id === ""
      ? [validity, uid]
      : [id, headerOf(parsed, "date") ?? "", headerOf(parsed, "from") ?? "", parsed.subject ?? "", size ?? 0];
  return createHash("sha256").update(JSON.stringify(identity)).digest("base64url").slice(0, 22);
}

/** For a message that could not be read. */
export function unreadableArrival(mailbox: string, validity: string, uid: number, problem: string): Arrival {
  const deliveryId = `unreadable ${validity} ${uid}`;
  return { ...arrivalOf({ mailbox, uid, text: "", problem }, {}, deliveryId), text: problem };
}

/** Headers that are elsewhere in the data, or matter only to mail servers. */
const unlisted =
  /^(from|to|cc|bcc|subject|date|message-id|in-reply-to|references|reply-to|mime-version|content-.*|received|received-spf|return-path|delivered-to|authentication-results|arc-.*|dkim-.*|domainkey-.*|x-received|x-google-.*|x-gm-.*|x-ms-.*|x-microsoft-.*|x-forefront-.*)$/;

/** The first of each name, for `match`: `list-id`, `auto-submitted`, `precedence`, `x-priority` and the like. */
export function headersOf({ headers }: ParsedMessage): Record<string, string> {
  const found = new Map<string, string>();
  for (const { key, value } of headers) {
    if (found.size >= most.headers) break;
    if (!/^[a-z][a-z0-9-]{0,60}$/.test(key) || unlisted.test(key) || found.has(key)) continue;
    found.set(key, readableLine(value, longest.header) ?? "");
  }
  return Object.fromEntries(found);
}

function authOf(
  parsed: ParsedMessage,
  from: Address | undefined,
  authServer: string | undefined,
): AuthResult | undefined {
  const header = headerOf(parsed, "authentication-results");
  if (authServer === undefined || header === undefined) return undefined;
  const senders = parsed.headers.filter(({ key }) => key === "from");
  const domain = senders.length === 1 ? domainOf(from?.address ?? "", senders[0]?.value ?? "") : undefined;
  return readAuthResult(header, authServer, domain);
}

/**
 * Undefined if From is ambiguous: the receiving server may have checked another address than the one shown. `written`: the header.
 */
function domainOf(address: string, written: string): string | undefined {
  if (written.split("@").length !== 2 || !written.toLowerCase().includes(address)) return undefined;
  return /^[^@]+@([^@]+)$/.exec(address)?.[1];
}

function headerOf({ headers }: ParsedMessage, name: string): string | undefined {
  return headers.find(({ key }) => key === name)?.value;
}

function textOf({ text = "", html = "" }: ParsedMessage): string {
  if (!isVisible(text)) return withWindowsLetters(linesText(html));
  const lines = withWindowsLetters(text).split(/\r\n?|\n/);
  return lines
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}

/** Groups are replaced by their members. */
function addressesOf(parsed: readonly ParsedAddress[] = []): Address[] {
  const found: Address[] = [];
  const open = [...parsed].reverse();
  for (let one = open.pop(); one !== undefined && found.length < most.addresses; one = open.pop()) {
    if (one.group !== undefined) open.push(...[...one.group].reverse());
    const address = readableLine(one.address, longest.address)?.toLowerCase();
    const name = readableLine(one.name, longest.name);
    if (address !== undefined) found.push({ address, ...(name === undefined ? {} : { name }) });
  }
  return found;
}

function idOf(written: string | undefined): string | undefined {
  return idsIn(written)[0];
}

/** Without angle brackets. */
function idsIn(written = ""): string[] {
  const all = written.match(/[^\s<>,]+/g) ?? [];
  return all.slice(-most.references).map((id) => id.slice(0, longest.id));
}

function isoDate(ms: number | undefined): string | undefined {
  return ms === undefined || Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

function listed<T>(list: readonly T[]): T[] | undefined {
  return list.length === 0 ? undefined : [...list];
}
