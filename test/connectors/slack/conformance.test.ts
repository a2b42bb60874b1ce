import { afterAll, afterEach } from "vitest";
import { slack } from "../../../src/connectors/slack/index.ts";
import { startSlack } from "../../support/servers/slack.ts";
import { testSource } from "../conformance.ts";

const far = await startSlack();
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
  type: slack,
  written: { token: far.token, app_token: far.appToken, api_root: far.apiRoot },
  options: {
    token: far.token,
    appToken: far.appToken,
    apiRoot: far.apiRoot,
    maxDownloadBytes: 26_214_400,
    edits: true,
    access: { dm: "pairing", allow: [], groups: {}, mentionPatterns: [], bots: [] },
  },
  async arrive({ host }) {
    if (!(await becomes(() => far.isHeard(), connectsMs))) return false;
    const id = far.say({ channel: "D0ANN", text: "hello" });
    return becomes(() => host.store.get("chat/D0ANN") === id, givenUpMs);
  },
});
