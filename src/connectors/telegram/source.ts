// One bot: polls Telegram for its messages, or receives them by webhook, and answers in its chats.

import { createHash } from "node:crypto";
import type { Update } from "grammy/types";
import type { Chat } from "../../contract/chat.ts";
import type { Host } from "../../contract/host.ts";
import type { Source } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { aborted } from "../../waiting.ts";
import { openApi, type TelegramApi } from "./api.ts";
import { createChat, type TelegramChat } from "./chat.ts";
import { Intake } from "./intake.ts";
import type { BotIdentity } from "./message.ts";
import type { TelegramOptions } from "./options.ts";
import { createPolling } from "./polling.ts";
import { createWebhookHandler, createWebhookKeeper, lookEveryMs } from "./webhook.ts";

/** The command menu of Telegram's clients. */
const commands = [
  { command: "start", description: "About this bot" },
  { command: "help", description: "About this bot" },
  { command: "status", description: "Whether a session is connected" },
];

/** Stays the same when the token is renewed. */
export function botOf(token: string): string {
  return /^\d+(?=:)/.exec(token)?.[0] ?? fingerprintOf(token);
}

export function createTelegramSource(name: string, options: TelegramOptions, host: Host): Source {
  const { webhook } = options;
  let chat: TelegramChat | undefined;
  let api: TelegramApi | undefined;
  let intake: Intake | undefined;
  let self: (BotIdentity & { username: string }) | undefined;
  let round:
    | ((self: BotIdentity, ...rest: Parameters<Parameters<Host["loop"]>[0]["run"]>) => Promise<void>)
    | undefined;
  let removeRoute: (() => void) | undefined;
  let isStarted = false;
  let closed = false;
  const inFlight = new Set<Promise<unknown>>();

  const loop = host.loop({
    async run(signal, state) {
      if (api === undefined || round === undefined) return;
      self ??= await introduce(api);
      await round(self, signal, state);
    },
    pauseMs: () => (webhook === undefined ? 0 : lookEveryMs),
  });

  async function introduce({ raw }: TelegramApi): Promise<BotIdentity & { username: string }> {
    const me = await raw.getMe();
    // A bot works without its list of commands.
    await raw.setMyCommands({ commands, scope: { type: "all_private_chats" } }).catch(() => undefined);
    return me;
  }

  async function takePosted(update: Update): Promise<void> {
    if (closed || intake === undefined || self === undefined)
      throw new ConnectorError("E_SOURCE_START", `source ${name} is not running yet`, { retryable: true });
    const taken = intake.take([update], self).finally(() => inFlight.delete(taken));
    inFlight.add(taken);
    await taken;
  }

  function running(): TelegramChat {
    if (chat !== undefined && !closed) return chat;
    throw new ConnectorError("E_REPLY_GONE", `source ${name} is not running`, { retryable: true });
  }

  /** Its methods exist before the source has started: the supported features are read from the object. */
  const speaking: Chat = {
    react: (...args) => running().react(...args),
    edit: (...args) => running().edit(...args),
    download: (...args) => running().download(...args),
    send: (...args) => running().send(...args),
    typing: (...args) => running().typing(...args),
    askPermission: (...args) => running().askPermission(...args),
    continuePermission: (...args) => running().continuePermission(...args),
    expirePermission: (...args) => running().expirePermission(...args),
  };

  function leave(): void {
    removeRoute?.();
    removeRoute = undefined;
  }

  async function settled(deadline: AbortSignal): Promise<void> {
    if (deadline.aborted) return;
    await Promise.race([Promise.allSettled([...inFlight, intake?.idle()]), aborted(deadline)]);
  }

  return {
    async start(emit) {
      if (isStarted) throw new Error(`source ${name} was started twice`);
      isStarted = true;
      api = await openApi(options, host);
      chat = createChat(api, options, host);
      intake = new Intake({
        host,
        name,
        api,
        chat,
        emit,
        edits: options.edits,
        ackReaction: options.ackReaction,
        isClosed: () => closed,
      });
      if (closed) return;
      if (webhook === undefined) round = createPolling({ api, intake, host, name });
      else {
        round = createWebhookKeeper(api, { ...webhook, host });
        const handle = createWebhookHandler({ ...webhook, host, take: takePosted });
        removeRoute = await host.listener.route({
          path: webhook.path,
          methods: ["POST"],
          sourceName: name,
          handle,
        });
        if (closed) return leave();
      }
      loop.start();
    },
    async drain(deadline) {
      leave();
      await loop.stop(deadline);
      await settled(deadline);
    },
    async stop(deadline) {
      leave();
      await loop.stop(deadline);
      await settled(deadline);
      closed = true;
    },
    health() {
      const health = closed || !isStarted ? { state: "stopped" as const } : loop.health();
      if (health.state !== "running" || self === undefined) return health;
      return { ...health, detail: `@${self.username}${webhook === undefined ? "" : ", by webhook"}` };
    },
    reply: (event, message) => running().answer(event, message),
    chat: speaking,
    endpointInfo: () => ({ address: self === undefined ? "Telegram" : `https://t.me/${self.username}` }),
  };
}

// Identifies a secret without revealing it.

export function fingerprintOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex").slice(0, 12);
}
