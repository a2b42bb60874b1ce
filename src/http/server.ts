// The HTTP server: sockets, time-outs, the connection limit and the route table. Bound by the first route
// that needs it, so that a config without HTTP opens no port. The route handles the request. A stage prepares
// the next plan's routes and address beside the live ones; its commit is one assignment, so a path that both
// plans have is answered at every moment.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { BodyPool, Listener, Route } from "../contract/host.ts";
import type { ListenAddress, Log } from "../contract.ts";
import { consentRequired } from "../errors.ts";
import { mostConnections, tooManyOpen } from "../files/descriptors.ts";
import { line, stackOf, text } from "../text.ts";
import { bind, printAddress } from "./bind.ts";
import { createBodyPool } from "./body-pool.ts";
import { closeServer, createHttpServer } from "./bounded-server.ts";
import { createConnections } from "./connections.ts";
import type { Refusal } from "./refusals.ts";
import { createRouteTable, type RouteTable } from "./route-table.ts";

export interface ListenSettings {
  /** Tried in order until one can be bound; only the last one's failure is reported. */
  readonly addresses: readonly ListenAddress[];
  readonly hosts: readonly string[];
  readonly publicUrl?: string;
  /**
   * Whether this config may listen beyond loopback, which needs the user's consent; checked at each attempt
   * to bind.
   */
  trusted(): boolean;
  /** Called with the active address, to be preferred next time. */
  onBound?(address: ListenAddress): void;
}

interface ListenerOptions extends ListenSettings {
  readonly log: Log;
  /** Called with each address that is bound, as it is printed. */
  readonly onListen?: (address: string) => void;
  readonly onAnswered?: AnsweredListener | undefined;
}

/** Called for each request to a source's route that was answered with 2xx. */
export type AnsweredListener = (sourceName: string, tookMs: number) => void;

export interface OpenListener extends Listener {
  /** Calls the listener for each request that no route answered. */
  onUnrouted(listener: (refusal: Refusal) => void): void;
  /**
   * From now on a path without a route is not unknown: its source is stopping. Call it before sources stop.
   */
  leave(): void;
  /** Accepts no more connections at once; destroys the remaining ones at the deadline. Idempotent. */
  close(deadline: AbortSignal): Promise<void>;
  /** One at a time. With `addresses` the server moves there. */
  stage(next: Omit<ListenSettings, "addresses"> & Partial<ListenSettings>): Stage;
}

/** Ends in exactly one of `commit` and `abandon`. */
export interface Stage {
  /** For the new sources: their routes answer from the commit on. */
  readonly listener: Listener;
  /**
   * Binds the new address beside the old one, if there is a new one and the old one is in use. Rejects when
   * it cannot. Only when the two overlap (another host, the same port) the old one accepts no connections
   * meanwhile. An address that waits for consent is not bound now, and does not fail: the old one is closed,
   * and routes are refused with E_CONSENT_REQUIRED.
   */
  bind(): Promise<void>;
  /**
   * Routes of sources that are removed give way to the new ones. The result closes the addresses that are no
   * longer used.
   */
  commit(leaves: (sourceName: string) => boolean): (deadline: AbortSignal) => Promise<void>;
  /** Everything is as before. */
  abandon(): Promise<void>;
}

interface Bound {
  readonly server: Server;
  readonly address: ListenAddress;
}

const logEveryMs = 60_000;

export function createListener(options: ListenerOptions): OpenListener {
  return new HttpServer(options);
}

class HttpServer implements OpenListener {
  readonly #log: Log;
  readonly #onListen: ListenerOptions["onListen"];
  readonly #onAnswered: AnsweredListener | undefined;
  #settings: ListenSettings;
  #table: RouteTable = createRouteTable([]);
  #bound: Bound | undefined;
  #binding: Promise<Bound> | undefined;
  #onUnrouted: (refusal: Refusal) => void = () => {};
  #isLeaving = false;
  readonly #connections = createConnections(mostConnections());
  readonly bodies: BodyPool;
  #loggedMs = Number.NEGATIVE_INFINITY;
  readonly loopback;
  readonly hosts;
  readonly publicUrl?: NonNullable<OpenListener["publicUrl"]>;

  constructor(options: ListenerOptions) {
    const { log, onListen, onAnswered, ...settings } = options;
    this.#log = log;
    this.#onListen = onListen;
    this.#onAnswered = onAnswered;
    this.#settings = settings;
    this.bodies = createBodyPool({ proven: this.#connections.prove });
    this.loopback = isLoopback(settings.addresses);
    this.hosts = settings.hosts;
    if (settings.publicUrl !== undefined) this.publicUrl = settings.publicUrl;
  }

  onUnrouted(listener: (refusal: Refusal) => void): void {
    this.#onUnrouted = listener;
  }

  stage({ addresses, ...surroundings }: Omit<ListenSettings, "addresses"> & Partial<ListenSettings>): Stage {
    const { onBound } = this.#settings;
    const next: ListenSettings = {
      ...(onBound === undefined || addresses !== undefined ? {} : { onBound }),
      ...surroundings,
      addresses: addresses ?? this.#settings.addresses,
    };
    let routes: Route[] = [];
    let isCommitted = false;
    let moved: Bound | undefined;
    let moving: Promise<Bound> | undefined;
    /** The old address, if it had to be closed first. */
    let left: ListenAddress | undefined;
    /** The new address has no consent yet: the first route after the consent binds it. */
    let waits = false;

    const move = async (): Promise<void> => {
      moving ??= this.#open(next);
      moved = await moving;
    };

    async function leaveAndMove(from: Bound): Promise<void> {
      // Stops listening at once; requests in flight continue.
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
        bodies: this.bodies,
        address: () => (isCommitted || moved === undefined ? this.address() : printAddress(moved.address)),
        route: async (route) => {
          if (isCommitted) return this.route(route);
          if (waits) throw consentRequired();
          await (addresses === undefined ? this.#ensureBound() : move());
          routes.push(route);
          return () => {
            routes = routes.filter((one) => one !== route);
            this.#without(route)();
          };
        },
      },
      bind: async () => {
        const from = this.#bound;
        if (addresses === undefined || from === undefined) return;
        waits = !isLoopback(addresses) && !next.trusted();
        if (waits) return;
        await move().catch((error: unknown) => {
          if (!addresses.some((to) => isSamePort(to, from.address))) throw error;
          return leaveAndMove(from);
        });
      },
      commit: (leaves) => {
        const old = this.#bound;
        // Throws for an invalid table, and then nothing has changed.
        this.#table = createRouteTable([
          ...this.#table.routes.filter(({ sourceName }) => !leaves(sourceName)),
          ...routes,
        ]);
        this.#settings = next;
        isCommitted = true;
        if (moved !== undefined || addresses !== undefined) this.#bound = moved;
        const isUnused = this.#bound !== undefined && this.#table.routes.length === 0;
        const ending = [...(old === this.#bound ? [] : [old]), ...(isUnused ? [this.#bound] : [])];
        if (isUnused) this.#bound = undefined;
        return async (deadline) => {
          await Promise.all(ending.map((one) => one && closeServer(one.server, deadline)));
        };
      },
      abandon: async () => {
        await moving?.then(
          ({ server }) => closeServer(server, AbortSignal.abort()),
          () => undefined, // The code that started it has reported it.
        );
        if (left !== undefined) this.#bound = await this.#open({ ...this.#settings, addresses: [left] });
      },
    };
  }

  leave(): void {
    this.#isLeaving = true;
  }

  async close(deadline: AbortSignal): Promise<void> {
    await this.#binding?.catch(() => undefined);
    const last = this.#bound;
    this.#bound = undefined;
    if (last !== undefined) await closeServer(last.server, deadline);
  }

  async route(route: Route): Promise<() => void> {
    await this.#ensureBound();
    this.#table = createRouteTable([...this.#table.routes, route]);
    return this.#without(route);
  }

  address(): string | undefined {
    return this.#bound === undefined ? undefined : printAddress(this.#bound.address);
  }

  /** Without a free descriptor, each incoming connection is one more failure. */
  #logFailure({ code, message }: NodeJS.ErrnoException): void {
    const nowMs = performance.now();
    if (nowMs - this.#loggedMs < logEveryMs) return;
    this.#loggedMs = nowMs;
    const hint = tooManyOpen(code);
    this.#log.error(line`listener: ${message}${hint === undefined ? "" : `; ${hint}`}`);
  }

  async #open({ addresses, trusted, onBound }: ListenSettings): Promise<Bound> {
    // Its sources wait before they reach this; it is checked here as well.
    if (!isLoopback(addresses) && !trusted()) throw consentRequired();
    for (const [index, address] of addresses.entries()) {
      const server = createHttpServer(
        (request: IncomingMessage, response: ServerResponse) => this.#serve(request, response),
        this.#connections,
      );
      try {
        const bound = await bind(server, address);
        server.on("error", (error: NodeJS.ErrnoException) => this.#logFailure(error));
        onBound?.(bound);
        this.#onListen?.(printAddress(bound));
        return { server, address: bound };
      } catch (error) {
        if (index === addresses.length - 1) throw error;
      }
    }
    throw new Error("no address to listen on");
  }

  /** A failed bind is forgotten, so that the next route, or the next attempt of the same one, tries again. */
  async #ensureBound(): Promise<void> {
    if (this.#bound !== undefined) return;
    this.#binding ??= this.#open(this.#settings).finally(() => {
      this.#binding = undefined;
    });
    this.#bound = await this.#binding;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (removesStrayWorker(request, response)) return;
    const match = this.#table.find(request.method ?? "GET", request.url ?? "/");
    if (match.kind !== "route" && this.#isLeaving) {
      // Another process serves in a moment; a sender that gets a 404 may never retry.
      answer(response, 503, "the router is stopping: try again", { "retry-after": "1", connection: "close" });
    } else if (match.kind === "no-path") {
      this.#onUnrouted({ status: 404, reason: "no such path" });
      answer(response, 404, "no such path");
    } else if (match.kind === "no-method") {
      this.#onUnrouted({ status: 405, reason: "method not allowed" });
      answer(response, 405, "method not allowed", { allow: match.allow.join(", ") });
    } else {
      const { route, params } = match;
      if (this.#onAnswered !== undefined) this.#time(route.sourceName, response);
      route.handle(request, response, params).catch((error: unknown) => {
        this.#log.error(text`source ${route.sourceName}: ${stackOf(error)}`);
        answer(response, 500, "internal error");
      });
    }
  }

  #time(sourceName: string, response: ServerResponse): void {
    const beganMs = performance.now();
    response.once("finish", () => {
      if (response.statusCode >= 200 && response.statusCode < 300)
        this.#onAnswered?.(sourceName, performance.now() - beganMs);
    });
  }

  #without(route: Route) {
    return () => {
      if (this.#table.routes.includes(route))
        this.#table = createRouteTable(this.#table.routes.filter((one) => one !== route));
    };
  }
}

function isLoopback(addresses: readonly ListenAddress[]): boolean {
  return addresses.every((address) => address.loopback);
}

function isSamePort(one: ListenAddress, other: ListenAddress): boolean {
  return "port" in one && "port" in other && one.port === other.port;
}

export function answer(
  response: ServerResponse,
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const body = `${JSON.stringify({ error })}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(body);
}

// Nothing here has a service worker. One that a browser has for this address was left by another program that
// used the port before: it would intercept every page here, forever. The browser checks for a newer version
// of it from time to time, and gets one that removes itself.

const script = `self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.registration.unregister()));
`;

/** True when the request was answered. Only browsers set this header, and only for such a script. */
export function removesStrayWorker({ headers }: IncomingMessage, response: ServerResponse): boolean {
  if (headers["service-worker"] !== "script") return false;
  response.writeHead(200, {
    "content-type": "text/javascript",
    // Whatever scope the old one had.
    "service-worker-allowed": "/",
    "content-length": Buffer.byteLength(script),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(script);
  return true;
}
