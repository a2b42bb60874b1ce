// How a session that does not show channels learns that events wait for it.

import { line, type SafeLine } from "../text.ts";

/**
 * `monitor`: a line of the plugin's monitor. `hook`: the end of a hook of the plugin. `inbox`: a message to the inbox that the
 * client opens for each of its sessions.
 */
export type WakeWay = "monitor" | "hook" | "inbox";

/** In the order in which `auto` tries them: those that the client documents for plugins come first. */
export const wakeWays: readonly WakeWay[] = ["monitor", "hook", "inbox"];

/**
 * `false`: nothing was sent. `unknown`: something was sent, and perhaps it arrived, so another ring could be a second one.
 * `reason`: one clause for the user.
 */
export type RingResult =
  | { readonly rung: true }
  | { readonly rung: false | "unknown"; readonly reason: string };

const mostWaiting = 1_000_000_000;

/**
 * The whole text of a ring. Its only variable part is a number, because Claude trusts what comes this way more than the text of a
 * channel. Undefined if `waiting` is not a number of events.
 */
export function ringLine(waiting: unknown): SafeLine | undefined {
  if (typeof waiting !== "number" || !Number.isSafeInteger(waiting) || waiting < 1) return undefined;
  if (waiting === 1) return line`1 event waits in channel-router: call its pending tool.`;
  return line`${Math.min(waiting, mostWaiting)} events wait in channel-router: call its pending tool.`;
}
