// One connection to Discord's gateway, open until it is lost for good. The library resumes short breaks by
// itself; the session of a previous process is resumed, so that Discord sends the missed events again.

import type { GatewayDispatchPayload } from "@discordjs/core";
import type { SessionInfo } from "@discordjs/ws";
import type { Bounds } from "../../contract/capabilities.ts";
import type { Clock, Json, JsonObject } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { aborted } from "../../waiting.ts";
import { failureOf } from "./failure.ts";
import type { Library } from "./library.ts";

/** Guilds, GuildMessages, DirectMessages, MessageContent: docs/events/gateway, "Gateway Intents". */
const intents = (1 << 0) | (1 << 9) | (1 << 12) | (1 << 15);
/** A connection that is lost for this long is reported as a failure. */
const lostMs = 60_000;
/** Closes the connection but keeps the session resumable: the library's own code for it. */
const leaveResumable = 4_200;
/** The delay of the library before it reconnects. */
const libraryPauseMs = 600;

export interface GatewayOptions {
  readonly library: Library;
  /** What the recipe of the source names; absent: everything. */
  readonly bounds?: Pick<Bounds, "host"> | undefined;
  readonly rest: InstanceType<Library["REST"]>;
  readonly token: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The session of an earlier process, with the last processed sequence number. */
  readonly session: SessionInfo | undefined;
  /** Synchronous: in order, each with its sequence number. */
  dispatched(payload: GatewayDispatchPayload): void;
  /**
   * The live session and the sequence number where it began; without a session no position is worth saving.
   */
  sessionChanged(session: SessionInfo | undefined): void;
  /** The connection is open: `resumed` when nothing was missed. */
  opened(resumed: boolean): void;
  /** It was lost and is being retried; undefined when it is open again. */
  lost(reason: string | undefined): void;
}

/**
 * Settles when the signal fired and the connection is closed; rejects with a ConnectorError when it is lost.
 */
export async function holdConnection(options: GatewayOptions): Promise<void> {
  const { library, rest, token, clock, signal } = options;
  const { WebSocketManager, WebSocketShardEvents: Events } = library;
  let live: SessionInfo | null = options.session ?? null;
  let isOver = false;
  let lose = (_: ConnectorError) => {};
  const lost = new Promise<never>((_, reject) => {
    lose = reject;
  });
  lost.catch(() => undefined);
  /** The platform names both addresses: that of the gateway, and that to resume a session at. */
  const mayReach = (url: string): boolean => {
    try {
      options.bounds?.host(url);
      return true;
    } catch (error) {
      lose(error as ConnectorError);
      return false;
    }
  };
  let cancelWait = () => {};

  const manager = new WebSocketManager({
    token,
    intents,
    rest,
    shardCount: 1,
    retrieveSessionInfo: () => (live !== null && mayReach(live.resumeURL) ? live : null),
    updateSessionInfo(_, session) {
      if (isOver || (session !== null && !mayReach(session.resumeURL))) return;
      if (session === null || session.sessionId !== live?.sessionId)
        options.sessionChanged(session ?? undefined);
      live = session;
    },
  });

  function waitForIt(reason: string): void {
    cancelWait();
    options.lost(reason);
    cancelWait = clock.after(lostMs, () => lose(new ConnectorError("E_CHAT", reason, { retryable: true })));
  }

  function opened(resumed: boolean): void {
    cancelWait();
    options.lost(undefined);
    options.opened(resumed);
  }

  manager.on(Events.Dispatch, (payload) => {
    if (!isOver) options.dispatched(payload);
  });
  manager.on(Events.Ready, () => opened(false));
  manager.on(Events.Resumed, () => opened(true));
  manager.on(Events.Closed, (code) => {
    if (!isOver) waitForIt(`the connection to Discord was closed (${code})`);
  });
  manager.on(Events.SocketError, () => {
    if (!isOver) waitForIt("Discord's gateway cannot be reached");
  });
  manager.on(Events.Error, (error) => lose(fatal(error)));

  try {
    waitForIt("Discord's gateway does not answer");
    if (options.bounds !== undefined)
      options.bounds.host((await manager.fetchGatewayInformation().catch(rethrowAsLoss)).url);
    const connected = manager.connect();
    connected.catch((error: unknown) => lose(asLoss(error)));
    await Promise.race([aborted(signal), lost]);
  } finally {
    isOver = true;
    cancelWait();
    await leave();
  }

  /** Twice: between two tries the library has no connection to close, and then opens one. */
  async function leave(): Promise<void> {
    const close = async () => manager.destroy({ code: leaveResumable, reason: "the router stops" });
    await close();
    clock.after(libraryPauseMs, () => void close().catch(() => undefined));
  }
}

function rethrowAsLoss(error: unknown): never {
  throw asLoss(error);
}

function asLoss(error: unknown): ConnectorError {
  const failure = failureOf(error, "connecting");
  if (failure instanceof ConnectorError) return failure;
  return new ConnectorError("E_CHAT", `connecting to Discord failed: ${String((error as Error).message)}`, {
    retryable: true,
    cause: error,
  });
}

/** The library's own messages for close codes after which it does not retry. */
function fatal(error: Error): ConnectorError {
  if (error.message === "Authentication failed")
    return new ConnectorError("E_CHAT", "Discord rejected the token: was it reset?", {
      hint: "make a new one on the Bot page of the application, then: channel-router configure discord TOKEN",
    });
  if (error.message === "Used disallowed intents")
    return new ConnectorError("E_CHAT", "the bot may not read messages", {
      hint: "turn on the Message Content intent on the Bot page of its application",
    });
  return new ConnectorError("E_CHAT", `Discord ended the connection: ${error.message}`, { cause: error });
}

export function readSession(kept: Json | undefined): SessionInfo | undefined {
  const { sessionId, resumeURL, sequence } = (kept ?? {}) as JsonObject;
  if (typeof sessionId !== "string" || typeof resumeURL !== "string" || typeof sequence !== "number")
    return undefined;
  return { sessionId, resumeURL, sequence, shardId: 0, shardCount: 1 };
}
