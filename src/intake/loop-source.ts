// The common shell of a source that consists of one loop: start, stop and health follow the loop.

import type { Host, Loop, LoopOptions } from "../contract/host.ts";
import type { Emit, Source, SourceHealth } from "../contract.ts";

export interface LoopSource {
  /** Called once, by `start`. */
  loop(emit: Emit): LoopOptions;
  /** The address of its requests or connection, as one line. */
  place(): string;
  /** See `HandOver.held`. */
  held(): string | undefined;
}

export function createLoopSource(name: string, host: Host, source: LoopSource): Source {
  let loop: Loop | undefined;
  return {
    async start(emit) {
      if (loop !== undefined) throw new Error(`source ${name} was started twice`);
      loop = host.loop(source.loop(emit));
      loop.start();
    },
    async stop(deadline) {
      await loop?.stop(deadline);
    },
    health(): SourceHealth {
      const health = loop?.health() ?? { state: "stopped" };
      if (health.state !== "running") return health;
      const held = source.held();
      return held === undefined
        ? { ...health, detail: source.place() }
        : { ...health, state: "waiting", detail: held };
    },
  };
}

/**
 * For a loop that runs every `everyMs`: up to a tenth of random jitter, and after failures a backoff from 5 s
 * to `everyMs`, at least a minute. `askedToWaitMs` is the minimum that the server requested.
 */
export function everySoOften(
  everyMs: number,
  askedToWaitMs: () => number = () => 0,
): Pick<LoopOptions, "pauseMs" | "backoff"> {
  return {
    pauseMs: () => Math.max(everyMs * (1 + Math.random() / 10), askedToWaitMs()),
    backoff: { firstMs: Math.min(everyMs, 5_000), maxMs: Math.max(everyMs, 60_000) },
  };
}
