// Feeds incoming data to Node's HTTP parser in small slices, as many per turn of the event loop as there is
// time for. A body in chunks of one byte causes ten thousand callbacks for one read, and headers can be as
// fine: data that a hundred connections sent at once would be handled in one turn, and everything else would
// wait for seconds.

import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

export interface SliceReader {
  /** Call it when Node's own listener has the connection. */
  read(socket: Socket): void;
  /** The request that is being received on this connection. */
  receives(request: IncomingMessage): void;
  /** Data of its sender has priority from now on. */
  prefer(request: IncomingMessage): void;
}

const sliceBytes = 4 * 1024;
/** Per turn, for all connections together. One more slice may be started. */
const turnMs = 5;

interface Reading {
  readonly socket: Socket;
  /** Node's own: passes bytes to the parser. */
  readonly parse: (bytes: Buffer) => void;
  pending: Buffer[];
  request: IncomingMessage | undefined;
  isHeld: boolean;
  isParsing: boolean;
  isPreferred: boolean;
  /** The time this request has used so far. */
  usedMs: number;
}

export function createSliceReader(): SliceReader {
  const readings = new WeakMap<Socket, Reading>();
  const waiting = new Set<Reading>();
  let usedMs = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      usedMs = 0;
      while (waiting.size > 0 && usedMs < turnMs) {
        const next = nextOf(waiting);
        waiting.delete(next);
        goOn(next);
      }
      if (waiting.size > 0) schedule();
    });
  }

  function later(reading: Reading): void {
    hold(reading);
    waiting.add(reading);
    schedule();
  }

  const isLate = () => usedMs >= turnMs || waiting.size > 0;

  /** Feeds a slice, and more while nothing else waits. */
  function goOn(reading: Reading): void {
    const { socket, pending } = reading;
    do {
      if (pending.length === 0 || socket.destroyed) break;
      if (isUnread(reading.request)) {
        hold(reading);
        reading.request?.once("resume", () => later(reading));
        return;
      }
      parseSlice(reading);
    } while (!isLate());
    if (pending.length > 0 && !socket.destroyed) later(reading);
    else release(reading);
  }

  function parseSlice(reading: Reading): void {
    const beganMs = performance.now();
    reading.isParsing = true;
    reading.parse.call(reading.socket, nextSlice(reading.pending));
    reading.isParsing = false;
    const tookMs = performance.now() - beganMs;
    usedMs += tookMs;
    reading.usedMs += tookMs;
    schedule();
  }

  return {
    read(socket) {
      const [parse] = socket.listeners("data") as Reading["parse"][];
      if (parse === undefined) return;
      const reading: Reading = {
        socket,
        parse,
        pending: [],
        request: undefined,
        isHeld: false,
        isParsing: false,
        isPreferred: false,
        usedMs: 0,
      };
      readings.set(socket, reading);
      socket.off("data", parse);
      // A foreign listener makes Node emit what it reads, instead of parsing it directly.
      socket.on("data", (bytes: Buffer) => {
        reading.pending.push(bytes);
        // Callbacks of the parser may deliver more while it runs.
        if (reading.isParsing || reading.isHeld) return;
        if (isLate()) later(reading);
        else goOn(reading);
      });
      socket.once("close", () => {
        reading.pending = [];
        waiting.delete(reading);
      });
    },
    receives(request) {
      const reading = readings.get(request.socket);
      if (reading === undefined) return;
      reading.request = request;
      reading.usedMs = 0;
    },
    prefer(request) {
      const reading = readings.get(request.socket);
      if (reading !== undefined) reading.isPreferred = true;
    },
  };
}

/** The one with the least time used comes first: a small request does not wait for a hundred large ones. */
function nextOf(waiting: Set<Reading>): Reading {
  let best: Reading | undefined;
  for (const one of waiting) {
    if (best === undefined || isBefore(one, best)) best = one;
  }
  return best as Reading;
}

function isBefore(one: Reading, other: Reading): boolean {
  if (one.isPreferred !== other.isPreferred) return one.isPreferred;
  return one.usedMs < other.usedMs;
}

/** Its chunks would be stored, each an object, until they are read. */
function isUnread(request: IncomingMessage | undefined): boolean {
  return request !== undefined && !request.complete && request.readableFlowing !== true && !request.destroyed;
}

function nextSlice(pending: Buffer[]): Buffer {
  const [first] = pending as [Buffer];
  if (first.length <= sliceBytes) {
    pending.shift();
    return first;
  }
  pending[0] = first.subarray(sliceBytes);
  return first.subarray(0, sliceBytes);
}

/** Nothing more is read, even if the parser asks for more: its request is granted on release. */
function hold(reading: Reading): void {
  if (reading.isHeld) return;
  reading.isHeld = true;
  const { socket } = reading;
  socket.pause();
  socket.resume = () => socket;
}

function release(reading: Reading): void {
  if (!reading.isHeld) return;
  reading.isHeld = false;
  const { socket } = reading;
  Reflect.deleteProperty(socket, "resume");
  socket.resume();
}
