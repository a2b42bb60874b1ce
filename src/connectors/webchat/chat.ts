// The chat features of a room: answers, edits, reactions, and the permission prompts of a browser.

import { randomBytes } from "node:crypto";
import { hashOf } from "../../browser/signed.ts";
import { type Markup, telegramHtml, writeMarkup } from "../../chat/markup.ts";
import { readOutgoing } from "../../chat/outgoing-file.ts";
import { plainPrompt, promptRuns } from "../../chat/prompt-text.ts";
import { demandText, splitMessage } from "../../chat/split-message.ts";
import type {
  AnsweredEvent,
  AskedPrompt,
  Chat,
  ChatAddress,
  ChatData,
  Message,
  OutgoingFile,
  People,
  PermissionPrompt,
  PromptText,
} from "../../contract/chat.ts";
import type { Host } from "../../contract/host.ts";
import type { Clock, Json } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { mainRoom } from "./incoming.ts";
import type { RoomFile, RoomMessage, Rooms } from "./rooms.ts";

export const maxFileBytes = 50_000_000;
/** The whole message is kept. */
const partLimit = { max: 8_000, unit: "characters", counts: "text" } as const;

export interface RoomAddress {
  readonly browser: string;
  readonly room: string;
}

interface SpeakerOptions {
  readonly rooms: Rooms;
  readonly host: Pick<Host, "clock" | "people">;
  typing(address: RoomAddress): void;
  /** Has this browser an open page, or had one before? */
  isKnown(browser: string): boolean;
}

export function chatIdOf({ browser, room }: RoomAddress): string {
  return `${browser}/${room}`;
}

function addressOf(chatId: string): RoomAddress {
  const [browser = "", room = mainRoom] = chatId.split("/");
  return { browser, room };
}

export class WebchatSender implements Required<Omit<Chat, "history" | "download">> {
  readonly #rooms: SpeakerOptions["rooms"];
  readonly #typing: SpeakerOptions["typing"];
  readonly #isKnown: SpeakerOptions["isKnown"];
  readonly #clock: Clock;
  readonly #people: People;

  constructor({ rooms, host, typing, isKnown }: SpeakerOptions) {
    this.#rooms = rooms;
    this.#typing = typing;
    this.#isKnown = isKnown;
    const { clock, people } = host;
    this.#clock = clock;
    this.#people = people;
  }

  answer(event: AnsweredEvent, { replyTo, ...message }: Message): Promise<string> {
    const { chat_id: chatId, message_id: own } = dataOf(event);
    return this.#send(addressOf(chatId), { ...message, replyTo: replyTo ?? own });
  }

  /** A reply of the access check: kept only for known browsers. */
  async say(address: RoomAddress, text: string, isKept: boolean): Promise<void> {
    const message = this.#newMessage(address, text);
    if (isKept) await this.#rooms.put(address.browser, message);
    else this.#rooms.show(address.browser, message);
  }

  async react(event: AnsweredEvent, emoji: string, messageId: string | undefined) {
    const { chat_id: chatId, message_id: own } = dataOf(event);
    const { browser } = addressOf(chatId);
    const isThere = await this.#rooms.change(browser, messageId ?? own, ({ reactions = [], ...message }) => ({
      ...message,
      reactions: [...new Set([...reactions, emoji.slice(0, 64)])].slice(-10),
    }));
    if (!isThere) throw gone(messageId ?? own);
    return `reacted with ${emoji}`;
  }

  async edit(event: AnsweredEvent, messageId: string, text: string) {
    const { browser } = addressOf(dataOf(event).chat_id);
    const message = this.#rooms.find(browser, messageId);
    if (message === undefined) throw gone(messageId);
    if (message.from !== "claude")
      throw new ConnectorError("E_CHAT", "only messages that you sent can be changed");
    const [part, ...more] = splitMessage(text, webHtml, partLimit);
    demandText(part === undefined ? [] : [part]);
    if (part === undefined || more.length > 0)
      throw new ConnectorError(
        "E_TOOL_INPUT",
        `the text is longer than the ${partLimit.max} characters of one message`,
        {
          hint: "shorten it, or send the rest with reply",
        },
      );
    await this.#rooms.change(browser, messageId, (before) => ({
      ...before,
      text: part.plain,
      html: tidy(part.markup),
      edited: true,
    }));
    return `edited (id: ${messageId})`;
  }

  async send(to: ChatAddress, message: Message) {
    const address = "person" in to ? lastRoom(this.#rooms, to.person) : addressOf(to.chatId);
    if (!this.#isKnown(address.browser))
      throw new ConnectorError("E_CHAT", "no browser with this id has written", {
        hint: "channel-router access list  shows those that have",
      });
    return this.#send(address, message);
  }

  async typing(event: AnsweredEvent) {
    this.#typing(addressOf(dataOf(event).chat_id));
  }

  async askPermission(person: string, prompt: PermissionPrompt) {
    return this.continuePermission(
      { chat_id: chatIdOf(lastRoom(this.#rooms, person)), message_ids: [] },
      prompt,
    );
  }

  async continuePermission({ chat_id, message_ids }: AskedPrompt, { id, text, buttons }: PermissionPrompt) {
    const address = addressOf(chat_id);
    const message = {
      ...this.#newMessage(address, plainPrompt(text)),
      ...promptHtml(text),
      prompt: { id, buttons },
    };
    await this.#rooms.put(address.browser, message);
    return { chat_id, message_ids: [...message_ids, message.id] };
  }

  async expirePermission({ chat_id, message_ids }: AskedPrompt, text: PromptText) {
    const address = addressOf(chat_id);
    for (const id of message_ids) {
      const said = id === message_ids.at(-1) ? text : { ...text, quoted: [] };
      const words = { text: plainPrompt(said), ...promptHtml(said) };
      const isThere = await this.#rooms.change(address.browser, id, ({ prompt: _, ...message }) => ({
        ...message,
        ...words,
      }));
      if (!isThere) await this.#rooms.put(address.browser, { ...this.#newMessage(address, ""), ...words });
    }
  }

  #newMessage({ room }: RoomAddress, text: string, from: RoomMessage["from"] = "router"): RoomMessage {
    return {
      id: `m${this.#clock.now().toString(36)}-${randomBytes(3).toString("hex")}`,
      room,
      from,
      text,
      timeMs: this.#clock.now(),
    };
  }

  /**
   * A private copy: the page later fetches exactly the file that was sent, whatever happens to the original.
   */
  async #copy(file: OutgoingFile): Promise<RoomFile> {
    const { path, bytes } = await this.#people.save(file.name, readOutgoing(file), maxFileBytes, "sent");
    return { id: randomBytes(12).toString("hex"), name: file.name, bytes, path };
  }

  async #send(address: RoomAddress, { text, files = [], replyTo }: Message): Promise<string> {
    if (text.trim() === "" && files.length === 0)
      throw new ConnectorError("E_TOOL_INPUT", "nothing to send: the text is empty");
    const copies: RoomFile[] = [];
    for (const file of files) copies.push(await this.#copy(file));
    const parts = splitMessage(text, webHtml, partLimit);
    if (files.length === 0) demandText(parts);
    const ids: string[] = [];
    for (const [index, { plain, markup }] of parts.entries()) {
      const isLast = index === parts.length - 1;
      const message = {
        ...this.#newMessage(address, plain, "claude"),
        html: tidy(markup),
        ...(index > 0 || replyTo === undefined ? {} : { replyTo }),
        ...(isLast && copies.length > 0 ? { files: copies } : {}),
      };
      await this.#rooms.put(address.browser, message);
      ids.push(message.id);
    }
    return ids.length === 1 ? `sent (id: ${ids[0]})` : `sent ${ids.length} parts (ids: ${ids.join(", ")})`;
  }
}

function promptHtml(text: PromptText): { readonly html: string } {
  return { html: tidy(writeMarkup(promptRuns(text), webHtml)) };
}

/**
 * Hash of what a page shows of a prompt, in all its messages: a verdict includes it, so that nothing between
 * the router and the page can show another text. Undefined when no such prompt is open.
 */
export function shownHash(rooms: Pick<Rooms, "of">, browser: string, promptId: string): string | undefined {
  const messages = rooms.of(browser).filter(({ prompt }) => prompt?.id === promptId);
  if (messages.length === 0) return undefined;
  return hashOf(Buffer.from(messages.map(({ id, text, html = text }) => `${id}\n${html}`).join("\n\n")));
}

function gone(id: string): ConnectorError {
  return new ConnectorError("E_CHAT", `message ${id.slice(0, 64)} does not exist any more`);
}

export function lastRoom(rooms: Rooms, browser: string): RoomAddress {
  return { browser, room: rooms.of(browser).at(-1)?.room ?? mainRoom };
}

function dataOf({ data }: Pick<AnsweredEvent, "data">): ChatData {
  return data as unknown as ChatData;
}

/** As a page receives it: files without their paths. */
export function asShown(message: RoomMessage): Json {
  const { files, replyTo, timeMs, eventId, ...rest } = message;
  return {
    ...rest,
    time_ms: timeMs,
    ...(eventId === undefined ? {} : { event_id: eventId }),
    ...(replyTo === undefined ? {} : { reply_to: replyTo }),
    ...(files === undefined ? {} : { files: files.map(({ id, name, bytes }) => ({ id, name, bytes })) }),
  } as unknown as Json;
}

// The markup of the page: the few tags of chat/markup.ts, all text escaped, links to the web and to mail
// only.

export const webHtml: Markup = {
  ...telegramHtml,
  around(mark, text) {
    const [before, after] = telegramHtml.around(mark, text);
    if (mark.kind !== "link") return [before, after];
    if (!/^(https?:|mailto:)/i.test(mark.href)) return ["", ""];
    return [before.replace(/^<a /, '<a target="_blank" rel="noreferrer noopener" '), after];
  },
};

/** Line breaks next to a block would be rendered as empty lines. */
export function tidy(html: string): string {
  return html.replaceAll(/\n{1,2}(?=<(?:pre|blockquote)>)|(?<=<\/(?:pre|blockquote)>)\n{1,2}/g, "");
}
