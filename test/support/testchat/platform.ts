// The emulator behind the test chat: keeps what was written by whom, hands it out once it is asked for, and keeps what the bot
// did with it.

import { createServer, type IncomingMessage as Request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { PermissionButton } from "../../../src/contract/chat.ts";
import type { Sender } from "../../../src/contract.ts";
import type { ChatPlatform, ShownMessage } from "../../connectors/chat-conformance.ts";

export type Update =
  | {
      readonly n: number;
      readonly kind: "message";
      readonly id: string;
      readonly sender: Sender;
      readonly isBot: boolean;
      readonly chat: { readonly id: string; readonly kind: "direct" | "group" };
      readonly text: string;
      readonly threadId?: string;
      readonly files: readonly string[];
    }
  | {
      readonly n: number;
      readonly kind: "press";
      readonly sender: Sender;
      readonly promptId: string;
      readonly button: PermissionButton;
      readonly message: { readonly chat: string; readonly id: string };
    };

export interface SentMessage {
  readonly id: string;
  readonly chat: string;
  /** Absent for the bot's own. */
  readonly sender?: Sender;
  readonly timeMs: number;
  text: string;
  readonly files: readonly { readonly name: string; readonly content: string }[];
  readonly replyTo?: string;
  readonly promptId?: string;
  buttons: readonly { readonly button: PermissionButton; readonly label: string }[];
  readonly reactions: string[];
  edited: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: what our own test source sends
type Body = Readonly<Record<string, any>>;

export interface TestPlatform extends ChatPlatform {
  readonly url: string;
  typed(person: string): number;
  /** Short notices after a press. */
  notices(person: Sender): readonly string[];
}

export async function openTestPlatform(): Promise<TestPlatform> {
  const updates: Update[] = [];
  const messages: SentMessage[] = [];
  const files = new Map<string, string>();
  const typing = new Map<string, number>();
  const toasts: { person: string; text: string }[] = [];
  const wake = new Set<() => void>();
  let count = 0;

  const directChat = (person: string) => `direct-${person}`;
  const find = (id: string) => messages.find((message) => message.id === id);
  const add = (message: Partial<SentMessage> & Pick<SentMessage, "chat" | "text">): SentMessage => {
    count += 1;
    const full = {
      id: `m${count}`,
      timeMs: Date.now(),
      files: [],
      buttons: [],
      reactions: [],
      edited: false,
      ...message,
    };
    messages.push(full);
    return full;
  };
  const push = (update: object) => {
    updates.push({ n: updates.length + 1, ...update } as Update);
    for (const resolve of wake) resolve();
    wake.clear();
  };

  const actions: Record<string, (body: Body, request: Request) => unknown> = {
    async updates({ after }, request) {
      if (updates.length <= Number(after)) {
        await new Promise<void>((resolve) => {
          const { socket } = request;
          // The next request comes on the same connection.
          const goOn = () => {
            clearTimeout(timer);
            socket.off("close", goOn);
            wake.delete(goOn);
            resolve();
          };
          const timer = setTimeout(goOn, 2_000).unref();
          wake.add(goOn);
          socket.once("close", goOn);
        });
      }
      return { updates: updates.slice(Number(after)) };
    },
    send: ({ chat, text, files: sent, replyTo, promptId, buttons }) => ({
      id: add({
        chat,
        text,
        ...(sent === undefined ? {} : { files: sent }),
        ...(replyTo === undefined ? {} : { replyTo }),
        ...(promptId === undefined ? {} : { promptId }),
        ...(buttons === undefined ? {} : { buttons }),
      }).id,
    }),
    edit({ id, text, keep }) {
      const message = find(id);
      if (message === undefined || message.sender !== undefined) return undefined;
      message.text = text;
      message.edited = true;
      if (keep !== true) message.buttons = [];
      return {};
    },
    react({ id, emoji }) {
      find(id)?.reactions.push(emoji);
      return {};
    },
    typing({ chat }) {
      typing.set(chat, (typing.get(chat) ?? 0) + 1);
      return {};
    },
    toast({ person, text }) {
      toasts.push({ person, text });
      return {};
    },
    open: ({ person }) => ({ chat: directChat(person) }),
    history: ({ chat, count: limit }) => ({
      messages: messages.filter((message) => message.chat === chat).slice(-Number(limit)),
    }),
  };

  const server = createServer(async (request, response) => {
    const path = (request.url ?? "").slice(1);
    if (path.startsWith("files/")) {
      response.end(files.get(path.slice(6)) ?? "");
      return;
    }
    const body = JSON.parse((await buffer(request)).toString("utf8") || "{}") as Body;
    const answer = await actions[path]?.(body, request);
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    source: (access) => `{ type: testchat, url: "${url}", ack_reaction: "👀", access: ${access} }`,
    env: {},
    groupId: "group-1",
    abilities: { files: true, edit: true, react: true, buttons: true, groups: true },
    async write(person, text, { inGroup = false, isBot = false, attachment } = {}) {
      const chat = inGroup ? { id: "group-1", kind: "group" } : { id: directChat(person.id), kind: "direct" };
      const attached = attachment === undefined ? [] : [attachment.name];
      if (attachment !== undefined) files.set(attachment.name, attachment.content);
      const { id } = add({ chat: chat.id, text, sender: person });
      push({ kind: "message", id, sender: person, isBot, chat, text, files: attached });
      return id;
    },
    async press(person, messageId, button) {
      const message = find(messageId);
      push({
        kind: "press",
        sender: person,
        promptId: message?.promptId ?? "",
        button,
        message: { chat: message?.chat ?? "", id: messageId },
      });
    },
    shown: async (person, { inGroup = false } = {}) =>
      messages
        .filter(
          ({ chat, sender }) =>
            sender === undefined && chat === (inGroup ? "group-1" : directChat(person.id)),
        )
        .map(
          ({ id, text, files: sent, replyTo, buttons, edited }): ShownMessage => ({
            id,
            text,
            edited,
            files: sent.map(({ name, content }) => ({
              name,
              content: Buffer.from(content, "base64").toString("utf8"),
            })),
            buttons: buttons.map(({ button }) => button),
            ...(replyTo === undefined ? {} : { replyTo }),
          }),
        ),
    reactions: async (messageId) => find(messageId)?.reactions ?? [],
    notices: (person) => toasts.filter((toast) => toast.person === person.id).map(({ text }) => text),
    typed: (person) => typing.get(directChat(person)) ?? 0,
    async close() {
      for (const resolve of wake) resolve();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
