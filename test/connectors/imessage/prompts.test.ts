import { afterAll } from "vitest";
import { imessage } from "../../../src/connectors/imessage/index.ts";
import { createListener } from "../../../src/http/server.ts";
import { hostOf, quiet } from "../../support/host.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { createMessagesDatabase, messagesApp } from "../../support/messages-database.ts";
import { testPrompts } from "../prompt-suite.ts";

const db = createMessagesDatabase();
const listener = createListener({
  addresses: [{ host: "127.0.0.1", port: 0, loopback: true }],
  hosts: [],
  trusted: () => true,
  log: quiet,
});
const host = hostOf({ clock: manualClock(), listener });
const app = messagesApp(host.spawn);
const access = { dm: "allowlist" as const, allow: [], groups: {}, mentionPatterns: [], bots: [] };
const source = imessage.create(
  "phone",
  { database: db.file, everyMs: 1_000, services: ["iMessage"], access },
  { ...host, home: "/Users/me", spawn: app.spawn },
);
afterAll(async () => {
  await source.stop(AbortSignal.timeout(2_000));
  await listener.close(AbortSignal.abort());
  db.remove();
});

/** Rather more than a narrow phone has; wide signs count twice. */
const widest = 32;

/** Text only: what a model wrote has a bar on each line, and no line is so long that a phone would wrap it. */
function looksLike(text: string) {
  const lines = text.split("\n");
  const models = lines.filter((line) => line.startsWith("│"));
  for (const line of models) {
    const wide = [...line].filter((one) => /[^\x20-\x7E\p{M}│\u200E]/u.test(one)).length;
    if ([...line].length + wide > widest) throw new Error(`wraps: ${line}`);
    if ((line.match(/[A-Z]/g) ?? []).length > 17) throw new Error(`wraps: ${line}`);
  }
  return {
    router: lines.filter((line) => !line.startsWith("│")).join("\n"),
    model: models.map((line) => line.slice("│\u200E ".length)).join(""),
    buttons: [],
  };
}

testPrompts({
  traits: imessage.chat,
  hasButtons: false,
  async open() {
    await source.start(async () => ({ eventId: "e", outcome: "accepted" }));
    return {
      chat: source.chat ?? {},
      person: "+15550101",
      count: () => app.sent.length,
      shown: (from) => app.sent.slice(from).map(([, , text]) => looksLike(text ?? "")),
    };
  },
});
