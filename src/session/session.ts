// One MCP conversation over a pair of streams, from the first byte to the last. Loads nothing of the MCP SDK
// until tools are attached, so that the client gets its first answer at once. Never exits the process and
// sets no signal handler.

import type { Readable, Writable } from "node:stream";
import type { Log, Rendered, Session, Tool } from "../contract.ts";
import { DeliveryError } from "../errors.ts";
import type { SafeLine } from "../text.ts";
import { type Elicitation, type ElicitationResult, supportsElicitation } from "./elicitation.ts";
import { EarlyHandshake } from "./handshake.ts";
import type { InitializeResult } from "./initialize-result.ts";
import { toLine } from "./json-rpc.ts";
import type { PermissionRequest } from "./permission.ts";
import type { ToolServer } from "./server.ts";
import { createStdioTransport } from "./stdio-transport.ts";
import type { Neutralise } from "./tool-calls.ts";

export interface OpenSession extends Session {
  /**
   * Loads the MCP SDK and answers queued requests; called again it replaces the tools and notifies the client
   * when the list changed. Settles when the tools answer. `waiting`, if given with the first call, returns
   * how many events the client could fetch with `pending`; each result ends with it, and with the text of
   * `reminder`.
   */
  attachTools(
    tools: readonly Tool[],
    neutralise: Neutralise,
    waiting?: () => number,
    reminder?: () => SafeLine | undefined,
  ): Promise<void>;
  /** Settles when the client is ready: `initialize` answered and `notifications/initialized` received. */
  readonly initialized: Promise<void>;
  readonly recordedInitialize: EarlyHandshake["recordedInitialize"];
  /** Whether the client has declared that it shows forms. False before `initialize`. */
  supportsElicitation(): boolean;
  /**
   * Shows the user a form and settles with the answer, however long that takes: hours, when the user is away.
   * Rejects when the client does not support forms or rejects this one, when the session ends, and when the
   * signal fires, which withdraws the form.
   */
  elicit(elicitation: Elicitation, signal: AbortSignal): Promise<ElicitationResult>;
  /**
   * Passes on a verdict on a permission request. Settles when the client's stream took it; rejects when the
   * session ended.
   */
  decide(requestId: string, behavior: "allow" | "deny"): Promise<void>;
}

export interface SessionOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** May settle after the session was opened: an early `initialize` waits for it. */
  readonly initializeResult: InitializeResult | Promise<InitializeResult>;
  readonly log: Log;
  /** The client asks its user for a permission, and notifies channels that declared that they relay it. */
  readonly onPermissionRequest?: (request: PermissionRequest) => void;
  /**
   * How long `close` waits for unanswered requests, and again the same time for a slow reader. Default 400
   * ms.
   */
  readonly flushMs?: number;
}

/** Reads and answers from now on. Events delivered before the client is ready wait in the bounded queue. */
export function openSession(options: SessionOptions): OpenSession {
  const { input, output, log } = options;
  const flushMs = options.flushMs ?? 400;
  const wire = createStdioTransport({ input, output, log, flushMs });
  const handshake = new EarlyHandshake(wire, options.initializeResult, log);
  let server: Promise<ToolServer> | undefined;
  let closing: Promise<void> | undefined;
  // Cannot fail before its first await; the streams' own failures settle `ended`.
  void wire.start();

  return {
    ended: wire.ended,
    initialized: handshake.initialized,
    recordedInitialize: () => handshake.recordedInitialize(),
    async deliver(event, signal) {
      return wire.post(toLine(channelNotification(event)), signal);
    },
    async attachTools(tools, neutralise, waiting = () => 0, reminder = () => undefined) {
      if (server) return (await server).setTools(tools);
      server = (async () => {
        const [{ connectToolServer }, initializeResult] = await Promise.all([
          import("./server.ts"),
          options.initializeResult,
        ]);
        const { onPermissionRequest } = options;
        return connectToolServer({
          transport: handshake.transport,
          initializeResult,
          tools,
          neutralise,
          waiting,
          reminder,
          onPermissionRequest,
          log,
        });
      })();
      await server;
    },
    supportsElicitation: () => supportsElicitation(handshake.recordedInitialize()),
    async elicit(elicitation, signal) {
      if (server === undefined) throw new DeliveryError("E_SESSION_BUSY", "the session is still starting");
      return (await server).elicit(elicitation, signal);
    },
    async decide(requestId, behavior) {
      if (server === undefined) throw new DeliveryError("E_SESSION_BUSY", "the session is still starting");
      await (await server).decide(requestId, behavior);
    },
    close() {
      closing ??= (async () => {
        await handshake.settled(flushMs);
        await wire.close();
        // A server that could not be loaded was reported to the caller of `attachTools`.
        await server?.then(
          (loaded) => loaded.close(),
          () => undefined,
        );
      })();
      return closing;
    },
  };
}

/**
 * `params` as in Claude Code's channels reference. The client silently drops the whole notification when one
 * value of `meta` is not a string, so such an event is a bug that must be detected here.
 */
function channelNotification({ content, meta, eventId }: Rendered): object {
  for (const key in meta) {
    if (typeof meta[key] !== "string") {
      throw new TypeError(`meta.${key} of event ${eventId} is not a string but ${typeof meta[key]}`);
    }
  }
  return { jsonrpc: "2.0", method: "notifications/claude/channel", params: { content, meta } };
}
