#!/usr/bin/env node
// Stands in for macOS's osascript: the Messages app that does what the script asks. It keeps what it sends as its own message
// in the database, as Messages does, and writes it down as a line of JSON for the test.
// Environment: MESSAGES_DATABASE, MESSAGES_SENT (the file of lines). Arguments: "-", chat, kind, content.

import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { basename } from "node:path";

const [, , , chat, kind, content] = process.argv;
readFileSync(0); // The script itself.
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
execFileSync("sqlite3", ["-cmd", ".timeout 5000", process.env.MESSAGES_DATABASE], {
  input: `BEGIN IMMEDIATE;
INSERT INTO message (guid, text, handle_id, service, account, date, is_from_me)
  VALUES (lower(hex(randomblob(8))), ${kind === "file" ? "NULL" : quoted(content)}, 0, 'iMessage', 'E:me@example.com', 700000000000000000, 1);
INSERT INTO chat_message_join SELECT c.ROWID, last_insert_rowid() FROM chat c WHERE c.guid = ${quoted(chat)};
COMMIT;`,
});
const sent =
  kind === "file"
    ? { chat, file: { name: basename(content), content: readFileSync(content, "utf8") } }
    : { chat, text: content };
appendFileSync(process.env.MESSAGES_SENT, `${JSON.stringify(sent)}\n`);
