import { afterAll } from "vitest";
import { imessage } from "../../../src/connectors/imessage/index.ts";
import { createMessagesDatabase } from "../../support/messages-database.ts";
import { eventually } from "../../support/router.ts";
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
  async arrive({ host, source, isRefused }) {
    const kept = () => host.store.get("row");
    const isStopped = () => source.health?.().state === "stopped";
    // The first look only notes where the history ends.
    await eventually(() => kept() !== undefined || isStopped());
    const row = Number(db.say({ text: "hello" }).replace("guid-", ""));
    if (isStopped()) {
      // All of its timers run out, and nothing is read.
      await host.clock.advance(60 * 60_000);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    await eventually(async () => {
      await host.clock.advance(1_000);
      return kept() === row || isRefused() || isStopped();
    });
    return kept() === row;
  },
});
