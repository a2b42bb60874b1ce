// One message for a source of a chat that pushes what is said on a connection, for the suite of conformance: it ends with a sign that
// it was taken, or that it was not, and waits for no time to pass.

import { eventually } from "../support/router.ts";
import type { World } from "./conformance.ts";

interface Platform {
  /** Is a client there that gets what is said? */
  isHeard(): boolean;
  /** The message's id. */
  say(): string;
}

/** True when the place of the message was kept under `key`: it was taken. */
export async function arrivePushed(
  { host, source, isRefused }: World,
  { isHeard, say }: Platform,
  key: string,
): Promise<boolean> {
  const state = () => source.health?.().state;
  if (state() === "stopped") {
    // All of its timers run out, and nothing connects.
    await host.clock.advance(60 * 60_000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    if (!isHeard()) return false;
  }
  await eventually(() => isHeard() || state() === "stopped");
  const id = say();
  const isTaken = () => host.store.get(key) === id;
  await eventually(() => isTaken() || isRefused() || state() === "stopped");
  return isTaken();
}
