// Finds the records of an event id: open addressing over record numbers. The ids themselves stay in the
// records. One id may have several records, one for each channel.

import { type EntryRecords, hashId, idWords, maxIdLength, none } from "./entry-records.ts";

const smallest = 1024;
const maxLoad = 0.7;

export interface IdTable {
  add(slot: number): void;
  remove(slot: number): void;
  /** Calls `visit` for each record of this id until it returns true. */
  find(id: string, visit: (slot: number) => boolean): void;
  /** Makes room for this many, so that adding them does not rebuild the table repeatedly. */
  reserve(count: number): void;
  clear(): void;
}

export function createIdTable(records: EntryRecords): IdTable {
  let cells = new Uint32Array(smallest).fill(none);
  let used = 0;
  const sought = new Uint32Array(idWords);
  const soughtBytes = new Uint8Array(sought.buffer);

  const home = (hash: number) => hash & (cells.length - 1);
  const next = (cell: number) => (cell + 1) & (cells.length - 1);
  const hashOf = (slot: number) => records.hashOfId(slot);

  function put(slot: number): void {
    let cell = home(hashOf(slot));
    while (cells[cell] !== none) cell = next(cell);
    cells[cell] = slot;
  }

  function resize(length: number): void {
    const old = cells;
    cells = new Uint32Array(length).fill(none);
    for (const slot of old) if (slot !== none) put(slot);
  }

  return {
    add(slot) {
      if ((used + 1) / cells.length > maxLoad) resize(cells.length * 2);
      put(slot);
      used += 1;
    },
    remove(slot) {
      let hole = home(hashOf(slot));
      while (cells[hole] !== slot) {
        if (cells[hole] === none) throw new Error("the record is not in the id table");
        hole = next(hole);
      }
      // Entries after the hole that could be in it move up, so that a search may stop at the first empty
      // cell.
      for (let cell = next(hole); cells[cell] !== none; cell = next(cell)) {
        const wanted = home(hashOf(cells[cell] as number));
        const stays = hole <= cell ? wanted > hole && wanted <= cell : wanted > hole || wanted <= cell;
        if (stays) continue;
        cells[hole] = cells[cell] as number;
        hole = cell;
      }
      cells[hole] = none;
      used -= 1;
    },
    find(id, visit) {
      if (id.length > maxIdLength) return;
      for (let at = 0; at < maxIdLength; at++) soughtBytes[at] = id.charCodeAt(at) || 0;
      let cell = home(hashId(sought, 0));
      for (; cells[cell] !== none; cell = next(cell)) {
        const slot = cells[cell] as number;
        if (records.hasId(slot, sought) && visit(slot)) return;
      }
    },
    reserve(count) {
      let length = cells.length;
      while (count / length > maxLoad) length *= 2;
      if (length > cells.length) resize(length);
    },
    clear() {
      cells = new Uint32Array(smallest).fill(none);
      used = 0;
    },
  };
}
