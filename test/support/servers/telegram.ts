// The Bot API on a port of its own, as far as a bot can tell: long polling with its offset, 409 for two pollers, 429, webhooks,
// markup that is read strictly, files both ways. People are moved by the test.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readHtml } from "./telegram-html.ts";

type Fields = Record<string, unknown>;

type Failure = { status: number; description: string; parameters?: Fields } | "hang up";

export interface Person {
  readonly id: number;
  readonly first_name: string;
  readonly is_bot?: boolean;
}

/** A message that the bot sent, as it stands in the chat now. */
export interface SentMessage {
  readonly chatId: number;
  readonly id: number;
  /** Without its markup. */
  text: string;
  /** As it was sent. */
  markup: string;
  parseMode: string | undefined;
  edited: boolean;
  readonly threadId: number | undefined;
  readonly replyTo: number | undefined;
  buttons: { text: string; callback_data: string }[];
  readonly file?: { readonly kind: "photo" | "document"; readonly name: string; readonly content: Buffer };
}

export interface TelegramServer {
  readonly root: string;
  readonly token: string;
  readonly bot: Person & { readonly username: string };
  readonly sent: readonly SentMessage[];
  readonly reactions: readonly { chatId: number; messageId: number; emoji: string | undefined }[];
  readonly notices: readonly { id: string; text: string | undefined }[];
  /** Every call, in order. */
  readonly calls: readonly { method: string; fields: Fields }[];
  /** A person writes to the bot, or does what `message` says. Gives the ids of message and update. */
  write(person: Person, message: string | Fields): { messageId: number; updateId: number };
  push(update: Fields): number;
  press(person: Person, message: SentMessage, button: string): void;
  /** A file to be downloaded by this id. */
  addFile(fileId: string, path: string, content: Buffer): void;
  isConfirmed(updateId: number): boolean;
  /** The next call of the method, or the one after so many, is answered so. */
  failNext(method: string, failure: Failure, after?: number): void;
  /** From now on no token is good; or it is again. */
  revoke(revoked?: boolean): void;
  /** From now on a question for messages is answered at once, whether or not there are any. */
  waitNoMore(): void;
  /** Another program asks for messages, once. */
  pollFromElsewhere(): Promise<number>;
  webhook(): { url: string; secret: string } | undefined;
  /** The webhook failed so, at this time in seconds. */
  cannotPost(message: string, atSeconds: number): void;
  /** Posts what waits to the webhook, at `address` in place of its host; gives the status of the last answer. */
  post(address: string, secret?: string): Promise<number | undefined>;
  close(): Promise<void>;
}

export const telegramToken = "123456:test-token-of-the-emulator";
const elsewhere =
  "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
const reactionsTaken = new Set(["👍", "👎", "❤", "🔥", "🎉", "👀", "🤔", "👏", "👌"]);

export async function startTelegram(port = 0): Promise<TelegramServer> {
  const bot = { id: 123456, is_bot: true, first_name: "Router", username: "router_bot" };
  const pending: Fields[] = [];
  const sent: SentMessage[] = [];
  const reactions: { chatId: number; messageId: number; emoji: string | undefined }[] = [];
  const notices: { id: string; text: string | undefined }[] = [];
  const calls: { method: string; fields: Fields }[] = [];
  const files = new Map<string, { path: string; content: Buffer }>();
  const failures = new Map<string, (Failure | undefined)[]>();
  let isRevoked = false;
  let waits = true;
  let nextUpdate = 1_000;
  let nextMessage = 1;
  let hook: { url: string; secret: string } | undefined;
  let postFailure: Fields = {};
  let poller: { end(error?: Error): void; look(): void } | undefined;

  class Refused extends Error {
    readonly status: number;
    readonly parameters: Fields | undefined;
    constructor(status: number, description: string, parameters?: Fields) {
      super(description);
      this.status = status;
      this.parameters = parameters;
    }
  }

  function push(update: Fields): number {
    const id = nextUpdate++;
    pending.push({ update_id: id, ...update });
    poller?.look();
    return id;
  }

  function textOf(fields: Fields, key = "text"): Pick<SentMessage, "text" | "markup" | "parseMode"> {
    const markup = String(fields[key] ?? "");
    const parseMode = fields.parse_mode as string | undefined;
    const text = parseMode === "HTML" ? readHtml(markup) : markup;
    if (text instanceof Error) throw new Refused(400, `Bad Request: can't parse entities: ${text.message}`);
    if (text.trim() === "") throw new Refused(400, "Bad Request: message text is empty");
    if (text.length > 4096) throw new Refused(400, "Bad Request: message is too long");
    return { text, markup, parseMode };
  }

  function add(
    fields: Fields,
    words: Pick<SentMessage, "text" | "markup" | "parseMode">,
    file?: SentMessage["file"],
  ) {
    const reply = jsonOf(fields.reply_parameters) as { message_id?: number } | undefined;
    const keyboard = jsonOf(fields.reply_markup) as
      | { inline_keyboard?: SentMessage["buttons"][] }
      | undefined;
    const message: SentMessage = {
      ...words,
      chatId: Number(fields.chat_id),
      id: nextMessage++,
      edited: false,
      threadId: fields.message_thread_id === undefined ? undefined : Number(fields.message_thread_id),
      replyTo: reply?.message_id,
      buttons: keyboard?.inline_keyboard?.flat() ?? [],
      ...(file === undefined ? {} : { file }),
    };
    sent.push(message);
    return shown(message);
  }

  function shown({ id, chatId, text, buttons }: SentMessage): Fields {
    return {
      message_id: id,
      date: 1,
      chat: { id: chatId, type: chatId > 0 ? "private" : "supergroup" },
      from: bot,
      text,
      ...(buttons.length === 0 ? {} : { reply_markup: { inline_keyboard: [buttons] } }),
    };
  }

  function getUpdates(fields: Fields, response: ServerResponse): Promise<Fields[]> {
    poller?.end();
    if (hook !== undefined)
      throw new Refused(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      );
    const offset = fields.offset as number | undefined;
    if (offset !== undefined) while (Number(pending[0]?.update_id ?? offset) < offset) pending.shift();
    const kinds = fields.allowed_updates as string[] | undefined;
    const wanted = () =>
      pending.filter((update) => kinds === undefined || kinds.some((kind) => kind in update)).slice(0, 100);
    return new Promise((resolve, reject) => {
      const end = (finish: () => void) => {
        clearTimeout(timer);
        if (poller === own) poller = undefined;
        finish();
      };
      const own = {
        end(error = new Refused(409, elsewhere)) {
          end(() => reject(error));
        },
        look: () => {
          if (wanted().length > 0) end(() => resolve(wanted()));
        },
      };
      const timer = setTimeout(() => end(() => resolve([])), waits ? Number(fields.timeout ?? 0) * 1_000 : 0);
      response.on("close", () => end(() => resolve([])));
      poller = own;
      own.look();
    });
  }

  const methods: Record<string, (fields: Fields, response: ServerResponse) => unknown> = {
    getMe: () => bot,
    setMyCommands: () => true,
    getWebhookInfo: () => ({ url: hook?.url ?? "", pending_update_count: pending.length, ...postFailure }),
    setWebhook(fields) {
      hook = { url: String(fields.url), secret: String(fields.secret_token) };
      return true;
    },
    deleteWebhook() {
      hook = undefined;
      return true;
    },
    getUpdates,
    sendMessage: (fields) => add(fields, textOf(fields)),
    editMessageText(fields) {
      const message = sent.find(
        ({ chatId, id }) => chatId === Number(fields.chat_id) && id === Number(fields.message_id),
      );
      if (message === undefined) throw new Refused(400, "Bad Request: message to edit not found");
      const words = textOf(fields);
      const keyboard = jsonOf(fields.reply_markup) as
        | { inline_keyboard?: SentMessage["buttons"][] }
        | undefined;
      const buttons = keyboard?.inline_keyboard?.flat() ?? [];
      if (message.markup === words.markup && buttons.length === message.buttons.length)
        throw new Refused(
          400,
          "Bad Request: message is not modified: specified new message content and reply markup are exactly the same",
        );
      Object.assign(message, words, { buttons, edited: true });
      return shown(message);
    },
    setMessageReaction(fields) {
      const [reaction] = (jsonOf(fields.reaction) ?? []) as { emoji?: string }[];
      if (reaction?.emoji !== undefined && !reactionsTaken.has(reaction.emoji))
        throw new Refused(400, "Bad Request: REACTION_INVALID");
      reactions.push({
        chatId: Number(fields.chat_id),
        messageId: Number(fields.message_id),
        emoji: reaction?.emoji,
      });
      return true;
    },
    sendChatAction: () => true,
    sendPhoto: (fields) => sendFile("photo", fields),
    sendDocument: (fields) => sendFile("document", fields),
    getFile(fields) {
      const file = files.get(String(fields.file_id));
      if (file === undefined)
        throw new Refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable");
      if (file.content.length > 20 * 1024 * 1024) throw new Refused(400, "Bad Request: file is too big");
      return { file_id: fields.file_id, file_path: file.path, file_size: file.content.length };
    },
    answerCallbackQuery(fields) {
      notices.push({ id: String(fields.callback_query_id), text: fields.text as string | undefined });
      return true;
    },
  };

  function sendFile(kind: "photo" | "document", fields: Fields): Fields {
    const { file: name, content } = (fields[kind] ?? {}) as Partial<FormPart>;
    if (name === undefined || content === undefined)
      throw new Refused(400, "Bad Request: there is no file in the request");
    if (content.length > 50 * 1024 * 1024) throw new Refused(413, "Request Entity Too Large");
    if (kind === "photo" && content.toString("latin1", 1, 4) !== "PNG" && content[0] !== 0xff)
      throw new Refused(400, "Bad Request: IMAGE_PROCESS_FAILED");
    return add(fields, { text: "", markup: "", parseMode: undefined }, { kind, name, content });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://telegram");
    const [, kind, given, rest = ""] = /^\/(file\/)?bot([^/]+)\/(.*)$/.exec(pathname) ?? [];
    const answer = (status: number, body: Fields) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const body = await bodyOf(request);
    if (isRevoked || given !== telegramToken)
      return answer(401, { ok: false, error_code: 401, description: "Unauthorized" });
    if (kind !== undefined) {
      const file = [...files.values()].find(({ path }) => path === decodeURIComponent(rest));
      response.writeHead(file === undefined ? 404 : 200);
      response.end(file?.content);
      return;
    }
    const fields = fieldsOf(request, body);
    calls.push({ method: rest, fields });
    const failure = failures.get(rest)?.shift();
    if (failure === "hang up") {
      request.socket.destroy();
      return;
    }
    try {
      if (failure !== undefined) throw new Refused(failure.status, failure.description, failure.parameters);
      const method = methods[rest];
      if (method === undefined) throw new Refused(404, "Not Found");
      answer(200, { ok: true, result: await method(fields, response) });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { status, message, parameters } = error;
      answer(status, {
        ok: false,
        error_code: status,
        description: message,
        ...(parameters === undefined ? {} : { parameters }),
      });
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    root,
    token: telegramToken,
    bot,
    sent,
    reactions,
    notices,
    calls,
    push,
    write(person, message) {
      const messageId = nextMessage++;
      const fields = typeof message === "string" ? { text: message } : message;
      const entities = commandEntities(String(fields.text ?? ""));
      const updateId = push({
        message: {
          message_id: messageId,
          date: 1,
          chat: { id: person.id, type: "private", first_name: person.first_name },
          from: { is_bot: false, ...person },
          ...(entities.length === 0 ? {} : { entities }),
          ...fields,
        },
      });
      return { messageId, updateId };
    },
    press(person, message, button) {
      const pressed = message.buttons.find(({ text }) => text.includes(button));
      if (pressed === undefined) throw new Error(`there is no button ${button}`);
      push({
        callback_query: {
          id: `press-${nextUpdate}`,
          from: { is_bot: false, ...person },
          chat_instance: "1",
          data: pressed.callback_data,
          message: shown(message),
        },
      });
    },
    addFile: (fileId, path, content) => files.set(fileId, { path, content }),
    isConfirmed: (updateId) => updateId < nextUpdate && !pending.some(({ update_id: id }) => id === updateId),
    failNext(method, failure, after = 0) {
      failures.set(method, [...(failures.get(method) ?? []), ...new Array<undefined>(after), failure]);
    },
    revoke(revoked = true) {
      isRevoked = revoked;
      if (revoked) poller?.end(new Refused(401, "Unauthorized"));
    },
    waitNoMore() {
      waits = false;
    },
    async pollFromElsewhere() {
      const answer = await fetch(`${root}/bot${telegramToken}/getUpdates`, { method: "POST" });
      await answer.arrayBuffer();
      return answer.status;
    },
    webhook: () => hook,
    cannotPost(message, atSeconds) {
      postFailure = { last_error_message: message, last_error_date: atSeconds };
    },
    async post(address, secret = hook?.secret ?? "") {
      let status: number | undefined;
      while (hook !== undefined && pending.length > 0) {
        const answer = await fetch(`${address}${new URL(hook.url).pathname}`, {
          method: "POST",
          headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": secret },
          body: JSON.stringify(pending[0]),
        });
        await answer.arrayBuffer();
        status = answer.status;
        if (status !== 200) return status;
        pending.shift();
      }
      return status;
    },
    async close() {
      poller?.end();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function commandEntities(text: string): Fields[] {
  const command = /^\/\w+(@\w+)?/.exec(text)?.[0];
  return command === undefined ? [] : [{ type: "bot_command", offset: 0, length: command.length }];
}

function jsonOf(value: unknown): unknown {
  return typeof value === "string" ? JSON.parse(value) : value;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** JSON, or a form in which a field `attach://x` stands for the file named x. */
function fieldsOf(request: IncomingMessage, body: Buffer): Fields {
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/")) return body.length === 0 ? {} : (JSON.parse(body.toString()) as Fields);
  const parts = formParts(body, /boundary=(.+)$/.exec(type)?.[1] ?? "");
  const fields: Fields = {};
  for (const { name, file, content } of parts) {
    if (file !== undefined) continue;
    const attached = /^attach:\/\/(.+)$/.exec(content.toString())?.[1];
    fields[name] = attached === undefined ? content.toString() : parts.find((part) => part.name === attached);
  }
  return fields;
}

interface FormPart {
  readonly name: string;
  readonly file: string | undefined;
  readonly content: Buffer;
}

/** As lenient with the head of a part as the Bot API: a file name need not stand in quotes. */
function formParts(body: Buffer, boundary: string): FormPart[] {
  const parts: FormPart[] = [];
  const mark = `--${boundary}`;
  for (let start = body.indexOf(mark); ; ) {
    const next = body.indexOf(`\r\n${mark}`, start + mark.length);
    if (start === -1 || next === -1) return parts;
    const part = body.subarray(start + mark.length + 2, next);
    const blank = part.indexOf("\r\n\r\n");
    const head = part.toString("utf8", 0, blank);
    parts.push({
      name: /[; ]name="([^"]*)"/.exec(head)?.[1] ?? "",
      file: /filename="?([^";\r\n]*)/.exec(head)?.[1],
      content: part.subarray(blank + 4),
    });
    start = next + 2;
  }
}
