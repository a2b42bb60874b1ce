// Everything sent to Slack: answers in parts, reactions, edits, files both ways, history, prompts with
// buttons.

import { checkId } from "../../chat/ids.ts";
import { plain as plainMarkup, slackMrkdwn, writeMarkup } from "../../chat/markup.ts";
import { bytesOfOutgoing } from "../../chat/outgoing-file.ts";
import { promptRuns, wholePrompt } from "../../chat/prompt-text.ts";
import { demandText, type PartLimit, splitMessage } from "../../chat/split-message.ts";
import type {
  AnsweredEvent,
  AskedPrompt,
  Chat,
  ChatAddress,
  ChatAttachment,
  ChatData,
  HistoryMessage,
  HistoryPage,
  IdForm,
  Message,
  OutgoingFile,
  People,
  PermissionButton,
  PermissionPrompt,
  PromptLine,
  PromptText,
  SavedFile,
} from "../../contract/chat.ts";
import type { HttpClient } from "../../contract/host.ts";
import { ConnectorError } from "../../errors.ts";
import { emojiName } from "./emoji.ts";
import { asked } from "./failure.ts";
import { isOwn, type Names, type OwnIdentity, type SlackMessage, senderOf, textOf } from "./incoming.ts";
import type { Web } from "./library.ts";

/** Ids of messages and threads. */
export const timestamp: IdForm = { pattern: "^[1-9]\\d{0,11}\\.\\d{6}$", example: "1700000000.000100" };

/** "We recommend limiting the number of characters to 4,000": docs.slack.dev/reference/methods/chat.postMessage. */
const limit: PartLimit = { max: 4_000, unit: "characters", counts: "markup" };
const maxAnswer = 3_000;
/** Of a prompt; the limit of a section's text: docs.slack.dev/reference/block-kit/blocks/section-block. */
const maxQuoted = 3_000;
const withoutPreviews = { unfurl_links: false, unfurl_media: false };
const downloadMs = 60_000;
const actionPrefix = "permission";

interface OutgoingContext {
  /** Rejects while there is no connection. */
  web(): Promise<Web>;
  readonly own: () => OwnIdentity;
  readonly names: Names & { learn(ids: readonly string[]): Promise<void> };
  readonly token: string;
  readonly http: HttpClient;
  readonly people: People;
  readonly signal: AbortSignal;
  readonly maxDownloadBytes: number;
  readonly apiRoot: string;
}

export type Outgoing = Required<Omit<Chat, "typing">> & {
  reply(event: AnsweredEvent, message: Message): Promise<string>;
};

export function createOutgoing(context: OutgoingContext): Outgoing {
  return new SlackOutgoing(context);
}

class SlackOutgoing implements Outgoing {
  readonly #context: OutgoingContext;

  constructor(context: OutgoingContext) {
    this.#context = context;
  }

  reply(event: AnsweredEvent, message: Message): Promise<string> {
    const { chat_id, message_id, thread_id, chat_type } = dataOf(event);
    // In a channel a reply opens a thread; a direct message is answered in place.
    const thread = message.replyTo ?? thread_id ?? (chat_type === "group" ? message_id : undefined);
    return this.#send(chat_id, thread, message);
  }

  async send(to: ChatAddress, message: Message): Promise<string> {
    return this.#send(await this.#channelOf(to), "chatId" in to ? to.threadId : undefined, message);
  }

  async react(event: AnsweredEvent, emoji: string, messageId: string | undefined): Promise<string> {
    const web = await this.#context.web();
    const { chat_id, message_id } = dataOf(event);
    checkId("message_id", messageId ?? message_id, timestamp);
    const reaction = { channel: chat_id, timestamp: messageId ?? message_id, name: emojiName(emoji) };
    await asked("the reaction", () => web.reactions.add(reaction));
    return "reacted";
  }

  async edit(event: AnsweredEvent, messageId: string, text: string): Promise<string> {
    checkId("message_id", messageId, timestamp);
    const web = await this.#context.web();
    const [part, ...rest] = splitMessage(text, slackMrkdwn, limit);
    demandText(part === undefined ? [] : [part]);
    if (rest.length > 0)
      throw new ConnectorError(
        "E_CHAT",
        `the text is longer than the ${limit.max} characters of one message`,
        {
          hint: "shorten it, or send a new message with reply",
        },
      );
    // Without its blocks: text that Claude writes into a message must never have the buttons of a prompt.
    const change = {
      channel: dataOf(event).chat_id,
      ts: messageId,
      text: part?.markup ?? "",
      blocks: [],
    };
    await asked("the edit", () => web.chat.update(change));
    return `edited (id: ${messageId})`;
  }

  async download(_: AnsweredEvent, attachment: ChatAttachment): Promise<SavedFile> {
    const web = await this.#context.web();
    const { file } = await asked("the download", () => web.files.info({ file: attachment.id }));
    const address = file?.url_private_download ?? file?.url_private;
    if (address === undefined) throw new ConnectorError("E_CHAT", "this file cannot be fetched from Slack");
    const url = new URL(address);
    const isTheirs = url.protocol === "https:" && /(^|\.)slack\.com$/.test(url.hostname);
    // The request includes the token, so only Slack's own hosts are contacted.
    if (!isTheirs && url.origin !== new URL(this.#context.apiRoot).origin)
      throw new ConnectorError("E_CHAT", "the file is not on Slack's own hosts");
    const answer = await this.#context.http.request({
      url: url.href,
      headers: { authorization: `Bearer ${this.#context.token}` },
      signal: this.#context.signal,
      timeoutMs: downloadMs,
    });
    const failure = answer.failure();
    if (failure === undefined)
      return this.#context.people.save(file?.name ?? "file", answer.body(), this.#context.maxDownloadBytes);
    answer.discard();
    throw failure;
  }

  async history(
    event: AnsweredEvent,
    { limit: count, before }: HistoryPage,
  ): Promise<readonly HistoryMessage[]> {
    if (before !== undefined) checkId("before", before, timestamp);
    const web = await this.#context.web();
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
    await this.#context.names.learn(messages.flatMap(({ user }) => (user === undefined ? [] : [user])));
    const own = this.#context.own();
    return messages
      .sort((a, b) => Number(a.ts) - Number(b.ts))
      .map((message) => ({
        id: message.ts,
        ...(isOwn(message, own) ? {} : { sender: senderOf(message, this.#context.names) }),
        timeMs: Math.round(Number(message.ts) * 1_000),
        text: textOf(message, own, this.#context.names),
        attachments: message.files?.length ?? 0,
      }));
  }

  async askPermission(person: string, prompt: PermissionPrompt): Promise<AskedPrompt> {
    const channel = await this.#channelOf({ person });
    return this.continuePermission({ chat_id: channel, message_ids: [] }, prompt);
  }

  async continuePermission(
    { chat_id, message_ids }: AskedPrompt,
    prompt: PermissionPrompt,
  ): Promise<AskedPrompt> {
    const web = await this.#context.web();
    const said = { channel: chat_id, ...promptBlocks(prompt), ...withoutPreviews };
    const { ts } = await asked("the prompt", () => web.chat.postMessage(said as never));
    return { chat_id, message_ids: [...message_ids, String(ts)] };
  }

  async expirePermission({ chat_id, message_ids }: AskedPrompt, text: PromptText): Promise<void> {
    const web = await this.#context.web();
    for (const ts of message_ids) {
      const said = ts === message_ids.at(-1) ? text : { ...text, quoted: [] };
      const change = { channel: chat_id, ts, ...promptBlocks({ id: "", text: said, buttons: [] }) };
      await asked("the end of the prompt", () => web.chat.update(change as never));
    }
  }

  async #send(channel: string, thread: string | undefined, { text, files = [] }: Message) {
    if (thread !== undefined) checkId("reply_to", thread, timestamp);
    const web = await this.#context.web();
    const parts = splitMessage(text, slackMrkdwn, limit);
    if (files.length === 0) demandText(parts);
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
      const said = { channel, text: markup || plain, ...inThread, ...withoutPreviews };
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

  async #channelOf(to: ChatAddress): Promise<string> {
    if ("chatId" in to) return to.chatId;
    const web = await this.#context.web();
    const { channel } = await asked("opening a chat", () => web.conversations.open({ users: to.person }));
    return String(channel?.id);
  }
}

/**
 * Blocks, and the buttons under them: docs.slack.dev/reference/block-kit/blocks/rich-text-block. Slack
 * renders no markup, mention, emoji or URL in `text` elements; text that a model wrote is preformatted.
 * `text` is shown in notifications.
 */
function promptBlocks({ id, text, buttons }: PermissionPrompt): { blocks: object[]; text: string } {
  const { title, quoted, foot } = text;
  wholePrompt(quoted.join(""), maxQuoted);
  const elements = [
    section([title]),
    ...quoted.map((words) => ({
      type: "rich_text_preformatted",
      elements: [{ type: "text", text: words }],
    })),
    ...(foot.length === 0 ? [] : [section(foot)]),
  ];
  const whole = writeMarkup(promptRuns(text), slackMrkdwn);
  return {
    blocks: [{ type: "rich_text", elements }, ...buttonBlocks(id, buttons)],
    text: whole.length <= limit.max ? whole : writeMarkup(promptRuns({ ...text, quoted: [] }), slackMrkdwn),
  };
}

function section(lines: readonly PromptLine[]): object {
  const elements = lines.flatMap((line, index) => [
    ...(index === 0 ? [] : [{ type: "text", text: "\n" }]),
    ...line.map((part) =>
      typeof part === "string"
        ? { type: "text", text: part }
        : { type: "text", text: part.code, style: { code: true } },
    ),
  ]);
  return { type: "rich_text_section", elements };
}

function buttonBlocks(id: string, buttons: PermissionPrompt["buttons"]): object[] {
  if (buttons.length === 0) return [];
  const elements = buttons.map(({ button, label }) => ({
    type: "button",
    action_id: `${actionPrefix}:${id}:${button}`,
    text: { type: "plain_text", text: label },
    ...(button === "allow" ? { style: "primary" } : button === "deny" ? { style: "danger" } : {}),
  }));
  return [{ type: "actions", elements }];
}

const buttons: readonly string[] = ["more", "allow", "deny"] satisfies PermissionButton[];

export function readActionId(actionId: string): { promptId: string; button: PermissionButton } | undefined {
  const [kind, promptId = "", button = ""] = actionId.split(":");
  if (kind !== actionPrefix || !buttons.includes(button)) return undefined;
  return { promptId, button: button as PermissionButton };
}

/** A reply of the router itself. */
export function flat(text: string): string {
  return (
    writeMarkup([{ text: text.slice(0, maxAnswer), marks: [] }], slackMrkdwn) || plainMarkup.escape(text, [])
  );
}

async function upload(file: OutgoingFile) {
  return { file: await bytesOfOutgoing(file), filename: file.name };
}

function dataOf({ data }: AnsweredEvent): ChatData {
  return data as ChatData;
}
