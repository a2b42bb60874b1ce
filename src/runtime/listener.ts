// The one HTTP listener: sockets, time-outs, the connection bound and the route table. Bound by the first route that asks
// for it, so that a config without HTTP opens no port. What a request means is the route's business.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ListenAddress, Listener, Log, Route } from "../contract.ts";
import { answer } from "./answer.ts";
import { bind } from "./bind.ts";
import { untrusted } from "./consent.ts";
import { printAddress } from "./listen-address.ts";
import type { Refusal } from "./refusals.ts";
import { createRouteTable, type RouteTable } from "./route-table.ts";

const maxConnections = 1_024;
const headersTimeoutMs = 10_000;
/** Headers and body together; a route may be stricter with the body. */
const requestTimeoutMs = 20_000;
const idleTimeoutMs = 5_000;

interface ListenerOptions {
  /** Tried in order until one can be bound; only the last one's failure is told. */
  readonly addresses: readonly ListenAddress[];
  readonly hosts: readonly string[];
  readonly publicUrl?: string;
  /** May this config listen beyond loopback? A person must have said so; asked at each try to bind. */
  trusted(): boolean;
  readonly log: Log;
  /** Called with the address in force, to be preferred next time. */
  onBound?(address: ListenAddress): void;
}

export interface OpenListener extends Listener {
  /** From now on `told` hears of each request that no route answered. */
  onUnrouted(told: (refusal: Refusal) => void): void;
  /** From now on a path without a route is not unknown: its source is stopping. To be called before sources stop. */
  leave(): void;
  /** Takes no more connections at once; cuts those that are left when the deadline passes. Idempotent. */
  close(deadline: AbortSignal): Promise<void>;
}

export function createListener(options: ListenerOptions): OpenListener {
  const loopback = options.addresses.every((address) => address.loopback);
  let table: RouteTable = createRouteTable([]);
  let bound: ListenAddress | undefined;
  let binding: Promise<void> | undefined;
  let server: Server | undefined;
  let tellUnrouted: (refusal: Refusal) => void = () => {};
  let isLeaving = false;

  async function open(): Promise<void> {
    // Its sources wait before they come here; this door is closed as well.
    if (!loopback && !options.trusted()) throw untrusted();
    for (const [index, address] of options.addresses.entries()) {
      const candidate = createHttpServer((request, response) => serve(request, response));
      try {
        bound = await bind(candidate, address);
        candidate.on("error", (error) => options.log.error(`listener: ${error.message}`));
        server = candidate;
        options.onBound?.(bound);
        return;
      } catch (error) {
        if (index === options.addresses.length - 1) throw error;
      }
    }
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const match = table.find(request.method ?? "GET", request.url ?? "/");
    if (match.kind !== "route" && isLeaving) {
      // Somebody else serves in a moment; a sender that is told 404 may never come again.
      answer(response, 503, "the router is stopping: try again", { "retry-after": "1", connection: "close" });
    } else if (match.kind === "no-path") {
      tellUnrouted({ status: 404, reason: "no such path" });
      answer(response, 404, "no such path");
    } else if (match.kind === "no-method") {
      tellUnrouted({ status: 405, reason: "method not allowed" });
      answer(response, 405, "method not allowed", { allow: match.allow.join(", ") });
    } else {
      const { route, params } = match;
      route.handle(request, response, params).catch((error: unknown) => {
        options.log.error(
          `source ${route.owner}: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
        );
        answer(response, 500, "internal error");
      });
    }
  }

  return {
    loopback,
    onUnrouted(told) {
      tellUnrouted = told;
    },
    hosts: options.hosts,
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
    address: () => (bound === undefined ? undefined : printAddress(bound)),
    async route(route: Route) {
      // A failed bind is forgotten, so that the next route, or the same one's next try, tries again.
      binding ??= open().catch((error: unknown) => {
        binding = undefined;
        throw error;
      });
      await binding;
      table = createRouteTable([...table.routes, route]);
      return () => {
        table = createRouteTable(table.routes.filter((other) => other !== route));
      };
    },
    leave() {
      isLeaving = true;
    },
    async close(deadline) {
      await binding?.catch(() => undefined);
      const open = server;
      if (open === undefined) return;
      server = undefined;
      await new Promise<void>((resolve) => {
        open.close(() => resolve());
        open.closeIdleConnections();
        if (deadline.aborted) open.closeAllConnections();
        deadline.addEventListener("abort", () => open.closeAllConnections(), { once: true });
      });
    },
  };
}

function createHttpServer(serve: (request: IncomingMessage, response: ServerResponse) => void): Server {
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: idleTimeoutMs,
      connectionsCheckingInterval: 1_000,
      noDelay: true,
    },
    serve,
  );
  server.maxConnections = maxConnections;
  // Node would drop the headers after the 2,000th unseen, and guards must see them all; their 16 KB are the bound.
  server.maxHeadersCount = 0;
  server.on("clientError", refuse);
  return server;
}

const statusOfError: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** A request that could not even be parsed, or came too slowly: one short answer, and the socket is gone. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = statusOfError[error.code ?? ""] ?? "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
}
