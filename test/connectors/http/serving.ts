// An http source behind the real listener on a free port, with everything that it emitted, and a client that may send
// what a browser's fetch would not.

import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { http } from "../../../src/connectors/http/index.ts";
import type { HttpOptions } from "../../../src/connectors/http/options.ts";
import type { HttpClient } from "../../../src/contract/host.ts";
import type { Arrival, Clock, Emit, Source } from "../../../src/contract.ts";
import type { Cursors } from "../../../src/host/store.ts";
import { createListener } from "../../../src/http/server.ts";
import { hostOf } from "../../support/host.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { accept } from "../conformance.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

export interface Request {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders | readonly string[];
  readonly body?: string | Buffer;
}

export interface Served {
  readonly port: number;
  readonly source: Source;
  readonly arrivals: Arrival[];
  /** What the source told its host of. */
  readonly refusals: { readonly status: number; readonly reason: string }[];
  /** What the source or the listener complained about. */
  readonly log: string[];
  send(request?: Request): Promise<Answer>;
  /** A bare connection, for what no client library would send. */
  open(): Promise<Connection>;
}

export interface Connection {
  readonly socket: Socket;
  /** Settles with everything received once it matches, or once the other side closed. */
  until(pattern: RegExp): Promise<string>;
}

export async function serve(
  options: Partial<HttpOptions> = {},
  around: {
    clock?: Clock;
    publicUrl?: string;
    hosts?: string[];
    emit?: Emit;
    http?: HttpClient;
    cursors?: Cursors;
  } = {},
): Promise<Served> {
  const log: string[] = [];
  const write = (line: string) => void log.push(line);
  const logger = { info: write, warn: write, error: write };
  const listener = createListener({
    addresses: [{ host: "127.0.0.1", port: 0, loopback: true }],
    hosts: around.hosts ?? [],
    ...(around.publicUrl === undefined ? {} : { publicUrl: around.publicUrl }),
    trusted: () => false,
    log: logger,
  });
  const arrivals: Arrival[] = [];
  const refusals: Served["refusals"] = [];
  const source = http.create(
    "hook",
    { path: "/hook", methods: ["POST"], ...options },
    {
      ...hostOf({
        ...{ log: logger, clock: around.clock ?? manualClock(), listener },
        ...(around.cursors === undefined ? {} : { cursors: around.cursors }),
      }),
      ...(around.http === undefined ? {} : { http: around.http }),
      refused: (refusal) => void refusals.push(refusal),
    },
  );
  await source.start(around.emit ?? accept(arrivals));
  onTestFinished(() => listener.close(AbortSignal.abort()));
  onTestFinished(() => source.stop(AbortSignal.abort()));
  const port = Number(new URL(listener.address() ?? "").port);
  return {
    port,
    source,
    arrivals,
    refusals,
    log,
    send: (request = {}) => send(port, request),
    open: () => open(port),
  };
}

function send(
  port: number,
  { method = "POST", path = "/hook", headers = {}, body = "" }: Request,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { port, host: "127.0.0.1", method, path, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers["content-type"]?.startsWith("application/json") === true;
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: isJson && text !== "" ? JSON.parse(text) : undefined,
          });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function open(port: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let received = "";
    let check = () => {};
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      received += chunk;
      check();
    });
    socket.on("error", () => check());
    socket.once("error", reject);
    onTestFinished(() => void socket.destroy());
    socket.once("connect", () =>
      resolve({
        socket,
        until: (pattern) =>
          new Promise((settle) => {
            check = () => {
              if (pattern.test(received) || socket.closed || socket.destroyed) settle(received);
            };
            socket.on("close", check);
            check();
          }),
      }),
    );
  });
}
