// `GET /events`: accepted events as server-sent events, for programs with a token. Read-only. A program that reconnects with
// `Last-Event-ID` gets what it missed, from the journal; one that does not read is disconnected.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { RouterEvent } from "../contract.ts";
import type { DaemonState } from "../daemon/state.ts";
import { maskAll } from "../host/secret-mask.ts";
import { eventStreamHeaders, eventText } from "../http/server-sent-events.ts";
import type { Delivery } from "../journal/records.ts";

interface EventFeedOptions {
  readonly state: Pick<DaemonState, "clock" | "observers" | "running" | "mask">;
  /** The id of the token in this `Authorization` header, if it may read. */
  tokenOf(authorization: string | undefined): string | undefined;
}

/** One event, encoded once for all that read it. */
interface Encoded {
  readonly id: string;
  readonly source: string;
  readonly channels: readonly string[];
  readonly text: string;
}

interface Reader {
  readonly token: string;
  readonly response: ServerResponse;
  readonly sources: ReadonlySet<string>;
  readonly channels: ReadonlySet<string>;
  /** While it gets what it missed: what has come since. */
  queue: Encoded[] | undefined;
}

type ShownDelivery = Pick<Delivery, "channel" | "content" | "meta" | "tokens">;

const maxReaders = 16;
const maxUnreadBytes = 4 * 1024 * 1024;
const aliveEveryMs = 15_000;
/** How many events a program can have missed. */
const maxMissed = 1_000;
/** Of a payload as JSON; a longer one is left out. */
const maxDataLength = 256 * 1024;
const maxFilters = 50;

export class EventFeed {
  readonly #options: EventFeedOptions;
  readonly #readers = new Set<Reader>();
  #unobserve: (() => void) | undefined;
  #cancelAlive = () => {};

  constructor(options: EventFeedOptions) {
    this.#options = options;
  }

  /** Answers the request if it is for `/events`; else false. */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname !== "/events") return false;
    const { headers, method } = request;
    const token = this.#options.tokenOf(headers.authorization);
    // A page could have a token, but none should.
    if (headers.origin !== undefined || (headers["sec-fetch-site"] ?? "none") !== "none")
      refuse(response, 403, "page", "requests from web pages are not accepted here");
    else if (token === undefined)
      refuse(response, 401, "token", "a token is needed: channel-router console token", {
        "www-authenticate": "Bearer",
      });
    else if (method !== "GET") refuse(response, 405, "method", "method not allowed", { allow: "GET" });
    else if (this.#readers.size >= maxReaders)
      refuse(response, 429, "readers", `at most ${maxReaders} programs may read at once`, {
        "retry-after": "10",
      });
    else this.#open(token, url.searchParams, headers["last-event-id"], response);
    return true;
  }

  /** A token may no longer read. */
  revoke(token: string): void {
    for (const reader of this.#readers) if (reader.token === token) reader.response.destroy();
  }

  close(): void {
    for (const { response } of this.#readers) response.end();
    this.#readers.clear();
    this.#rest();
  }

  #open(
    token: string,
    query: URLSearchParams,
    header: string | string[] | undefined,
    response: ServerResponse,
  ): void {
    const named = (name: string) => new Set(query.getAll(name).slice(0, maxFilters));
    const last = String(header ?? query.get("after") ?? "");
    const reader: Reader = {
      token,
      response,
      sources: named("source"),
      channels: named("channel"),
      queue: last === "" ? undefined : [],
    };
    response.writeHead(200, eventStreamHeaders);
    response.write("retry: 2000\n\n");
    this.#readers.add(reader);
    response.on("close", () => {
      this.#readers.delete(reader);
      if (this.#readers.size === 0) this.#rest();
    });
    this.#unobserve ??= this.#options.state.observers.add({
      stored: (event, deliveries) => this.#send(event, deliveries),
    });
    if (this.#readers.size === 1) this.#keepAlive();
    if (last !== "") void this.#catchUp(reader, last);
  }

  #send(event: RouterEvent, deliveries: readonly ShownDelivery[]): void {
    const encoded = this.#encode(event, deliveries);
    for (const reader of this.#readers) {
      if (!isWanted(reader, encoded)) continue;
      if (reader.queue === undefined) this.#write(reader, encoded.text);
      else if (reader.queue.push(encoded) > maxMissed) reader.response.destroy();
    }
  }

  /** What was stored after the event with this id, then what has come meanwhile. */
  async #catchUp(reader: Reader, last: string): Promise<void> {
    const recent =
      (await this.#options.state
        .running()
        ?.journal.recent(maxMissed)
        .catch(() => [])) ?? [];
    const missed: Encoded[] = [];
    let isFound = false;
    for (const record of recent) {
      if (!("event" in record)) continue;
      isFound = record.event.id === last;
      if (isFound) break;
      missed.push(this.#encode(record.event, record.deliveries));
    }
    if (!isFound) this.#write(reader, eventText("gap", { after: last.slice(0, 64) }));
    const sent = new Set<string>();
    for (const encoded of missed.reverse()) {
      sent.add(encoded.id);
      if (isWanted(reader, encoded)) this.#write(reader, encoded.text);
    }
    const queue = reader.queue ?? [];
    reader.queue = undefined;
    for (const encoded of queue) if (!sent.has(encoded.id)) this.#write(reader, encoded.text);
  }

  #encode(event: RouterEvent, deliveries: readonly ShownDelivery[]): Encoded {
    const { id, source, connector, timeMs, trust, data } = event;
    const isLong = JSON.stringify(data).length > maxDataLength;
    const shown = maskAll(
      {
        event_id: id,
        time: new Date(timeMs).toISOString(),
        source,
        connector,
        trust,
        channels: deliveries.map(({ channel, content, meta, tokens }) => ({
          name: channel,
          content,
          meta,
          tokens,
        })),
        ...(isLong ? { data_left_out: true } : { data }),
      },
      this.#options.state.mask,
    );
    const channels = deliveries.map(({ channel }) => channel);
    return { id, source, channels, text: eventText("event", shown, id) };
  }

  #write({ response }: Reader, text: string): void {
    if (response.destroyed || response.writableEnded) return;
    if (response.writableLength > maxUnreadBytes) response.destroy();
    else response.write(text);
  }

  #keepAlive(): void {
    this.#cancelAlive = this.#options.state.clock.after(aliveEveryMs, () => {
      for (const reader of this.#readers) this.#write(reader, ":\n\n");
      if (this.#readers.size > 0) this.#keepAlive();
    });
  }

  #rest(): void {
    this.#cancelAlive();
    this.#unobserve?.();
    this.#unobserve = undefined;
  }
}

function isWanted({ sources, channels }: Reader, encoded: Encoded): boolean {
  if (sources.size > 0 && !sources.has(encoded.source)) return false;
  return channels.size === 0 || encoded.channels.some((channel) => channels.has(channel));
}

function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = `${JSON.stringify({ error: { code, message } })}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(body);
}
