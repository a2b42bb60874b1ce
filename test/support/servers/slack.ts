// Slack on loopback: its Web API as far as an app uses it, and Socket Mode with envelopes that are sent again until they are
// confirmed. Written from Slack's documentation, not from the client.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export interface SlackServer {
  /** For `api_root`. */
  readonly apiRoot: string;
  readonly token: string;
  readonly appToken: string;
  readonly userId: string;
  /** Calls that changed something, in order. */
  readonly calls: readonly Call[];
  /** Methods that were called, in order. */
  readonly asked: readonly string[];
  /** An envelope of any kind. */
  send(type: string, payload?: object): void;
  /** Envelopes that were confirmed. */
  readonly confirmed: readonly string[];
  readonly connections: () => number;
  say(message: Record<string, unknown> & { channel: string }): string;
  /** Slack sends what was not confirmed again, with `retry_attempt`. */
  sendAgain(): void;
  press(body: Record<string, unknown>): void;
  addPerson(id: string, name: string): void;
  /** What stands in a channel, oldest first. */
  messagesIn(channel: string): readonly Record<string, unknown>[];
  addFile(file: Record<string, unknown> & { id: string }): void;
  /** As Slack does every few hours. */
  refresh(): void;
  /** Breaks the connection off. */
  drop(): void;
  failNext(method: string, error: string): void;
  refuseToken(): void;
  isHeard(): boolean;
  until(isSo: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export interface Call {
  readonly method: string;
  readonly args: Record<string, unknown>;
}

export async function startSlack(): Promise<SlackServer> {
  const token = "xoxb-test-token";
  const appToken = "xapp-test-token";
  const userId = "U0BOT";
  let isTokenGood = true;
  let clock = 1_700_000_000;
  let envelopes = 0;
  let connections = 0;
  let base = "";
  const calls: Call[] = [];
  const asked: string[] = [];
  const confirmed: string[] = [];
  const messages: Record<string, unknown>[] = [];
  const files = new Map<string, Record<string, unknown>>();
  const uploads = new Map<string, string>();
  const people = new Map<string, string>();
  const open = new Map<string, object>();
  const failures: { method: string; error: string }[] = [];
  const sockets = new Set<WebSocket>();
  const raw = new Set<Socket>();
  const watchers = new Set<() => void>();
  const changed = () => {
    for (const watcher of watchers) watcher();
  };
  const nextTs = () => `${++clock}.000100`;

  function send(type: string, payload?: object): void {
    envelopes += 1;
    const envelope = { envelope_id: `e${envelopes}`, type, payload, accepts_response_payload: false };
    open.set(envelope.envelope_id, envelope);
    for (const socket of sockets) socket.send(JSON.stringify(envelope));
  }

  const server = createServer((request, response) => void answer(request, response));
  server.on("connection", (socket) => {
    raw.add(socket);
    socket.on("close", () => raw.delete(socket));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const content = Buffer.concat(pieces);
    const url = new URL(request.url ?? "/", base);
    const json = (body: object) =>
      void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (url.pathname.startsWith("/upload/")) {
      // The client sends a form with one part.
      const [, part] = /\r\n\r\n([\s\S]*)\r\n--/.exec(content.toString()) ?? [];
      uploads.set(url.pathname.slice("/upload/".length), part ?? content.toString());
      return void response.end("OK");
    }
    const bearer = request.headers.authorization?.replace("Bearer ", "");
    if (url.pathname.startsWith("/files/")) {
      if (bearer !== token) return void response.writeHead(403).end();
      return void response.end(`content of ${url.pathname}`);
    }
    const method = url.pathname.replace("/api/", "");
    const args = readArgs(request.headers["content-type"] ?? "", content);
    const given = bearer ?? args.token;
    const isApp = method === "apps.connections.open";
    if (!isTokenGood || given !== (isApp ? appToken : token))
      return json({ ok: false, error: "invalid_auth" });
    const failing = failures.findIndex((failure) => failure.method === method);
    const [failure] = failing < 0 ? [] : failures.splice(failing, 1);
    if (failure !== undefined) return json({ ok: false, error: failure.error });
    asked.push(method);
    const changes = /^(chat|reactions|files\.complete)/.test(method);
    if (changes) calls.push({ method, args });
    json(resultOf(method, args));
    if (changes) changed();
  }

  function resultOf(method: string, args: Record<string, unknown>): object {
    const inThread = (message: Record<string, unknown>, ts: unknown) =>
      message.thread_ts === ts || message.ts === ts;
    switch (method) {
      case "apps.connections.open":
        return { ok: true, url: base.replace("http", "ws") };
      case "auth.test":
        return { ok: true, user_id: userId, bot_id: "B0BOT", team: "T" };
      case "users.info": {
        const name = people.get(String(args.user)) ?? `name of ${String(args.user)}`;
        return { ok: true, user: { id: args.user, profile: { display_name: name } } };
      }
      case "conversations.info":
        return { ok: true, channel: { id: args.channel, name: `name-of-${String(args.channel)}` } };
      case "conversations.open":
        return { ok: true, channel: { id: `D0${String(args.users)}` } };
      case "chat.postMessage": {
        const message = {
          channel: args.channel,
          user: userId,
          bot_id: "B0BOT",
          text: args.text,
          ts: nextTs(),
          blocks: args.blocks,
        };
        messages.push({ ...message, ...(args.thread_ts === undefined ? {} : { thread_ts: args.thread_ts }) });
        return { ok: true, channel: args.channel, ts: message.ts };
      }
      case "chat.update": {
        const found = messages.find(({ ts, user }) => ts === args.ts && user === userId);
        if (found === undefined) return { ok: false, error: "cant_update_message" };
        Object.assign(found, { text: args.text, blocks: args.blocks, edited: true });
        return { ok: true, ts: args.ts };
      }
      case "conversations.history":
      case "conversations.replies": {
        const isReplies = method.endsWith("replies");
        const page = messages
          .filter(({ channel }) => channel === args.channel)
          .filter((message) => (isReplies ? inThread(message, args.ts) : message.thread_ts === undefined))
          .filter(({ ts }) => args.oldest === undefined || Number(ts) > Number(args.oldest))
          .filter(({ ts }) => args.latest === undefined || Number(ts) < Number(args.latest))
          .map(({ channel: _, ...message }) => message);
        const ordered = isReplies ? page : page.reverse();
        const [from, limit] = [Number(args.cursor ?? 0), Number(args.limit ?? 100)];
        const isMore = ordered.length > from + limit;
        return {
          ok: true,
          messages: ordered.slice(from, from + limit),
          has_more: isMore,
          response_metadata: { next_cursor: isMore ? String(from + limit) : "" },
        };
      }
      case "files.getUploadURLExternal":
        return {
          ok: true,
          upload_url: `${base}/upload/${String(args.filename)}`,
          file_id: `F-${String(args.filename)}`,
        };
      case "files.completeUploadExternal": {
        const sent = (args.files as { id: string }[]).map(({ id }) => id.replace("F-", ""));
        messages.push({
          channel: args.channel_id,
          user: userId,
          bot_id: "B0BOT",
          text: "",
          ts: nextTs(),
          uploads: sent.map((name) => ({ name, content: uploads.get(name) ?? "" })),
        });
        return { ok: true, files: args.files };
      }
      case "reactions.add": {
        const found = messages.find(({ ts }) => ts === args.timestamp);
        if (found === undefined) return { ok: false, error: "message_not_found" };
        found.reactions = [...((found.reactions as string[] | undefined) ?? []), String(args.name)];
        return { ok: true };
      }
      case "files.info":
        return { ok: true, file: files.get(String(args.file)) };
      default:
        return { ok: true };
    }
  }

  const gateway = new WebSocketServer({ server });
  gateway.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("message", (text) => {
      const { envelope_id } = JSON.parse(String(text)) as { envelope_id?: string };
      if (envelope_id === undefined) return;
      open.delete(envelope_id);
      confirmed.push(envelope_id);
      changed();
    });
    socket.send(JSON.stringify({ type: "hello", num_connections: 1 }));
    for (const envelope of open.values()) socket.send(JSON.stringify({ ...envelope, retry_attempt: 1 }));
    changed();
  });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    apiRoot: `${base}/api`,
    token,
    appToken,
    userId,
    calls,
    asked,
    send,
    confirmed,
    connections: () => connections,
    say(message) {
      const said = { type: "message", user: "U0ANN", text: "", ts: nextTs(), ...message };
      messages.push(said);
      send("events_api", { type: "event_callback", event: said });
      return String(said.ts);
    },
    sendAgain() {
      for (const envelope of open.values())
        for (const socket of sockets) socket.send(JSON.stringify({ ...envelope, retry_attempt: 1 }));
    },
    press: (body) => send("interactive", { type: "block_actions", ...body }),
    addPerson: (id, name) => void people.set(id, name),
    messagesIn: (channel) => messages.filter((message) => message.channel === channel),
    addFile: (file) => void files.set(file.id, { url_private_download: `${base}/files/${file.id}`, ...file }),
    refresh() {
      for (const socket of sockets)
        socket.send(JSON.stringify({ type: "disconnect", reason: "refresh_requested" }));
    },
    drop() {
      for (const socket of sockets) socket.terminate();
    },
    failNext: (method, error) => void failures.push({ method, error }),
    refuseToken() {
      isTokenGood = false;
    },
    isHeard: () => sockets.size > 0,
    until: (isSo) =>
      new Promise((resolve) => {
        const watcher = () => {
          if (!isSo()) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
      }),
    async close() {
      for (const client of gateway.clients) client.terminate();
      gateway.close();
      for (const socket of raw) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Slack's methods take forms, in which what is no text is JSON. */
function readArgs(contentType: string, content: Buffer): Record<string, unknown> {
  if (contentType.includes("application/json"))
    return JSON.parse(content.toString() || "{}") as Record<string, unknown>;
  const form = [...new URLSearchParams(content.toString())];
  return Object.fromEntries(
    form.map(([key, value]) => [key, /^[[{]/.test(value) ? JSON.parse(value) : value]),
  );
}
