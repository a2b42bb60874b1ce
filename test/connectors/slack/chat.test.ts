// An app of the built program on the emulated Slack, by the suite that every chat runs.

import type { PermissionButton } from "../../../src/contract/chat.ts";
import { startSlack } from "../../support/servers/slack.ts";
import { type ChatPlatform, testChat } from "../chat-conformance.ts";

const group = "C0OPS";
const people = { ada: { id: "U0ADA", name: "Ada" }, eve: { id: "U0EVE", name: "Eve" } };
const signs: Readonly<Record<string, string>> = { eyes: "👀", thumbsup: "👍" };

async function open(): Promise<ChatPlatform> {
  const far = await startSlack();
  for (const { id, name } of Object.values(people)) far.addPerson(id, name);
  const channelOf = (person: string, inGroup = false) => (inGroup ? group : `D0${person}`);
  const find = (ts: string) =>
    [...Object.values(people).map(({ id }) => channelOf(id)), group]
      .flatMap((channel) => far.messagesIn(channel))
      .find((one) => one.ts === ts);
  return {
    source: (access) =>
      `{ type: slack, token: ${far.token}, app_token: ${far.appToken}, api_root: "${far.apiRoot}", ack_reaction: "👀", access: ${access} }`,
    env: {},
    groupId: group,
    abilities: { files: true, edit: true, react: true, buttons: true, groups: true, quotes: false },
    write: async ({ id }, text, { inGroup, isBot = false } = {}) =>
      far.say({
        channel: channelOf(id, inGroup),
        user: id,
        text: text.replace("@bot", `<@${far.userId}>`),
        ...(isBot ? { bot_id: "B0OTHER" } : {}),
      }),
    async press({ id }, messageId, button) {
      const message = find(messageId) ?? {};
      const action_id = actionIds(message).find((one) => one.endsWith(`:${button}`));
      far.press({ user: { id }, channel: { id: message.channel }, message, actions: [{ action_id }] });
    },
    async shown({ id }, { inGroup } = {}) {
      return far
        .messagesIn(channelOf(id, inGroup))
        .filter(({ user }) => user === far.userId)
        .map((message) => ({
          id: String(message.ts),
          text: textOf(message),
          edited: message.edited === true,
          files: (message.uploads ?? []) as { name: string; content: string }[],
          buttons: actionIds(message).map((one) => one.split(":")[2] as PermissionButton),
        }));
    },
    async reactions(messageId) {
      const names = (find(messageId)?.reactions ?? []) as string[];
      return names.map((name) => signs[name] ?? name);
    },
    close: () => far.close(),
  };
}

interface Block {
  readonly type: string;
  readonly elements?: readonly {
    readonly action_id?: string;
    readonly elements?: readonly { readonly text?: string }[];
  }[];
}

/** Its blocks, where it has some; as Slack shows it. */
function textOf({ text, blocks }: Record<string, unknown>): string {
  const rich = ((blocks ?? []) as Block[])
    .filter(({ type }) => type === "rich_text")
    .flatMap(({ elements = [] }) => elements)
    .map(({ elements = [] }) => elements.map((element) => element.text ?? "").join(""));
  if (rich.length > 0) return rich.join("\n");
  return String(text)
    .replaceAll("\u200B", "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

function actionIds({ blocks }: Record<string, unknown>): string[] {
  return ((blocks ?? []) as Block[])
    .flatMap(({ elements = [] }) => elements)
    .flatMap(({ action_id }) => action_id ?? []);
}

testChat({
  type: "slack",
  people,
  open,
  longText: `${"One line of a long answer.\n".repeat(140)}\n${"And more. ".repeat(200)}`,
});
