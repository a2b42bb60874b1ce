// A bot of the built program on the emulated Bot API, by the suite that every chat runs.

import type { PermissionButton } from "../../../src/contract/chat.ts";
import type { Sender } from "../../../src/contract.ts";
import { type SentMessage, startTelegram } from "../../support/servers/telegram.ts";
import { type ChatPlatform, type ShownMessage, testChat } from "../chat-conformance.ts";

const group = { id: -1001, type: "supergroup", title: "Team" };

testChat({
  type: "telegram",
  open: openPlatform,
  longText: `# A long answer\n\n${"Some words of **some** weight. ".repeat(130)}\n\n${"And some more of them. ".repeat(140)}`,
});

async function openPlatform(): Promise<ChatPlatform> {
  const server = await startTelegram();

  function shownOf({ id, text, edited, file, buttons, replyTo }: SentMessage): ShownMessage {
    return {
      id: String(id),
      text,
      edited,
      files: file === undefined ? [] : [{ name: file.name, content: file.content.toString() }],
      buttons: buttons.map(({ callback_data: data }) => data.split(":")[1] as PermissionButton),
      ...(replyTo === undefined ? {} : { replyTo: String(replyTo) }),
    };
  }

  return {
    source: (access) =>
      `{ type: telegram, token: "\${TELEGRAM_BOT_TOKEN}", api_root: "${server.root}", ack_reaction: "👀", access: ${access} }`,
    env: { TELEGRAM_BOT_TOKEN: server.token },
    groupId: String(group.id),
    abilities: { files: true, edit: true, react: true, buttons: true, groups: true },
    async write(person, text, { inGroup = false, isBot = false, attachment } = {}) {
      const written = text.replace("@bot", `@${server.bot.username}`);
      const at = written.indexOf(`@${server.bot.username}`);
      const file = attachment && { file_id: `f-${attachment.name}`, file_name: attachment.name };
      if (attachment !== undefined)
        server.addFile(
          `f-${attachment.name}`,
          `documents/${attachment.name}`,
          Buffer.from(attachment.content),
        );
      const { messageId } = server.write(
        { id: Number(person.id), first_name: person.name ?? "Somebody", is_bot: isBot },
        {
          ...(file === undefined ? { text: written } : { caption: written, document: file }),
          ...(inGroup ? { chat: group } : {}),
          ...(at === -1
            ? {}
            : { entities: [{ type: "mention", offset: at, length: server.bot.username.length + 1 }] }),
        },
      );
      return String(messageId);
    },
    async press(person, messageId, button) {
      const message = server.sent.find(({ id }) => String(id) === messageId);
      const pressed = message?.buttons.find(({ callback_data: data }) => data.split(":")[1] === button);
      if (message === undefined || pressed === undefined) throw new Error(`there is no button ${button}`);
      server.press({ id: Number(person.id), first_name: person.name ?? "Somebody" }, message, pressed.text);
    },
    async shown(person: Sender, { inGroup = false } = {}) {
      const chatId = inGroup ? group.id : Number(person.id);
      return server.sent.filter((message) => message.chatId === chatId).map(shownOf);
    },
    reactions: async (messageId) =>
      server.reactions
        .filter((one) => String(one.messageId) === messageId)
        .flatMap(({ emoji }) => emoji ?? []),
    close: () => server.close(),
  };
}
