// Sits between the client's lines and the SDK's server. Answers the start of the conversation itself (probe,
// ping, `initialize`), so that the SDK can be loaded afterwards, and queues the rest for it in order. The
// recorded `initialize` is replayed to the SDK's server; its answer is dropped, because the client already
// has one.

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

/** No client can have sent this id: it is created for one replay. */
const replayId = "channel-router/replayed-initialize";

export class EarlyHandshake {
  readonly #wire: StdioTransport;
  readonly #initializeResult: InitializeResult | Promise<InitializeResult>;
  readonly #log: Log;
  readonly #queue: Message[] = [];
  readonly #unanswered = new Set<RequestId>();
  readonly #settledWaiters = new Set<() => void>();
  #recorded: Request | undefined;
  #answered = false;
  #clientIsReady = false;
  #connected = false;
  #markInitialized!: () => void;
  readonly initialized: Promise<void>;
  readonly transport: Transport;

  constructor(
    wire: StdioTransport,
    initializeResult: InitializeResult | Promise<InitializeResult>,
    log: Log,
  ) {
    this.#wire = wire;
    this.#initializeResult = initializeResult;
    this.#log = log;
    const initialized = new Promise<void>((resolve) => {
      this.#markInitialized = resolve;
    });
    this.initialized = initialized;
    const inner: Transport = {
      start: async () => {
        this.#connected = true;
        if (this.#recorded) this.#handOver({ ...this.#recorded, id: replayId });
        for (const message of this.#queue.splice(0)) this.#handOver(message);
      },
      send: async (message) => {
        if ("id" in message && message.id === replayId && !("method" in message)) return;
        if (isCall(message as Message)) {
          await initialized;
          return wire.send(message);
        }
        const sent = wire.send(message);
        if ("id" in message && message.id !== undefined) this.#markAnswered(message.id);
        return sent;
      },
      async close() {
        inner.onclose?.();
      },
    };
    this.transport = inner;
    // A failure is reported when the client asks; until then it must not count as an unhandled rejection.
    Promise.resolve(initializeResult).catch(() => undefined);
    wire.onmessage = (message) => this.#receive(message as Message);
  }

  /**
   * The client's own `initialize`, once received: what another process needs to take over this conversation.
   */
  recordedInitialize(): Request | undefined {
    return this.#recorded;
  }

  /** Waits, at most `withinMs`, until every request of the client is answered. */
  settled(withinMs: number): Promise<void> {
    // Without the SDK's server nothing will answer the queued requests.
    if (this.#unanswered.size === 0 || !this.#connected) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#settledWaiters.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      this.#settledWaiters.add(wake);
    });
  }

  #receive(message: Message): void {
    if (isRequest(message)) {
      this.#receiveRequest(message);
      return;
    }
    if (isCall(message) && message.method === "notifications/initialized" && this.#recorded) {
      this.#clientIsReady = true;
      this.#openWhenReady();
    }
    if (isCall(message) && message.method === "notifications/cancelled") {
      // A cancelled request is not answered.
      this.#markAnswered(message.params?.requestId as RequestId);
    }
    this.#forward(message);
  }

  #receiveRequest(request: Request): void {
    if (request.method === "ping") {
      this.#answer({ jsonrpc: "2.0", id: request.id, result: {} });
    } else if (request.method === "server/discover") {
      this.#answer(refuseMethod(request));
    } else if (this.#recorded) {
      this.#unanswered.add(request.id);
      this.#forward(request);
    } else if (request.method === "initialize") {
      this.#receiveInitialize(request);
    } else {
      this.#answer(refuseMethod(request));
    }
  }

  #receiveInitialize(request: Request): void {
    const problem = initializeProblem(request);
    if (problem !== undefined) {
      this.#refuse(request, rpcErrors.invalidParams, `Invalid initialize: ${problem}`);
      return;
    }
    this.#recorded = request;
    if (this.#connected) this.#handOver({ ...request, id: replayId });
    void this.#answerInitialize(request);
  }

  async #answerInitialize(request: Request): Promise<void> {
    this.#unanswered.add(request.id);
    try {
      this.#answer(answerInitialize(request, await this.#initializeResult));
      this.#answered = true;
      this.#openWhenReady();
    } catch (error) {
      this.#log.error(
        line`could not answer initialize: ${error instanceof Error ? error.message : String(error)}`,
      );
      this.#refuse(request, rpcErrors.internal, "the router could not start");
    }
    this.#markAnswered(request.id);
  }

  #openWhenReady(): void {
    if (!this.#answered || !this.#clientIsReady) return;
    // The answer was queued before this, and answers overtake events.
    this.#wire.release();
    this.#markInitialized();
  }

  #forward(message: Message): void {
    if (this.#connected) this.#handOver(message);
    else this.#queue.push(message);
  }

  #handOver(message: Message): void {
    this.transport.onmessage?.(message as JSONRPCMessage);
  }

  #answer(message: Message): void {
    this.#wire.send(message as JSONRPCMessage).catch(ignoreClosed);
  }

  #refuse(request: Request, code: number, message: string): void {
    this.#answer({ jsonrpc: "2.0", id: request.id, error: { code, message } });
  }

  #markAnswered(id: RequestId): void {
    this.#unanswered.delete(id);
    if (this.#unanswered.size === 0) for (const wake of this.#settledWaiters) wake();
  }
}
