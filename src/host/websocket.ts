// Outgoing WebSocket connections: with a time-out, without redirects, with real back-pressure, and with error
// messages that contain no secret.

import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import type { WebSocketLink, WebSocketRequest } from "../contract/host.ts";
import { ConnectorError } from "../errors.ts";
import { describeUrl, failure, reasonOf, statusFailure } from "./http-failure.ts";

const defaultTimeoutMs = 30_000;
/** How many messages, or bytes of them, are queued here at most before the socket is no longer read. */
const maxWaiting = { messages: 16, bytes: 256 * 1024 };
/** How long the peer may take to answer a close. */
const closeMs = 1_000;
/** The same when the source ends. */
const awayMs = 200;
/** Normal closes: RFC 6455 section 7.4.1, and 1012 and 1013 of its registry (restart, try again later). */
const ordinaryCodes = new Set([1000, 1001, 1005, 1012, 1013]);

interface Client {
  readonly userAgent: string;
  readonly clock: { now(): number };
}

export async function openWebSocket(request: WebSocketRequest, client: Client): Promise<WebSocketLink> {
  const { signal, maxBytes, timeoutMs = defaultTimeoutMs } = request;
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  if (url === undefined || !/^wss?:$/.test(url.protocol))
    throw new ConnectorError("E_HTTP_FAILED", "the address is not a ws or wss URL");
  if (signal.aborted) throw failure(url, "it was cancelled");
  const socket = new WebSocket(url, [...(request.protocols ?? [])], {
    headers: { "user-agent": client.userAgent, ...request.headers },
    handshakeTimeout: timeoutMs,
    maxPayload: maxBytes,
    followRedirects: false,
  });
  const stop = () => {
    if (socket.readyState !== WebSocket.OPEN) return socket.terminate();
    // Destroyed at once, the connection could lose the close frame.
    socket.close(1001);
    setTimeout(() => socket.terminate(), awayMs).unref();
  };
  signal.addEventListener("abort", stop, { once: true });
  socket.once("close", () => signal.removeEventListener("abort", stop));
  const link = linkOf(socket, url, maxBytes);
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("unexpected-response", (_, response: IncomingMessage) => {
      response.destroy();
      socket.terminate();
      reject(statusFailure(url, response.statusCode ?? 0, response.headers, client.clock.now()));
    });
    socket.once("error", (error) => {
      if (signal.aborted) reject(failure(url, "it was cancelled"));
      else if (/handshake has timed out/i.test(error.message))
        reject(failure(url, `no answer within ${timeoutMs / 1_000} s`));
      else reject(failure(url, handshakeReason(error), error));
    });
  });
  return link;
}

function linkOf(socket: WebSocket, url: URL, maxBytes: number): WebSocketLink {
  const waiting: (string | Uint8Array)[] = [];
  let waitingBytes = 0;
  let end: { readonly error?: ConnectorError } | undefined;
  let wake = () => {};

  socket.on("message", (content: Buffer, isBinary) => {
    waiting.push(isBinary ? content : content.toString());
    waitingBytes += content.length;
    if (waiting.length >= maxWaiting.messages || waitingBytes >= maxWaiting.bytes) socket.pause();
    wake();
  });
  socket.on("error", (error: Error & { code?: string }) => {
    end ??= { error: brokenBy(error, url, maxBytes) };
  });
  socket.on("close", (code, reason) => {
    end ??= endOf(code, reason.toString(), url);
    wake();
  });

  async function* messages(): AsyncGenerator<string | Uint8Array> {
    for (;;) {
      const message = waiting.shift();
      if (message !== undefined) {
        waitingBytes -= typeof message === "string" ? Buffer.byteLength(message) : message.byteLength;
        if (waiting.length === 0 && socket.isPaused) socket.resume();
        yield message;
      } else if (end?.error !== undefined) throw end.error;
      else if (end !== undefined) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    messages,
    send: (message) => socket.send(message),
    ping: () =>
      new Promise((resolve) => {
        socket.once("pong", () => resolve());
        if (socket.readyState === WebSocket.OPEN) socket.ping();
      }),
    close() {
      socket.close(1000);
      // A paused socket does not see the answer.
      setTimeout(() => socket.terminate(), closeMs).unref();
    },
  };
}

function brokenBy(error: Error & { code?: string }, url: URL, maxBytes: number): ConnectorError {
  if (error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH")
    return new ConnectorError(
      "E_HTTP_SIZE",
      `a message of ${describeUrl(url)} is longer than ${maxBytes} bytes`,
    );
  return new ConnectorError(
    "E_HTTP_FAILED",
    `the connection to ${describeUrl(url)} broke off: ${reasonOf(error)}`,
    {
      retryable: true,
      cause: error,
    },
  );
}

function endOf(code: number, reason: string, url: URL): { readonly error?: ConnectorError } {
  if (ordinaryCodes.has(code)) return {};
  if (code === 1006)
    return {
      error: new ConnectorError("E_HTTP_FAILED", `the connection to ${describeUrl(url)} broke off`, {
        retryable: true,
      }),
    };
  const said = reason === "" ? "" : `: ${JSON.stringify(reason)}`;
  return {
    error: new ConnectorError(
      "E_HTTP_STATUS",
      `${describeUrl(url)} closed the connection with ${code}${said}`,
      {
        retryable: true,
      },
    ),
  };
}

/** `ws` reports an answer that is not a WebSocket's without a system error code. */
function handshakeReason(error: Error): string {
  const code = (error as { code?: unknown }).code;
  return code === undefined && error.message !== "" ? error.message.toLowerCase() : reasonOf(error);
}
