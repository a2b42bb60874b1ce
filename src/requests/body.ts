// Reads a request's body as bytes, within a bound on what is sent, a bound on what that inflates to, and a time. Refuses
// by a Refusal; never throws for what a client does.

import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import {
  type BrotliOptions,
  brotliDecompress,
  gunzip,
  inflate,
  inflateRaw,
  type ZlibOptions,
} from "node:zlib";
import type { Clock } from "../contract.ts";
import { Refusal } from "./answer.ts";

export interface Body {
  /** As it was sent. */
  readonly wire: Buffer;
  /** Without its content-encoding; the same object as `wire` when there is none. */
  readonly content: Buffer;
}

const bodyTimeoutMs = 10_000;
const empty = Buffer.alloc(0);

/** Undefined when the client went away: nobody is left to answer. */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  clock: Pick<Clock, "after">,
): Promise<Body | Refusal | undefined> {
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  const decode = decoders[encoding];
  if (decode === undefined) {
    return new Refusal(
      415,
      `content-encoding ${quote(encoding)} is not taken here, only gzip, deflate and br`,
      {
        "accept-encoding": "gzip, deflate, br",
      },
    );
  }
  const declared = request.headers["content-length"];
  if (declared !== undefined && Number(declared) > maxBytes) return tooLarge(maxBytes);
  const wire = await readWire(request, maxBytes, clock);
  if (!Buffer.isBuffer(wire)) return wire;
  if (wire.length === 0 || encoding === "identity") return { wire, content: wire };
  try {
    return { wire, content: await decode(wire, { maxOutputLength: maxBytes }) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") return tooLarge(maxBytes);
    if (code === undefined || !dataErrors.test(code)) throw error;
    return new Refusal(400, `the body is not valid ${encoding}`);
  }
}

function readWire(
  request: IncomingMessage,
  maxBytes: number,
  clock: Pick<Clock, "after">,
): Promise<Buffer | Refusal | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const cancel = clock.after(bodyTimeoutMs, () =>
      finish(new Refusal(408, `the body did not arrive within ${bodyTimeoutMs / 1_000} s`)),
    );
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) finish(tooLarge(maxBytes));
      else chunks.push(chunk);
    };
    const onEnd = () => finish(chunks.length === 1 ? (chunks[0] ?? empty) : Buffer.concat(chunks, length));
    const onClose = () => finish(undefined);

    function finish(result: Buffer | Refusal | undefined): void {
      cancel();
      request.off("data", onData).off("end", onEnd).off("close", onClose);
      if (!Buffer.isBuffer(result)) request.pause();
      resolve(result);
    }

    request.on("data", onData).on("end", onEnd).on("close", onClose);
    // `close` follows an error and is what counts; without a listener the error would end the process.
    request.on("error", () => undefined);
  });
}

/** What zlib and brotli call a body that is not what it says; all else is no fault of the sender. */
const dataErrors = /^(Z_DATA_ERROR|Z_BUF_ERROR|Z_NEED_DICT|ERR__ERROR_FORMAT_\w+)$/;

type Decode = (body: Buffer, options: ZlibOptions & BrotliOptions) => Promise<Buffer>;

const gunzipAsync: Decode = promisify<Buffer, ZlibOptions, Buffer>(gunzip);
const inflateAsync: Decode = promisify<Buffer, ZlibOptions, Buffer>(inflate);
const inflateRawAsync: Decode = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);
const brotliAsync: Decode = promisify<Buffer, BrotliOptions, Buffer>(brotliDecompress);

/** Node stops each of these as soon as the output passes `maxOutputLength`. */
const decoders: Readonly<Record<string, Decode | undefined>> = {
  __proto__: null as never,
  identity: (body) => Promise.resolve(body),
  gzip: gunzipAsync,
  "x-gzip": gunzipAsync,
  deflate: (body, options) => (hasZlibHeader(body) ? inflateAsync : inflateRawAsync)(body, options),
  br: brotliAsync,
};

/** RFC 9110 means zlib by "deflate", but some senders leave its header out. RFC 1950 section 2.2 tells them apart. */
function hasZlibHeader(body: Buffer): boolean {
  return body.length >= 2 && ((body[0] ?? 0) & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0;
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal(413, `the body is larger than ${maxBytes} bytes`);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
