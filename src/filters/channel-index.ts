// Finds the channels that an event may match without testing each of them. May return too many, never too
// few: every candidate is still tested. Built once for a source's channels.

import type { Json, View } from "../contract.ts";
import type { CompiledMatch, IndexTerm } from "./match.ts";
import type { Scalar } from "./operators.ts";

export interface ChannelIndex {
  /** Positions in the list that the index was built from, ascending. Callers must not change it. */
  candidates(view: View): readonly number[];
}

/** Channels with their term on one path, by the wanted value. */
interface Shelf {
  readonly read: IndexTerm["read"];
  readonly byValue: Map<Json, number[]>;
}

/** `matches[i]` is undefined for a channel without `match`. */
export function indexChannels(matches: readonly (CompiledMatch | undefined)[]): ChannelIndex {
  const popularity = countTerms(matches);
  const always: number[] = [];
  const shelves = new Map<string, Shelf>();
  matches.forEach((match, position) => {
    const term = mostSelective(match?.terms ?? [], popularity);
    if (term === undefined) always.push(position);
    else shelve(shelves, term, position);
  });
  const all = [...shelves.values()];
  return {
    candidates(view) {
      const found: number[] = [];
      for (const shelf of all) {
        const value = shelf.read(view);
        if (!Array.isArray(value)) take(shelf, value, found);
        else for (const element of value) take(shelf, element, found);
      }
      return found.length === 0 ? always : ascending([...always, ...found]);
    },
  };
}

/** How many channels want a value at a path. */
type Popularity = Map<string, Map<Scalar, number>>;

function countTerms(matches: readonly (CompiledMatch | undefined)[]): Popularity {
  const counts: Popularity = new Map();
  for (const match of matches) {
    for (const { path, values } of match?.terms ?? []) {
      const byValue = counts.get(path) ?? new Map<Scalar, number>();
      counts.set(path, byValue);
      for (const value of values) byValue.set(value, (byValue.get(value) ?? 0) + 1);
    }
  }
  return counts;
}

/** The term whose values the fewest channels share. */
function mostSelective(terms: readonly IndexTerm[], popularity: Popularity): IndexTerm | undefined {
  let best: IndexTerm | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const term of terms) {
    const byValue = popularity.get(term.path);
    const sharing = Math.max(...term.values.map((value) => byValue?.get(value) ?? 0));
    if (sharing < fewest) {
      fewest = sharing;
      best = term;
    }
  }
  return best;
}

function shelve(shelves: Map<string, Shelf>, term: IndexTerm, position: number): void {
  let shelf = shelves.get(term.path);
  if (shelf === undefined) {
    shelf = { read: term.read, byValue: new Map() };
    shelves.set(term.path, shelf);
  }
  for (const value of new Set(term.values)) {
    const there = shelf.byValue.get(value);
    if (there === undefined) shelf.byValue.set(value, [position]);
    else there.push(position);
  }
}

function take(shelf: Shelf, value: Json | undefined, found: number[]): void {
  if (value === undefined) return;
  const positions = shelf.byValue.get(value);
  if (positions !== undefined) for (const position of positions) found.push(position);
}

/** An event with a list may find a channel twice. */
function ascending(positions: number[]): number[] {
  positions.sort((a, b) => a - b);
  return positions.filter((position, i) => position !== positions[i - 1]);
}
