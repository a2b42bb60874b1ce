// A slack source at work: holds the socket, takes messages in order and confirms each to Slack only when it is safe, answers.

import { caughtUp, createReceiveLoop } from "../../chat/receive-loop.ts";
import type { Host } from "../../contract/host.ts";
import type { Emit, Source } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { stackOf, text } from "../../text.ts";
import { aborted, pause } from "../../waiting.ts";
import { emojiName } from "./emoji.ts";
import { asked, failureOf } from "./failure.ts";
import {
  arrivalOf,
  incomingOf,
  isDirect,
  isOrdinary,
  isOwn,
  keyOf,
  type Own,
  peopleIn,
  readEdit,
  type SlackMessage,
} from "./incoming.ts";
import { type Library, loadLibrary, silent, type Web } from "./library.ts";
import { createNames } from "./names.ts";
import type { SlackOptions } from "./options.ts";
import { createOutgoing, flat, readActionId } from "./outgoing.ts";

const requestMs = 30_000;
const leaveMs = 2_000;
/** A message comes twice where it mentions the app: once as a message, once as a mention. */
const maxSeen = 1_000;

interface Envelope {
  readonly type: string;
  readonly body: Record<string, unknown>;
  ack(): Promise<void>;
}

export function createSlackSource(name: string, options: SlackOptions, host: Host): Source {
  const { clock, log, people } = host;
  const stopping = new AbortController();
  const seen = new Set<string>();
  let emit: Emit | undefined;
  let client: { readonly web: Web; readonly own: Own } | undefined;
  /** Ends the connection, to make a new one. */
  let endRound = (_: unknown) => {};
  const hearing = createReceiveLoop({
    source: name,
    host,
    people,
    endRound: (reason) => endRound(reason),
    describe(error) {
      const failure = failureOf(error, "an answer");
      return failure instanceof Error ? failure.message : String(failure);
    },
  });
  const { enqueue, quietly } = hearing;

  const names = createNames(
    {
      async person(id) {
        const { user } = await (await connected()).web.users.info({ user: id });
        return user?.profile?.display_name || user?.real_name || user?.name;
      },
      async channel(id) {
        const { channel } = await (await connected()).web.conversations.info({ channel: id });
        return channel?.name;
      },
    },
    clock,
  );
  const outgoing = createOutgoing({
    web: async () => (await connected()).web,
    own: () => client?.own ?? { userId: "" },
    names,
    token: options.token,
    http: host.http,
    people,
    signal: stopping.signal,
    maxDownloadBytes: options.maxDownloadBytes,
    apiRoot: options.apiRoot,
  });

  async function connected(): Promise<NonNullable<typeof client>> {
    if (client !== undefined) return client;
    throw new ConnectorError("E_CHAT", "there is no connection to Slack now; status says why", {
      retryable: true,
    });
  }

  const loop = host.loop({
    pauseMs: () => 0,
    shortMs: 10_000,
    async run(signal, round) {
      const library = await loadLibrary();
      const web = new library.WebClient(options.token, {
        slackApiUrl: options.apiRoot,
        logger: silent,
        timeout: requestMs,
        retryConfig: { retries: 1 },
      });
      const me = await asked("the log-in", () => web.auth.test());
      const own = { userId: String(me.user_id), ...(me.bot_id === undefined ? {} : { botId: me.bot_id }) };
      client = { web, own };
      await holdSocket(library, signal, () => {
        round.works();
        hearing.catchUp(takeMissed);
      }).finally(hearing.renew);
    },
  });

  /** Settles when Slack asked for a new connection or the signal fired; rejects when the connection failed. */
  async function holdSocket(library: Library, signal: AbortSignal, stands: () => void): Promise<void> {
    const socket = new library.SocketModeClient({
      appToken: options.appToken,
      autoReconnectEnabled: false,
      logger: silent,
      clientOptions: { slackApiUrl: options.apiRoot, retryConfig: { retries: 0 }, timeout: requestMs },
    });
    let reason: unknown;
    const over = new Promise<void>((resolve) => {
      endRound = (error) => {
        reason = error;
        resolve();
      };
      socket.on("error", (error: unknown) => {
        reason ??= failureOf(error, "the connection");
      });
      socket.on("disconnected", () => resolve());
      void aborted(signal).then(resolve);
    });
    socket.on("slack_event", (envelope: Envelope) => {
      try {
        dispatched(envelope);
      } catch (error) {
        // Thrown into the library it would end the whole process.
        log.error(text`source ${name}: an event of Slack's could not be read: ${stackOf(error)}`);
      }
    });
    const started = socket.start();
    try {
      await asked("connecting", () => Promise.race([started, over]));
      if (reason === undefined && !signal.aborted) stands();
      await over;
      if (reason !== undefined) throw reason;
    } finally {
      // A connection that is still being made can be closed only when it stands.
      const left = started.catch(() => undefined).then(() => socket.disconnect());
      await Promise.race([left, pause(clock, leaveMs)]);
    }
  }

  function dispatched({ type, body, ack }: Envelope): void {
    const confirm = async () => {
      // When the connection is gone Slack sends it again, and it is known by then.
      await ack().catch(() => undefined);
    };
    const event = body.event as (SlackMessage & { readonly type: string }) | undefined;
    if (type === "events_api" && (event?.type === "message" || event?.type === "app_mention"))
      enqueue(async () => {
        const edit = event.subtype === "message_changed" ? readEdit(event) : undefined;
        if (edit === undefined) await take(event);
        else if (options.edits) await take(edit, true);
        await confirm();
      });
    else if (type === "interactive") void quietly(press(body).finally(confirm));
    else void confirm();
  }

  async function take(message: SlackMessage, isEdit = false): Promise<void> {
    const { web, own } = await connected();
    const key = keyOf(message, isEdit);
    if (seen.has(key) || isOwn(message, own) || !isOrdinary(message)) return;
    // Nothing is asked about what a stranger writes, but who it is that wants to be paired.
    if (isDirect(message) && message.user !== undefined) await names.learn([message.user]);
    const reception = await people.receive(incomingOf(message, own, names));
    const { channel } = message;
    switch (reception.as) {
      case "event": {
        await names.learn(peopleIn(message), isDirect(message) ? undefined : channel);
        await emit?.(arrivalOf(message, own, names, isEdit));
        if (!isEdit) await keepPlace(message);
        if (options.ackReaction !== undefined) await quietly(reactTo(web, message, options.ackReaction));
        break;
      }
      case "answer":
        await quietly(web.chat.postMessage({ channel, text: flat(reception.text) }));
        break;
      case "verdict":
        // Taken again it would be a message like any other.
        await keepPlace(message);
        await quietly(
          reactTo(web, message, reception.emoji).catch(() =>
            web.chat.postMessage({ channel, text: flat(reception.text) }),
          ),
        );
        break;
      case "nothing":
    }
    seen.add(key);
    if (seen.size > maxSeen) seen.delete(seen.values().next().value as string);
  }

  async function reactTo(web: Web, { channel, ts }: SlackMessage, emoji: string): Promise<unknown> {
    return web.reactions.add({ channel, timestamp: ts, name: emojiName(emoji) });
  }

  async function keepPlace({ channel, ts, thread_ts }: SlackMessage): Promise<void> {
    await hearing.keepPlace(thread_ts === undefined ? channel : `${channel}/${thread_ts}`, ts);
  }

  /** Slack keeps nothing for a client that is away: what came meanwhile is read from the chat, the newest page first. */
  async function takeMissed(chat: string, after: string): Promise<void> {
    const [channel = "", thread] = chat.split("/");
    const { web } = await connected();
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
        hearing.missed(channel);
        break;
      }
    }
    for (const message of missed.sort((a, b) => Number(a.ts) - Number(b.ts)))
      if (Number(message.ts) > Number(after)) await take(message);
  }

  async function press(body: Record<string, unknown>): Promise<void> {
    const { web } = await connected();
    const { user, actions, channel } = body as {
      user?: { id: string; name?: string };
      actions?: readonly { readonly action_id: string }[];
      channel?: { id: string };
    };
    const pressed = readActionId(actions?.[0]?.action_id ?? "");
    if (pressed === undefined || user === undefined || channel === undefined) return;
    const sender = { id: user.id, ...(user.name === undefined ? {} : { name: user.name }) };
    const answer = await hearing.press({ ...pressed, sender });
    if (answer.show === "notice")
      await web.chat.postEphemeral({ channel: channel.id, user: user.id, text: flat(answer.text) });
  }

  return {
    async start(to) {
      if (emit !== undefined) throw new Error(`source ${name} was started twice`);
      emit = to;
      loop.start();
    },
    async stop(deadline) {
      stopping.abort();
      await Promise.race([hearing.stop(), aborted(deadline)]);
      await loop.stop(deadline);
      client = undefined;
    },
    health() {
      const health = loop.health();
      // Nothing can be sent before it has logged in.
      return health.state === "running" && client === undefined ? { ...health, state: "starting" } : health;
    },
    reply: (event, message) => outgoing.reply(event, message),
    chat: outgoing,
  };
}
