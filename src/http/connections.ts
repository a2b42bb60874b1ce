// The connections of the HTTP server: limited in number, so that a client that opens a thousand idle ones
// keeps nobody out. When there are too many, the oldest unproven one is closed.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createSliceReader } from "./slice-reader.ts";

export interface Connections {
  /** Call it before the server accepts connections. */
  watch(server: Server): void;
  /** The handling of a request starts; it ends with its response. */
  handles(request: IncomingMessage, response: ServerResponse): void;
  /** The sender of a request on this connection has proven itself. */
  prove(request: IncomingMessage): void;
}

interface Connection {
  isProven: boolean;
  /** Requests that are unanswered. */
  readonly requests: Set<IncomingMessage>;
}

/**
 * `max`: Node would drop the newest beyond its own limit, which is a little higher than the highest of ours.
 */
export function createConnections(max: number): Connections {
  /** Oldest first. */
  const open = new Map<Socket, Connection>();
  const reader = createSliceReader();

  function makeWay(): Socket | undefined {
    let idleProven: Socket | undefined;
    for (const [socket, connection] of open) {
      if (isBusy(connection)) continue;
      if (!connection.isProven) return socket;
      idleProven ??= socket;
    }
    return idleProven;
  }

  function begin(socket: Socket): void {
    if (open.size >= max) {
      const victim = makeWay() ?? socket;
      open.delete(victim);
      victim.destroy();
      if (victim === socket) return;
    }
    open.set(socket, { isProven: false, requests: new Set() });
    socket.once("close", () => open.delete(socket));
    reader.read(socket);
  }

  return {
    // After Node's own listener, which connects the socket to its parser.
    watch: (server) => void server.on("connection", begin),
    handles(request, response) {
      const requests = open.get(request.socket)?.requests;
      requests?.add(request);
      response.once("close", () => requests?.delete(request));
      reader.receives(request);
    },
    prove(request) {
      const connection = open.get(request.socket);
      if (connection !== undefined) connection.isProven = true;
      reader.prefer(request);
    },
  };
}

/** While its body is being read a request can be dropped: nothing was acknowledged. */
function isBusy({ requests }: Connection): boolean {
  for (const { complete } of requests) if (complete) return true;
  return false;
}
