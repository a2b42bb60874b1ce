// `supersede`: which event of a key is the latest, by channel. Of a key that is forgotten, the older event is simply delivered too.

import { createBoundedMap } from "./bounded-map.ts";
import type { Member } from "./member.ts";

const maxKeys = 10_000;

export interface Latest {
  /** The event that this one takes the place of. */
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
