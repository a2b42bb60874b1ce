// Posts signed deliveries at a server from another thread and says what they were answered. Each delivery has an id that
// is unique in this process and comes out of either server again: in the path for the minimal receiver, in the meta for
// the router.

import { Worker } from "node:worker_threads";
import { createPool, deliveryDigits, deliveryPrefix } from "./payloads.mjs";

const poolSize = 400;
let pool;
let nextSequence = 1;

/**
 * Begins at once. `traced`: for so many deliveries the time of sending and the answer are kept.
 * @param {{port: number, connections?: number, timeoutMs?: number, rate?: number, durationMs?: number, events?: number,
 *   newcomers?: {perSecond: number, timeoutMs: number}, traced?: number}} options `rate` is posts per second; without it
 *   each connection posts as fast as it is answered. `newcomers` open a connection for one post each.
 * @returns `finished` settles when every post was answered or given up.
 */
export function startLoad({ port, connections = 16, timeoutMs = 10_000, traced = 0, ...options }) {
  pool ??= createPool(poolSize);
  const firstSequence = nextSequence;
  // Sequences are never reused, however much this run sends.
  nextSequence += 100_000_000;
  const sentAt = new Float64Array(new SharedArrayBuffer(traced * 8));
  const statuses = new Uint16Array(new SharedArrayBuffer(traced * 2));
  const worker = new Worker(new URL("./load-worker.mjs", import.meta.url), {
    workerData: {
      port,
      pool,
      connections,
      timeoutMs,
      durationMs: Number.POSITIVE_INFINITY,
      events: Number.POSITIVE_INFINITY,
      firstSequence,
      sentAt,
      statuses,
      ...options,
    },
  });
  const finished = new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (result) => {
      const accepted = Object.entries(result.byStatus)
        .filter(([status]) => status >= 200 && status < 300)
        .reduce((sum, [, count]) => sum + count, 0);
      resolve({ ...result, accepted, sentAt, statuses });
    });
  });
  return {
    finished,
    stop: () => worker.postMessage("stop"),
    sentAt,
    /** Which post of this load an event's line belongs to, counted from 0; -1 for none. */
    indexOf(line) {
      // The id is near the end of the line in both servers' notifications.
      const at = line.lastIndexOf(deliveryPrefix);
      if (at === -1) return -1;
      const digits = line.latin1Slice(
        at + deliveryPrefix.length,
        at + deliveryPrefix.length + deliveryDigits,
      );
      return Number(digits) - firstSequence;
    },
  };
}

/** Runs a whole load and waits until what was accepted came out. Adds `lost`: accepted posts without a line. */
export async function runLoad(server, options) {
  const before = server.events;
  const result = await startLoad({ port: server.port, ...options }).finished;
  await server.untilEvents(before + result.accepted);
  return { ...result, lost: before + result.accepted - server.events };
}
