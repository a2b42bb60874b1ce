// A discord source at work: holds the connection, takes messages in order, keeps the place up to which all was taken, and answers.

import type { APIChannel, APIInteraction, GatewayDispatchPayload } from "@discordjs/core";
import type { SessionInfo } from "@discordjs/ws";
import { caughtUp, createReceiveLoop } from "../../chat/receive-loop.ts";
import type { Host } from "../../contract/host.ts";
import type { Emit, Source, SourceHealth } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { stackOf, text } from "../../text.ts";
import { aborted } from "../../waiting.ts";
import { asked } from "./failure.ts";
import { holdConnection, readSession } from "./gateway.ts";
import { arrivalOf, type DiscordMessage, incomingOf, isNewEdit, isOrdinary, type Place } from "./incoming.ts";
import { type Library, loadLibrary } from "./library.ts";
import type { DiscordOptions } from "./options.ts";
import { createOutgoing, noticeText, readCustomId } from "./outgoing.ts";
import { createPlaces } from "./places.ts";

/** Of messages that came to nothing so many may be sent again: a flood of them is not worth a line each in the journal. */
const keptAfter = 100;
const requestMs = 30_000;

type Api = InstanceType<Library["core"]["API"]>;

export function createDiscordSource(name: string, options: DiscordOptions, host: Host): Source {
  const { clock, log, store, people } = host;
  const stopping = new AbortController();
  let emit: Emit | undefined;
  let client: { readonly api: Api; readonly own: string } | undefined;
  let lostReason: string | undefined;
  let turnedAway = 0;
  let session: Omit<SessionInfo, "sequence"> | undefined;
  /** Ends the connection, to make a new one. */
  let endRound = (_: ConnectorError) => {};
  const hearing = createReceiveLoop({
    source: name,
    host,
    people,
    endRound: (reason) => endRound(reason),
    describe: (error) => (error instanceof Error ? error.message : String(error)),
  });
  const { enqueue, quietly } = hearing;
  const places = createPlaces((id) =>
    connected().then(({ api }) =>
      asked("looking up the channel", () => api.channels.get(id) as Promise<APIChannel>),
    ),
  );

  async function connected(): Promise<NonNullable<typeof client>> {
    if (client !== undefined) return client;
    throw new ConnectorError("E_CHAT", "there is no connection to Discord now; status says why", {
      retryable: true,
    });
  }

  const outgoing = createOutgoing({
    api: async () => (await connected()).api,
    own: () => client?.own ?? "",
    http: host.http,
    people,
    signal: stopping.signal,
    maxDownloadBytes: options.maxDownloadBytes,
    apiRoot: options.apiRoot,
  });

  const loop = host.loop({
    pauseMs: () => 0,
    shortMs: 10_000,
    async run(signal, round) {
      const library = await loadLibrary();
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
      client = { api, own: me.id };
      const overrun = new Promise<never>((_, reject) => {
        endRound = reject;
      });
      const kept = readSession(store.get("session"));
      session = kept;
      const ending = new AbortController();
      const connection = holdConnection({
        library,
        rest,
        token: options.token,
        clock,
        signal: AbortSignal.any([signal, ending.signal]),
        session: kept,
        dispatched(payload) {
          try {
            dispatched(payload);
          } catch (error) {
            // Thrown into the library it would end the whole process.
            log.error(text`source ${name}: an event of Discord's could not be read: ${stackOf(error)}`);
          }
        },
        sessionChanged(next) {
          session = next;
          // Kept from the beginning: what comes before the first message was taken must not be missed either.
          if (next !== undefined) enqueue(() => keepPlace(next.sequence));
        },
        stands(resumed) {
          round.works();
          if (!resumed) hearing.catchUp(takeMissed);
        },
        lost(reason) {
          lostReason = reason;
        },
      });
      try {
        await Promise.race([connection, overrun]);
      } finally {
        ending.abort();
        lostReason = undefined;
        await connection.catch(() => undefined);
        await hearing.renew();
      }
    },
  });

  function dispatched(payload: GatewayDispatchPayload): void {
    if (payload.t === "MESSAGE_CREATE") {
      const message = payload.d as DiscordMessage;
      enqueue(async () => {
        await takeNext(message, payload.s);
      });
    } else if (payload.t === "MESSAGE_UPDATE") {
      const message = payload.d as DiscordMessage;
      if (!options.edits || !isNewEdit(message, clock.now())) return;
      enqueue(async () => {
        await takeNext(message, payload.s, true);
      });
    } else if (payload.t === "INTERACTION_CREATE") void quietly(press(payload.d));
    else if (
      payload.t === "CHANNEL_DELETE" ||
      payload.t === "THREAD_UPDATE" ||
      payload.t === "CHANNEL_UPDATE"
    )
      places.forget(payload.d.id);
  }

  async function takeNext(message: DiscordMessage, sequence: number, isEdit = false): Promise<void> {
    const isDone = await take(message, isEdit);
    turnedAway = isDone ? 0 : turnedAway + 1;
    if (isDone || turnedAway % keptAfter === 0) await keepPlace(sequence);
  }

  /** False for what came to nothing, and would again. */
  async function take(message: DiscordMessage, isEdit = false): Promise<boolean> {
    const { api, own } = await connected();
    if (message.author.id === own || !isOrdinary(message)) return false;
    const place = await placeOf(message);
    const reception = await people.receive(incomingOf(message, place, own));
    const { channel_id, id } = message;
    switch (reception.as) {
      case "event": {
        await emit?.(arrivalOf(message, place, own, isEdit));
        if (!isEdit) await hearing.keepPlace(channel_id, id);
        if (options.ackReaction !== undefined)
          await quietly(api.channels.addMessageReaction(channel_id, id, options.ackReaction));
        break;
      }
      case "answer":
        await quietly(outgoing.send({ chatId: channel_id }, { text: reception.text, replyTo: id }));
        break;
      case "verdict":
        // Taken again it would be a message like any other.
        await hearing.keepPlace(channel_id, id);
        await quietly(api.channels.addMessageReaction(channel_id, id, reception.emoji));
        break;
      case "nothing":
        return false;
    }
    return true;
  }

  async function placeOf(message: DiscordMessage): Promise<Place> {
    if (message.guild_id === undefined && !places.isGroup(message.channel_id))
      return { channelId: message.channel_id, isDirect: true };
    return places.of(message.channel_id);
  }

  async function keepPlace(sequence: number): Promise<void> {
    if (session === undefined) return;
    const { sessionId, resumeURL } = session;
    await store.set("session", { sessionId, resumeURL, sequence });
  }

  /** Nothing of the old session can be had: what came meanwhile is read from the chat. */
  async function takeMissed(channel: string, after: string): Promise<void> {
    const { api } = await connected();
    let place: Place | undefined;
    for (let from = after, count = 0; count < caughtUp.messages; ) {
      const query = { after: from, limit: caughtUp.page };
      const page = await asked("catching up", () => api.channels.getMessages(channel, query));
      if (page.length > 0) place ??= await places.of(channel);
      const guild = place?.isDirect === false ? { guild_id: "known" } : {};
      for (const message of page.reverse()) await take({ ...message, ...guild } as DiscordMessage);
      if (page.length < caughtUp.page) return;
      from = page.at(-1)?.id ?? from;
      count += page.length;
    }
    hearing.missed(channel);
  }

  async function press(interaction: APIInteraction): Promise<void> {
    const { api } = await connected();
    const user = interaction.user ?? interaction.member?.user;
    const customId = interaction.type === 3 ? interaction.data.custom_id : undefined;
    const pressed = customId === undefined ? undefined : readCustomId(customId);
    if (user === undefined || pressed === undefined) return;
    const sender = { id: user.id, name: user.global_name ?? user.username };
    const answer = await hearing.press({ ...pressed, sender });
    const { id, token } = interaction;
    if (answer.show === "notice")
      return quietly(api.interactions.reply(id, token, { content: noticeText(answer.text), flags: 64 }));
    await quietly(api.interactions.deferMessageUpdate(id, token));
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
    health(): SourceHealth {
      const health = loop.health();
      // Nothing can be sent before it has logged in.
      if (health.state === "running" && client === undefined) return { ...health, state: "starting" };
      if (health.state !== "running" || lostReason === undefined) return health;
      return { state: "waiting", detail: lostReason };
    },
    reply: (event, message) => outgoing.reply(event, message),
    chat: outgoing,
  };
}
