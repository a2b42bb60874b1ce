// The mark of a delivery: the farthest point on its way to Claude that there is proof of. Only this file defines what proves
// which mark. The record of an open entry keeps its mark, which survives when lines are deleted.

import type { Mark } from "../contract.ts";

/** In order; the order is part of the snapshot format. A mark never goes back, whatever a further attempt does. */
export const marks: readonly Mark[] = ["accepted", "shown", "read", "acked"];

/** The proof that a state change contains: see `StateChange`. */
export interface DeliveryProof {
  readonly shown?: true;
  readonly read?: true;
}

/** The mark that this proof, or this change of state, alone gives. */
export function markOf({ state, shown, read }: DeliveryProof & { readonly state?: string }): Mark {
  if (state === "acked") return "acked";
  return read ? "read" : shown ? "shown" : "accepted";
}

export function furthest(one: Mark, other: Mark): Mark {
  return marks.indexOf(one) < marks.indexOf(other) ? other : one;
}
