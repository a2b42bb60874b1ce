// Reads a request's body as bytes, within a limit on its size, on its decompressed size, on all bodies
// together, and on time. Refuses with a Refusal; never throws because of what a client does.

import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";
import { createByteBuffer } from "../byte-buffer.ts";
import type { BodyLease, BodyPool } from "../contract/host.ts";
import type { Clock } from "../contract.ts";
import { Refusal } from "./answer.ts";

export interface Body {
  /** As it was sent. */
  readonly wire: Buffer;
  /** Without its content-encoding; the same object as `wire` when there is none. */
  readonly content: Buffer;
  /** Its share of the pool: the caller releases it when the body is no longer needed. */
  readonly lease: BodyLease;
}

export interface BodyOptions {
  readonly maxBytes: number;
  readonly clock: Pick<Clock, "after">;
  readonly pool: BodyPool;
  /** The head of the request has already proven its sender. */
  readonly isProven?: boolean;
}

const bodyTimeoutMs = 10_000;
/**
 * This many pieces may be tiny: some encoders write each token by itself. From then on they must be larger on
 * average.
 */
const freePieces = 4_096;
const leastPieceBytes = 64;

/** Undefined when the client went away: there is nobody to answer. */
export async function readBody(
  request: IncomingMessage,
  { maxBytes, clock, pool, isProven = false }: BodyOptions,
): Promise<Body | Refusal | undefined> {
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding !== "identity" && decoders[encoding] === undefined) {
    return new Refusal(
      415,
      `content-encoding ${quote(encoding)} is not supported, only gzip, deflate and br`,
      {
        "accept-encoding": "gzip, deflate, br",
      },
    );
  }
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > maxBytes) return tooLarge(maxBytes);
  let cut = () => {};
  const lease = pool.open(request, () => cut());
  if (isProven) lease.prove();
  let isKept = false;
  try {
    const wire = await readWire(request, { maxBytes, clock, declared }, lease, (cutWire) => (cut = cutWire));
    if (!Buffer.isBuffer(wire)) return wire;
    lease.read();
    const content =
      wire.length === 0 || encoding === "identity" ? wire : await inflated(wire, encoding, maxBytes, lease);
    if (!Buffer.isBuffer(content)) return content;
    isKept = true;
    return { wire, content, lease };
  } finally {
    if (!isKept) lease.release();
  }
}

function readWire(
  request: IncomingMessage,
  { maxBytes, clock, declared }: Pick<BodyOptions, "maxBytes" | "clock"> & { readonly declared: number },
  lease: BodyLease,
  cutBy: (cut: () => void) => void,
): Promise<Buffer | Refusal | undefined> {
  return new Promise((resolve) => {
    const bytes = createByteBuffer({
      maxBytes,
      expectedBytes: declared,
      reserve: lease.reserve,
      release: lease.give,
    });
    let pieces = 0;
    let isOver = false;
    // It may be in the socket: this process was stopped, or had no time to read it.
    const onLate = async () => {
      await lookOnceMore(
        () => request.socket.bytesRead + bytes.length,
        () => isOver,
      );
      finish(new Refusal(408, `the body did not arrive within ${bodyTimeoutMs / 1_000} s`, {}, true));
    };
    const cancel = clock.after(bodyTimeoutMs, () => void onLate());
    const onData = (piece: Buffer) => {
      pieces += 1;
      if (pieces > freePieces && bytes.length < pieces * leastPieceBytes) return finish(tooFine());
      const kept = bytes.append(piece);
      if (kept === "too-long") return finish(tooLarge(maxBytes));
      if (kept === "no-room") return finish(noRoom());
    };
    const onEnd = () => finish(bytes.take());
    const onClose = () => finish(undefined);

    function finish(result: Buffer | Refusal | undefined): void {
      if (isOver) return;
      isOver = true;
      cancel();
      cutBy(() => {});
      request.off("data", onData).off("end", onEnd).off("close", onClose);
      if (!Buffer.isBuffer(result)) request.pause();
      resolve(result);
    }

    cutBy(() => {
      finish(noRoom());
      lease.release();
    });
    request.on("data", onData).on("end", onEnd).on("close", onClose);
    // `close` follows an error and is what counts; without a listener the error would end the process.
    request.on("error", () => undefined);
  });
}

function inflated(
  wire: Buffer,
  encoding: string,
  maxBytes: number,
  lease: BodyLease,
): Promise<Buffer | Refusal> {
  return new Promise((resolve, reject) => {
    const inflate = decoders[encoding]?.(wire);
    if (inflate === undefined) throw new Error(`no decoder for ${encoding}`);
    const bytes = createByteBuffer({ maxBytes, reserve: lease.reserve, release: lease.give });
    const end = (refusal: Refusal) => {
      inflate.destroy();
      resolve(refusal);
    };
    inflate
      .on("data", (piece: Buffer) => {
        const kept = bytes.append(piece);
        if (kept === "too-long") end(tooLarge(maxBytes));
        else if (kept === "no-room") end(noRoom());
      })
      .on("end", () => resolve(bytes.take()))
      .on("error", (error) => {
        if (!isFaultOfSender(error)) reject(error);
        else resolve(new Refusal(400, `the body is not valid ${encoding}`));
      })
      .end(wire);
  });
}

/** The errors of zlib and brotli for an invalid body; all others are our own failures. */
export function isFaultOfSender({ code = "" }: NodeJS.ErrnoException): boolean {
  return /^(Z_DATA_ERROR|Z_BUF_ERROR|Z_NEED_DICT|ERR__ERROR_FORMAT_\w+)$/.test(code);
}

const options = { chunkSize: 64 * 1024 };

const decoders: Readonly<Record<string, ((body: Buffer) => Transform) | undefined>> = {
  __proto__: null as never,
  gzip: () => createGunzip(options),
  "x-gzip": () => createGunzip(options),
  deflate: (body) => (hasZlibHeader(body) ? createInflate(options) : createInflateRaw(options)),
  br: () => createBrotliDecompress(options),
};

/**
 * RFC 9110 means zlib by "deflate", but some senders omit its header. RFC 1950 section 2.2 distinguishes
 * them.
 */
function hasZlibHeader(body: Buffer): boolean {
  return body.length >= 2 && ((body[0] ?? 0) & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0;
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal(413, `the body is larger than ${maxBytes} bytes`);
}

function tooFine(): Refusal {
  return new Refusal(400, "the body comes in too many tiny chunks", {}, true);
}

/** Other bodies of unproven senders have taken the memory. */
function noRoom(): Refusal {
  return new Refusal(503, "too many bodies arrive at once: try again later", { "retry-after": "1" });
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

// Before a sender is considered too slow: its data may be in the socket while this process was the slow one,
// stopped or starved. Timers fire before sockets are read, so a time-out alone cannot distinguish the two.

/**
 * After this time without progress the data is not in the socket either. The rest of a large body follows
 * only as the first part is read.
 */
const idleMs = 100;

/** A sender that trickles is not read forever. */
const mostMs = 2_000;

const betweenMs = 5;

/** Settles when `isDone`, when `progress` has not changed for a moment, or after two seconds. */
export async function lookOnceMore(progress: () => number, isDone: () => boolean): Promise<void> {
  const beganMs = performance.now();
  let sinceMs = beganMs;
  let before = progress();
  // A turn of the event loop reads the sockets.
  for (let turn = 0; !isDone(); turn += 1) {
    await (turn < 3 ? new Promise(setImmediate) : new Promise((resolve) => setTimeout(resolve, betweenMs)));
    const nowMs = performance.now();
    const now = progress();
    if (now !== before) sinceMs = nowMs;
    else if (turn >= 3 && nowMs - sinceMs > idleMs) return;
    before = now;
    if (nowMs - beganMs > mostMs) return;
  }
}
