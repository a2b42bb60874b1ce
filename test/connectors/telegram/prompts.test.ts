import { afterAll } from "vitest";
import { telegram } from "../../../src/connectors/telegram/index.ts";
import { createListener } from "../../../src/http/server.ts";
import { hostOf, quiet } from "../../support/host.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { startTelegram } from "../../support/servers/telegram.ts";
import { readHtmlParts } from "../../support/servers/telegram-html.ts";
import { testPrompts } from "../prompt-suite.ts";
import { defaults } from "./bot.ts";

const server = await startTelegram();
const listener = createListener({
  addresses: [{ host: "127.0.0.1", port: 0, loopback: true }],
  hosts: [],
  trusted: () => true,
  log: quiet,
});
const source = telegram.create(
  "phone",
  { ...defaults, apiRoot: server.root },
  hostOf({ clock: manualClock(), listener }),
);
afterAll(async () => {
  await source.stop(AbortSignal.abort());
  await listener.close(AbortSignal.abort());
  await server.close();
});

/** A code of `<pre>` is what a model wrote: in it Telegram finds no addresses, names or commands. */
function looksLike(markup: string) {
  const parts = readHtmlParts(markup);
  if (parts instanceof Error) throw parts;
  const text = (isModels: boolean) =>
    parts
      .filter(({ tags }) => tags.includes("pre") === isModels)
      .map((part) => part.text)
      .join("");
  return { router: text(false), model: text(true) };
}

testPrompts({
  traits: telegram.chat,
  hasButtons: true,
  async open() {
    await source.start(async () => ({ eventId: "e", outcome: "accepted" }));
    return {
      chat: source.chat ?? {},
      person: "42",
      count: () => server.sent.length,
      shown: (from) =>
        server.sent.slice(from).map(({ markup, buttons }) => ({
          ...looksLike(markup),
          buttons: buttons.map(({ callback_data: data }) => data.split(":")[1] ?? ""),
        })),
    };
  },
});
