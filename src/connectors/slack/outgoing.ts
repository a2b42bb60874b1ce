// What goes to Slack: answers in parts, reactions, edits, files both ways, history, prompts with buttons.

import { checkId } from "../../chat/ids.ts";
import { plain as plainMarkup, slackMrkdwn, writeMarkup } from "../../chat/markup.ts";
import { bytesOfOutgoing } from "../../chat/outgoing-file.ts";
import { type PartLimit, splitMessage, splitText } from "../../chat/parts.ts";
import type {
  AnsweredEvent,
  Chat,
  ChatAddress,
  ChatData,
  IdForm,
  Message,
  OutgoingFile,
  People,
  PermissionButton,
  PermissionPrompt,
} from "../../contract/chat.ts";
import type { HttpClient } from "../../contract/host.ts";
import type { Json } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { emojiName } from "./emoji.ts";
import { asked } from "./failure.ts";
import { isOwn, type Names, type Own, type SlackMessage, senderOf, textOf } from "./incoming.ts";
import type { Web } from "./library.ts";

/** Of messages and threads. */
export const timestamp: IdForm = { pattern: "^[1-9]\\d{0,11}\\.\\d{6}$", example: "1700000000.000100" };

/** "We recommend limiting the number of characters to 4,000": docs.slack.dev/reference/methods/chat.postMessage. */
const limit: PartLimit = { max: 4_000, unit: "characters", counts: "markup" };
/** A section's text: docs.slack.dev/reference/block-kit/blocks/section-block. */
const maxSection = 3_000;
const quiet = { unfurl_links: false, unfurl_media: false };
const downloadMs = 60_000;
const actionPrefix = "permission";

interface OutgoingWorld {
  /** Rejects while there is no connection. */
  web(): Promise<Web>;
  readonly own: () => Own;
  readonly names: Names & { learn(ids: readonly string[]): Promise<void> };
  readonly token: string;
  readonly http: HttpClient;
  readonly people: People;
  readonly signal: AbortSignal;
  readonly maxDownloadBytes: number;
  readonly apiRoot: string;
}

type Outgoing = Required<Omit<Chat, "typing">> & {
  reply(event: AnsweredEvent, message: Message): Promise<string>;
};

export function createOutgoing(world: OutgoingWorld): Outgoing {
  async function send(channel: string, thread: string | undefined, { text, files = [] }: Message) {
    if (thread !== undefined) checkId("reply_to", thread, timestamp);
    const web = await world.web();
    const parts = splitMessage(text, slackMrkdwn, limit);
    const inThread = thread === undefined ? {} : { thread_ts: thread };
    const ids: string[] = [];
    const step = async <T>(work: () => Promise<T>): Promise<T> => {
      try {
        return await asked("sending", work);
      } catch (error) {
        if (ids.length === 0 || !(error instanceof ConnectorError)) throw error;
        const total = `${parts.length} parts${files.length > 0 ? " and the files" : ""}`;
        throw new ConnectorError(
          error.code,
          `${error.message}; ${ids.length} of ${total} went out (ids: ${ids.join(", ")})`,
          { cause: error, hint: "send only the rest" },
        );
      }
    };
    for (const { markup, plain } of parts) {
      if (markup === "" && files.length > 0) continue;
      const said = { channel, text: markup || plain, ...inThread, ...quiet };
      const { ts } = await step(() => web.chat.postMessage(said));
      ids.push(String(ts));
    }
    if (files.length > 0) {
      const uploads = await Promise.all(files.map(upload));
      await step(() =>
        web.filesUploadV2({ channel_id: channel, file_uploads: uploads, ...inThread } as never),
      );
    }
    if (ids.length === 1) return `sent (id: ${ids[0]})`;
    return ids.length === 0 ? "sent the files" : `sent ${ids.length} parts (ids: ${ids.join(", ")})`;
  }

  async function channelOf(to: ChatAddress): Promise<string> {
    if ("chatId" in to) return to.chatId;
    const web = await world.web();
    const { channel } = await asked("opening a chat", () => web.conversations.open({ users: to.person }));
    return String(channel?.id);
  }

  return {
    reply(event, message) {
      const { chat_id, message_id, thread_id, chat_type } = dataOf(event);
      // In a channel an answer opens a thread; what is said to us alone is answered where it stands.
      const thread = message.replyTo ?? thread_id ?? (chat_type === "group" ? message_id : undefined);
      return send(chat_id, thread, message);
    },
    send: async (to, message) => send(await channelOf(to), "chatId" in to ? to.threadId : undefined, message),
    async react(event, emoji, messageId) {
      const web = await world.web();
      const { chat_id, message_id } = dataOf(event);
      checkId("message_id", messageId ?? message_id, timestamp);
      const reaction = { channel: chat_id, timestamp: messageId ?? message_id, name: emojiName(emoji) };
      await asked("the reaction", () => web.reactions.add(reaction));
      return "reacted";
    },
    async edit(event, messageId, text) {
      checkId("message_id", messageId, timestamp);
      const web = await world.web();
      const [part, ...rest] = splitMessage(text, slackMrkdwn, limit);
      if (rest.length > 0)
        throw new ConnectorError(
          "E_CHAT",
          `the text is longer than the ${limit.max} characters of one message`,
          {
            hint: "shorten it, or send a new message with reply",
          },
        );
      // Without its blocks: what Claude writes into a message must never have the buttons of a prompt.
      const change = {
        channel: dataOf(event).chat_id,
        ts: messageId,
        text: part?.markup ?? "",
        blocks: [],
      };
      await asked("the edit", () => web.chat.update(change));
      return `edited (id: ${messageId})`;
    },
    async download(_, attachment) {
      const web = await world.web();
      const { file } = await asked("the download", () => web.files.info({ file: attachment.id }));
      const address = file?.url_private_download ?? file?.url_private;
      if (address === undefined) throw new ConnectorError("E_CHAT", "this file cannot be fetched from Slack");
      const url = new URL(address);
      const isTheirs = url.protocol === "https:" && /(^|\.)slack\.com$/.test(url.hostname);
      // The token goes along, so only Slack's own hosts are asked.
      if (!isTheirs && url.origin !== new URL(world.apiRoot).origin)
        throw new ConnectorError("E_CHAT", "the file does not lie on Slack's own hosts");
      const answer = await world.http.request({
        url: url.href,
        headers: { authorization: `Bearer ${world.token}` },
        signal: world.signal,
        timeoutMs: downloadMs,
      });
      const failure = answer.failure();
      if (failure === undefined)
        return world.people.save(file?.name ?? "file", answer.body(), world.maxDownloadBytes);
      answer.discard();
      throw failure;
    },
    async history(event, { limit: count, before }) {
      if (before !== undefined) checkId("before", before, timestamp);
      const web = await world.web();
      const { chat_id, thread_id } = dataOf(event);
      const page = {
        channel: chat_id,
        limit: Math.min(count, 100),
        ...(before === undefined ? {} : { latest: before, inclusive: false }),
      };
      const found = await asked("the history", () =>
        thread_id === undefined
          ? web.conversations.history(page)
          : web.conversations.replies({ ...page, ts: thread_id }),
      );
      const messages = (found.messages ?? []).map(
        (message) => ({ ...message, channel: chat_id }) as SlackMessage,
      );
      await world.names.learn(messages.flatMap(({ user }) => (user === undefined ? [] : [user])));
      const own = world.own();
      return messages
        .sort((a, b) => Number(a.ts) - Number(b.ts))
        .map((message) => ({
          id: message.ts,
          ...(isOwn(message, own) ? {} : { sender: senderOf(message, world.names) }),
          timeMs: Math.round(Number(message.ts) * 1_000),
          text: textOf(message, own, world.names),
          attachments: message.files?.length ?? 0,
        }));
    },
    async askPermission(person, prompt): Promise<Json> {
      const web = await world.web();
      const channel = await channelOf({ person });
      const { ts } = await asked("the prompt", () =>
        web.chat.postMessage({
          channel,
          text: flat(prompt.text),
          blocks: blocksOf(prompt),
          ...quiet,
        } as never),
      );
      return { channel, ts: String(ts) };
    },
    async expirePermission(prompted, text) {
      const web = await world.web();
      const { channel, ts } = prompted as { channel: string; ts: string };
      const blocks = blocksOf({ id: "", text, buttons: [] });
      await asked("the end of the prompt", () =>
        web.chat.update({ channel, ts, text: flat(text), blocks } as never),
      );
    },
  };
}

/** Plain text as blocks, and the buttons under it: docs.slack.dev/reference/block-kit. */
export function blocksOf({ id, text, buttons }: PermissionPrompt): object[] {
  const pieces = splitText(text, { max: maxSection, unit: "characters" });
  const sections = pieces.slice(0, 10).map((piece) => ({
    type: "section",
    text: { type: "plain_text", text: piece, emoji: false },
  }));
  if (buttons.length === 0) return sections;
  const elements = buttons.map(({ button, label }) => ({
    type: "button",
    action_id: `${actionPrefix}:${id}:${button}`,
    text: { type: "plain_text", text: label },
    ...(button === "allow" ? { style: "primary" } : button === "deny" ? { style: "danger" } : {}),
  }));
  return [...sections, { type: "actions", elements }];
}

const buttons: readonly string[] = ["more", "allow", "deny"] satisfies PermissionButton[];

export function readActionId(actionId: string): { promptId: string; button: PermissionButton } | undefined {
  const [kind, promptId = "", button = ""] = actionId.split(":");
  if (kind !== actionPrefix || !buttons.includes(button)) return undefined;
  return { promptId, button: button as PermissionButton };
}

/** What a notification shows, in place of the blocks. */
export function flat(text: string): string {
  return (
    writeMarkup([{ text: text.slice(0, maxSection), marks: [] }], slackMrkdwn) || plainMarkup.escape(text, [])
  );
}

async function upload(file: OutgoingFile) {
  return { file: await bytesOfOutgoing(file), filename: file.name };
}

function dataOf({ data }: AnsweredEvent): ChatData {
  return data as ChatData;
}
