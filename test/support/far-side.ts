// The other end of a source that goes out: a server on loopback that answers as a test says, and a source run against it with a clock
// that the test moves.

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { vi } from "vitest";
import { toOptions } from "../../src/config/schema/camel-case.ts";
import type { Arrival, Emit, JsonObject, Source, SourceType } from "../../src/contract.ts";
import { type Cursors, createMemoryCursors } from "../../src/host/store.ts";
import { createListener } from "../../src/http/server.ts";
import { codeOf, hostOf, quiet } from "./host.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";

export interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface FarSide {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Every request whose body was read, the oldest first. */
  readonly asked: Asked[];
  /** What it answers from now on. */
  answer: (response: ServerResponse, asked: Asked) => void;
  /** Also cuts what is open. */
  close(): Promise<void>;
}

export async function farSide(answer: FarSide["answer"] = (response) => response.end()): Promise<FarSide> {
  const server = createServer((request, response) => void take(request, response));
  async function take(request: IncomingMessage, response: ServerResponse) {
    let body = "";
    for await (const piece of request) body += piece;
    const { method = "", url = "", headers } = request;
    const asked = { method, url, headers, body };
    side.asked.push(asked);
    side.answer(response, asked);
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const side: FarSide = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    answer,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return side;
}

/** Answers with a value as JSON. */
export function json(value: unknown, headers: Record<string, string> = {}): FarSide["answer"] {
  return (response) => {
    response.writeHead(200, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(value));
  };
}

export interface RunOptions {
  readonly emit?: Emit;
  /** Stands for the same journal after a restart. */
  readonly cursors?: Cursors;
  readonly clock?: ManualClock;
}

export interface RunningSource {
  readonly source: Source;
  readonly arrivals: Arrival[];
  /** What `data` of each arrival was. */
  data(): unknown[];
  /** Lines of the log, and events of the loop. */
  readonly told: string[];
  readonly clock: ManualClock;
  readonly cursors: Cursors;
  /** Settles when the loop is between two rounds. */
  rested(): Promise<void>;
  /** Moves the clock to the next round and settles when that is over. */
  nextRound(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it; does not wait for its first round. */
export async function runSource(
  type: SourceType<never>,
  written: JsonObject,
  { cursors = createMemoryCursors(), clock = manualClock(), ...options }: RunOptions = {},
): Promise<RunningSource> {
  const filled = structuredClone(written);
  if (!type.validate(filled)) throw new Error(JSON.stringify(type.validate.errors));
  const told: string[] = [];
  const tell = (line: string) => void told.push(line);
  const listener = createListener({ addresses: [], hosts: [], trusted: () => true, log: quiet });
  const host = hostOf({
    clock,
    listener,
    cursors,
    code: await codeOf(type.options, filled),
    log: { info: tell, warn: tell, error: tell },
    announce: (content) => tell(`event: ${content}`),
  });
  const source = type.create("tested", toOptions(type.options, filled) as never, host);
  const arrivals: Arrival[] = [];
  const takeAll: Emit = async (arrival) => {
    arrivals.push(arrival);
    return { eventId: `e${arrivals.length}`, outcome: "accepted" };
  };
  await source.start(options.emit ?? takeAll);
  const nextTry = () => source.health?.().nextTryMs;
  const rested = () =>
    vi.waitFor(
      () => {
        if (nextTry() === undefined) throw new Error("a round is under way");
      },
      { timeout: 10_000, interval: 2 },
    );
  return {
    source,
    arrivals,
    data: () => arrivals.map(({ data }) => data),
    told,
    clock,
    cursors,
    rested,
    async nextRound() {
      await rested();
      await clock.advance(Math.max(0, (nextTry() ?? 0) - clock.now()));
      await rested();
    },
    stop: () => source.stop(new AbortController().signal),
  };
}
