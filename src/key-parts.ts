// A key of several values, as one text: each value is preceded by its length, so that `a/b` and `c` are
// another key than `a` and `b/c`. A key of one value is that value itself. The state left by events of unverified
// origin has keys of its own: such an event must not use up a key of a verified sender, replace its events, or count
// against its limits.

import type { Trust } from "./contract.ts";

/** ASCII's record separator. */
const sign = "\u001e";

/** One value of a key that has several. */
export function keyPart(value: string): string {
  return `${sign}${value.length}:${value}`;
}

export function hasKeyParts(key: string): boolean {
  return key.includes(sign);
}

/** The key for display. */
export function keyText(key: string): string {
  if (!hasKeyParts(key)) return key;
  const length = new RegExp(`${sign}(\\d{1,9}):`, "y");
  let text = "";
  for (let at = 0; at < key.length; ) {
    length.lastIndex = at;
    const found = length.exec(key);
    if (found === null) {
      text += key[at];
      at += 1;
      continue;
    }
    const start = at + found[0].length;
    at = start + Number(found[1]);
    text += key.slice(start, at);
  }
  return text;
}

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
