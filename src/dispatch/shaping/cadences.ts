// When the digest of a key came last, kept as notes of the journal: a new owner goes on with the same cadence.

import { isRouterError } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import { type BoundedMap, createBoundedMap } from "../../shaping/bounded-map.ts";
import { type Cadence, readCadence, writeCadence } from "../../shaping/digest.ts";
import type { DigestOptions } from "../../shaping/options.ts";

/** As many as the journal keeps of one kind of note. */
const maxKeys = 1_000;

export interface Cadences {
  get(scope: string, key: string): Cadence | undefined;
  set(options: Pick<DigestOptions, "scope" | "everyMs">, key: string, cadence: Cadence): void;
}

export function createCadences(journal: Pick<Journal, "note" | "notes">): Cadences {
  const scopes = new Map<string, BoundedMap<Cadence>>();

  function of(scope: string): BoundedMap<Cadence> {
    let found = scopes.get(scope);
    if (found !== undefined) return found;
    found = createBoundedMap<Cadence>(maxKeys);
    scopes.set(scope, found);
    for (const { key, value } of journal.notes(scope)) {
      const cadence = readCadence(value);
      if (cadence !== undefined) found.set(key, cadence);
    }
    return found;
  }

  return {
    get: (scope, key) => of(scope).get(key),
    set({ scope, everyMs }, key, cadence) {
      of(scope).set(key, cadence);
      journal.note(scope, key, writeCadence(cadence), cadence.closedMs + everyMs).catch((error) => {
        // Forgotten by the next owner: its first digest of this key waits as for a first event.
        if (!isRouterError(error)) throw error;
      });
    },
  };
}
