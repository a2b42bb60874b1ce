// The answers of an http source. Answers are JSON, are never cached or sniffed by a browser, and carry no
// CORS headers: no page of another origin may read them.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../contract.ts";

type Headers = Readonly<Record<string, string>>;

/**
 * A request that becomes no event, with the answer to its sender. A value, not an error: refusing is normal
 * work.
 */
export class Refusal {
  readonly status: number;
  readonly error: string;
  readonly headers: Headers;
  /** Nothing more is read from the sender: it is refused for how it sends. */
  readonly isAbrupt: boolean;

  constructor(status: number, error: string, headers: Headers = {}, isAbrupt = false) {
    this.status = status;
    this.error = error;
    this.headers = headers;
    this.isAbrupt = isAbrupt;
  }
}

const common = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

/**
 * How long unwanted data is still read, so that the sender can read the answer before the socket is closed.
 */
const lingerMs = 1_000;

export function answerJson(response: ServerResponse, status: number, body: unknown, headers?: Headers): void {
  answerText(response, status, `${JSON.stringify(body)}\n`, "application/json", headers);
}

export function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  contentType: string,
  headers?: Headers,
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, textHeaders(text, contentType, headers));
  response.end(text);
}

/**
 * As `answerText` with status 200. Settles with true when the system took the whole answer, with false when
 * it never will.
 */
export function handOver(response: ServerResponse, text: string, contentType: string): Promise<boolean> {
  if (response.headersSent || response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    let taken = false;
    const { socket } = response;
    response.once("close", () => resolve(taken));
    response.writeHead(200, textHeaders(text, contentType));
    // A connection that was cut off also ends with "finish", and calls a write in progress back without an
    // error.
    response.write(text, (error) => {
      taken = error == null && socket?.destroyed === false;
    });
    response.end();
  });
}

function textHeaders(text: string, contentType: string, headers?: Headers) {
  return {
    ...common,
    ...headers,
    "content-type": contentType,
    "content-length": Buffer.byteLength(text),
  };
}

export function answerEmpty(response: ServerResponse, status: number): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, common);
  response.end();
}

/**
 * Answers a refusal. If the body was not read to its end the connection cannot be used again, and is closed:
 * at once for a sender whose way of sending is at fault, else after it had a moment to read the answer.
 */
export function refuse(response: ServerResponse, refusal: Refusal, clock: Pick<Clock, "after">): void {
  const { status, error, headers } = refusal;
  if (response.headersSent || response.destroyed) return;
  if (response.req.complete || !hasBody(response.req)) {
    answerJson(response, status, { error }, headers);
    return;
  }
  const text = `${JSON.stringify({ error })}\n`;
  response.writeHead(status, {
    ...common,
    ...headers,
    connection: "close",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.write(text);
  if (refusal.isAbrupt) {
    response.end(() => response.req.socket.destroy());
    return;
  }
  const request = response.req;
  const finish = () => {
    cancel();
    request.off("end", finish).off("close", finish);
    response.end(() => request.socket.destroy());
  };
  const cancel = clock.after(lingerMs, finish);
  request
    .on("end", finish)
    .on("close", finish)
    .on("error", () => undefined);
  request.resume();
}

/** RFC 9112 section 6: without one of these there is none. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
