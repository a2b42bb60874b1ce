// The page of the built program, by the suite that every chat runs.

import type { PermissionButton } from "../../../src/contract/chat.ts";
import { freePort } from "../../support/router.ts";
import { idOf, openPage, type Page, type PageMessage } from "../../support/servers/webchat-browser.ts";
import { type ChatPlatform, type ShownMessage, testChat } from "../chat-conformance.ts";

// The id of a browser hangs on the address of the page.
const port = await freePort();
const at = `http://127.0.0.1:${port}/chat`;

testChat({
  type: "webchat",
  open: openPlatform,
  port,
  people: { ada: { id: idOf("Ada", at), name: "Ada" }, eve: { id: idOf("Eve", at), name: "Eve" } },
  longText: `# A long answer\n\n${"Some words of **some** weight. ".repeat(250)}\n\n${"And some more of them. ".repeat(250)}`,
});

async function openPlatform(): Promise<ChatPlatform> {
  const pages = new Map<string, Page>();
  let address = "";
  let count = 0;

  /** A page tries again where nobody serves it. */
  function insist(attempt: () => Promise<{ status: number }>): void {
    const again = () => setTimeout(() => insist(attempt), 100);
    attempt().then(
      ({ status }) => {
        if (status >= 500) again();
      },
      () => {
        if (address !== "") again();
      },
    );
  }

  function pageOf(name: string): Page {
    const page = pages.get(name) ?? openPage(name, address);
    pages.set(name, page);
    return page;
  }

  async function shownOf(page: Page, message: PageMessage): Promise<ShownMessage> {
    const files = (message.files ?? []).map(async ({ id, name }) => ({
      name,
      content: await (await page.file(id)).text(),
    }));
    return {
      id: message.id,
      text: message.text,
      edited: message.edited === true,
      files: await Promise.all(files),
      buttons: (message.prompt?.buttons ?? []).map(({ button }) => button as PermissionButton),
      ...(message.reply_to === undefined ? {} : { replyTo: message.reply_to }),
    };
  }

  return {
    source(access) {
      address = at;
      return `{ type: webchat, ack_reaction: "👀", access: ${access} }`;
    },
    env: {},
    groupId: "none",
    abilities: { files: true, edit: true, react: true, buttons: true, groups: false },
    async write({ name = "" }, text) {
      count += 1;
      const id = `u${count}`;
      insist(() => pageOf(name).post("/messages", { id, text, name }));
      return id;
    },
    async press({ name = "" }, messageId, button) {
      const page = pageOf(name);
      const found = [...pages.values()].flatMap(({ messages }) => messages.get(messageId) ?? []);
      const prompt = found[0]?.prompt?.id;
      insist(() => page.press(String(prompt), button));
    },
    async shown({ name = "" }) {
      const page = pageOf(name);
      const said = [...page.messages.values()].filter(({ from }) => from !== "you");
      return Promise.all(said.map((message) => shownOf(page, message)));
    },
    reactions: async (messageId) =>
      [...pages.values()].flatMap(({ messages }) => messages.get(messageId)?.reactions ?? []),
    async close() {
      address = "";
      for (const page of pages.values()) page.close();
    },
  };
}
