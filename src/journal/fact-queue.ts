// Facts that are recorded one by one and written together: facts of the same turn, such as the events of one
// write to a session, are one commit. A commit for each would cost several times as much as its line.

import { encodeLine } from "./line-format.ts";
import type { StateLine } from "./records.ts";

export interface FactQueue {
  /** Settles as the write that contains them does. */
  add(lines: readonly StateLine[]): Promise<void>;
  /** Writes what was added now, not at the end of the turn. */
  flush(): void;
}

export function createFactQueue(write: (bytes: Buffer) => Promise<void>): FactQueue {
  let gathered: { readonly lines: StateLine[]; readonly written: Promise<void>; go(): void } | undefined;

  function gather(): NonNullable<typeof gathered> {
    const lines: StateLine[] = [];
    let go = () => {};
    const written = new Promise<void>((resolve) => {
      go = () => resolve(write(Buffer.concat(lines.map(encodeLine))));
    });
    queueMicrotask(flush);
    return { lines, written, go };
  }

  function flush(): void {
    const ready = gathered;
    gathered = undefined;
    ready?.go();
  }

  return {
    add(lines) {
      gathered ??= gather();
      gathered.lines.push(...lines);
      return gathered.written;
    },
    flush,
  };
}
