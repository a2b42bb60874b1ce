// A chat through Messages, by the suite that every chat runs: the built program, a database as macOS keeps it, and a program in
// place of osascript. The platform of this machine is no Mac's; a config that names its database does not need one.

import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createMessagesDatabase } from "../../support/messages-database.ts";
import { type ChatPlatform, testChat } from "../chat-conformance.ts";

const people = {
  ada: { id: "+15550101", name: "+15550101" },
  eve: { id: "+15550166", name: "+15550166" },
};

testChat({
  type: "imessage",
  open: openPlatform,
  people,
  longText: `# A long answer\n\n${"Some words of **some** weight. ".repeat(300)}\n\n${"And some more of them. ".repeat(300)}`,
});

const osascript = fileURLToPath(new URL("../../support/osascript.mjs", import.meta.url));
const groupId = "iMessage;+;chat7";

async function openPlatform(): Promise<ChatPlatform> {
  const db = createMessagesDatabase();
  const folder = mkdtempSync(join(tmpdir(), "messages-app-"));
  const program = join(folder, "osascript");
  copyFileSync(osascript, program);
  chmodSync(program, 0o755);
  const log = join(folder, "sent");

  interface Sent {
    readonly chat: string;
    readonly text?: string;
    readonly file?: { readonly name: string; readonly content: string };
  }
  const sent = () =>
    existsSync(log)
      ? readFileSync(log, "utf8")
          .split("\n")
          // What is just being written has no end yet.
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Sent)
      : [];

  return {
    source: (access) =>
      // A stranger would be answered in the name of whoever owns the Mac: pairing is not the default.
      `{ type: imessage, every: 100ms, database: ${db.file}, access: ${access === "{}" ? "{ dm: pairing }" : access} }`,
    env: { PATH: `${folder}:${process.env.PATH}`, MESSAGES_DATABASE: db.file, MESSAGES_SENT: log },
    groupId,
    abilities: {
      files: true,
      edit: false,
      react: false,
      buttons: false,
      groups: true,
      quotes: false,
      ids: false,
      backlog: false,
    },
    async write({ id }, text, { inGroup = false } = {}) {
      const from = id === people.ada.id ? 1 : 4;
      return db.say({ text, from, chat: inGroup ? 2 : from });
    },
    async press() {
      throw new Error("Messages has no buttons");
    },
    async shown({ id }, { inGroup = false } = {}) {
      const chat = inGroup ? groupId : `iMessage;-;${id}`;
      return sent().flatMap((one, index) =>
        one.chat === chat
          ? {
              id: String(index),
              text: one.text ?? "",
              edited: false,
              files: one.file === undefined ? [] : [one.file],
              buttons: [],
            }
          : [],
      );
    },
    reactions: async () => [],
    async close() {
      db.remove();
      rmSync(folder, { recursive: true });
    },
  };
}
