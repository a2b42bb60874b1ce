import { afterAll } from "vitest";
import { imessage } from "../../../src/connectors/imessage/index.ts";
import { createMessagesDatabase } from "../../support/messages-database.ts";
import { testSource } from "../conformance.ts";

const db = createMessagesDatabase();
afterAll(() => db.remove());

testSource({
  type: imessage,
  written: { database: db.file },
  options: {
    database: db.file,
    everyMs: 1_000,
    services: ["iMessage"],
    access: { dm: "allowlist", allow: [], groups: {}, mentionPatterns: [], bots: [] },
  },
  async arrive({ host, source }) {
    const kept = () => host.store.get("row");
    // The first look only notes where the history ends.
    await becomes(() => kept() !== undefined || source.health?.().state === "stopped");
    const row = Number(db.say({ text: "hello" }).replace("guid-", ""));
    await becomes(async () => {
      await host.clock.advance(1_000);
      return kept() === row;
    });
    return kept() === row;
  },
});

async function becomes(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 1_500;
  while (!(await isSo()) && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 5));
}
