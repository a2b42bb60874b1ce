// What cannot be read is told once, and again only after it could be read in between.

import type { Log } from "../contract.ts";
import { line } from "../text.ts";
import { tooManyOpen } from "./descriptors.ts";

export interface OnceLogger {
  /** All that is refused now, by path, with the reason. */
  tell(refused: ReadonlyMap<string, string>): void;
  /** One line about what is refused now; undefined when nothing is. */
  summary(): string | undefined;
}

/** Of one reason. */
const mostLines = 5;

export function createOnceLogger(source: string, log: Log, shown: (path: string) => string): OnceLogger {
  let told = new Map<string, string>();
  return {
    tell(refused) {
      const byReason = new Map<string, string[]>();
      for (const [path, reason] of refused)
        if (told.get(path) !== reason) {
          const paths = byReason.get(reason);
          if (paths === undefined) byReason.set(reason, [path]);
          else paths.push(path);
        }
      for (const [reason, paths] of byReason) {
        const isMany = paths.length > mostLines;
        for (const path of isMany ? paths.slice(0, 1) : paths)
          log.warn(line`source ${source}: ${shown(path)} ${reason}; it is tried again (told once)`);
        if (isMany) log.warn(line`source ${source}: the same of ${paths.length - 1} more files (told once)`);
      }
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
  const tooMany = tooManyOpen(code);
  return `cannot be read: ${code}${tooMany === undefined ? "" : ` (${tooMany})`}`;
}
