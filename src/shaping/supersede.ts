// `supersede`: the latest event of each key, by channel. When a key is evicted, the older event is simply
// delivered too.

import { createBoundedMap } from "./bounded-map.ts";
import type { Member } from "./member.ts";

const maxKeys = 10_000;

export interface Latest {
  /** The event that this one replaces. */
  replace(key: string, member: Member): Member | undefined;
}

export function createLatest(): Latest {
  const latest = createBoundedMap<Member>(maxKeys);
  return {
    replace(key, member) {
      const older = latest.get(key);
      latest.set(key, member);
      return older;
    },
  };
}
