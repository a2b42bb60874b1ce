// The names of users and channels, to which Slack's messages only refer by id. Requested once, and cached for
// a while.

import type { Clock } from "../../contract.ts";
import type { Names } from "./incoming.ts";

const keptMs = 60 * 60_000;
const maxKept = 2_000;

export interface KnownNames extends Names {
  /** Settles when they are known, or unavailable: then the ids are used. */
  learn(people: readonly string[], channel?: string): Promise<void>;
}

interface Lookups {
  person(id: string): Promise<string | undefined>;
  channel(id: string): Promise<string | undefined>;
}

export function createNames(lookups: Lookups, clock: Pick<Clock, "now">): KnownNames {
  const known = new Map<string, { readonly name: string | undefined; readonly untilMs: number }>();

  const isFresh = (id: string) => (known.get(id)?.untilMs ?? 0) > clock.now();

  async function ask(id: string, lookup: (id: string) => Promise<string | undefined>): Promise<void> {
    if (isFresh(id)) return;
    // A message must not wait for ever for a name that the app has no scope to see.
    const name = await lookup(id).catch(() => undefined);
    known.delete(id);
    known.set(id, { name, untilMs: clock.now() + keptMs });
    if (known.size > maxKept) known.delete(known.keys().next().value as string);
  }

  return {
    person: (id) => known.get(id)?.name,
    channel: (id) => known.get(id)?.name,
    async learn(people, channel) {
      await Promise.all([
        ...people.slice(0, 20).map((id) => ask(id, lookups.person)),
        ...(channel === undefined ? [] : [ask(channel, lookups.channel)]),
      ]);
    },
  };
}
