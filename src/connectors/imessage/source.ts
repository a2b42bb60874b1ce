// A running imessage source: reads new messages from the database of Messages in order, and answers through
// the app.

import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseMarkdown } from "../../chat/markdown.ts";
import { plain, writeMarkup } from "../../chat/markup.ts";
import { checkOutgoing } from "../../chat/outgoing-file.ts";
import { narrowPrompt } from "../../chat/prompt-text.ts";
import { demandText, splitText } from "../../chat/split-message.ts";
import type { AnsweredEvent, Chat, ChatAddress, ChatData, Message } from "../../contract/chat.ts";
import type { Host, Loop } from "../../contract/host.ts";
import type { Emit, Source, SourceHealth } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { line } from "../../text.ts";
import { type Database, openDatabase, type Row } from "./database.ts";
import { createEchoes, type Echoes } from "./echoes.ts";
import {
  arrivalOf,
  contentOf,
  fileKey,
  incomingOf,
  isGroup,
  normalAddress,
  rowText,
  rowTimeMs,
} from "./incoming.ts";
import { type ImessageOptions, imessageOptions } from "./options.ts";
import { type Outgoing, sendScript } from "./send-script.ts";

const pageSize = 50;
/** Longer texts are hard to read on a phone; Messages itself has no documented limit. */
const maxPart = 10_000;
const cursorKey = "row";

export function createImessageSource(name: string, options: ImessageOptions, host: Host): Source {
  return new ImessageSource(name, options, host);
}

class ImessageSource implements Source {
  readonly #name: string;
  readonly #options: ImessageOptions;
  readonly #host: Host;
  readonly #store: Host["store"];
  readonly #people: Host["people"];
  readonly #log: Host["log"];
  readonly #file: string;
  readonly #stopping = new AbortController();
  readonly #database: Database;
  readonly #echoes: Echoes;
  readonly #services: ReadonlySet<string>;
  #emit: Emit | undefined;
  #own: ReadonlySet<string> | undefined;
  readonly #loop: Loop;
  readonly chat: Required<
    Pick<Chat, "history" | "send" | "askPermission" | "continuePermission" | "expirePermission">
  >;

  constructor(name: string, options: ImessageOptions, host: Host) {
    this.#name = name;
    this.#options = options;
    this.#host = host;
    const { store, people, log, clock } = host;
    this.#store = store;
    this.#people = people;
    this.#log = log;
    const file = options.database.startsWith("~/")
      ? join(host.home, options.database.slice(2))
      : options.database;
    this.#file = file;
    const database: Database = openDatabase(file, host, this.#stopping.signal);
    this.#database = database;
    this.#echoes = createEchoes(clock, store);
    this.#services = new Set(options.services);
    let seen = "";
    this.#loop = host.loop({
      pauseMs: () => options.everyMs,
      run: async (signal) => {
        if (process.platform !== "darwin" && options.database === imessageOptions.properties.database.default)
          throw new ConnectorError("E_CHAT", "imessage needs a Mac: it reads and drives the Messages app");
        this.#own ??= await this.#ownAddresses();
        const now = await this.#fingerprint();
        if (now === seen) return;
        while (!signal.aborted && (await this.#takePage()));
        seen = now;
      },
    });
    const chat: Required<
      Pick<Chat, "history" | "send" | "askPermission" | "continuePermission" | "expirePermission">
    > = {
      async history(event, { limit, before }) {
        const rows = await database.history(dataOf(event).chat_id, Math.min(limit, pageSize), before);
        return rows.map((row) => ({
          id: row.guid,
          ...(row.is_from_me === 1 || row.handle === null
            ? {}
            : { sender: { id: normalAddress(row.handle) } }),
          timeMs: rowTimeMs(row),
          text: rowText(row),
          attachments: (JSON.parse(row.attachments) as unknown[]).length,
        }));
      },
      send: (to, message) => this.#send(this.#chatOf(to), message),
      askPermission: async (person, prompt) => {
        return chat.continuePermission({ chat_id: this.#chatOf({ person }), message_ids: [] }, prompt);
      },
      continuePermission: async (asked, prompt) => {
        await this.#say(asked.chat_id, { text: narrowPrompt(prompt.text) });
        return asked;
      },
      expirePermission: async ({ chat_id }, text) => {
        await this.#say(chat_id, { text: narrowPrompt(text) });
      },
    };
    this.chat = chat;
  }

  async start(to: Emit): Promise<void> {
    if (this.#emit !== undefined) throw new Error(`source ${this.#name} was started twice`);
    this.#emit = to;
    this.#loop.start();
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#stopping.abort();
    await this.#loop.stop(deadline);
  }

  health(): SourceHealth {
    return this.#loop.health();
  }

  reply(event: AnsweredEvent, message: Message): Promise<string> {
    return this.#send(dataOf(event).chat_id, message);
  }

  /** A query starts a program: only when something was written. */
  async #fingerprint(): Promise<string> {
    const states = await Promise.all(
      [this.#file, `${this.#file}-wal`].map((path) => stat(path).catch(() => undefined)),
    );
    return states.map((state) => (state === undefined ? "-" : `${state.mtimeMs}/${state.size}`)).join(" ");
  }

  async #ownAddresses(): Promise<ReadonlySet<string>> {
    const addresses = this.#options.own ?? (await this.#database.ownAddresses());
    return new Set(addresses.map(normalAddress));
  }

  /** False when nothing is left. */
  async #takePage(): Promise<boolean> {
    const kept = this.#store.get(cursorKey);
    if (typeof kept !== "number") {
      // Messages from before the first start of all are history.
      await this.#store.set(cursorKey, await this.#database.lastRowId());
      return false;
    }
    const rows = await this.#database.after(kept, pageSize);
    let last = kept;
    let isDone = true;
    try {
      for (const row of rows) {
        if (this.#stopping.signal.aborted) return false;
        isDone = await this.#take(row);
        last = row.rowid;
        if (isDone) await this.#store.set(cursorKey, last);
      }
    } finally {
      // Ignored messages would be ignored again: remembering the last one is enough.
      if (!isDone && last > kept) await this.#store.set(cursorKey, last);
    }
    return rows.length === pageSize;
  }

  /** False for an ignored message. */
  async #take(row: Row): Promise<boolean> {
    const sender = this.#senderOf(row);
    // The id of an echo is known only once it was recognised.
    if (sender === undefined) return row.is_from_me === 0;
    const reception = await this.#people.receive(incomingOf(row, sender));
    switch (reception.as) {
      case "event":
        await this.#emit?.(arrivalOf(row, sender, this.#host.home));
        break;
      case "answer":
      case "verdict":
        await this.#say(row.chat_guid, { text: reception.text }).catch((error: Error) =>
          this.#log.warn(line`source ${this.#name}: ${error.message}`),
        );
        break;
      case "nothing":
        return false;
    }
    return true;
  }

  /**
   * Undefined for a message to ignore: our own, an echo of it, a service whose senders can be forged. A
   * message to oneself is stored as sent, as received, or as both.
   */
  #senderOf(row: Row): string | undefined {
    const isOwn = this.#isOwnChat(row.chat_identifier) && !isGroup(row);
    const fromMe = row.is_from_me === 1;
    if (fromMe && !isOwn) return undefined;
    if (row.service === null || !this.#services.has(row.service)) {
      const service = row.service || "an unknown service";
      if (!fromMe)
        this.#host.refused({
          status: 403,
          reason: `a message by ${service}, which is not listed in services`,
        });
      return undefined;
    }
    const stored = {
      guid: row.guid,
      chat: row.chat_guid,
      isOwn,
      isGroup: isGroup(row),
      fromMe,
      text: contentOf(row),
    };
    if (this.#echoes.isEcho(stored)) return undefined;
    if (isOwn && this.#echoes.isTwin(stored)) return undefined;
    if (fromMe) return normalAddress(row.chat_identifier);
    if (row.handle !== null) return normalAddress(row.handle);
    this.#host.refused({ status: 403, reason: "a message without a sender" });
    return undefined;
  }

  #isOwnChat(identifier: string): boolean {
    return this.#own?.has(normalAddress(identifier)) === true;
  }

  async #say(chatGuid: string, outgoing: Outgoing): Promise<void> {
    const text = "text" in outgoing ? outgoing.text : fileKey(basename(outgoing.file));
    this.#own ??= await this.#ownAddresses().catch(() => undefined);
    // With a full disk it is remembered by this process only.
    await this.#echoes
      .sent(chatGuid, this.#isOwnChat(chatGuid.split(";").at(-1) ?? ""), text)
      .catch(() => undefined);
    await sendScript(this.#host, chatGuid, outgoing);
  }

  async #send(chatGuid: string, { text, files = [] }: Message): Promise<string> {
    const flat = writeMarkup(parseMarkdown(text), plain);
    const signed =
      this.#options.signature === undefined || flat.trim() === ""
        ? flat
        : `${flat}\n${this.#options.signature}`;
    const parts = splitText(signed, { max: maxPart, unit: "characters" }).filter((part) => part !== "");
    if (files.length === 0) demandText(parts.map((part) => ({ plain: part })));
    let done = 0;
    try {
      for (const part of parts) {
        await this.#say(chatGuid, { text: part });
        done += 1;
      }
      for (const file of files) {
        await checkOutgoing(file);
        await this.#say(chatGuid, { file: file.path });
      }
    } catch (error) {
      if (done === 0 || !(error instanceof ConnectorError)) throw error;
      throw new ConnectorError(error.code, `${error.message}; ${done} of ${parts.length} parts went out`, {
        hint: error.hint ?? "send only the rest",
        cause: error,
      });
    }
    return parts.length <= 1 ? "sent" : `sent ${parts.length} parts`;
  }

  #chatOf(to: ChatAddress): string {
    return "chatId" in to ? to.chatId : `iMessage;-;${to.person}`;
  }
}

function dataOf({ data }: AnsweredEvent): ChatData {
  return data as ChatData;
}
