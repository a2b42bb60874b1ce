// A running discord source: keeps the connection, handles messages in order, saves the last processed
// sequence number, and answers.

import type { APIChannel, APIInteraction, GatewayDispatchPayload } from "@discordjs/core";
import type { SessionInfo } from "@discordjs/ws";
import { caughtUp, createReceiveLoop, type ReceiveLoop } from "../../chat/receive-loop.ts";
import type { AnsweredEvent, Message } from "../../contract/chat.ts";
import type { Host, Loop } from "../../contract/host.ts";
import type { Emit, Source, SourceHealth } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { stackOf, text } from "../../text.ts";
import { aborted } from "../../waiting.ts";
import { type ChannelCache, createChannelCache } from "./channel-cache.ts";
import { asked } from "./failure.ts";
import { holdConnection, readSession } from "./gateway.ts";
import {
  arrivalOf,
  type ChannelInfo,
  type DiscordMessage,
  incomingOf,
  isNewEdit,
  isOrdinary,
} from "./incoming.ts";
import { type Library, loadLibrary } from "./library.ts";
import type { DiscordOptions } from "./options.ts";
import { createOutgoing, noticeText, type Outgoing, readCustomId } from "./outgoing.ts";

/** This many ignored messages may be sent again: a flood of them is not worth a journal line each. */
const keptAfter = 100;
const requestMs = 30_000;

type Api = InstanceType<Library["core"]["API"]>;

export function createDiscordSource(name: string, options: DiscordOptions, host: Host): Source {
  return new DiscordSource(name, options, host);
}

class DiscordSource implements Source {
  readonly #name: string;
  readonly #options: DiscordOptions;
  readonly #clock: Host["clock"];
  readonly #store: Host["store"];
  readonly #people: Host["people"];
  readonly #stopping = new AbortController();
  #emit: Emit | undefined;
  #client: DiscordClient | undefined;
  #lostReason: string | undefined;
  #turnedAway = 0;
  #session: Omit<SessionInfo, "sequence"> | undefined;
  readonly #receiveLoop: ReceiveLoop;
  readonly #enqueue: (work: () => Promise<void>) => void;
  readonly #ignoreFailure: (work: Promise<unknown>) => Promise<void>;
  readonly #channels: ChannelCache;
  readonly chat: Outgoing;
  readonly #loop: Loop;

  constructor(name: string, options: DiscordOptions, host: Host) {
    this.#name = name;
    this.#options = options;
    const { clock, log, store, people } = host;
    this.#clock = clock;
    this.#store = store;
    this.#people = people;
    /** Closes the connection, to open a new one. */
    let endRound = (_: ConnectorError) => {};
    const receiveLoop = createReceiveLoop({
      source: name,
      host,
      people,
      endRound: (reason) => endRound(reason),
      describe: (error) => (error instanceof Error ? error.message : String(error)),
    });
    this.#receiveLoop = receiveLoop;
    const { enqueue, quietly } = receiveLoop;
    this.#enqueue = enqueue;
    this.#ignoreFailure = quietly;
    this.#channels = createChannelCache((id) =>
      this.#connected().then(({ api }) =>
        asked("looking up the channel", () => api.channels.get(id) as Promise<APIChannel>),
      ),
    );
    this.chat = createOutgoing({
      api: async () => (await this.#connected()).api,
      own: () => this.#client?.own ?? "",
      http: host.http,
      people,
      signal: this.#stopping.signal,
      maxDownloadBytes: options.maxDownloadBytes,
      apiRoot: options.apiRoot,
    });
    this.#loop = host.loop({
      pauseMs: () => 0,
      shortMs: 10_000,
      run: async (signal, round) => {
        const library = await loadLibrary(host);
        const rest = new library.REST({
          version: "10",
          api: options.apiRoot,
          timeout: requestMs,
          retries: 1,
          makeRequest: library.send,
        });
        rest.setToken(options.token);
        const api = new library.core.API(rest);
        const me = await asked("the log-in", () => api.users.getCurrent({ signal }));
        this.#client = { api, own: me.id };
        const overrun = new Promise<never>((_, reject) => {
          endRound = reject;
        });
        const kept = readSession(store.get("session"));
        this.#session = kept;
        const ending = new AbortController();
        const connection = holdConnection({
          library,
          bounds: host.bounds,
          rest,
          token: options.token,
          clock,
          signal: AbortSignal.any([signal, ending.signal]),
          session: kept,
          dispatched: (payload) => {
            try {
              this.#dispatched(payload);
            } catch (error) {
              // Thrown into the library it would end the whole process.
              log.error(text`source ${name}: a Discord event could not be read: ${stackOf(error)}`);
            }
          },
          sessionChanged: (next) => {
            this.#session = next;
            // Saved from the beginning: messages that arrive before the first one is handled must not be
            // missed either.
            if (next !== undefined) enqueue(() => this.#saveCursor(next.sequence));
          },
          opened: (resumed) => {
            round.works();
            if (!resumed)
              receiveLoop.catchUp((channel: string, after: string) => this.#fetchMissed(channel, after));
          },
          lost: (reason) => {
            this.#lostReason = reason;
          },
        });
        try {
          await Promise.race([connection, overrun]);
        } finally {
          ending.abort();
          this.#lostReason = undefined;
          await connection.catch(() => undefined);
          await receiveLoop.renew();
        }
      },
    });
  }

  async start(to: Emit): Promise<void> {
    if (this.#emit !== undefined) throw new Error(`source ${this.#name} was started twice`);
    this.#emit = to;
    this.#loop.start();
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#stopping.abort();
    await Promise.race([this.#receiveLoop.stop(), aborted(deadline)]);
    await this.#loop.stop(deadline);
    this.#client = undefined;
  }

  health(): SourceHealth {
    const health = this.#loop.health();
    // Nothing can be sent before login.
    if (health.state === "running" && this.#client === undefined) return { ...health, state: "starting" };
    if (health.state !== "running" || this.#lostReason === undefined) return health;
    return { state: "waiting", detail: this.#lostReason };
  }

  reply(event: AnsweredEvent, message: Message): Promise<string> {
    return this.chat.reply(event, message);
  }

  async #connected(): Promise<DiscordClient> {
    if (this.#client !== undefined) return this.#client;
    throw new ConnectorError("E_CHAT", "not connected to Discord; see status for the reason", {
      retryable: true,
    });
  }

  #dispatched(payload: GatewayDispatchPayload): void {
    if (payload.t === "MESSAGE_CREATE") {
      const message = payload.d as DiscordMessage;
      this.#enqueue(async () => {
        await this.#takeNext(message, payload.s);
      });
    } else if (payload.t === "MESSAGE_UPDATE") {
      const message = payload.d as DiscordMessage;
      if (!this.#options.edits || !isNewEdit(message, this.#clock.now())) return;
      this.#enqueue(async () => {
        await this.#takeNext(message, payload.s, true);
      });
    } else if (payload.t === "INTERACTION_CREATE") void this.#ignoreFailure(this.#press(payload.d));
    else if (
      payload.t === "CHANNEL_DELETE" ||
      payload.t === "THREAD_UPDATE" ||
      payload.t === "CHANNEL_UPDATE"
    )
      this.#channels.forget(payload.d.id);
  }

  async #takeNext(message: DiscordMessage, sequence: number, isEdit: boolean = false): Promise<void> {
    const isDone = await this.#take(message, isEdit);
    this.#turnedAway = isDone ? 0 : this.#turnedAway + 1;
    if (isDone || this.#turnedAway % keptAfter === 0) await this.#saveCursor(sequence);
  }

  /** False for an event that was ignored, and would be ignored again. */
  async #take(message: DiscordMessage, isEdit: boolean = false): Promise<boolean> {
    const { api, own } = await this.#connected();
    if (message.author.id === own || !isOrdinary(message)) return false;
    const place = await this.#channelOf(message);
    const reception = await this.#people.receive(incomingOf(message, place, own));
    const { channel_id, id } = message;
    switch (reception.as) {
      case "event": {
        await this.#emit?.(arrivalOf(message, place, own, isEdit));
        if (!isEdit) await this.#receiveLoop.saveCursor(channel_id, id);
        if (this.#options.ackReaction !== undefined)
          await this.#ignoreFailure(
            api.channels.addMessageReaction(channel_id, id, this.#options.ackReaction),
          );
        break;
      }
      case "answer":
        await this.#ignoreFailure(
          this.chat.send({ chatId: channel_id }, { text: reception.text, replyTo: id }),
        );
        break;
      case "verdict":
        // Handled again it would be a message like any other.
        await this.#receiveLoop.saveCursor(channel_id, id);
        await this.#ignoreFailure(api.channels.addMessageReaction(channel_id, id, reception.emoji));
        break;
      case "nothing":
        return false;
    }
    return true;
  }

  async #channelOf(message: DiscordMessage): Promise<ChannelInfo> {
    if (message.guild_id === undefined && !this.#channels.isGroup(message.channel_id))
      return { channelId: message.channel_id, isDirect: true };
    return this.#channels.of(message.channel_id);
  }

  async #saveCursor(sequence: number): Promise<void> {
    if (this.#session === undefined) return;
    const { sessionId, resumeURL } = this.#session;
    await this.#store.set("session", { sessionId, resumeURL, sequence });
  }

  /** Nothing of the old session is available: missed messages are read from the chat history. */
  async #fetchMissed(channel: string, after: string): Promise<void> {
    const { api } = await this.#connected();
    let place: ChannelInfo | undefined;
    for (let from = after, count = 0; count < caughtUp.messages; ) {
      const query = { after: from, limit: caughtUp.page };
      const page = await asked("catching up", () => api.channels.getMessages(channel, query));
      if (page.length > 0) place ??= await this.#channels.of(channel);
      const guild = place?.isDirect === false ? { guild_id: "known" } : {};
      for (const message of page.reverse()) await this.#take({ ...message, ...guild } as DiscordMessage);
      if (page.length < caughtUp.page) return;
      from = page.at(-1)?.id ?? from;
      count += page.length;
    }
    this.#receiveLoop.missed(channel);
  }

  async #press(interaction: APIInteraction): Promise<void> {
    const { api } = await this.#connected();
    const user = interaction.user ?? interaction.member?.user;
    const customId = interaction.type === 3 ? interaction.data.custom_id : undefined;
    const pressed = customId === undefined ? undefined : readCustomId(customId);
    if (user === undefined || pressed === undefined) return;
    const sender = { id: user.id, name: user.global_name ?? user.username };
    const answer = await this.#receiveLoop.press({ ...pressed, sender });
    const { id, token } = interaction;
    if (answer.show === "notice")
      return this.#ignoreFailure(
        api.interactions.reply(id, token, { content: noticeText(answer.text), flags: 64 }),
      );
    await this.#ignoreFailure(api.interactions.deferMessageUpdate(id, token));
  }
}

interface DiscordClient {
  readonly api: Api;
  readonly own: string;
}
