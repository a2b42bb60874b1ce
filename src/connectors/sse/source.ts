// Consecutive event streams: each resumes where the last one ended, as far as the server supports it.

import type { Host, Round } from "../../contract/host.ts";
import type { Arrival, Emit, Source } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { typeOf } from "../../intake/answer.ts";
import { type Connection, provenMs, runConnection } from "../../intake/connection.ts";
import type { HandOver } from "../../intake/hand-over.ts";
import { guessJson } from "../../intake/json.ts";
import { createLoopSource } from "../../intake/loop-source.ts";
import { describeUrl, requestHeaders, trustOf } from "../../intake/request-options.ts";
import { keyOf } from "../../intake/seen-keys.ts";
import { readable } from "../../intake/terminal-escapes.ts";
import { line } from "../../text.ts";
import { createEventStream, type StreamEvent } from "./event-stream.ts";
import type { SseOptions } from "./options.ts";
import { unwrapRelayed } from "./webhook-relay.ts";

/** The delay of browsers, unless the stream sets another. */
const defaultRetryMs = 1_000;
const longestRetryMs = 10 * 60 * 1_000;
/** A stream with a delay of zero that ends each time would otherwise be reopened in a busy loop. */
const shortestRetryMs = 100;
/** Some servers end the stream after each event, so the backoff after short streams is limited to this. */
const longestLeastMs = 1_000;

export function createSseSource(name: string, options: SseOptions, host: Host): Source {
  const { store, clock, log } = host;
  const { url, relay } = options;
  const wanted = options.events ?? (relay === undefined ? undefined : ["message"]);
  let handOver: HandOver | undefined;
  let retryMs = defaultRetryMs;
  let hasAsked = false;
  /** Consecutive streams that ended immediately. */
  let shortStreams = 0;
  let lastId: string | undefined;
  let hasWarned = false;

  function arrivalOf(event: StreamEvent): Arrival | undefined {
    if (wanted !== undefined && !wanted.includes(event.name)) return undefined;
    if (event.isTooLarge) {
      host.refused({ status: 413, reason: "an event is larger than max_message" });
      return undefined;
    }
    if (relay === undefined) return arrivalOfEvent(event, url);
    const arrival = unwrapRelayed(event.data);
    if (arrival === undefined && !hasWarned) {
      hasWarned = true;
      log.warn(
        line`source ${name}: a message from the relay is not a relayed request; is it of the kind ${relay}?`,
      );
    }
    return arrival;
  }

  function leastPauseMs(): number {
    return shortStreams === 0 ? 0 : Math.min(shortestRetryMs * 2 ** (shortStreams - 1), longestLeastMs);
  }

  async function open(signal: AbortSignal): Promise<Connection<Uint8Array>> {
    const answer = await host.http.request({
      url,
      headers: {
        accept: "text/event-stream",
        "cache-control": "no-store",
        ...(lastId === undefined || lastId === "" ? {} : { "last-event-id": headerText(lastId) }),
        ...requestHeaders(options),
      },
      signal,
      idleMs: 0,
    });
    const failure = answer.failure() ?? unfit(answer.status, answer);
    if (failure === undefined) return { pieces: answer.body() };
    answer.discard();
    throw failure;
  }

  async function run(emit: Emit, signal: AbortSignal, round: Round): Promise<void> {
    // A relay restarts its ids on each connection, so they are ignored.
    if (relay === undefined) lastId ??= String(store.get("last") ?? "");
    const begunMs = clock.now();
    const stream = createEventStream(options.maxMessageBytes, lastId);
    const kept = createKeeper(async (id) => {
      if (relay === undefined && id !== (store.get("last") ?? "")) await store.set("last", id);
    });
    try {
      await runConnection<Uint8Array>({
        clock,
        emit,
        signal,
        round,
        idleMs: options.idleMs,
        open,
        *read(bytes) {
          for (const event of stream.read(bytes)) {
            const arrival = arrivalOf(event);
            if (arrival !== undefined) yield { arrival, safe: () => kept.keep(event.id) };
          }
          if (relay === undefined) lastId = stream.lastId();
          const askedMs = stream.retryMs();
          if (askedMs === undefined) return;
          hasAsked = true;
          retryMs = Math.max(shortestRetryMs, Math.min(askedMs, longestRetryMs));
        },
        handsTo(next) {
          handOver = next;
        },
      });
      shortStreams = clock.now() - begunMs < provenMs ? shortStreams + 1 : 0;
      // Also past events that no channel wants.
      kept.keep(stream.lastId());
    } finally {
      await kept.settled();
    }
  }

  return createLoopSource(name, host, {
    loop: (emit) => ({
      run: (signal, round) => run(emit, signal, round),
      pauseMs: () => Math.max(retryMs, leastPauseMs()) * (1 + Math.random() / 10),
      // The delay that the stream set also applies after a broken connection.
      backoff: { firstMs: 1_000, maxMs: 60_000, leastMs: () => (hasAsked ? retryMs : 0) },
    }),
    place: () => describeUrl(url, relay === undefined ? "shown" : "hidden"),
    held: () => handOver?.held(),
  });
}

/**
 * Recognizes an event that has an id of its own: after a crash, the stream may repeat events that are already stored. The
 * content is part of the delivery id, because some servers restart their ids on each connection or reuse them.
 */
export function arrivalOfEvent(
  { name, data, id, hasId }: Pick<StreamEvent, "name" | "data" | "id" | "hasId">,
  url: string,
): Arrival {
  const parsed = guessJson(data);
  return {
    ...readable(data, "data" in parsed ? parsed.data : undefined),
    headers: { event: name, ...(id === "" ? {} : { id }) },
    trust: trustOf(url),
    ...(hasId ? { deliveryId: keyOf([id, name, data]) } : {}),
  };
}

function unfit(status: number, answer: Parameters<typeof typeOf>[0]): ConnectorError | undefined {
  if (status === 204)
    return new ConnectorError("E_HTTP_STATUS", "the server reports the end of the stream (204)");
  if (typeOf(answer) === "text/event-stream") return undefined;
  return new ConnectorError(
    "E_HTTP_CONTENT",
    `the answer is not an event stream but ${typeOf(answer) || "of no type"}`,
    {
      retryable: true,
      hint: "an event stream is of the type text/event-stream",
    },
  );
}

/**
 * An id is sent in UTF-8, whose bytes a header takes as Latin-1 (the EventSource of browsers does the same).
 */
function headerText(id: string): string {
  return Buffer.from(id).toString("latin1");
}

/** Writes the newest value, one write at a time. A failed write is superseded by the next. */
function createKeeper(write: (id: string) => Promise<void>) {
  let next: string | undefined;
  let writing: Promise<void> | undefined;
  async function writeAll(): Promise<void> {
    while (next !== undefined) {
      const id = next;
      next = undefined;
      await write(id).catch(() => undefined);
    }
    writing = undefined;
  }
  return {
    keep(id: string): void {
      next = id;
      writing ??= writeAll();
    },
    settled: () => writing ?? Promise.resolve(),
  };
}
