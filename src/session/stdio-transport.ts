// The lines of one MCP conversation over a pair of streams: an SDK `Transport` that ends when the client goes
// away, survives garbage, and queues a bounded number of events when the client does not read. It never ends
// the output stream and never exits the process: both belong to the code that opened it. The SDK is imported
// as types only.

import type { Readable, Writable } from "node:stream";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { Log } from "../contract.ts";
import { line, stackOf, text } from "../text.ts";
import { readMessage, rpcErrors, toLine } from "./json-rpc.ts";
import { createLineReader } from "./line-reader.ts";
import { LineWriter } from "./line-writer.ts";

export interface StdioTransport extends Transport {
  /** Queues one event; see `LineWriter.post`. The line has no line end. */
  post(line: string, signal?: AbortSignal): Promise<void>;
  /** Events wait until this is called. */
  release(): void;
  /** Settles once, with the reason, when the input ended, the output broke, or `close` was called. */
  readonly ended: Promise<string>;
  readonly waiting: LineWriter["waiting"];
  /** Stops reading, writes queued lines for at most `flushMs`, rejects the rest. Idempotent. */
  close(): Promise<void>;
}

export interface StdioTransportOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly log: Log;
  /** Default 256 events. */
  readonly maxEvents?: number;
  /** Default 4 MiB. */
  readonly maxEventBytes?: number;
  /** Default 10 MiB: the limit of the SDK's own transport. */
  readonly maxLineBytes?: number;
  /** Default 1,000 ms. */
  readonly flushMs?: number;
}

const mebibyte = 1024 * 1024;
/** With this much unread by the client, its requests are not read either. */
const maxUnreadAnswers = { count: 4096, bytes: 8 * mebibyte };

export function createStdioTransport(options: StdioTransportOptions): StdioTransport {
  const { input, output, log } = options;
  const maxLineBytes = options.maxLineBytes ?? 10 * mebibyte;
  const said = new Set<string>();
  let started = false;
  let reading = false;
  let throttled = false;
  let closing: Promise<void> | undefined;
  let isOver = false;
  let settleEnded: (reason: string) => void;
  const ended = new Promise<string>((resolve) => {
    settleEnded = resolve;
  });

  const writer = new LineWriter({
    output,
    maxEvents: options.maxEvents ?? 256,
    maxEventBytes: options.maxEventBytes ?? 4 * mebibyte,
    onBroken: finish,
    onAnswersTaken() {
      if (!throttled || isOverloaded()) return;
      throttled = false;
      if (reading) input.resume();
    },
  });
  const lines = createLineReader({
    maxLineBytes,
    onLine: handleLine,
    onTooLong: () => warn("long", `dropped a line on stdin of more than ${maxLineBytes} bytes`),
  });

  const onData = (chunk: Buffer | string): void => {
    lines.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    if (!throttled && isOverloaded()) {
      throttled = true;
      input.pause();
    }
  };
  const onEnd = (): void => finish("stdin ended");
  const onError = (error: Error): void => finish(`stdin failed: ${error.message}`);

  const transport: StdioTransport = {
    ended,
    waiting: writer.waiting,
    async start() {
      if (started) throw new Error("the transport was started twice");
      started = true;
      if (isOver) return;
      reading = true;
      input.on("data", onData);
      input.on("end", onEnd);
      input.on("close", onEnd);
      input.on("error", onError);
      if (input.readableEnded || input.destroyed) queueMicrotask(onEnd);
      if (output.destroyed || output.writableEnded) queueMicrotask(() => finish("stdout was closed"));
    },
    send: (message: JSONRPCMessage) => writer.send(toLine(message)),
    post: (line, signal) => writer.post(line, signal),
    release: () => writer.release(),
    close() {
      closing ??= (async () => {
        finish("closed");
        await writer.flush(options.flushMs ?? 1000);
        writer.stop("closed");
      })();
      return closing;
    },
  };

  function handleLine(written: string): void {
    if (!reading || written.trim() === "") return;
    const result = readMessage(written);
    if ("message" in result) {
      try {
        transport.onmessage?.(result.message as JSONRPCMessage);
      } catch (error) {
        // One message that breaks its handler must not end the conversation for all others.
        log.error(text`internal error while handling a message: ${stackOf(error)}`);
        transport.onerror?.(error as Error);
      }
      return;
    }
    warn(result.problem, `ignored a line on stdin that is not a JSON-RPC message: ${result.problem}`);
    // Without an id nothing is answered: MCP does not allow an answer whose id is null.
    if (result.id === undefined) return;
    const error = { code: rpcErrors.invalidRequest, message: `Invalid request: ${result.problem}` };
    writer.send(toLine({ jsonrpc: "2.0", id: result.id, error })).catch(ignoreClosed);
  }

  /** Once for each kind: a client that sends only garbage must not fill the log. */
  function warn(kind: string, what: string): void {
    if (said.has(kind)) return;
    said.add(kind);
    log.warn(line`${what} (further ones are not reported)`);
  }

  function isOverloaded(): boolean {
    const { count, bytes } = writer.waiting.answers;
    return count > maxUnreadAnswers.count || bytes > maxUnreadAnswers.bytes;
  }

  function finish(reason: string): void {
    if (isOver) return;
    isOver = true;
    if (reading) {
      reading = false;
      input.off("data", onData);
      input.off("end", onEnd);
      input.off("close", onEnd);
      // `onError` stays: an error after the end needs a listener.
      input.pause();
    }
    writer.endEvents();
    settleEnded(reason);
    transport.onclose?.();
  }

  return transport;
}

/** `ended` reports the end of the conversation; an answer that nobody will read is not news. */
export function ignoreClosed(): void {}
