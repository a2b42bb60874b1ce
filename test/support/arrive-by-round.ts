// How one thing happens, for the conformance suite, to a source that asks in rounds: its far side has something new, and the next round
// comes.

import type { World } from "../connectors/conformance.ts";

/** True when the round that followed ended well; false when it did not, or there is none. */
export async function arriveByRound({ host, source }: World, change: () => void): Promise<boolean> {
  const { clock } = host;
  const isOver = () => {
    const { state, nextTryMs } = source.health?.() ?? { state: "stopped" };
    return nextTryMs !== undefined || state !== "running";
  };
  const over = async () => {
    while (!isOver()) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  await over();
  change();
  await clock.advance(Math.max(0, (source.health?.().nextTryMs ?? 0) - clock.now()));
  await over();
  return source.health?.().state === "running";
}
