import { afterAll } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { discord } from "../../../src/connectors/discord/index.ts";
import { createListener } from "../../../src/http/server.ts";
import { hostOf, quiet } from "../../support/host.ts";
import { startDiscord } from "../../support/servers/discord.ts";
import { testPrompts } from "../prompt-suite.ts";

const far = await startDiscord();
far.addChannel({ id: "7742", type: 1, recipients: [{ id: "42" }] });
const listener = createListener({
  addresses: [{ host: "127.0.0.1", port: 0, loopback: true }],
  hosts: [],
  trusted: () => true,
  log: quiet,
});
const access = { dm: "pairing" as const, allow: [], groups: {}, mentionPatterns: [], bots: [] };
const source = discord.create(
  "phone",
  { token: far.token, apiRoot: far.apiRoot, maxDownloadBytes: 1_000, edits: true, access },
  hostOf({ clock: systemClock, listener }),
);
afterAll(async () => {
  await source.stop(AbortSignal.timeout(2_000));
  await listener.close(AbortSignal.abort());
  await far.close();
});

/** As Discord's own programs part a message: first blocks of code, then code in a line, then the rest. */
function looksLike(content: string) {
  if (content.length > 2_000) throw new Error("Must be 2000 or fewer in length.");
  let model = "";
  const rest = content.replaceAll(
    /```(?:([a-z0-9_+\-.#]+?)\n)?\n*([^\n][\s\S]*?)\n*```/gi,
    (_, _language, code: string) => {
      model += code;
      return "\n";
    },
  );
  const router = rest
    .replaceAll(/(`+)([\s\S]*?[^`])\1(?!`)/g, (_, _ticks, code: string) =>
      code.replaceAll(/([\\*_~|])/g, "\\$1"),
    )
    .replaceAll(/(?<!\\)\*\*(.*?)(?<!\\)\*\*/g, "$1");
  if (/(?<!\\)[*_~`]|<@|^>|^#|\|\|/m.test(router)) throw new Error(`there is markup in ${router}`);
  return { router: router.replaceAll(/\\(.)/g, "$1"), model };
}

testPrompts({
  traits: discord.chat,
  hasButtons: true,
  async open() {
    await source.start(async () => ({ eventId: "e", outcome: "accepted" }));
    await far.untilConnected();
    return {
      chat: source.chat ?? {},
      person: "42",
      count: () => far.messagesIn("7742").length,
      shown: (from) =>
        far
          .messagesIn("7742")
          .slice(from)
          .map(({ content, components = [] }) => ({
            ...looksLike(String(content)),
            buttons: (components as { components: { custom_id: string }[] }[]).flatMap((row) =>
              row.components.map(({ custom_id }) => custom_id.split(":")[2] ?? ""),
            ),
          })),
    };
  },
});
