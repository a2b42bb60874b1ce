// Discord on loopback: its REST API as far as a bot uses it, and its gateway with sessions, sequence numbers, resuming and
// close codes. Written from Discord's documentation, not from the client.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export interface DiscordServer {
  /** For `api_root`. */
  readonly apiRoot: string;
  readonly token: string;
  readonly botId: string;
  /** Requests that changed something, as `POST /channels/1/messages`, with their body. */
  readonly requests: readonly {
    readonly line: string;
    readonly body: Record<string, unknown>;
    readonly files: readonly Upload[];
  }[];
  /** How often a client identified and resumed. */
  readonly sessions: { identified: number; resumed: number };
  /** A person writes; the gateway tells whoever is connected, or keeps it for a session that resumes. */
  say(
    message: { channel: string; author?: Partial<Author>; content?: string } & Record<string, unknown>,
  ): string;
  /** Tells whoever is connected of anything. */
  dispatch(t: string, d: unknown): void;
  press(press: { customId: string; user: string; channel: string; message: Record<string, unknown> }): void;
  /** What stands in a channel, oldest first. */
  messagesIn(channel: string): readonly Record<string, unknown>[];
  /** Emojis under a message. */
  reactionsOf(message: string): readonly string[];
  addChannel(channel: { id: string } & Record<string, unknown>): void;
  /** Closes every gateway connection with this code. */
  drop(code: number): void;
  /** The next requests to this path are answered so. */
  failNext(path: string, status: number, body: object, headers?: Record<string, string>): void;
  /** From now on the session cannot be resumed. */
  forgetSessions(): void;
  refuseToken(): void;
  /** Settles when a request with such a line has come. */
  until(line: RegExp, count?: number): Promise<void>;
  untilConnected(times?: number): Promise<void>;
  /** Is a client there that gets what is said? */
  isHeard(): boolean;
  close(): Promise<void>;
}

export interface Author {
  readonly id: string;
  readonly username: string;
  readonly global_name: string | null;
  readonly bot: boolean;
}

export interface Upload {
  readonly name: string;
  readonly content: string;
}

export async function startDiscord(): Promise<DiscordServer> {
  const botId = "9000";
  const token = "OTAwMA.test.token";
  let isTokenGood = true;
  let nextId = 1_000;
  let sequence = 0;
  let sessionId = "session-1";
  const requests: DiscordServer["requests"][number][] = [];
  const sessions = { identified: 0, resumed: 0 };
  const channels = new Map<string, Record<string, unknown>>();
  const messages = new Map<string, Record<string, unknown>[]>();
  const reactions = new Map<string, string[]>();
  const dispatched: { s: number; t: string; d: unknown }[] = [];
  const failures: { path: string; status: number; body: object; headers: Record<string, string> }[] = [];
  const sockets = new Set<WebSocket>();
  const raw = new Set<Socket>();
  const watchers = new Set<() => void>();
  let base = "";
  const changed = () => {
    for (const watcher of watchers) watcher();
  };
  const when = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      const watcher = () => {
        if (!isSo()) return;
        watchers.delete(watcher);
        resolve();
      };
      watchers.add(watcher);
      watcher();
    });

  const bot = { id: botId, username: "router", global_name: null, bot: true, discriminator: "0" };

  function dispatch(t: string, d: unknown): void {
    sequence += 1;
    dispatched.push({ s: sequence, t, d });
    for (const socket of sockets) socket.send(JSON.stringify({ op: 0, s: sequence, t, d }));
  }

  function keep(channel: string, message: Record<string, unknown>): Record<string, unknown> {
    const list = messages.get(channel) ?? [];
    messages.set(channel, list);
    list.push(message);
    return message;
  }

  function newMessage(channel: string, author: object, content: string, more: object = {}) {
    nextId += 1;
    return {
      id: String(nextId),
      channel_id: channel,
      author,
      content,
      timestamp: new Date(nextId * 1_000).toISOString(),
      type: 0,
      mentions: [],
      attachments: [],
      flags: 0,
      ...more,
    };
  }

  const server = createServer((request, response) => void answer(request, response));
  server.on("connection", (socket) => {
    raw.add(socket);
    socket.on("close", () => raw.delete(socket));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", base);
    const path = decodeURIComponent(url.pathname.replace(/^\/api\/v10/, ""));
    const json = (status: number, body: unknown, headers = {}) =>
      response
        .writeHead(status, status === 204 ? {} : { "content-type": "application/json", ...headers })
        .end(body === undefined ? undefined : JSON.stringify(body));
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    if (path.startsWith("/files/")) return void response.end(`content of ${path}`);
    // Answers to interactions carry the interaction's own token.
    const needsToken = !path.startsWith("/interactions/");
    if (needsToken && (request.headers.authorization !== `Bot ${token}` || !isTokenGood)) {
      return void json(401, { message: "401: Unauthorized", code: 0 });
    }
    const { body, files } = readBody(request.headers["content-type"] ?? "", Buffer.concat(pieces));
    const failing = failures.findIndex((failure) => path === failure.path);
    const [failure] = failing < 0 ? [] : failures.splice(failing, 1);
    if (failure !== undefined) return void json(failure.status, failure.body, failure.headers);
    if (request.method !== "GET") {
      requests.push({ line: `${request.method} ${path}`, body, files });
      changed();
    }
    const [, kind, id = "", sub, message = ""] = path.split("/");
    if (path === "/users/@me") return void json(200, bot);
    if (path === "/gateway/bot") {
      const limits = { total: 1_000, remaining: 999, reset_after: 1_000, max_concurrency: 1 };
      return void json(200, { url: base.replace("http", "ws"), shards: 1, session_start_limit: limits });
    }
    if (path === "/users/@me/channels") {
      const person = String(body.recipient_id);
      const channel = { id: `dm-${person}`.replace("dm-", "77"), type: 1, recipients: [{ id: person }] };
      channels.set(channel.id, channel);
      return void json(200, channel);
    }
    if (kind === "interactions") return void json(204, undefined);
    if (kind !== "channels") return void json(404, { message: "404: Not Found", code: 0 });
    const channel = channels.get(id);
    if (channel === undefined) return void json(404, { message: "Unknown Channel", code: 10003 });
    if (sub === undefined) return void json(200, channel);
    if (sub === "typing") return void json(204, undefined);
    const list = messages.get(id) ?? [];
    const found = list.find((one) => one.id === message);
    if (request.method === "POST" && message === "") {
      if (String(body.content ?? "").length > 2_000)
        return void json(400, { message: "Invalid Form Body", code: 50035 });
      const referenced = (body.message_reference as { message_id?: string } | undefined)?.message_id;
      const sent = newMessage(id, bot, String(body.content ?? ""), {
        ...(referenced === undefined ? {} : { type: 19, message_reference: { message_id: referenced } }),
        components: body.components ?? [],
        uploads: files,
      });
      return void json(200, keep(id, sent));
    }
    if (message === "") {
      const [after, before] = [url.searchParams.get("after"), url.searchParams.get("before")];
      const limit = Number(url.searchParams.get("limit") ?? 50);
      const page = list
        .filter(
          (one) =>
            (after === null || Number(one.id) > Number(after)) &&
            (before === null || Number(one.id) < Number(before)),
        )
        .slice(after === null ? -limit : 0, after === null ? undefined : limit);
      return void json(200, page.reverse());
    }
    if (found === undefined) return void json(404, { message: "Unknown Message", code: 10008 });
    if (request.method === "PATCH") {
      if ((found.author as { id: string }).id !== botId)
        return void json(403, { message: "Cannot edit a message authored by another user", code: 50005 });
      Object.assign(found, body, { edited_timestamp: new Date().toISOString() });
      return void json(200, found);
    }
    if (path.includes("/reactions/")) {
      reactions.set(message, [...(reactions.get(message) ?? []), path.split("/")[6] as string]);
      return void json(204, undefined);
    }
    json(200, found);
  }

  const gateway = new WebSocketServer({ server });
  gateway.on("connection", (socket) => {
    socket.send(JSON.stringify({ op: 10, d: { heartbeat_interval: 40_000 } }));
    socket.on("close", () => sockets.delete(socket));
    socket.on("message", (text) => {
      const { op, d } = JSON.parse(String(text)) as { op: number; d: Record<string, unknown> };
      if (op === 1) socket.send(JSON.stringify({ op: 11 }));
      if (op === 2) {
        if (d.token !== token || !isTokenGood) return socket.close(4004);
        sessions.identified += 1;
        sessionId = `session-${sessions.identified}`;
        sequence = 0;
        dispatched.length = 0;
        sockets.add(socket);
        dispatch("READY", {
          session_id: sessionId,
          resume_gateway_url: base.replace("http", "ws"),
          user: bot,
          guilds: [],
        });
        changed();
      }
      if (op === 6) {
        if (d.session_id !== sessionId) return void socket.send(JSON.stringify({ op: 9, d: false }));
        sessions.resumed += 1;
        for (const missed of dispatched.filter(({ s }) => s > Number(d.seq)))
          socket.send(JSON.stringify({ op: 0, ...missed }));
        sockets.add(socket);
        dispatch("RESUMED", {});
        changed();
      }
      return undefined;
    });
  });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    apiRoot: `${base}/api`,
    token,
    botId,
    requests,
    sessions,
    say({ channel, author = {}, content = "", ...more }) {
      const person = { id: "42", username: "ann", global_name: "Ann", ...author };
      const message = keep(channel, newMessage(channel, person, content, more));
      const { type } = channels.get(channel) ?? {};
      const guild = type === 1 ? {} : { guild_id: "5" };
      dispatch("MESSAGE_CREATE", { ...message, ...guild });
      return String(message.id);
    },
    dispatch,
    press({ customId, user, channel, message }) {
      const person = { id: user, username: `user ${user}`, global_name: null };
      dispatch("INTERACTION_CREATE", {
        id: String(++nextId),
        token: `interaction-${nextId}`,
        type: 3,
        channel_id: channel,
        user: person,
        message,
        data: { custom_id: customId, component_type: 2 },
      });
    },
    messagesIn: (channel) => messages.get(channel) ?? [],
    reactionsOf: (message) => reactions.get(message) ?? [],
    addChannel: (channel) => void channels.set(channel.id, channel),
    drop(code) {
      for (const socket of sockets) socket.close(code);
      sockets.clear();
    },
    failNext: (path, status, body, headers = {}) => void failures.push({ path, status, body, headers }),
    forgetSessions() {
      sessionId = "none";
    },
    refuseToken() {
      isTokenGood = false;
    },
    until: (line, count = 1) => when(() => requests.filter((one) => line.test(one.line)).length >= count),
    untilConnected: (times = 1) => when(() => sessions.identified + sessions.resumed >= times),
    isHeard: () => sockets.size > 0,
    async close() {
      for (const client of gateway.clients) client.terminate();
      gateway.close();
      for (const socket of raw) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** JSON, or the `payload_json` and the files of a form. */
function readBody(contentType: string, content: Buffer): { body: Record<string, unknown>; files: Upload[] } {
  if (content.length === 0) return { body: {}, files: [] };
  const boundary = /boundary=(?:"([^"]+)"|([^;]+))/.exec(contentType);
  if (boundary === null)
    return { body: JSON.parse(content.toString()) as Record<string, unknown>, files: [] };
  const files: Upload[] = [];
  let body: Record<string, unknown> = {};
  for (const part of content.toString("latin1").split(`--${boundary[1] ?? boundary[2]}`)) {
    const [head = "", ...rest] = part.split("\r\n\r\n");
    const text = Buffer.from(rest.join("\r\n\r\n").replace(/\r\n$/, ""), "latin1").toString();
    const file = /filename="([^"]+)"/.exec(head)?.[1];
    if (head.includes('name="payload_json"')) body = JSON.parse(text) as Record<string, unknown>;
    else if (file !== undefined) files.push({ name: file, content: text });
  }
  return { body, files };
}
