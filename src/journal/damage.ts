// Detects what is missing from the journal. The first line of each segment, the last snapshot and the mark
// record how long segments were; a segment that is shorter now, or missing, has lost accepted events.

import { basename } from "node:path";
import { line, type SafeLine } from "../text.ts";
import { compareOrder, type Order, segmentPath } from "./files.ts";

/** What a later record says of a segment. */
export interface Extent extends Order {
  readonly bytes: number;
  /** How many events and digests were accepted in it; undefined in records of an earlier version. */
  readonly events?: number | undefined;
  /** The journal was closed here: nothing was written behind it. */
  readonly closed?: true;
}

/**
 * One line for each segment that has lost something; `found` is the current extent of a segment, undefined
 * when it is missing.
 */
export function describeDamage(
  expected: readonly Extent[],
  found: (order: Order) => Extent | undefined,
): SafeLine[] {
  const worst: { readonly was: Extent; readonly is: Extent | undefined }[] = [];
  for (const was of expected) {
    const is = found(was);
    if (is !== undefined && is.bytes >= was.bytes) continue;
    const known = worst.findIndex((other) => compareOrder(other.was, was) === 0);
    if (known === -1) worst.push({ was, is });
    else if ((worst[known]?.was.bytes ?? 0) < was.bytes) worst[known] = { was, is };
  }
  return worst.map(({ was, is }) => {
    const name = basename(segmentPath("", was));
    const count = was.events === undefined || is?.events === undefined ? was.events : was.events - is.events;
    const isGone =
      count === undefined || (is !== undefined && is.events === undefined)
        ? line`its content is lost`
        : line`accepted events lost with it: ${count}`;
    return is === undefined
      ? line`${name} is missing; ${isGone}`
      : line`${name} is ${was.bytes - is.bytes} bytes shorter than it was written; ${isGone}`;
  });
}
