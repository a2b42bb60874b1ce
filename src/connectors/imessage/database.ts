// Queries to the database of Messages, run with the sqlite3 program that every Mac has. It is opened
// read-only, and no external text ever gets into a query: only numbers and our own quoted texts.

import type { LentHost } from "../../contract/host.ts";
import { ConnectorError } from "../../errors.ts";

/** One message as the source needs it. */
export interface Row {
  readonly rowid: number;
  readonly guid: string;
  readonly text: string | null;
  /** `attributedBody` as hexadecimal digits; empty when there is none. */
  readonly body: string;
  readonly service: string | null;
  readonly is_from_me: 0 | 1;
  /** Nanoseconds since 2001; seconds in old databases. */
  readonly date: number;
  readonly handle: string | null;
  readonly chat_guid: string;
  readonly chat_identifier: string;
  /** 43: a group. 45: one other user. */
  readonly style: number;
  readonly display_name: string | null;
  /** JSON: a list of `{filename, mime_type, transfer_name, total_bytes}`. */
  readonly attachments: string;
  readonly reply_to: string | null;
  readonly quote: string | null;
}

export interface Database {
  /** The last message of all; 0 when the database is empty. */
  lastRowId(): Promise<number>;
  /** Messages after this one, oldest first: no reactions, no system messages. */
  after(rowId: number, limit: number): Promise<Row[]>;
  /** In one chat, oldest first; before a message where given. */
  history(chatGuid: string, limit: number, beforeGuid?: string): Promise<Row[]>;
  /** The addresses that Messages has sent from. */
  ownAddresses(): Promise<string[]>;
}

const answerWithinMs = 15_000;
const maxAnswerBytes = 16 * 1024 * 1024;

/**
 * Maximum length of a message; a longer one is cut, so that a page of the longest messages stays within the
 * output limit.
 */
const maxText = 32_000;
export const maxBodyBytes = 48_000;

const columns = `
  m.ROWID AS rowid, m.guid, substr(m.text, 1, ${maxText}) AS text,
  hex(substr(m.attributedBody, 1, ${maxBodyBytes})) AS body, m.service, m.is_from_me, m.date,
  h.id AS handle, c.guid AS chat_guid, c.chat_identifier, c.style, c.display_name,
  (SELECT json_group_array(json_object('filename', a.filename, 'mime_type', a.mime_type,
     'transfer_name', a.transfer_name, 'total_bytes', a.total_bytes))
   FROM attachment a JOIN message_attachment_join j ON j.attachment_id = a.ROWID
   WHERE j.message_id = m.ROWID) AS attachments,
  m.thread_originator_guid AS reply_to,
  (SELECT substr(q.text, 1, 1000) FROM message q WHERE q.guid = m.thread_originator_guid) AS quote
  FROM message m
  JOIN chat_message_join cm ON cm.message_id = m.ROWID
  JOIN chat c ON c.ROWID = cm.chat_id
  LEFT JOIN handle h ON h.ROWID = m.handle_id
  WHERE m.item_type = 0 AND m.associated_message_type = 0`;

export function openDatabase(
  file: string,
  { spawn }: Pick<LentHost, "spawn">,
  signal: AbortSignal,
): Database {
  async function ask<T>(question: string): Promise<T[]> {
    const child = await spawn({
      command: ["sqlite3", "-readonly", "-json", "-cmd", ".timeout 5000", file, question],
    });
    const late = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]);
    const onLate = () => void child.kill(0);
    late.addEventListener("abort", onLate, { once: true });
    child.stdin.end();
    const [out, err, { code }] = await Promise.all([
      readAll(child.stdout, maxAnswerBytes),
      readAll(child.stderr, 4_096),
      child.ended,
    ]);
    late.removeEventListener("abort", onLate);
    if (code !== 0) throw refusal(err.trim(), late.aborted);
    return out.trim() === "" ? [] : (JSON.parse(out) as T[]);
  }

  return {
    async lastRowId() {
      const [row] = await ask<{ last: number | null }>("SELECT max(ROWID) AS last FROM message");
      return row?.last ?? 0;
    },
    after: (rowId, limit) =>
      ask(`SELECT ${columns} AND m.ROWID > ${whole(rowId)} ORDER BY m.ROWID LIMIT ${whole(limit)}`),
    async history(chatGuid, limit, beforeGuid) {
      const before =
        beforeGuid === undefined
          ? ""
          : `AND m.ROWID < (SELECT b.ROWID FROM message b WHERE b.guid = ${quoted(beforeGuid)})`;
      const newest = await ask<Row>(
        `SELECT ${columns} AND c.guid = ${quoted(chatGuid)} ${before} ORDER BY m.ROWID DESC LIMIT ${whole(limit)}`,
      );
      return newest.reverse();
    },
    async ownAddresses() {
      const rows = await ask<{ account: string }>(
        "SELECT DISTINCT account FROM message WHERE is_from_me = 1 AND account IS NOT NULL LIMIT 100",
      );
      // `E:me@example.com`, `P:+15550100`.
      return rows.map(({ account }) => account.replace(/^[A-Za-z]:/, "")).filter((address) => address !== "");
    },
  };
}

function whole(value: number): string {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is not an integer`);
  return String(value);
}

function quoted(text: string): string {
  if (text.includes("\0")) throw new TypeError("a text with a zero character");
  return `'${text.replaceAll("'", "''")}'`;
}

async function readAll(stream: AsyncIterable<Buffer | string>, maxBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of stream) {
    const bytes = Buffer.from(piece);
    length += bytes.length;
    if (length <= maxBytes) pieces.push(bytes);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function refusal(said: string, isLate: boolean): ConnectorError {
  if (/authorization denied|unable to open|not permitted/i.test(said))
    return new ConnectorError("E_CHAT", "no permission to read the database of Messages", {
      hint: "System Settings, Privacy & Security, Full Disk Access: turn it on for the app that starts Claude (your terminal)",
    });
  const why = isLate ? "sqlite3 does not answer" : said.split("\n", 1)[0]?.slice(0, 200);
  return new ConnectorError("E_CHAT", `the database of Messages cannot be read: ${why}`, { retryable: true });
}
