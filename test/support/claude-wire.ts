// JSON-RPC over a pair of streams from the client's side. Keeps every line and notes each breach of the protocol; it does
// not stop at one, because Claude Code does not (stray lines on stdout are tolerated since 2.1.110).

import type { Readable, Writable } from "node:stream";

export type Params = Record<string, unknown>;

export interface WireOptions {
  /** The server's stdin. */
  readonly toServer: Writable;
  /** The server's stdout. */
  readonly fromServer: Readable;
  /** How long a request waits for its answer. */
  readonly timeoutMs: number;
  onNotification(method: string, params: Params): void;
  /** The answer to a request of the server, or a promise of it; throw to refuse it with -32601. */
  onRequest(method: string, params: Params): unknown;
}

export interface Wire {
  /** Every line that the server wrote, in order. */
  readonly received: readonly string[];
  readonly sent: readonly string[];
  /** What the server did that JSON-RPC or MCP forbids. */
  readonly violations: readonly string[];
  /** Settles with the answer's `result`; rejects with an RpcError when the server refused or did not answer in time. */
  request(method: string, params?: Params, id?: string | number): Promise<Params>;
  notify(method: string, params?: Params): void;
  /** Writes what `build` sends as one chunk. */
  together(build: () => void): void;
  /** Writes this text as it is: for garbage and half lines. */
  writeRaw(text: string | Buffer): void;
  /** From now on the server may write on its own. */
  allowServerCalls(): void;
  /** Stops taking data from the server, so that its pipe fills up. */
  pause(): void;
  resume(): void;
  /** Settles when the server's stdout has ended. */
  readonly ended: Promise<void>;
}

/** A refusal by the server, or `code` undefined when no answer came. */
export class RpcError extends Error {
  readonly code: number | undefined;
  readonly data: unknown;

  constructor(message: string, code?: number, data?: unknown) {
    super(message);
    this.name = "RpcError";
    this.code = code;
    this.data = data;
  }
}

interface Pending {
  settle(message: Params): void;
  fail(error: RpcError): void;
}

export function openWire(options: WireOptions): Wire {
  const { toServer, fromServer } = options;
  const received: string[] = [];
  const sent: string[] = [];
  const violations: string[] = [];
  const pending = new Map<string | number, Pending>();
  let nextId = 0;
  let serverMayCall = false;
  let chunk: string[] | undefined;
  let partial: Buffer[] = [];

  const ended = new Promise<void>((resolve) => {
    const finish = (): void => {
      for (const waiter of pending.values()) waiter.fail(new RpcError("the server closed its stdout"));
      pending.clear();
      resolve();
    };
    fromServer.once("end", finish);
    fromServer.once("close", finish);
    fromServer.once("error", finish);
  });
  // The server may be gone already when a test writes to it; `ended` tells that.
  toServer.on("error", () => undefined);

  fromServer.on("data", (data: Buffer) => {
    let start = 0;
    for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10, start)) {
      partial.push(data.subarray(start, end));
      const line = Buffer.concat(partial).toString("utf8");
      partial = [];
      start = end + 1;
      receive(line);
    }
    if (start < data.length) partial.push(data.subarray(start));
  });

  function receive(line: string): void {
    received.push(line);
    let message: Params;
    try {
      message = JSON.parse(line) as Params;
    } catch {
      violations.push(`a line on stdout that is not JSON: ${line.slice(0, 200)}`);
      return;
    }
    const problem = shapeProblem(message);
    if (problem !== undefined) {
      violations.push(`${problem}: ${line.slice(0, 200)}`);
      return;
    }
    if (typeof message.method === "string") receiveCall(message, message.method);
    else receiveAnswer(message);
  }

  function receiveCall(message: Params, method: string): void {
    if (!serverMayCall && method !== "ping") violations.push(`${method} before notifications/initialized`);
    const params = (message.params ?? {}) as Params;
    if (message.id === undefined) {
      options.onNotification(method, params);
      return;
    }
    try {
      const result = options.onRequest(method, params);
      const answer = (settled: unknown) => write({ jsonrpc: "2.0", id: message.id, result: settled });
      if (result instanceof Promise) void result.then(answer);
      else answer(result);
    } catch {
      write({ jsonrpc: "2.0", id: message.id, error: { code: -32601, message: "Method not found" } });
    }
  }

  function receiveAnswer(message: Params): void {
    const waiter = pending.get(message.id as string | number);
    if (waiter === undefined) violations.push(`an answer to no request: ${JSON.stringify(message.id)}`);
    pending.delete(message.id as string | number);
    waiter?.settle(message);
  }

  function write(message: Params): void {
    const line = JSON.stringify(message);
    sent.push(line);
    if (chunk) chunk.push(`${line}\n`);
    else toServer.write(`${line}\n`);
  }

  return {
    received,
    sent,
    violations,
    ended,
    request(method, params = {}, id = nextId++) {
      return new Promise<Params>((resolve, reject) => {
        const timer = setTimeout(() => {
          pending.delete(id);
          reject(new RpcError(`${method} was not answered within ${options.timeoutMs} ms`));
        }, options.timeoutMs);
        pending.set(id, {
          settle(message) {
            clearTimeout(timer);
            const error = message.error as { code: number; message: string; data?: unknown } | undefined;
            if (error) reject(new RpcError(error.message, error.code, error.data));
            else resolve(message.result as Params);
          },
          fail(error) {
            clearTimeout(timer);
            reject(error);
          },
        });
        write({ jsonrpc: "2.0", id, method, params });
      });
    },
    notify(method, params) {
      write({ jsonrpc: "2.0", method, ...(params && { params }) });
    },
    together(build) {
      chunk = [];
      build();
      const text = chunk.join("");
      chunk = undefined;
      toServer.write(text);
    },
    writeRaw: (text) => void toServer.write(text),
    allowServerCalls() {
      serverMayCall = true;
    },
    pause: () => void fromServer.pause(),
    resume: () => void fromServer.resume(),
  };
}

/** What keeps a value from being a message of MCP 2025-11-25, or undefined. */
function shapeProblem(value: unknown): string | undefined {
  if (!isObject(value)) return "JSON that is not an object";
  if (value.jsonrpc !== "2.0") return 'no "jsonrpc": "2.0"';
  const hasId = typeof value.id === "string" || Number.isSafeInteger(value.id);
  if ("id" in value && !hasId) return "an id that is neither a text nor a whole number";
  const known = ["jsonrpc", "id", "method", "params", "result", "error"];
  const stranger = Object.keys(value).find((key) => !known.includes(key));
  if (stranger !== undefined) return `a member that JSON-RPC does not know (${stranger})`;
  if ("method" in value) {
    if (typeof value.method !== "string") return "a method that is not a text";
    if ("result" in value || "error" in value) return "a call with a result";
    return value.params === undefined || isObject(value.params) ? undefined : "params that are not an object";
  }
  if ("result" in value === "error" in value) return "neither exactly one result nor one error";
  if ("result" in value)
    return hasId && isObject(value.result) ? undefined : "a result that is not an object";
  const error = value.error;
  const isFine = isObject(error) && Number.isSafeInteger(error.code) && typeof error.message === "string";
  return isFine ? undefined : "an error without code and message";
}

function isObject(value: unknown): value is Params {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
