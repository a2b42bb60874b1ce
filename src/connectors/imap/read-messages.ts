// Reads the beginnings of messages in one request, plus one for each message whose text follows a large attachment.

import { ConnectorError } from "../../errors.ts";
import { headerFor, textPart } from "./body-parts.ts";
import { boundedSource } from "./bounded-source.ts";
import type { MailConnection } from "./connection.ts";
import type { BodyPart, FetchedMessage, MimeParse, ParsedMessage } from "./library.ts";
import type { ReceivedMessage } from "./message.ts";

export interface ReadOptions {
  readonly connection: Pick<MailConnection, "fetch">;
  readonly parseMime: MimeParse;
  readonly mailbox: string;
  readonly validity: string;
  /** Of each message. */
  readonly maxBytes: number;
  /** Whether to request the structure, which can be the reason why a message cannot be read. */
  readonly structure: boolean;
}

/** `problem`: why it could not be parsed. */
export type ReadMessage =
  | { readonly uid: number; readonly message: ReceivedMessage }
  | { readonly uid: number; readonly problem: string };

/** Headers of the parts before the text. */
const partHeaders = 1_024;

/** In ascending order of UIDs, without deleted messages. Rejects if the connection is lost. */
export async function readMessages(
  uids: readonly number[],
  options: ReadOptions,
): Promise<readonly ReadMessage[]> {
  const { connection, maxBytes, structure } = options;
  const fetched = await connection.fetch(uids, {
    uid: true,
    flags: true,
    size: true,
    internalDate: true,
    ...(structure ? { bodyStructure: true } : {}),
    source: { start: 0, maxLength: maxBytes },
  });
  const byUid = new Map(fetched.map((one) => [one.uid ?? 0, one]));
  const sourceOf = ({ source, size }: FetchedMessage) =>
    size === 0 ? new Uint8Array() : source || undefined;
  const missing = new Set(
    uids.filter((uid) => {
      const one = byUid.get(uid);
      return one === undefined || sourceOf(one) === undefined;
    }),
  );
  // Deleted, or with a structure that the client library cannot parse.
  const rest = missing.size === 0 ? [] : await connection.fetch([...missing], { uid: true });
  const unread = new Set(rest.map(({ uid }) => uid));
  const read: ReadMessage[] = [];
  for (const uid of uids) {
    const one = byUid.get(uid);
    const source = one === undefined ? undefined : sourceOf(one);
    if (one !== undefined && source !== undefined) read.push(await readOne(uid, one, source, options));
    else if (unread.has(uid) && structure)
      read.push(...(await readMessages([uid], { ...options, structure: false })));
    else if (unread.has(uid)) read.push({ uid, problem: "the server sent no readable part of it" });
  }
  return read;
}

async function readOne(
  uid: number,
  fetched: FetchedMessage,
  source: Uint8Array,
  options: ReadOptions,
): Promise<ReadMessage> {
  const { size = source.length, flags, internalDate, bodyStructure } = fetched;
  const { mailbox, validity, maxBytes } = options;
  const isWhole = size <= source.length;
  const part = bodyStructure === undefined ? undefined : textPart(bodyStructure);
  let parsed: ParsedMessage;
  let isCut: boolean;
  try {
    const bounded = boundedSource(source);
    parsed = await parse(options.parseMime, bounded.bytes);
    isCut =
      bounded.isCut ||
      (!isWhole && (part === undefined ? bodyStructure === undefined : endOf(part, source) > maxBytes));
    if (!isWhole && part !== undefined && !hasText(parsed)) {
      const later = await readPart(uid, part, options);
      if (later !== undefined) {
        const { text, html } = later;
        parsed = {
          ...parsed,
          ...(text === undefined ? {} : { text }),
          ...(html === undefined ? {} : { html }),
        };
      }
      isCut = (part.size ?? 0) > maxBytes;
    }
  } catch (error) {
    if (error instanceof ConnectorError) throw error;
    return { uid, problem: `the message is not valid: ${error instanceof Error ? error.message : ""}` };
  }
  const receivedMs = internalDate instanceof Date ? internalDate.getTime() : undefined;
  return {
    uid,
    message: {
      mailbox,
      validity,
      uid,
      size,
      parsed,
      isCut,
      ...(flags === undefined ? {} : { flags }),
      ...(receivedMs === undefined ? {} : { receivedMs }),
      ...(bodyStructure === undefined ? {} : { structure: bodyStructure }),
    },
  };
}

/** The text of an attached message must not look like that of this message. */
function parse(parseMime: MimeParse, bytes: Uint8Array): Promise<ParsedMessage> {
  return parseMime(bytes, { maxRfc822NestingDepth: 0 });
}

async function readPart(
  uid: number,
  part: BodyPart,
  { connection, parseMime, maxBytes }: ReadOptions,
): Promise<ParsedMessage | undefined> {
  const key = part.part ?? "1";
  const [fetched] = await connection.fetch([uid], {
    uid: true,
    bodyParts: [{ key, start: 0, maxLength: maxBytes }],
  });
  const bytes = fetched?.bodyParts?.get(key);
  return bytes === undefined
    ? undefined
    : parse(parseMime, boundedSource(Buffer.concat([Buffer.from(headerFor(part)), bytes])).bytes);
}

function hasText({ text = "", html = "" }: ParsedMessage): boolean {
  return text.trim() !== "" || html.trim() !== "";
}

/** Where the text ends, if it comes first. */
function endOf({ size = 0 }: BodyPart, source: Uint8Array): number {
  const header = Buffer.from(source.buffer, source.byteOffset, source.byteLength).indexOf("\r\n\r\n");
  return (header === -1 ? source.length : header) + partHeaders + size;
}
