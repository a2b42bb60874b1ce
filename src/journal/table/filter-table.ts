// Filter memory of committed events. Unproven events have a table of their own, so that however many arrive,
// nothing of a proven sender is evicted for them.

import { isUnprovenScope } from "../../key-parts.ts";
import { createKeyedTable, type KeyedTable } from "./keyed-table.ts";

const maxEntries = { proven: 200_000, unproven: 50_000 };

export interface FilterTable extends KeyedTable {
  /** Calls the listener, with the scope, for each entry that is evicted before its time. */
  onForgotten(listener: (scope: string) => void): void;
}

export function createFilterTable(): FilterTable {
  let notify: (scope: string) => void = () => {};
  const forgotten = (scope: string) => notify(scope);
  const proven = createKeyedTable(maxEntries.proven, forgotten);
  const unproven = createKeyedTable(maxEntries.unproven, forgotten);
  const of = (scope: string) => (isUnprovenScope(scope) ? unproven : proven);
  return {
    get: (scope, ...rest) => of(scope).get(scope, ...rest),
    set: (scope, ...rest) => of(scope).set(scope, ...rest),
    delete: (scope, key) => of(scope).delete(scope, key),
    entries: (scope, nowMs) => of(scope).entries(scope, nowMs),
    scopes: () => [...proven.scopes(), ...unproven.scopes()],
    size: () => proven.size() + unproven.size(),
    onForgotten(listener) {
      notify = listener;
    },
  };
}
