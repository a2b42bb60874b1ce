// What filters remember of committed events. Events that anybody could have made have a table of their own, so that however many come,
// nothing that a proven sender left behind has to go for them.

import { isUnprovenScope } from "../../apart.ts";
import { createKeyedTable, type KeyedTable } from "./keyed-table.ts";

const maxEntries = { proven: 200_000, unproven: 50_000 };

export interface FilterTable extends KeyedTable {
  /** From now on hears, by its scope, of each entry that has to go before its time. */
  onForgotten(told: (scope: string) => void): void;
}

export function createFilterTable(): FilterTable {
  let tell: (scope: string) => void = () => {};
  const forgotten = (scope: string) => tell(scope);
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
    onForgotten(told) {
      tell = told;
    },
  };
}
