// The one HTTP listener: sockets, time-outs, the connection bound and the route table. Bound by the first route that asks
// for it, so that a config without HTTP opens no port. What a request means is the route's business. A stage prepares the
// next plan's routes and address beside what is live; its commit is one assignment, with no moment in which a path that both
// plans have is not answered.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Listener, Route } from "../contract/host.ts";
import type { ListenAddress, Log } from "../contract.ts";
import { consentRequired } from "../errors.ts";
import { mostConnections, tooManyOpen } from "../files/descriptors.ts";
import { line, stackOf, text } from "../text.ts";
import { bind } from "./bind.ts";
import { printAddress } from "./bind-address.ts";
import { createBodyPool } from "./body-pool.ts";
import { closeServer, createHttpServer } from "./bounded-server.ts";
import { createConnections } from "./connections.ts";
import type { Refusal } from "./refusals.ts";
import { createRouteTable, type RouteTable } from "./route-table.ts";
import { answer } from "./short-answer.ts";
import { removesStrayWorker } from "./stray-worker.ts";

export interface ListenSettings {
  /** Tried in order until one can be bound; only the last one's failure is told. */
  readonly addresses: readonly ListenAddress[];
  readonly hosts: readonly string[];
  readonly publicUrl?: string;
  /** May this config listen beyond loopback? A person must have said so; asked at each try to bind. */
  trusted(): boolean;
  /** Called with the address in force, to be preferred next time. */
  onBound?(address: ListenAddress): void;
}

interface ListenerOptions extends ListenSettings {
  readonly log: Log;
}

export interface OpenListener extends Listener {
  /** From now on `told` hears of each request that no route answered. */
  onUnrouted(told: (refusal: Refusal) => void): void;
  /** From now on a path without a route is not unknown: its source is stopping. To be called before sources stop. */
  leave(): void;
  /** Takes no more connections at once; cuts those that are left when the deadline passes. Idempotent. */
  close(deadline: AbortSignal): Promise<void>;
  /** One at a time. With `addresses` the listener moves there. */
  stage(next: Omit<ListenSettings, "addresses"> & Partial<ListenSettings>): Stage;
}

/** Ends in exactly one of `commit` and `abandon`. */
export interface Stage {
  /** For the new sources: their routes answer from the commit on. */
  readonly listener: Listener;
  /**
   * Binds the new address beside the old one, if there is a new one and the old one is in use. Rejects when it cannot. Only
   * where the two overlap (another host, the same port) the old one takes no connections meanwhile. An address that waits
   * for a person is not bound now, and does not fail: the old one is left, and routes are refused with E_CONSENT_REQUIRED.
   */
  bind(): Promise<void>;
  /** Routes of owners that leave make way for the new ones. The result ends what is no longer listened on. */
  commit(leaves: (owner: string) => boolean): (deadline: AbortSignal) => Promise<void>;
  /** Everything is as it was before. */
  abandon(): Promise<void>;
}

interface Bound {
  readonly server: Server;
  readonly address: ListenAddress;
}

const tellEveryMs = 60_000;

export function createListener(options: ListenerOptions): OpenListener {
  const { log } = options;
  let settings: ListenSettings = options;
  let table: RouteTable = createRouteTable([]);
  let bound: Bound | undefined;
  let binding: Promise<Bound> | undefined;
  let tellUnrouted: (refusal: Refusal) => void = () => {};
  let isLeaving = false;
  const connections = createConnections(mostConnections());
  const bodies = createBodyPool({ proven: connections.prove });

  let toldMs = Number.NEGATIVE_INFINITY;

  /** Without a descriptor left, each connection that comes is one more failure. */
  function tellFailure({ code, message }: NodeJS.ErrnoException): void {
    const nowMs = performance.now();
    if (nowMs - toldMs < tellEveryMs) return;
    toldMs = nowMs;
    const hint = tooManyOpen(code);
    log.error(line`listener: ${message}${hint === undefined ? "" : `; ${hint}`}`);
  }

  async function open({ addresses, trusted, onBound }: ListenSettings): Promise<Bound> {
    // Its sources wait before they come here; this door is closed as well.
    if (!isLoopback(addresses) && !trusted()) throw consentRequired();
    for (const [index, address] of addresses.entries()) {
      const server = createHttpServer(serve, connections);
      try {
        const inForce = await bind(server, address);
        server.on("error", (error: NodeJS.ErrnoException) => tellFailure(error));
        onBound?.(inForce);
        return { server, address: inForce };
      } catch (error) {
        if (index === addresses.length - 1) throw error;
      }
    }
    throw new Error("no address to listen on");
  }

  /** A failed bind is forgotten, so that the next route, or the same one's next try, tries again. */
  async function ensureBound(): Promise<void> {
    if (bound !== undefined) return;
    binding ??= open(settings).finally(() => {
      binding = undefined;
    });
    bound = await binding;
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    if (removesStrayWorker(request, response)) return;
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
        log.error(text`source ${route.owner}: ${stackOf(error)}`);
        answer(response, 500, "internal error");
      });
    }
  }

  const without = (route: Route) => () => {
    if (table.routes.includes(route)) table = createRouteTable(table.routes.filter((one) => one !== route));
  };

  async function addRoute(route: Route): Promise<() => void> {
    await ensureBound();
    table = createRouteTable([...table.routes, route]);
    return without(route);
  }

  const address = () => (bound === undefined ? undefined : printAddress(bound.address));

  return {
    loopback: isLoopback(options.addresses),
    onUnrouted(told) {
      tellUnrouted = told;
    },
    hosts: options.hosts,
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
    address,
    bodies,
    route: addRoute,
    stage({ addresses, ...surroundings }) {
      const { onBound } = settings;
      const next: ListenSettings = {
        ...(onBound === undefined || addresses !== undefined ? {} : { onBound }),
        ...surroundings,
        addresses: addresses ?? settings.addresses,
      };
      let routes: Route[] = [];
      let isCommitted = false;
      let moved: Bound | undefined;
      let moving: Promise<Bound> | undefined;
      /** The old address, when it had to be left first. */
      let left: ListenAddress | undefined;
      /** Nobody has allowed the new address yet: the first route that comes once somebody did binds it. */
      let waits = false;

      const move = async (): Promise<void> => {
        moving ??= open(next);
        moved = await moving;
      };

      async function leaveAndMove(from: Bound): Promise<void> {
        // Stops listening at once; requests in flight go on.
        from.server.close();
        left = from.address;
        moving = undefined;
        await move();
      }

      return {
        listener: {
          loopback: isLoopback(next.addresses),
          hosts: next.hosts,
          ...(next.publicUrl === undefined ? {} : { publicUrl: next.publicUrl }),
          bodies,
          address: () => (isCommitted || moved === undefined ? address() : printAddress(moved.address)),
          async route(route) {
            if (isCommitted) return addRoute(route);
            if (waits) throw consentRequired();
            await (addresses === undefined ? ensureBound() : move());
            routes.push(route);
            return () => {
              routes = routes.filter((one) => one !== route);
              without(route)();
            };
          },
        },
        async bind() {
          const from = bound;
          if (addresses === undefined || from === undefined) return;
          waits = !isLoopback(addresses) && !next.trusted();
          if (waits) return;
          await move().catch((error: unknown) => {
            if (!addresses.some((to) => isSamePort(to, from.address))) throw error;
            return leaveAndMove(from);
          });
        },
        commit(leaves) {
          const old = bound;
          // Throws for a table that cannot be, and then nothing has changed.
          table = createRouteTable([...table.routes.filter(({ owner }) => !leaves(owner)), ...routes]);
          settings = next;
          isCommitted = true;
          if (moved !== undefined || addresses !== undefined) bound = moved;
          const isUnused = bound !== undefined && table.routes.length === 0;
          const ending = [...(old === bound ? [] : [old]), ...(isUnused ? [bound] : [])];
          if (isUnused) bound = undefined;
          return async (deadline) => {
            await Promise.all(ending.map((one) => one && closeServer(one.server, deadline)));
          };
        },
        async abandon() {
          await moving?.then(
            ({ server }) => closeServer(server, AbortSignal.abort()),
            () => undefined, // Whoever began it has told.
          );
          if (left !== undefined) bound = await open({ ...settings, addresses: [left] });
        },
      };
    },
    leave() {
      isLeaving = true;
    },
    async close(deadline) {
      await binding?.catch(() => undefined);
      const last = bound;
      bound = undefined;
      if (last !== undefined) await closeServer(last.server, deadline);
    },
  };
}

function isLoopback(addresses: readonly ListenAddress[]): boolean {
  return addresses.every((address) => address.loopback);
}

function isSamePort(one: ListenAddress, other: ListenAddress): boolean {
  return "port" in one && "port" in other && one.port === other.port;
}
