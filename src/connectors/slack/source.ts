// A running slack source: keeps the socket, handles messages in order, acknowledges each to Slack only when
// it is durable, and answers.

import { caughtUp, createReceiveLoop, type ReceiveLoop } from "../../chat/receive-loop.ts";
import type { AnsweredEvent, Message } from "../../contract/chat.ts";
import type { Host, Loop } from "../../contract/host.ts";
import type { Emit, Source, SourceHealth } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { stackOf, text } from "../../text.ts";
import { aborted, pause } from "../../waiting.ts";
import { boundedFetch } from "./bounded-fetch.ts";
import { emojiName } from "./emoji.ts";
import { asked, failureOf } from "./failure.ts";
import {
  arrivalOf,
  incomingOf,
  isDirect,
  isOrdinary,
  isOwn,
  keyOf,
  type OwnIdentity,
  peopleIn,
  readEdit,
  type SlackMessage,
} from "./incoming.ts";
import { type Library, loadLibrary, silent, type Web } from "./library.ts";
import { createNames, type KnownNames } from "./names.ts";
import type { SlackOptions } from "./options.ts";
import { createOutgoing, flat, type Outgoing, readActionId } from "./outgoing.ts";

const requestMs = 30_000;
const leaveMs = 2_000;
/** A message that mentions the app comes twice: once as a message, once as a mention. */
const maxSeen = 1_000;

interface Envelope {
  readonly type: string;
  readonly body: Record<string, unknown>;
  ack(): Promise<void>;
}

export function createSlackSource(name: string, options: SlackOptions, host: Host): Source {
  return new SlackSource(name, options, host);
}

class SlackSource implements Source {
  readonly #name: string;
  readonly #options: SlackOptions;
  readonly #clock: Host["clock"];
  readonly #log: Host["log"];
  readonly #people: Host["people"];
  readonly #bounds: Host["bounds"];
  readonly #stopping = new AbortController();
  readonly #seen = new Set<string>();
  #emit: Emit | undefined;
  #client: SlackClient | undefined;
  /** Closes the connection, to open a new one. */
  #endRound = (_: unknown) => {};
  readonly #receiveLoop: ReceiveLoop;
  readonly #enqueue: (work: () => Promise<void>) => void;
  readonly #ignoreFailure: (work: Promise<unknown>) => Promise<void>;
  readonly #names: KnownNames;
  readonly chat: Outgoing;
  readonly #loop: Loop;

  constructor(name: string, options: SlackOptions, host: Host) {
    this.#name = name;
    this.#options = options;
    const { clock, log, people } = host;
    this.#clock = clock;
    this.#log = log;
    this.#people = people;
    this.#bounds = host.bounds;
    const receiveLoop = createReceiveLoop({
      source: name,
      host,
      people,
      endRound: (reason) => this.#endRound(reason),
      describe(error) {
        const failure = failureOf(error, "an answer");
        return failure instanceof Error ? failure.message : String(failure);
      },
    });
    this.#receiveLoop = receiveLoop;
    const { enqueue, quietly } = receiveLoop;
    this.#enqueue = enqueue;
    this.#ignoreFailure = quietly;
    const names = createNames(
      {
        person: async (id) => {
          const { user } = await (await this.#connected()).web.users.info({ user: id });
          return user?.profile?.display_name || user?.real_name || user?.name;
        },
        channel: async (id) => {
          const { channel } = await (await this.#connected()).web.conversations.info({ channel: id });
          return channel?.name;
        },
      },
      clock,
    );
    this.#names = names;
    this.chat = createOutgoing({
      web: async () => (await this.#connected()).web,
      own: () => this.#client?.own ?? { userId: "" },
      names,
      token: options.token,
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
        const web = new library.WebClient(options.token, {
          slackApiUrl: options.apiRoot,
          logger: silent,
          timeout: requestMs,
          retryConfig: { retries: 1 },
          ...boundedFetch(host.bounds),
        });
        const me = await asked("the log-in", () => web.auth.test());
        const own = { userId: String(me.user_id), ...(me.bot_id === undefined ? {} : { botId: me.bot_id }) };
        this.#client = { web, own };
        await this.#holdSocket(library, signal, () => {
          round.works();
          receiveLoop.catchUp((chat: string, after: string) => this.#fetchMissed(chat, after));
        }).finally(receiveLoop.renew);
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
    return health.state === "running" && this.#client === undefined
      ? { ...health, state: "starting" }
      : health;
  }

  reply(event: AnsweredEvent, message: Message): Promise<string> {
    return this.chat.reply(event, message);
  }

  async #connected(): Promise<SlackClient> {
    if (this.#client !== undefined) return this.#client;
    throw new ConnectorError("E_CHAT", "not connected to Slack; see status for the reason", {
      retryable: true,
    });
  }

  /**
   * Settles when Slack asked for a new connection or the signal fired; rejects when the connection failed.
   */
  async #holdSocket(library: Library, signal: AbortSignal, onOpen: () => void): Promise<void> {
    const socket = new library.SocketModeClient({
      appToken: this.#options.appToken,
      autoReconnectEnabled: false,
      logger: silent,
      clientOptions: {
        slackApiUrl: this.#options.apiRoot,
        retryConfig: { retries: 0 },
        timeout: requestMs,
        ...boundedFetch(this.#bounds),
      },
    });
    let reason: unknown;
    let onAbort = (): void => {};
    const over = new Promise<void>((resolve) => {
      onAbort = resolve;
      this.#endRound = (error) => {
        reason = error;
        resolve();
      };
      socket.on("error", (error: unknown) => {
        reason ??= failureOf(error, "the connection");
      });
      socket.on("disconnected", () => resolve());
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) resolve();
    });
    socket.on("slack_event", (envelope: Envelope) => {
      try {
        this.#dispatched(envelope);
      } catch (error) {
        // Thrown into the library it would end the whole process.
        this.#log.error(text`source ${this.#name}: a Slack event could not be read: ${stackOf(error)}`);
      }
    });
    const started = socket.start();
    try {
      await asked("connecting", () => Promise.race([started, over]));
      if (reason === undefined && !signal.aborted) onOpen();
      await over;
      if (reason !== undefined) throw reason;
    } finally {
      // The signal is that of all rounds.
      signal.removeEventListener("abort", onAbort);
      // A connection that is being opened can be closed only once it is open.
      const left = started.catch(() => undefined).then(() => socket.disconnect());
      await Promise.race([left, pause(this.#clock, leaveMs)]);
    }
  }

  #dispatched({ type, body, ack }: Envelope): void {
    const confirm = async () => {
      // When the connection is gone Slack sends the event again, and it is recognised as a duplicate.
      await ack().catch(() => undefined);
    };
    const event = body.event as (SlackMessage & { readonly type: string }) | undefined;
    if (type === "events_api" && (event?.type === "message" || event?.type === "app_mention"))
      this.#enqueue(async () => {
        const edit = event.subtype === "message_changed" ? readEdit(event) : undefined;
        if (edit === undefined) await this.#take(event);
        else if (this.#options.edits) await this.#take(edit, true);
        await confirm();
      });
    else if (type === "interactive") void this.#ignoreFailure(this.#press(body).finally(confirm));
    else void confirm();
  }

  async #take(message: SlackMessage, isEdit: boolean = false): Promise<void> {
    const { web, own } = await this.#connected();
    const key = keyOf(message, isEdit);
    if (this.#seen.has(key) || isOwn(message, own) || !isOrdinary(message)) return;
    // For a message of an unknown sender nothing is looked up but the name of the sender.
    if (isDirect(message) && message.user !== undefined) await this.#names.learn([message.user]);
    const reception = await this.#people.receive(incomingOf(message, own, this.#names));
    const { channel } = message;
    switch (reception.as) {
      case "event": {
        await this.#names.learn(peopleIn(message), isDirect(message) ? undefined : channel);
        await this.#emit?.(arrivalOf(message, own, this.#names, isEdit));
        if (!isEdit) await this.#saveCursor(message);
        if (this.#options.ackReaction !== undefined)
          await this.#ignoreFailure(this.#reactTo(web, message, this.#options.ackReaction));
        break;
      }
      case "answer":
        await this.#ignoreFailure(web.chat.postMessage({ channel, text: flat(reception.text) }));
        break;
      case "verdict":
        // Handled again it would be a message like any other.
        await this.#saveCursor(message);
        await this.#ignoreFailure(
          this.#reactTo(web, message, reception.emoji).catch(() =>
            web.chat.postMessage({ channel, text: flat(reception.text) }),
          ),
        );
        break;
      case "nothing":
    }
    this.#seen.add(key);
    if (this.#seen.size > maxSeen) this.#seen.delete(this.#seen.values().next().value as string);
  }

  async #reactTo(web: Web, { channel, ts }: SlackMessage, emoji: string): Promise<unknown> {
    return web.reactions.add({ channel, timestamp: ts, name: emojiName(emoji) });
  }

  async #saveCursor({ channel, ts, thread_ts }: SlackMessage): Promise<void> {
    await this.#receiveLoop.saveCursor(thread_ts === undefined ? channel : `${channel}/${thread_ts}`, ts);
  }

  /**
   * Slack keeps nothing for a disconnected client: missed messages are read from the chat history, the newest
   * page first.
   */
  async #fetchMissed(chat: string, after: string): Promise<void> {
    const [channel = "", thread] = chat.split("/");
    const { web } = await this.#connected();
    const missed: SlackMessage[] = [];
    let cursor: string | undefined;
    for (let pages = 1; ; pages += 1) {
      const page = {
        channel,
        oldest: after,
        limit: caughtUp.page,
        ...(cursor === undefined ? {} : { cursor }),
      };
      const { messages = [], response_metadata: more } = await asked("catching up", () =>
        thread === undefined
          ? web.conversations.history(page)
          : web.conversations.replies({ ...page, ts: thread }),
      );
      missed.push(...messages.map((message) => ({ ...message, channel }) as SlackMessage));
      cursor = more?.next_cursor || undefined;
      if (cursor === undefined) break;
      if (missed.length >= caughtUp.messages || pages >= caughtUp.messages / caughtUp.page) {
        this.#receiveLoop.missed(channel);
        break;
      }
    }
    for (const message of missed.sort((a, b) => Number(a.ts) - Number(b.ts)))
      if (Number(message.ts) > Number(after)) await this.#take(message);
  }

  async #press(body: Record<string, unknown>): Promise<void> {
    const { web } = await this.#connected();
    const { user, actions, channel } = body as {
      user?: { id: string; name?: string };
      actions?: readonly { readonly action_id: string }[];
      channel?: { id: string };
    };
    const pressed = readActionId(actions?.[0]?.action_id ?? "");
    if (pressed === undefined || user === undefined || channel === undefined) return;
    const sender = { id: user.id, ...(user.name === undefined ? {} : { name: user.name }) };
    const answer = await this.#receiveLoop.press({ ...pressed, sender });
    if (answer.show === "notice")
      await web.chat.postEphemeral({ channel: channel.id, user: user.id, text: flat(answer.text) });
  }
}

interface SlackClient {
  readonly web: Web;
  readonly own: OwnIdentity;
}
