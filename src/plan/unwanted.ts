// No channel wants most lines of a log. Detecting that needs only the channels' `match`: no identity, no
// time, no memory. Lines that pass here go through the whole admission.

import type { TextNeeds } from "../contract/emit-all.ts";
import type { Arrival, Root, View } from "../contract.ts";
import { indexChannels } from "../filters/channel-index.ts";
import type { CompiledMatch } from "../filters/match.ts";
import { needsOfAny, type PathNeeds } from "../filters/text-need.ts";

/** Roots that an arrival lacks before it becomes an event. */
const later: readonly Root[] = ["id", "time", "vars"];

interface Unwanted {
  readonly isUnwanted: (arrival: Arrival) => boolean;
  readonly needsAt: PathNeeds;
}

/**
 * Undefined when a channel has no `match`, or one that reads unknown roots. `matches` are those of one
 * source's channels.
 */
export function createUnwanted(
  source: string,
  connector: string,
  matches: readonly (CompiledMatch | undefined)[],
): Unwanted | undefined {
  const all = matches.filter((match) => match !== undefined);
  if (all.length < matches.length) return undefined;
  if (all.some(({ roots }) => later.some((root) => roots.has(root)))) return undefined;

  const index = indexChannels(all);
  // One for all arrivals: a match keeps no reference to it.
  const view: View = { data: null, text: "", id: "", source, connector, time: "", inputs: {}, vars: {} };
  /** A source always passes the same paths. */
  let known: { readonly paths: ReadonlySet<string>; readonly needs: TextNeeds | undefined } | undefined;
  return {
    isUnwanted(arrival) {
      if (hasMore(arrival)) return false;
      view.data = arrival.data;
      view.text = arrival.text;
      for (const position of index.candidates(view))
        if ((all[position] as CompiledMatch).test(view) === undefined) return false;
      return true;
    },
    needsAt(paths) {
      if (paths !== known?.paths)
        known = { paths, needs: needsOfAny(all.map((match) => match.needsAt(paths))) };
      return known.needs;
    },
  };
}

/** Roots that this view does not have. */
function hasMore({ headers, query, params, path, method, remote, sender }: Arrival): boolean {
  return (headers ?? query ?? params ?? path ?? method ?? remote ?? sender) !== undefined;
}
