// `supersede`: which event of a key is the latest, by channel. Of a key that is forgotten, the older event is simply delivered too.

import type { Member } from "./member.ts";

const maxKeys = 10_000;

export interface Latest {
  /** The event that this one takes the place of. */
  replace(key: string, member: Member): Member | undefined;
}

export function createLatest(): Latest {
  const latest = new Map<string, Member>();
  return {
    replace(key, member) {
      const older = latest.get(key);
      latest.delete(key); // Set anew, so that the order stays that of use.
      latest.set(key, member);
      if (latest.size > maxKeys) latest.delete(latest.keys().next().value as string);
      return older;
    },
  };
}
