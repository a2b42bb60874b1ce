// The state left by events of unverified origin is separate from that of all others: such an event must not
// use up a key of a verified sender, replace its events, or count against its limits.

import type { Trust } from "./contract.ts";

const mark = "/unverified";

/** Could anybody have made an event with this trust, or with this attribute? */
export function isUnproven(trust: Trust | string | undefined): boolean {
  return trust === "unverified";
}

/** The scope of state about an event. Scopes of verified events keep their original names. */
export function scopeOf(scope: string, unproven: boolean): string {
  return unproven ? scope + mark : scope;
}

export function isUnprovenScope(scope: string): boolean {
  return scope.endsWith(mark);
}
