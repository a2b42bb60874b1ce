// An HTTP server with the limits that apply to every socket of ours, and its shutdown. Knows no routes.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { lookOnceMore } from "./body.ts";
import type { Connections } from "./connections.ts";

/** A backstop: our own limit (connections.ts) is lower, and selects. */
const maxConnections = 1_024;
/** 16 KB could hold thousands, each with its own objects while its request lasts. */
const maxHeaders = 256;
const headersTimeoutMs = 10_000;
/** Headers and body together; a route may be stricter with the body. */
const requestTimeoutMs = 20_000;
const idleTimeoutMs = 5_000;
/**
 * A slow request is ended at most this much later. Node checks even without requests, and each check wakes
 * the processor.
 */
const lookEveryMs = 5_000;

export function createHttpServer(
  serve: (request: IncomingMessage, response: ServerResponse) => void,
  connections: Connections,
): Server {
  const lastRequests = new WeakMap<Socket, IncomingMessage>();

  /** Node's timer fires before data that arrived meanwhile is read: this process may have been stopped. */
  async function refuseSlow(error: NodeJS.ErrnoException, socket: Socket): Promise<void> {
    const before = lastRequests.get(socket);
    const isInBody = before?.complete === false;
    const isWhole = () => {
      const now = lastRequests.get(socket);
      return socket.destroyed || (now !== undefined && (now !== before || (isInBody && now.complete)));
    };
    await lookOnceMore(() => socket.bytesRead, isWhole);
    // A body after complete headers is left to the route.
    if (!isWhole()) refuse(error, socket);
  }

  /**
   * Closes an idle connection, unless the next request is already in it: it would be cut off without an
   * answer.
   */
  async function closeIdle(socket: Socket): Promise<void> {
    const before = socket.bytesRead;
    const hasCome = () => socket.destroyed || socket.bytesRead !== before;
    await lookOnceMore(() => 0, hasCome);
    if (!hasCome()) socket.destroy();
  }

  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: idleTimeoutMs,
      connectionsCheckingInterval: lookEveryMs,
      noDelay: true,
    },
    (request, response) => {
      lastRequests.set(request.socket, request);
      connections.handles(request, response);
      if (request.rawHeaders.length <= 2 * maxHeaders) serve(request, response);
      else refuseHeaders(response);
    },
  );
  connections.watch(server);
  server.maxConnections = maxConnections;
  // Node would silently drop the headers after the 2,000th, and guards must see them all.
  server.maxHeadersCount = 0;
  server.on("timeout", (socket) => void closeIdle(socket));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") void refuseSlow(error, socket);
    else refuse(error, socket);
  });
  return server;
}

function refuseHeaders(response: ServerResponse): void {
  response.writeHead(431, { connection: "close", "content-length": 0 });
  response.end(() => response.req.socket.destroy());
}

/**
 * Accepts no more connections at once; settles when all are closed, at the latest at the deadline, when they
 * are destroyed.
 */
export function closeServer(server: Server, deadline: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cut = () => server.closeAllConnections();
    server.close(() => {
      deadline.removeEventListener("abort", cut);
      resolve();
    });
    server.closeIdleConnections();
    if (deadline.aborted) cut();
    deadline.addEventListener("abort", cut, { once: true });
  });
}

const statusOfError: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** A request that could not be parsed, or was too slow: one short answer, and the socket is destroyed. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = statusOfError[error.code ?? ""] ?? "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
}
