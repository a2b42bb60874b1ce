// Logs an unreadable file once, and again only after it was readable in between.

import type { Log } from "../contract.ts";
import { line } from "../text.ts";
import { tooManyOpen } from "./descriptors.ts";

export interface OnceLogger {
  /** All currently rejected paths, with the reason. */
  update(refused: ReadonlyMap<string, string>): void;
  /** One line about them; undefined without any. */
  summary(): string | undefined;
}

/** For one reason. */
const mostLines = 5;

export function createOnceLogger(source: string, log: Log, shown: (path: string) => string): OnceLogger {
  let logged = new Map<string, string>();
  return {
    update(refused) {
      const byReason = new Map<string, string[]>();
      for (const [path, reason] of refused)
        if (logged.get(path) !== reason) {
          const paths = byReason.get(reason);
          if (paths === undefined) byReason.set(reason, [path]);
          else paths.push(path);
        }
      for (const [reason, paths] of byReason) {
        const isMany = paths.length > mostLines;
        for (const path of isMany ? paths.slice(0, 1) : paths)
          log.warn(line`source ${source}: ${shown(path)} ${reason}; it is tried again (logged once)`);
        if (isMany)
          log.warn(line`source ${source}: the same of ${paths.length - 1} more files (logged once)`);
      }
      logged = new Map(refused);
    },
    summary() {
      const [first] = logged;
      if (first === undefined) return undefined;
      const more = logged.size === 1 ? "" : `, and ${logged.size - 1} more`;
      return `refused: ${shown(first[0])} ${first[1]}${more}`;
    },
  };
}

/** Describes a system error; follows a path. */
export function readingFailed({ code = "unknown error" }: NodeJS.ErrnoException): string {
  if (code === "EACCES" || code === "EPERM") return "cannot be read: permission denied";
  if (code === "ELOOP") return "is a link that leads to itself";
  const tooMany = tooManyOpen(code);
  return `cannot be read: ${code}${tooMany === undefined ? "" : ` (${tooMany})`}`;
}
