// Consecutive WebSocket connections, read only as fast as their events are accepted.

import { isUtf8 } from "node:buffer";
import type { Host, Round } from "../../contract/host.ts";
import type { Arrival, Emit, Json, Source } from "../../contract.ts";
import { type Connection, provenMs, runConnection } from "../../intake/connection.ts";
import { fillJson } from "../../intake/fill-json.ts";
import type { HandOver } from "../../intake/hand-over.ts";
import { guessJson } from "../../intake/json.ts";
import { createLoopSource } from "../../intake/loop-source.ts";
import { describeUrl, requestHeaders, trustOf } from "../../intake/request-options.ts";
import { readable } from "../../intake/terminal-escapes.ts";
import type { WebsocketOptions } from "./options.ts";

type Message = string | Uint8Array;

const pauseMs = 1_000;

export function createWebsocketSource(name: string, options: WebsocketOptions, host: Host): Source {
  const { clock, code } = host;
  const { url, protocols, send = [] } = options;
  let handOver: HandOver | undefined;

  async function open(signal: AbortSignal): Promise<Connection<Message>> {
    const link = await host.http.webSocket({
      url,
      headers: requestHeaders(options),
      ...(protocols === undefined ? {} : { protocols }),
      maxBytes: options.maxMessageBytes,
      signal,
    });
    const roots = { time: new Date(clock.now()).toISOString() };
    for (const [index, message] of send.entries()) {
      const filled = fillJson(message as Json, `send.${index}`, code, roots);
      link.send(typeof filled === "string" ? filled : JSON.stringify(filled));
    }
    return { pieces: link.messages(), probe: link.ping };
  }

  function* read(message: Message) {
    const text = textOf(message);
    if (text !== undefined) yield { arrival: arrivalOf(text, url) };
    else host.refused({ status: 415, reason: "a binary message that is not text" });
  }

  return createLoopSource(name, host, {
    loop: (emit: Emit) => ({
      run: (signal: AbortSignal, round: Round) =>
        runConnection<Message>({
          clock,
          emit,
          signal,
          round,
          idleMs: options.idleMs,
          open,
          read,
          handsTo(next) {
            handOver = next;
          },
        }),
      pauseMs: () => pauseMs * (1 + Math.random() / 10),
      backoff: { firstMs: 1_000, maxMs: 60_000 },
      shortMs: provenMs,
    }),
    place: () => describeUrl(url),
    held: () => handOver?.held(),
  });
}

function textOf(message: Message): string | undefined {
  if (typeof message === "string") return message;
  return isUtf8(message) ? Buffer.from(message).toString() : undefined;
}

export function arrivalOf(text: string, url: string): Arrival {
  const parsed = guessJson(text);
  return { ...readable(text, "data" in parsed ? parsed.data : undefined), trust: trustOf(url) };
}
