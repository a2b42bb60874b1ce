// What cannot be read is told once, and again only after it could be read in between.

import type { Log } from "../contract.ts";

export interface ToldOnce {
  /** All that is refused now, by path, with the reason. */
  tell(refused: ReadonlyMap<string, string>): void;
  /** One line about what is refused now; undefined when nothing is. */
  summary(): string | undefined;
}

const mostLines = 20;

export function createToldOnce(source: string, log: Log, shown: (path: string) => string): ToldOnce {
  let told = new Map<string, string>();
  return {
    tell(refused) {
      const fresh = [...refused].filter(([path, reason]) => told.get(path) !== reason);
      for (const [path, reason] of fresh.slice(0, mostLines))
        log.warn(`source ${source}: ${shown(path)} ${reason}; it is tried again (told once)`);
      if (fresh.length > mostLines)
        log.warn(`source ${source}: ${fresh.length - mostLines} more files are refused (told once)`);
      told = new Map(refused);
    },
    summary() {
      const [first] = told;
      if (first === undefined) return undefined;
      const more = told.size === 1 ? "" : `, and ${told.size - 1} more`;
      return `refused: ${shown(first[0])} ${first[1]}${more}`;
    },
  };
}

/** Of a system's error, as it stands behind a path. */
export function readingFailed({ code = "unknown error" }: NodeJS.ErrnoException): string {
  if (code === "EACCES" || code === "EPERM") return "may not be read: permission denied";
  if (code === "ELOOP") return "is a link that leads to itself";
  return `cannot be read: ${code}`;
}
