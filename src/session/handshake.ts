// Stands between the client's lines and the SDK's server. Answers the start of the conversation itself (probe, ping,
// `initialize`), so that the SDK can be loaded afterwards, and keeps the rest for it in order. The SDK's server gets the
// recorded `initialize` replayed; its own answer to that is swallowed, because the client already has one.

import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { Log } from "../contract.ts";
import { line } from "../text.ts";
import {
  answerInitialize,
  type InitializeResult,
  initializeProblem,
  refuseMethod,
} from "./initialize-result.ts";
import { isCall, isRequest, type Message, type Request, type RequestId, rpcErrors } from "./json-rpc.ts";
import { ignoreClosed, type StdioTransport } from "./stdio-transport.ts";

export interface EarlyHandshake {
  /**
   * The side for the SDK's server; connect exactly one. Nothing of ours is written to the client before it sent
   * `notifications/initialized`.
   */
  readonly transport: Transport;
  /** The client's own `initialize`, once it came: what another process needs to take this conversation over. */
  recordedInitialize(): Request | undefined;
  /** Settles when `initialize` was answered and the client said `notifications/initialized`. */
  readonly initialized: Promise<void>;
  /** Waits, at most `withinMs`, until no request of the client is left unanswered. */
  settled(withinMs: number): Promise<void>;
}

/** No client can have sent this id: it is made for one replay. */
const replayId = "channel-router/replayed-initialize";

export function createEarlyHandshake(
  wire: StdioTransport,
  greeting: InitializeResult | Promise<InitializeResult>,
  log: Log,
): EarlyHandshake {
  const queue: Message[] = [];
  const unanswered = new Set<RequestId>();
  const settledWaiters = new Set<() => void>();
  let recorded: Request | undefined;
  let answered = false;
  let clientIsReady = false;
  let connected = false;
  let markInitialized: () => void;
  const initialized = new Promise<void>((resolve) => {
    markInitialized = resolve;
  });

  const inner: Transport = {
    async start() {
      connected = true;
      if (recorded) handOver({ ...recorded, id: replayId });
      for (const message of queue.splice(0)) handOver(message);
    },
    async send(message) {
      if ("id" in message && message.id === replayId && !("method" in message)) return;
      if (isCall(message as Message)) {
        await initialized;
        return wire.send(message);
      }
      const sent = wire.send(message);
      if ("id" in message && message.id !== undefined) markAnswered(message.id);
      return sent;
    },
    async close() {
      inner.onclose?.();
    },
  };

  // A failure is told when the client asks; until then it must not count as an unhandled rejection.
  Promise.resolve(greeting).catch(() => undefined);
  wire.onmessage = (message) => receive(message as Message);

  function receive(message: Message): void {
    if (isRequest(message)) {
      receiveRequest(message);
      return;
    }
    if (isCall(message) && message.method === "notifications/initialized" && recorded) {
      clientIsReady = true;
      openWhenReady();
    }
    if (isCall(message) && message.method === "notifications/cancelled") {
      // A cancelled request is not answered.
      markAnswered(message.params?.requestId as RequestId);
    }
    forward(message);
  }

  function receiveRequest(request: Request): void {
    if (request.method === "ping") {
      answer({ jsonrpc: "2.0", id: request.id, result: {} });
    } else if (request.method === "server/discover") {
      answer(refuseMethod(request));
    } else if (recorded) {
      unanswered.add(request.id);
      forward(request);
    } else if (request.method === "initialize") {
      receiveInitialize(request);
    } else {
      answer(refuseMethod(request));
    }
  }

  function receiveInitialize(request: Request): void {
    const problem = initializeProblem(request);
    if (problem !== undefined) {
      refuse(request, rpcErrors.invalidParams, `Invalid initialize: ${problem}`);
      return;
    }
    recorded = request;
    if (connected) handOver({ ...request, id: replayId });
    void greet(request);
  }

  async function greet(request: Request): Promise<void> {
    unanswered.add(request.id);
    try {
      answer(answerInitialize(request, await greeting));
      answered = true;
      openWhenReady();
    } catch (error) {
      log.error(line`could not greet the client: ${error instanceof Error ? error.message : String(error)}`);
      refuse(request, rpcErrors.internal, "the router could not start");
    }
    markAnswered(request.id);
  }

  function openWhenReady(): void {
    if (!answered || !clientIsReady) return;
    // The answer was queued before this, and answers overtake events.
    wire.release();
    markInitialized();
  }

  function forward(message: Message): void {
    if (connected) handOver(message);
    else queue.push(message);
  }

  function handOver(message: Message): void {
    inner.onmessage?.(message as JSONRPCMessage);
  }

  function answer(message: Message): void {
    wire.send(message as JSONRPCMessage).catch(ignoreClosed);
  }

  function refuse(request: Request, code: number, message: string): void {
    answer({ jsonrpc: "2.0", id: request.id, error: { code, message } });
  }

  function markAnswered(id: RequestId): void {
    unanswered.delete(id);
    if (unanswered.size === 0) for (const wake of settledWaiters) wake();
  }

  return {
    transport: inner,
    recordedInitialize: () => recorded,
    initialized,
    settled(withinMs) {
      // Without the SDK's server nothing will answer what waits for it.
      if (unanswered.size === 0 || !connected) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          settledWaiters.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, withinMs);
        settledWaiters.add(wake);
      });
    },
  };
}
