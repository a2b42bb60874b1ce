// Everything sent to Discord: answers in parts, reactions, edits, files both ways, history, prompts with
// buttons.

import type { API, APIMessage } from "@discordjs/core";
import type { RawFile } from "@discordjs/rest";
import { checkId } from "../../chat/ids.ts";
import { discordMarkdown, writeMarkup } from "../../chat/markup.ts";
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
  PromptText,
  SavedFile,
} from "../../contract/chat.ts";
import type { HttpClient } from "../../contract/host.ts";
import type { Sender } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { threadTypes } from "./channel-cache.ts";
import { asked } from "./failure.ts";
import { type DiscordMessage, senderOf } from "./incoming.ts";

/** Ids of messages, channels and threads; only this spelling, because they are also used in request paths. */
export const snowflake: IdForm = { pattern: "^[1-9]\\d{0,19}$", example: "1184405311681986560" };

/** "Messages may be up to 2000 characters": docs/resources/message. */
export const limit: PartLimit = { max: 2_000, unit: "characters", counts: "markup" };
/**
 * Outgoing messages never mention anybody ("Allowed Mentions Object" of docs/resources/message), and Discord
 * does not fetch URLs in them for a preview ("Message Flags": SUPPRESS_EMBEDS): a preview would leak injected
 * content to the server of the URL before anybody has read it.
 */
export const silent = { allowed_mentions: { parse: [] }, flags: 1 << 2 };
const downloadMs = 60_000;

/**
 * The hosts of attachments; their URLs come from Discord's own answer, and still only these hosts are
 * contacted.
 */
const fileHosts = ["cdn.discordapp.com", "media.discordapp.net"];

interface OutgoingContext {
  /** Rejects while there is no connection. */
  api(): Promise<API>;
  readonly own: () => string;
  readonly http: HttpClient;
  readonly people: People;
  readonly signal: AbortSignal;
  readonly maxDownloadBytes: number;
  readonly apiRoot: string;
}

export type Outgoing = Required<Chat> & { reply(event: AnsweredEvent, message: Message): Promise<string> };

export function createOutgoing(context: OutgoingContext): Outgoing {
  return new DiscordOutgoing(context);
}

class DiscordOutgoing implements Outgoing {
  readonly #context: OutgoingContext;

  constructor(context: OutgoingContext) {
    this.#context = context;
  }

  reply(event: AnsweredEvent, message: Message): Promise<string> {
    return this.#send(channelOfEvent(event), {
      ...message,
      replyTo: message.replyTo ?? dataOf(event).message_id,
    });
  }

  async send(to: ChatAddress, message: Message): Promise<string> {
    return this.#send(await this.#channelOf(to), message);
  }

  async react(event: AnsweredEvent, emoji: string, messageId: string | undefined): Promise<string> {
    const api = await this.#context.api();
    const name = /^<?a?:?(\w+:\d+)>?$/.exec(emoji)?.[1] ?? emoji;
    const message = messageId ?? dataOf(event).message_id;
    checkId("message_id", message, snowflake);
    await asked("the reaction", () => api.channels.addMessageReaction(channelOfEvent(event), message, name));
    return "reacted";
  }

  async edit(event: AnsweredEvent, messageId: string, text: string): Promise<string> {
    checkId("message_id", messageId, snowflake);
    const api = await this.#context.api();
    const [part, ...rest] = splitMessage(text, discordMarkdown, limit);
    demandText(part === undefined ? [] : [part]);
    if (rest.length > 0)
      throw new ConnectorError(
        "E_CHAT",
        `the text is longer than the ${limit.max} characters of one message`,
        {
          hint: "shorten it, or send a new message with reply",
        },
      );
    // Without its buttons: text that Claude writes into a message must never have those of a prompt.
    const body = { content: part?.markup ?? "", components: [], ...silent };
    await asked("the edit", () => api.channels.editMessage(channelOfEvent(event), messageId, body));
    return `edited (id: ${messageId})`;
  }

  async download(event: AnsweredEvent, attachment: ChatAttachment): Promise<SavedFile> {
    const api = await this.#context.api();
    const { message_id } = dataOf(event);
    // Attachment URLs of Discord expire after a day: a new one is requested.
    const message = await asked("the download", () =>
      api.channels.getMessage(channelOfEvent(event), message_id),
    );
    const found = message.attachments.find(({ id }) => id === attachment.id);
    if (found === undefined) throw new ConnectorError("E_CHAT", "this attachment is gone or is not a file");
    const url = new URL(found.url);
    if (!fileHosts.includes(url.hostname) && url.origin !== new URL(this.#context.apiRoot).origin)
      throw new ConnectorError("E_CHAT", "the file is not on Discord's own hosts");
    const answer = await this.#context.http.request({
      url: url.href,
      signal: this.#context.signal,
      timeoutMs: downloadMs,
    });
    const failure = answer.failure();
    if (failure === undefined)
      return this.#context.people.save(found.filename, answer.body(), this.#context.maxDownloadBytes);
    answer.discard();
    throw failure;
  }

  async history(
    event: AnsweredEvent,
    { limit: count, before }: HistoryPage,
  ): Promise<readonly HistoryMessage[]> {
    if (before !== undefined) checkId("before", before, snowflake);
    const api = await this.#context.api();
    const query = { limit: Math.min(count, 100), ...(before === undefined ? {} : { before }) };
    const found = await asked("the history", () => api.channels.getMessages(channelOfEvent(event), query));
    return found.reverse().map((message) => ({
      id: message.id,
      ...this.#senderUnlessUs(message),
      timeMs: Date.parse(message.timestamp),
      text: message.content,
      attachments: message.attachments.length,
    }));
  }

  async typing(event: AnsweredEvent): Promise<void> {
    const api = await this.#context.api();
    await asked("typing", () => api.channels.showTyping(channelOfEvent(event)));
  }

  async askPermission(person: string, prompt: PermissionPrompt): Promise<AskedPrompt> {
    const channel = await this.#channelOf({ person });
    return this.continuePermission({ chat_id: channel, message_ids: [] }, prompt);
  }

  async continuePermission(
    { chat_id, message_ids }: AskedPrompt,
    prompt: PermissionPrompt,
  ): Promise<AskedPrompt> {
    const api = await this.#context.api();
    const body = { content: promptContent(prompt.text), components: buttonRows(prompt), ...silent };
    const { id } = await asked("the prompt", () => api.channels.createMessage(chat_id, body));
    return { chat_id, message_ids: [...message_ids, id] };
  }

  async expirePermission({ chat_id, message_ids }: AskedPrompt, text: PromptText): Promise<void> {
    const api = await this.#context.api();
    for (const id of message_ids) {
      const content = promptContent(id === message_ids.at(-1) ? text : { ...text, quoted: [] });
      const body = { content, components: [], ...silent };
      await asked("the end of the prompt", () => api.channels.editMessage(chat_id, id, body));
    }
  }

  async #send(channel: string, { text, files = [], replyTo }: Message): Promise<string> {
    if (replyTo !== undefined) checkId("reply_to", replyTo, snowflake);
    const api = await this.#context.api();
    const parts = splitMessage(text, discordMarkdown, limit);
    if (files.length === 0) demandText(parts);
    const ids: string[] = [];
    for (const [index, { markup, plain }] of parts.entries()) {
      const isLast = index === parts.length - 1;
      const body = {
        content: markup || plain,
        ...silent,
        ...(index > 0 || replyTo === undefined
          ? {}
          : { message_reference: { message_id: replyTo, fail_if_not_exists: false } }),
        ...(isLast && files.length > 0 ? { files: await Promise.all(files.map(rawFile)) } : {}),
      };
      try {
        ids.push((await asked("sending", () => api.channels.createMessage(channel, body))).id);
      } catch (error) {
        if (ids.length === 0 || !(error instanceof ConnectorError)) throw error;
        throw new ConnectorError(
          error.code,
          `${error.message}; ${ids.length} of ${parts.length} parts went out (ids: ${ids.join(", ")})`,
          { cause: error, hint: "send only the rest" },
        );
      }
    }
    return ids.length === 1 ? `sent (id: ${ids[0]})` : `sent ${ids.length} parts (ids: ${ids.join(", ")})`;
  }

  async #channelOf(to: ChatAddress): Promise<string> {
    const api = await this.#context.api();
    if ("chatId" in to) {
      const { chatId, threadId } = to;
      if (threadId === undefined || threadId === chatId) return chatId;
      checkId("thread_id", threadId, snowflake);
      // To Discord a thread is a channel like any other: only its parent shows whether it belongs to the
      // allowed chat.
      const thread = await asked("looking for the thread", () => api.channels.get(threadId));
      if ("parent_id" in thread && thread.parent_id === chatId && threadTypes.has(thread.type))
        return threadId;
      throw new ConnectorError("E_CHAT", `${threadId.slice(0, 40)} is not a thread of ${chatId}`);
    }
    return (await asked("opening a chat", () => api.users.createDM(to.person))).id;
  }

  #senderUnlessUs(message: APIMessage): { sender?: Sender } {
    return message.author.id === this.#context.own() ? {} : { sender: senderOf(message as DiscordMessage) };
  }
}

/** A notice to one user, cut to one message. */
export function noticeText(text: string): string {
  const written = writeMarkup([{ text, marks: [] }], discordMarkdown);
  if (written.length <= limit.max) return written;
  return `${splitMessage(text, discordMarkdown, { ...limit, max: limit.max - 2 })[0]?.plain.slice(0, limit.max - 2)} …`;
}

/**
 * Text that a model wrote is in code blocks, in which Discord renders no markup, mention or URL. Rejects when
 * it is too long.
 */
function promptContent(text: PromptText): string {
  return wholePrompt(writeMarkup(promptRuns(text), discordMarkdown), limit.max);
}

// "Button styles" of docs/components/reference.
const styles: Record<PermissionButton, 2 | 3 | 4> = { more: 2, allow: 3, deny: 4 };

function buttonRows({ id, buttons }: Pick<PermissionPrompt, "id" | "buttons">) {
  if (buttons.length === 0) return [];
  const components = buttons.map(({ button, label }) => ({
    type: 2 as const,
    style: styles[button],
    label,
    custom_id: `permission:${id}:${button}`,
  }));
  return [{ type: 1 as const, components }];
}

export function readCustomId(customId: string): { promptId: string; button: PermissionButton } | undefined {
  const [kind, promptId = "", button = ""] = customId.split(":");
  if (kind !== "permission" || !Object.hasOwn(styles, button)) return undefined;
  return { promptId, button: button as PermissionButton };
}

async function rawFile(file: OutgoingFile): Promise<RawFile> {
  return { name: file.name, data: await bytesOfOutgoing(file) };
}

function dataOf({ data }: AnsweredEvent): ChatData {
  return data as ChatData;
}

function channelOfEvent(event: AnsweredEvent): string {
  const { thread_id, chat_id } = dataOf(event);
  return thread_id ?? chat_id;
}
