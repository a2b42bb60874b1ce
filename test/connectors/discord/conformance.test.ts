import { afterAll, afterEach } from "vitest";
import { discord } from "../../../src/connectors/discord/index.ts";
import { startDiscord } from "../../support/servers/discord.ts";
import { testSource } from "../conformance.ts";

const far = await startDiscord();
far.addChannel({ id: "10", type: 1, recipients: [{ id: "42" }] });
afterAll(() => far.close());

/** For a message that was not taken, and so leaves no sign. */
const givenUpMs = 1_500;

/** One that was stopped does not connect. */
const connectsMs = 3_000;

async function becomes(isSo: () => boolean, withinMs: number): Promise<boolean> {
  const endMs = Date.now() + withinMs;
  while (!isSo() && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 5));
  return isSo();
}

// What is said must not go to a source of the test before.
afterEach(() => becomes(() => !far.isHeard(), connectsMs));

testSource({
  type: discord,
  written: { token: far.token, api_root: far.apiRoot },
  options: {
    token: far.token,
    apiRoot: far.apiRoot,
    maxDownloadBytes: 26_214_400,
    edits: true,
    access: { dm: "pairing", allow: [], groups: {}, mentionPatterns: [], bots: [] },
  },
  async arrive({ host }) {
    if (!(await becomes(() => far.isHeard(), connectsMs))) return false;
    const id = far.say({ channel: "10", content: "hello" });
    return becomes(() => host.store.get("chat/10") === id, givenUpMs);
  },
});
