// The outside of a source that is one loop: started once, stopped by its loop, and as healthy as that.

import type { Host, Loop, LoopOptions } from "../contract/host.ts";
import type { Emit, Source, SourceHealth } from "../contract.ts";

export interface LoopSource {
  /** Called once, by `start`. */
  loop(emit: Emit): LoopOptions;
  /** What it asks or is connected to, as one line for a person. */
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
 * Of a loop that asks every `everyMs`: each pause up to a tenth longer by chance, and after failures from 5 s to `everyMs`, at least a
 * minute. `askedToWaitMs` is what the far side wants at the least.
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
