// Two streams joined head to tail inside one process, so that the leader's own client takes the same path as
// all others.

import { Duplex } from "node:stream";

export function createDuplexPair(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const waiting: ((() => void) | undefined)[] = [];
  for (const own of [0, 1]) {
    const other = 1 - own;
    ends.push(
      new Duplex({
        allowHalfOpen: false,
        read() {
          const resume = waiting[own];
          waiting[own] = undefined;
          resume?.();
        },
        write(chunk, _encoding, callback) {
          const peer = ends[other] as Duplex;
          if (peer.destroyed) return callback(new Error("the other end is closed"));
          // The reader's demand is the writer's back-pressure.
          if (peer.push(chunk)) callback();
          else waiting[other] = callback;
        },
        final(callback) {
          (ends[other] as Duplex).push(null);
          callback();
        },
        destroy(error, callback) {
          const peer = ends[other] as Duplex;
          waiting[own]?.();
          waiting[own] = undefined;
          setImmediate(() => peer.destroy());
          callback(error);
        },
      }),
    );
  }
  return ends as [Duplex, Duplex];
}
