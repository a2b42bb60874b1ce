import { afterAll, afterEach } from "vitest";
import { discord } from "../../../src/connectors/discord/index.ts";
import { eventually } from "../../support/router.ts";
import { startDiscord } from "../../support/servers/discord.ts";
import { testSource } from "../conformance.ts";
import { arrivePushed } from "../pushed-chat.ts";

const far = await startDiscord();
far.addChannel({ id: "10", type: 1, recipients: [{ id: "42" }] });
afterAll(() => far.close());

// What is said must not go to a source of the test before.
afterEach(() => eventually(() => !far.isHeard()));

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
  arrive: (world) =>
    arrivePushed(
      world,
      { isHeard: far.isHeard, say: () => far.say({ channel: "10", content: "hello" }) },
      "chat/10",
    ),
});
