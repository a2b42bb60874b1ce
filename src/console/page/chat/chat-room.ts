// One web chat as this page knows it: its messages, which room is shown, how far each message got, and the connection to its source. The
// protocol is that of the source's own page (docs/connectors/webchat.md), below /chat/NAME.

import { computed, effect, signal } from "@preact/signals";
import type { LiveState } from "../../protocol.ts";
import { call } from "../api.ts";
import { connection, onStream } from "../connection.ts";
import { bytesOf, encode, hashOf } from "../keys/browser-key.ts";
import { type Fault, faultOf } from "../keys/fault.ts";
import { request } from "../keys/signed-request.ts";
import { readStream, type StreamPart } from "../stream.ts";

export interface ChatFile {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
}

export interface ChatMessage {
  readonly id: string;
  readonly room: string;
  readonly from: "you" | "claude" | "router";
  readonly text: string;
  /** The text with Claude's markup: see markup.tsx. */
  readonly html?: string;
  readonly time_ms: number;
  readonly event_id?: string;
  readonly reply_to?: string;
  readonly edited?: boolean;
  readonly files?: readonly ChatFile[];
  readonly reactions?: readonly string[];
  readonly prompt?: {
    readonly id: string;
    readonly buttons: readonly { readonly button: string; readonly label: string }[];
  };
  /** Of this page: it has not been accepted yet. */
  readonly sending?: boolean;
  /** Of this page: why it was not accepted. */
  readonly failed?: Fault;
  /** Of this page: sent with it. */
  readonly attached?: readonly File[];
}

/** `turned_away`: the source answers, and does not let this page in; `lost`: it is tried again. */
export type ChatState = "connecting" | "open" | "lost" | "turned_away";

export const mainRoom = "main";
const maxMessages = 2_000;
const firstDelayMs = 400;
const maxDelayMs = 10_000;
/** Claude's client says again that it writes every few seconds. */
const typingMs = 8_000;
/** How many of the latest events are asked how far they got. */
const askedEvents = 500;

export class ChatRoom {
  readonly source: string;
  readonly state = signal<ChatState>("connecting");
  readonly fault = signal<Fault | undefined>(undefined);
  /** In the order in which they came. */
  readonly messages = signal<ReadonlyMap<string, ChatMessage>>(new Map());
  readonly room = signal(mainRoom);
  /** New messages of rooms that are not shown, or of all while the page is hidden. */
  readonly unread = signal<ReadonlyMap<string, number>>(new Map());
  readonly sessions = signal(0);
  /** Whether the access list contains this browser; undefined until the source has answered. */
  readonly isAdmitted = signal<boolean | undefined>(undefined);
  readonly typingIn = signal<string | undefined>(undefined);
  /** How far the events of this chat got. */
  readonly marks = signal<ReadonlyMap<string, LiveState>>(new Map());
  readonly rooms = computed(() => [
    ...new Set([mainRoom, this.room.value, ...[...this.messages.value.values()].map(({ room }) => room)]),
  ]);
  /** What waits for an answer is shown in every room. */
  readonly shown = computed(() =>
    [...this.messages.value.values()].filter(
      ({ room, prompt }) => room === this.room.value || prompt !== undefined,
    ),
  );
  /** This browser, as the access list calls it. */
  #browser = "";
  #abort = new AbortController();
  #wake = () => {};
  #isClosed = false;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #unwatch: () => void;

  constructor(source: string) {
    this.source = source;
    this.#unwatch = onStream("batch", ({ changes }) => {
      const own = new Set([...this.messages.peek().values()].map(({ event_id: id }) => id));
      const marks = new Map(this.marks.peek());
      for (const { event_id: id, state } of changes) if (own.has(id)) marks.set(id, state);
      this.marks.value = marks;
    });
    void this.#follow();
  }

  close(): void {
    this.#isClosed = true;
    this.#unwatch();
    clearTimeout(this.#typingTimer);
    this.#abort.abort();
    this.#wake();
  }

  /** Puts this browser on the access list of the source: it was let into the console by the user. */
  async admit(): Promise<void> {
    await call("access", {
      request: { do: "allow", source: this.source, person: this.#browser, name: "console" },
    });
    this.#abort.abort();
    this.#wake();
  }

  show(room: string): void {
    this.room.value = room;
    this.#markRead(room);
  }

  /** The user looks at the page again. */
  markRead(): void {
    this.#markRead(this.room.peek());
  }

  write(
    text: string,
    options: { readonly name: string; readonly replyTo?: string; readonly files: readonly File[] },
  ) {
    const { replyTo, files } = options;
    const message: ChatMessage = {
      id: `u${Date.now()}-${encode(crypto.getRandomValues(new Uint8Array(6)))}`,
      room: this.room.peek(),
      from: "you",
      text,
      time_ms: Date.now(),
      ...(replyTo === undefined ? {} : { reply_to: replyTo }),
      ...(files.length === 0 ? {} : { attached: files }),
    };
    return this.send(message, options.name);
  }

  /** A message that is sent again has the same id, so it is taken once. Never rejects. */
  async send(message: ChatMessage, name: string): Promise<void> {
    const { failed: _, ...rest } = message;
    this.#put({ ...rest, sending: true });
    try {
      const { event_id: eventId } = await this.#post(rest, name);
      const now = this.messages.peek().get(rest.id);
      if (now?.sending !== true) return;
      const { sending: _sending, attached: _attached, ...sent } = now;
      this.#put({ ...sent, ...(eventId === undefined ? {} : { event_id: eventId }) });
    } catch (error) {
      this.#put({ ...rest, failed: faultOf(error) });
    }
  }

  /** Presses a button of a prompt. Resolves with what the router says about it. */
  async press({ prompt }: ChatMessage, button: string): Promise<string | undefined> {
    const id = prompt?.id ?? "";
    const body = { prompt: id, button, shown: await this.#shownOf(id) };
    const answer = await request("POST", this.#path("/press"), { body });
    return ((await answer.json()) as { notice?: string }).notice;
  }

  async download({ id }: ChatFile): Promise<Blob> {
    const answer = await request("GET", this.#path(`/files/${encodeURIComponent(id)}`));
    return await answer.blob();
  }

  #path(path: string): string {
    return `/chat/${encodeURIComponent(this.source)}${path}`;
  }

  async #post(
    { id, room, text, reply_to, attached }: ChatMessage,
    name: string,
  ): Promise<{ event_id?: string }> {
    const allowed = await this.#allowedBy(text);
    const fields = {
      id,
      room,
      text,
      ...(name === "" ? {} : { name }),
      ...(reply_to === undefined ? {} : { reply_to }),
      ...(allowed === undefined ? {} : { shown: await this.#shownOf(allowed) }),
    };
    if (attached === undefined) {
      const answer = await request("POST", this.#path("/messages"), { body: fields });
      return (await answer.json()) as { event_id?: string };
    }
    const form = new FormData();
    for (const [field, value] of Object.entries(fields)) form.set(field, value);
    for (const file of attached) form.append("file", file);
    const answer = await request("POST", this.#path("/upload"), { form });
    return (await answer.json()) as { event_id?: string };
  }

  /** The prompt that a text such as `yes abcde` would allow. */
  async #allowedBy(text: string): Promise<string | undefined> {
    const code = /^\s*y(?:es)?\s+([a-z]{5})\s*$/i.exec(text)?.[1]?.toLowerCase();
    if (code === undefined) return undefined;
    return [...this.messages.peek().values()].find(({ prompt }) => prompt?.id.startsWith(code))?.prompt?.id;
  }

  /** What this page shows of a prompt, in all its messages: the router compares it with what it sent. */
  #shownOf(promptId: string): Promise<string> {
    const parts = [...this.messages.peek().values()].filter(({ prompt }) => prompt?.id === promptId);
    return hashOf(bytesOf(parts.map(({ id, text, html = text }) => `${id}\n${html}`).join("\n\n")));
  }

  async #follow(): Promise<void> {
    for (let delayMs = firstDelayMs; !this.#isClosed; ) {
      const sinceMs = Date.now();
      try {
        await this.#listen();
        this.state.value = "lost";
      } catch (error) {
        if (this.#isClosed) return;
        this.fault.value = faultOf(error);
        this.state.value = isRefusal(this.fault.value) ? "turned_away" : "lost";
      }
      if (this.#abort.signal.aborted) continue;
      if (Date.now() - sinceMs > 5_000) delayMs = firstDelayMs;
      await this.#pause(delayMs);
      delayMs = Math.min(maxDelayMs, 2 * delayMs);
    }
  }

  /** Until the connection ends. */
  async #listen(): Promise<void> {
    this.#abort = new AbortController();
    const answer = await request("GET", this.#path("/stream"), { signal: this.#abort.signal });
    for await (const part of readStream(answer, this.#abort)) this.#take(part);
  }

  /** Shorter when the rest of the page is connected again. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wasOpen = connection.peek() === "open";
      const end = () => {
        clearTimeout(timer);
        unwatch();
        resolve();
      };
      const timer = setTimeout(end, ms);
      const unwatch = effect(() => {
        if (!wasOpen && connection.value === "open") queueMicrotask(end);
      });
      this.#wake = end;
    });
  }

  #take({ event, data }: StreamPart): void {
    if (event === "history") this.#begin(data as History);
    else if (event === "message") this.#put(data as ChatMessage);
    else if (event === "typing") this.#showTyping((data as { room: string }).room);
    else if (event === "sessions") this.sessions.value = (data as { sessions: number }).sessions;
  }

  #begin({ browser, known, sessions, messages }: History): void {
    this.#browser = browser;
    this.isAdmitted.value = known;
    this.sessions.value = sessions;
    const stored = new Map(messages.map((message) => [message.id, message]));
    const own = [...this.messages.peek().values()].filter(
      ({ id, sending, failed }) => !stored.has(id) && (sending === true || failed !== undefined),
    );
    const isFirst = this.state.peek() === "connecting";
    const before = this.messages.peek();
    this.messages.value = new Map([...stored, ...own.map((message) => [message.id, message] as const)]);
    if (!isFirst) for (const message of messages) if (!before.has(message.id)) this.#count(message);
    this.state.value = "open";
    this.fault.value = undefined;
    // What could not be sent while the router was away goes out now.
    for (const message of own) if (message.failed?.code === "offline") void this.send(message, nameOf());
    void this.#askMarks();
  }

  async #askMarks(): Promise<void> {
    const { events } = await call("events", { limit: askedEvents }).catch(() => ({ events: [] }));
    const marks = new Map(this.marks.peek());
    for (const { event_id: id, channels } of events) {
      const mark = channels.find((one) => one.mark !== undefined)?.mark;
      if (mark !== undefined && !marks.has(id)) marks.set(id, mark);
    }
    this.marks.value = marks;
  }

  #put(message: ChatMessage): void {
    const before = this.messages.peek();
    if (!before.has(message.id)) this.#count(message);
    const after = new Map(before).set(message.id, message);
    for (const id of [...after.keys()].slice(0, Math.max(0, after.size - maxMessages))) after.delete(id);
    this.messages.value = after;
    if (message.from === "claude" && message.room === this.typingIn.peek()) this.typingIn.value = undefined;
  }

  /** As unread, unless the user sees it. */
  #count({ from, room, prompt }: ChatMessage): void {
    const isSeen = (room === this.room.peek() || prompt !== undefined) && !document.hidden;
    if (from === "you" || isSeen) return;
    const unread = new Map(this.unread.peek());
    this.unread.value = unread.set(room, (unread.get(room) ?? 0) + 1);
  }

  #markRead(room: string): void {
    if (!this.unread.peek().has(room)) return;
    const unread = new Map(this.unread.peek());
    unread.delete(room);
    this.unread.value = unread;
  }

  #showTyping(room: string): void {
    this.typingIn.value = room;
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => {
      this.typingIn.value = undefined;
    }, typingMs);
  }
}

interface History {
  readonly browser: string;
  readonly known: boolean;
  readonly sessions: number;
  readonly messages: readonly ChatMessage[];
}

/** It would be the same at the next try. */
function isRefusal({ code }: Fault): boolean {
  return code === "404" || code === "unknown_source" || code === "foreign";
}

const nameKey = "channel-router chat name";

/** What Claude is to call the user; empty for nothing. */
export function nameOf(): string {
  return localStorage.getItem(nameKey) ?? "";
}

export function setName(name: string): void {
  localStorage.setItem(nameKey, name.slice(0, 40));
}
