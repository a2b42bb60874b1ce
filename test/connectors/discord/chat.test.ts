// A bot of the built program on the emulated Discord, by the suite that every chat runs.

import type { PermissionButton } from "../../../src/contract/chat.ts";
import { startDiscord } from "../../support/servers/discord.ts";
import { type ChatPlatform, testChat } from "../chat-conformance.ts";

const group = "20";

async function open(): Promise<ChatPlatform> {
  const far = await startDiscord();
  far.addChannel({ id: group, type: 0, name: "ops", guild_id: "5" });
  /** As Discord opens it when the bot asks for it. */
  const directWith = (person: string) => {
    const channel = { id: `77${person}`, type: 1, recipients: [{ id: person }] };
    far.addChannel(channel);
    return channel.id;
  };
  const channelOf = (person: string, inGroup = false) => (inGroup ? group : directWith(person));
  const find = (id: string) =>
    ["7741", "7766", group].flatMap((channel) => far.messagesIn(channel)).find((one) => one.id === id);
  return {
    source: (access) =>
      `{ type: discord, token: ${far.token}, api_root: "${far.apiRoot}", ack_reaction: "👀", access: ${access} }`,
    env: {},
    groupId: group,
    abilities: { files: true, edit: true, react: true, buttons: true, groups: true },
    async write({ id, name = id }, content, { inGroup, isBot = false } = {}) {
      // Before its very first connection a bot hears of nothing.
      if (far.sessions.identified === 0) await far.untilConnected();
      const us = { id: far.botId, username: "router", global_name: null };
      return far.say({
        channel: channelOf(id, inGroup),
        author: { id, username: name, global_name: name, bot: isBot },
        content,
        mentions: content.includes("@bot") ? [us] : [],
      });
    },
    async press({ id }, messageId, button) {
      const message = find(messageId) ?? {};
      const customId = customIds(message).find((one) => one.endsWith(`:${button}`)) ?? "";
      far.press({ customId, user: id, channel: String(message.channel_id), message });
    },
    async shown({ id }, { inGroup } = {}) {
      return far
        .messagesIn(channelOf(id, inGroup))
        .filter(({ author }) => (author as { id: string }).id === far.botId)
        .map((message) => ({
          id: String(message.id),
          // As Discord shows it: without the signs that keep others from being markup.
          text: String(message.content).replaceAll(/\\([^\w\s])|\\(_)/g, "$1$2"),
          edited: message.edited_timestamp !== undefined,
          files: (message.uploads ?? []) as { name: string; content: string }[],
          buttons: customIds(message).map((one) => one.split(":")[2] as PermissionButton),
          ...replyOf(message),
        }));
    },
    reactions: async (messageId) => far.reactionsOf(messageId),
    close: () => far.close(),
  };
}

function customIds({ components = [] }: Record<string, unknown>): string[] {
  const rows = components as { components: { custom_id: string }[] }[];
  return rows.flatMap((row) => row.components.map(({ custom_id }) => custom_id));
}

function replyOf({ message_reference }: Record<string, unknown>): { replyTo?: string } {
  const replyTo = (message_reference as { message_id: string } | undefined)?.message_id;
  return replyTo === undefined ? {} : { replyTo };
}

testChat({
  type: "discord",
  open,
  longText: `${"One line of a long answer.\n".repeat(60)}\n${"And more. ".repeat(120)}`,
});
