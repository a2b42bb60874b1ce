// What events that anybody could have made leave behind is kept apart from what all others do: such an event must not use up
// a key of a sender that has proven itself, take the place of its events, or count against its limits.

import type { Trust } from "./contract.ts";

const mark = "/unverified";

/** Could anybody have made an event with this trust, or with this attribute? */
export function isUnproven(trust: Trust | string | undefined): boolean {
  return trust === "unverified";
}

/** Where something is remembered about an event. Scopes of proven events have the names that they always had. */
export function scopeOf(scope: string, unproven: boolean): string {
  return unproven ? scope + mark : scope;
}

export function isUnprovenScope(scope: string): boolean {
  return scope.endsWith(mark);
}
