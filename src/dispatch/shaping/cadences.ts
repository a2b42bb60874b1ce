// When the last digest of each key was sent, kept as notes in the journal, so that a new leader keeps the
// cadence.

import { isRouterError } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import { type BoundedMap, createBoundedMap } from "../../shaping/bounded-map.ts";
import { type Cadence, readCadence, writeCadence } from "../../shaping/digest.ts";
import type { DigestOptions } from "../../shaping/options.ts";

/** The number of notes of one kind that the journal keeps. */
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
        // The next leader does not know it: its first digest of this key waits as for a first event.
        if (!isRouterError(error)) throw error;
      });
    },
  };
}
