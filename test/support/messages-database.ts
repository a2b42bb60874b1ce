// A database of Messages as macOS keeps it, made with sqlite3, and a Messages app that writes down what it is told to send.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import type { Child, LentHost } from "../../src/contract/host.ts";

const schema = `
PRAGMA journal_mode=WAL;
CREATE TABLE handle (ROWID INTEGER PRIMARY KEY, id TEXT, service TEXT);
CREATE TABLE chat (ROWID INTEGER PRIMARY KEY, guid TEXT, style INTEGER, chat_identifier TEXT, display_name TEXT);
CREATE TABLE message (ROWID INTEGER PRIMARY KEY, guid TEXT, text TEXT, attributedBody BLOB, handle_id INTEGER, service TEXT,
  account TEXT, date INTEGER, is_from_me INTEGER DEFAULT 0, item_type INTEGER DEFAULT 0, associated_message_type INTEGER DEFAULT 0,
  thread_originator_guid TEXT);
CREATE TABLE chat_message_join (chat_id INTEGER, message_id INTEGER);
CREATE TABLE attachment (ROWID INTEGER PRIMARY KEY, filename TEXT, mime_type TEXT, transfer_name TEXT, total_bytes INTEGER);
CREATE TABLE message_attachment_join (message_id INTEGER, attachment_id INTEGER);
INSERT INTO handle VALUES (1, '+15550101', 'iMessage'), (2, 'Me@Example.com', 'iMessage'), (3, '+15550199', 'SMS'),
  (4, '+15550166', 'iMessage');
INSERT INTO chat VALUES (1, 'iMessage;-;+15550101', 45, '+15550101', NULL), (2, 'iMessage;+;chat7', 43, 'chat7', 'Family'),
  (3, 'iMessage;-;me@example.com', 45, 'me@example.com', NULL), (4, 'iMessage;-;+15550166', 45, '+15550166', NULL);
`;

export interface Said {
  readonly text?: string | null;
  /** Hexadecimal. */
  readonly body?: string;
  /** 1: +15550101. 2: the person's own address. 3: +15550199 by SMS. 4: +15550166. */
  readonly from?: 1 | 2 | 3 | 4;
  /** 1: with +15550101 alone. 2: a group. 3: with oneself. 4: with +15550166 alone. */
  readonly chat?: 1 | 2 | 3 | 4;
  readonly service?: string;
  readonly fromMe?: boolean;
  readonly replyTo?: string;
  /** A reaction. */
  readonly associated?: number;
  readonly file?: string;
}

export interface MessagesDatabase {
  readonly file: string;
  /** The message's guid. */
  say(said: Said): string;
  /** Any statements. */
  run(statements: string): void;
  remove(): void;
}

export function createMessagesDatabase(): MessagesDatabase {
  const folder = mkdtempSync(join(tmpdir(), "messages-"));
  const file = join(folder, "chat.db");
  const run = (statements: string) =>
    execFileSync("sqlite3", ["-cmd", ".timeout 5000", file], { input: statements });
  const text = (value: string | null | undefined) =>
    value === null || value === undefined ? "NULL" : `'${value.replaceAll("'", "''")}'`;
  let count = 0;
  run(schema);
  return {
    file,
    run,
    say({
      text: words,
      body,
      from = 1,
      chat = 1,
      service = "iMessage",
      fromMe = false,
      replyTo,
      associated = 0,
      file: sent,
    }) {
      count += 1;
      const guid = `guid-${count}`;
      const blob = body === undefined ? "NULL" : `x'${body}'`;
      run(`BEGIN IMMEDIATE;
INSERT INTO message VALUES (NULL, '${guid}', ${text(words)}, ${blob}, ${from}, '${service}', ${fromMe ? "'E:Me@Example.com'" : "NULL"},
  ${(700_000_000 + count) * 1e9}, ${fromMe ? 1 : 0}, 0, ${associated}, ${text(replyTo)});
INSERT INTO chat_message_join SELECT ${chat}, ROWID FROM message WHERE guid = '${guid}';
${
  sent === undefined
    ? ""
    : `INSERT INTO attachment VALUES (${count}, '~/Library/Messages/${sent}', 'image/heic', '${sent}', 12);
INSERT INTO message_attachment_join SELECT ROWID, ${count} FROM message WHERE guid = '${guid}';`
}
COMMIT;`);
      return guid;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Arguments of each call of osascript: chat, kind, content. */
export function messagesApp(real: LentHost["spawn"]): {
  readonly sent: readonly (readonly string[])[];
  readonly spawn: LentHost["spawn"];
  failNext(said: string): void;
} {
  const sent: string[][] = [];
  const failures: string[] = [];
  return {
    sent,
    failNext: (said) => void failures.push(said),
    async spawn(options) {
      if (options.command[0] !== "osascript") return real(options);
      const failure = failures.shift();
      if (failure === undefined) sent.push(options.command.slice(2));
      const child: Child = {
        pid: 0,
        stdin: new PassThrough(),
        stdout: Readable.from([]),
        stderr: Readable.from(failure === undefined ? [] : [failure]),
        ended: Promise.resolve({ code: failure === undefined ? 0 : 1, signal: null }),
        kill: async () => {},
      };
      return child;
    },
  };
}
