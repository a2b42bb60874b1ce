import { afterAll } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { slack } from "../../../src/connectors/slack/index.ts";
import { createListener } from "../../../src/http/server.ts";
import { hostOf, quiet } from "../../support/host.ts";
import { startSlack } from "../../support/servers/slack.ts";
import { testPrompts } from "../prompt-suite.ts";

const far = await startSlack();
const listener = createListener({
  addresses: [{ host: "127.0.0.1", port: 0, loopback: true }],
  hosts: [],
  trusted: () => true,
  log: quiet,
});
const access = { dm: "pairing" as const, allow: [], groups: {}, mentionPatterns: [], bots: [] };
const source = slack.create(
  "phone",
  {
    token: far.token,
    appToken: far.appToken,
    apiRoot: far.apiRoot,
    maxDownloadBytes: 1_000,
    edits: true,
    access,
  },
  hostOf({ clock: systemClock, listener }),
);
afterAll(async () => {
  await source.stop(AbortSignal.timeout(2_000));
  await listener.close(AbortSignal.abort());
  await far.close();
});

interface Element {
  readonly type: string;
  readonly text?: string;
  readonly action_id?: string;
  readonly elements?: readonly Element[];
}

/** Only elements of the type `text`: in them Slack reads no markup. */
function wordsOf({ elements = [] }: Element): string {
  return elements
    .map(({ type, text }) => {
      if (type !== "text") throw new Error(`an element of the type ${type}`);
      return text ?? "";
    })
    .join("");
}

function looksLike(blocks: readonly Element[]) {
  const parts = blocks.filter(({ type }) => type === "rich_text").flatMap(({ elements = [] }) => elements);
  const text = (kind: string) =>
    parts
      .filter(({ type }) => type === kind)
      .map(wordsOf)
      .join("\n");
  const model = text("rich_text_preformatted");
  if (model.length > 3_000) throw new Error("invalid_blocks");
  const actions = blocks.filter(({ type }) => type === "actions").flatMap(({ elements = [] }) => elements);
  return {
    router: text("rich_text_section"),
    model,
    buttons: actions.map(({ action_id }) => action_id?.split(":")[2] ?? ""),
  };
}

/** What a notification shows: what a model wrote is in blocks of code there, too. */
function checkNotification(text: string): void {
  if (text.length > 4_000) throw new Error("msg_too_long");
  const outside = text.replaceAll(/```\n[\s\S]*?\n```/g, "");
  if (/Sent: allow(?!, by Ann$)|<!|zzzzz/m.test(outside)) throw new Error(`not in a block: ${outside}`);
}

testPrompts({
  traits: slack.chat,
  hasButtons: true,
  async open() {
    await source.start(async () => ({ eventId: "e", outcome: "accepted" }));
    await far.until(far.isHeard);
    return {
      chat: source.chat ?? {},
      person: "U0ANN",
      count: () => far.messagesIn("D0U0ANN").length,
      shown: (from) =>
        far
          .messagesIn("D0U0ANN")
          .slice(from)
          .map(({ blocks, text }) => {
            checkNotification(String(text));
            return looksLike(blocks as Element[]);
          }),
    };
  },
});
