import { webchat } from "../../../src/connectors/webchat/index.ts";
import { openPage } from "../../support/servers/webchat-browser.ts";
import { testSource } from "../conformance.ts";

let count = 0;

testSource({
  type: webchat,
  written: { path: "/chat" },
  options: {
    path: "/chat",
    access: { dm: "pairing", allow: [], groups: {}, mentionPatterns: [], bots: [] },
    history: 200,
    maxUploadBytes: 25 * 1024 * 1024,
  },
  async arrive({ host }) {
    const page = openPage("ada", `${host.listener.address()}/chat`);
    page.close();
    count += 1;
    const { status } = await page.post("/messages", { id: `u${count}`, text: "hello" });
    return status === 202;
  },
});
