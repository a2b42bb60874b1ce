import { afterAll, afterEach } from "vitest";
import { slack } from "../../../src/connectors/slack/index.ts";
import { eventually } from "../../support/router.ts";
import { startSlack } from "../../support/servers/slack.ts";
import { testSource } from "../conformance.ts";
import { arrivePushed } from "../pushed-chat.ts";

const far = await startSlack();
afterAll(() => far.close());

// What is said must not go to a source of the test before.
afterEach(() => eventually(() => !far.isHeard()));

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
  arrive: (world) =>
    arrivePushed(
      world,
      { isHeard: far.isHeard, say: () => far.say({ channel: "D0ANN", text: "hello" }) },
      "chat/D0ANN",
    ),
});
