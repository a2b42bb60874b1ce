import { readFile } from "node:fs/promises";
import { discordMarkdown } from "../../../src/chat/markup.ts";
import { plainPrompt } from "../../../src/chat/prompt-text.ts";
import { splitMessage } from "../../../src/chat/split-message.ts";
import type {
  AnsweredEvent,
  AskedPrompt,
  Chat,
  ChatAddress,
  ChatData,
  Message,
  PermissionPrompt,
  Reception,
} from "../../../src/contract/chat.ts";
import type { Host } from "../../../src/contract/host.ts";
import type { Arrival, Emit, Source } from "../../../src/contract.ts";
import { ConnectorError } from "../../../src/errors.ts";
import type { TestChatOptions } from "./index.ts";
import type { SentMessage, Update } from "./platform.ts";

const limit = { max: 400, unit: "characters", counts: "markup" } as const;

export function createTestChat(name: string, { url, ackReaction }: TestChatOptions, host: Host): Source {
  const { people, http, store } = host;
  let emit: Emit | undefined;

  async function call<T>(path: string, body: unknown, signal = AbortSignal.timeout(5_000)): Promise<T> {
    const answer = await http.request({
      url: `${url}/${path}`,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
    const text = await answer.text(1_000_000);
    if (answer.status === 200) return JSON.parse(text) as T;
    throw new ConnectorError("E_HTTP_FAILED", `${path}: ${answer.status} ${text.slice(0, 100)}`);
  }

  const updates = host.loop({
    pauseMs: () => 0,
    backoff: { firstMs: 50, maxMs: 500 },
    async run(signal, round) {
      const after = (store.get("after") as number | undefined) ?? 0;
      const { updates: all } = await call<{ updates: Update[] }>("updates", { after }, signal);
      round.works();
      for (const update of all) {
        await take(update);
        // Only now it is safe that the platform forgets it.
        await store.set("after", update.n);
      }
    },
  });

  async function take(update: Update): Promise<void> {
    if (update.kind === "press") {
      const answer = await people.press(update);
      await call("toast", { person: update.sender.id, text: answer.show === "notice" ? answer.text : "" });
      return;
    }
    const { sender, chat, id, text, files } = update;
    const reception = await people.receive({
      sender,
      isBot: update.isBot,
      chat,
      text,
      isForUs: chat.kind === "direct" || text.includes("@bot"),
      ...(text.startsWith("/") ? { command: text.slice(1) } : {}),
    });
    if (reception.as !== "event") return answer(reception, chat.id, id);
    const data: ChatData = {
      text,
      chat_id: chat.id,
      message_id: id,
      chat_type: chat.kind,
      ...(update.threadId === undefined ? {} : { thread_id: update.threadId }),
      ...(files.length === 0
        ? {}
        : { attachments: files.map((file) => ({ id: file, kind: "file", name: file })) }),
    };
    const arrival: Arrival = {
      data,
      text,
      sender,
      trust: "sender",
      deliveryId: `${chat.id}/${id}`,
      conversation: `${name}/${chat.id}/${update.threadId ?? ""}`,
    };
    const taken = await emit?.(arrival);
    if (ackReaction !== undefined && taken?.outcome === "accepted")
      await call("react", { chat: chat.id, id, emoji: ackReaction });
  }

  async function answer(reception: Reception, chat: string, replyTo: string): Promise<void> {
    if (reception.as === "answer") await call("send", { chat, text: reception.text });
    if (reception.as === "verdict") await call("react", { chat, id: replyTo, emoji: reception.emoji });
  }

  async function deliver(chat: string, message: Message, thread?: string): Promise<string> {
    const parts = splitMessage(message.text, discordMarkdown, limit);
    const ids: string[] = [];
    for (const [index, { markup }] of parts.entries()) {
      const files =
        index > 0
          ? []
          : await Promise.all(
              (message.files ?? []).map(async ({ name: file, path }) => ({
                name: file,
                content: await readFile(path, "base64"),
              })),
            );
      const { id } = await call<{ id: string }>("send", {
        chat,
        thread,
        text: markup,
        files,
        ...(index === 0 && message.replyTo !== undefined ? { replyTo: message.replyTo } : {}),
      });
      ids.push(id);
    }
    return ids.length === 1 ? `sent (id: ${ids[0]})` : `sent ${ids.length} parts (ids: ${ids.join(", ")})`;
  }

  const chatOf = (event: AnsweredEvent) => event.data as ChatData;
  const open = async (to: ChatAddress): Promise<string> =>
    "chatId" in to ? to.chatId : (await call<{ chat: string }>("open", { person: to.person })).chat;

  async function addPage(
    { chat_id, message_ids }: AskedPrompt,
    { id: promptId, text, buttons }: PermissionPrompt,
  ): Promise<AskedPrompt> {
    const prompt = { chat: chat_id, text: plainPrompt(text), promptId, buttons };
    const { id } = await call<{ id: string }>("send", prompt);
    return { chat_id, message_ids: [...message_ids, id] };
  }

  const chat: Chat = {
    async react(event, emoji, messageId) {
      const { chat_id, message_id } = chatOf(event);
      await call("react", { chat: chat_id, id: messageId ?? message_id, emoji });
      return "reacted";
    },
    async edit(event, id, text) {
      const [{ markup } = { markup: "" }] = splitMessage(text, discordMarkdown, limit);
      await call("edit", { chat: chatOf(event).chat_id, id, text: markup });
      return `edited (id: ${id})`;
    },
    async download(_, { id, name: file = id }) {
      const answered = await http.request({ url: `${url}/files/${id}`, signal: AbortSignal.timeout(5_000) });
      return people.save(file, answered.body(), 100_000);
    },
    async history(event, { limit: count }) {
      const { messages } = await call<{ messages: SentMessage[] }>("history", {
        chat: chatOf(event).chat_id,
        count,
      });
      return messages.map(({ id, sender, timeMs, text, files }) => ({
        id,
        timeMs,
        text,
        attachments: files.length,
        ...(sender === undefined ? {} : { sender }),
      }));
    },
    send: async (to, message) => deliver(await open(to), message),
    async typing(event) {
      await call("typing", { chat: chatOf(event).chat_id });
    },
    askPermission: async (person, prompt) =>
      addPage({ chat_id: await open({ person }), message_ids: [] }, prompt),
    continuePermission: addPage,
    async expirePermission({ message_ids }, text) {
      for (const id of message_ids) await call("edit", { id, text: plainPrompt(text) });
    },
  };

  return {
    chat,
    async start(to) {
      if (emit !== undefined) throw new Error(`source ${name} was started twice`);
      emit = to;
      updates.start();
    },
    stop: (deadline) => updates.stop(deadline),
    health: () => updates.health(),
    reply(event, message) {
      const { chat_id, message_id, thread_id } = chatOf(event);
      return deliver(chat_id, { replyTo: message_id, ...message }, thread_id);
    },
  };
}
