// An imessage source at work: looks into the database of Messages, takes what is new in its order, answers through the app.

import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseMarkdown } from "../../chat/markdown.ts";
import { plain, writeMarkup } from "../../chat/markup.ts";
import { checkOutgoing } from "../../chat/outgoing-file.ts";
import { demandText, splitText } from "../../chat/parts.ts";
import { narrowPrompt } from "../../chat/prompt-text.ts";
import type { AnsweredEvent, Chat, ChatAddress, ChatData, Message } from "../../contract/chat.ts";
import type { Host } from "../../contract/host.ts";
import type { Emit, Source } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { line } from "../../text.ts";
import { type Database, openDatabase, type Row } from "./database.ts";
import { createEchoes } from "./echoes.ts";
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
/** Longer texts are hard to read on a phone; Messages itself has no limit that is written down. */
const maxPart = 10_000;
const cursorKey = "row";

export function createImessageSource(name: string, options: ImessageOptions, host: Host): Source {
  const { store, people, log, clock } = host;
  const file = options.database.startsWith("~/")
    ? join(host.home, options.database.slice(2))
    : options.database;
  const stopping = new AbortController();
  const database: Database = openDatabase(file, host, stopping.signal);
  const echoes = createEchoes(clock, store);
  const services: ReadonlySet<string> = new Set(options.services);
  let emit: Emit | undefined;
  let own: ReadonlySet<string> | undefined;
  let seen = "";

  const loop = host.loop({
    pauseMs: () => options.everyMs,
    async run(signal) {
      if (process.platform !== "darwin" && options.database === imessageOptions.properties.database.default)
        throw new ConnectorError("E_CHAT", "imessage needs a Mac: it reads and drives the Messages app");
      own ??= await ownAddresses();
      const now = await fingerprint();
      if (now === seen) return;
      while (!signal.aborted && (await takePage()));
      seen = now;
    },
  });

  /** Asking the database starts a program: only when something was written. */
  async function fingerprint(): Promise<string> {
    const states = await Promise.all([file, `${file}-wal`].map((path) => stat(path).catch(() => undefined)));
    return states.map((state) => (state === undefined ? "-" : `${state.mtimeMs}/${state.size}`)).join(" ");
  }

  async function ownAddresses(): Promise<ReadonlySet<string>> {
    const addresses = options.own ?? (await database.ownAddresses());
    return new Set(addresses.map(normalAddress));
  }

  /** False when nothing is left. */
  async function takePage(): Promise<boolean> {
    const kept = store.get(cursorKey);
    if (typeof kept !== "number") {
      // What was written before the very first start is history.
      await store.set(cursorKey, await database.lastRowId());
      return false;
    }
    const rows = await database.after(kept, pageSize);
    let last = kept;
    let isDone = true;
    try {
      for (const row of rows) {
        if (stopping.signal.aborted) return false;
        isDone = await take(row);
        last = row.rowid;
        if (isDone) await store.set(cursorKey, last);
      }
    } finally {
      // What came to nothing would again: of these the last is enough.
      if (!isDone && last > kept) await store.set(cursorKey, last);
    }
    return rows.length === pageSize;
  }

  /** False for what came to nothing. */
  async function take(row: Row): Promise<boolean> {
    const sender = senderOf(row);
    // Of an echo is known only once that it is one.
    if (sender === undefined) return row.is_from_me === 0;
    const reception = await people.receive(incomingOf(row, sender));
    switch (reception.as) {
      case "event":
        await emit?.(arrivalOf(row, sender, host.home));
        break;
      case "answer":
      case "verdict":
        await say(row.chat_guid, { text: reception.text }).catch((error: Error) =>
          log.warn(line`source ${name}: ${error.message}`),
        );
        break;
      case "nothing":
        return false;
    }
    return true;
  }

  /**
   * Undefined for what is not to be taken: our own, an echo of it, a service whose senders can be forged. What a person writes to
   * themselves is stored as sent, as received, or as both.
   */
  function senderOf(row: Row): string | undefined {
    const isOwn = isOwnChat(row.chat_identifier) && !isGroup(row);
    const fromMe = row.is_from_me === 1;
    if (fromMe && !isOwn) return undefined;
    if (row.service === null || !services.has(row.service)) {
      const service = row.service || "an unknown service";
      if (!fromMe)
        host.refused({ status: 403, reason: `a message by ${service}, which services does not name` });
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
    if (echoes.isEcho(stored)) return undefined;
    if (isOwn && echoes.isTwin(stored)) return undefined;
    if (fromMe) return normalAddress(row.chat_identifier);
    if (row.handle !== null) return normalAddress(row.handle);
    host.refused({ status: 403, reason: "a message without a sender" });
    return undefined;
  }

  function isOwnChat(identifier: string): boolean {
    return own?.has(normalAddress(identifier)) === true;
  }

  async function say(chatGuid: string, outgoing: Outgoing): Promise<void> {
    const text = "text" in outgoing ? outgoing.text : fileKey(basename(outgoing.file));
    own ??= await ownAddresses().catch(() => undefined);
    // On a full disk it is remembered by this process only.
    await echoes.sent(chatGuid, isOwnChat(chatGuid.split(";").at(-1) ?? ""), text).catch(() => undefined);
    await sendScript(host, chatGuid, outgoing);
  }

  async function send(chatGuid: string, { text, files = [] }: Message): Promise<string> {
    const flat = writeMarkup(parseMarkdown(text), plain);
    const signed =
      options.signature === undefined || flat.trim() === "" ? flat : `${flat}\n${options.signature}`;
    const parts = splitText(signed, { max: maxPart, unit: "characters" }).filter((part) => part !== "");
    if (files.length === 0) demandText(parts.map((part) => ({ plain: part })));
    let done = 0;
    try {
      for (const part of parts) {
        await say(chatGuid, { text: part });
        done += 1;
      }
      for (const file of files) {
        await checkOutgoing(file);
        await say(chatGuid, { file: file.path });
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

  function chatOf(to: ChatAddress): string {
    return "chatId" in to ? to.chatId : `iMessage;-;${to.person}`;
  }

  const chat: Required<
    Pick<Chat, "history" | "send" | "askPermission" | "continuePermission" | "expirePermission">
  > = {
    async history(event, { limit, before }) {
      const rows = await database.history(dataOf(event).chat_id, Math.min(limit, pageSize), before);
      return rows.map((row) => ({
        id: row.guid,
        ...(row.is_from_me === 1 || row.handle === null ? {} : { sender: { id: normalAddress(row.handle) } }),
        timeMs: rowTimeMs(row),
        text: rowText(row),
        attachments: (JSON.parse(row.attachments) as unknown[]).length,
      }));
    },
    send: (to, message) => send(chatOf(to), message),
    async askPermission(person, prompt) {
      return chat.continuePermission({ chat_id: chatOf({ person }), message_ids: [] }, prompt);
    },
    async continuePermission(asked, prompt) {
      await say(asked.chat_id, { text: narrowPrompt(prompt.text) });
      return asked;
    },
    async expirePermission({ chat_id }, text) {
      await say(chat_id, { text: narrowPrompt(text) });
    },
  };

  return {
    async start(to) {
      if (emit !== undefined) throw new Error(`source ${name} was started twice`);
      emit = to;
      loop.start();
    },
    async stop(deadline) {
      stopping.abort();
      await loop.stop(deadline);
    },
    health: () => loop.health(),
    reply: (event, message) => send(dataOf(event).chat_id, message),
    chat,
  };
}

function dataOf({ data }: AnsweredEvent): ChatData {
  return data as ChatData;
}
