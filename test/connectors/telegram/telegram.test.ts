import { afterAll, beforeEach } from "vitest";
import { telegram } from "../../../src/connectors/telegram/index.ts";
import { eventually } from "../../support/router.ts";
import { startTelegram, type TelegramServer, telegramToken } from "../../support/servers/telegram.ts";
import { testSource } from "../conformance.ts";
import { ann, defaults } from "./bot.ts";

// One port for the whole file: the options of a case are fixed before it begins.
let server: TelegramServer = await startTelegram();
const port = Number(new URL(server.root).port);
beforeEach(async () => {
  await server.close();
  server = await startTelegram(port);
});
afterAll(() => server.close());

testSource({
  type: telegram,
  written: { token: telegramToken, api_root: server.root, access: {} },
  options: { ...defaults, apiRoot: server.root },
  async arrive({ source, host }) {
    const { updateId } = server.write(ann, "hello");
    if (source.health?.().state !== "running") return false;
    return eventually(async () => {
      await host.clock.advance(0);
      if (server.isConfirmed(updateId)) return "yes";
      return source.health?.().state === "running" ? undefined : "no";
    }).then((confirmed) => confirmed === "yes");
  },
});
