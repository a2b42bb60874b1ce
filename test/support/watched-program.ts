// How long the event loop of a program that a test spawned was held up at most.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./router.ts";

export interface WatchedProgram {
  /** For the program that is to be watched. */
  readonly env: Readonly<Record<string, string>>;
  /** Forgets all turns so far. */
  reset(pid: number): Promise<void>;
  /** In milliseconds, as far as the program has looked. */
  longest(pid: number): number;
}

export function watchedProgram(folder: string): WatchedProgram {
  const file = join(folder, "turns");
  const longest = (pid: number) => {
    const path = `${file}.${pid}`;
    return existsSync(path) ? Number(readFileSync(path, "utf8") || Number.NaN) : 0;
  };
  return {
    env: {
      NODE_OPTIONS: `--import=${new URL("./watched-program.mjs", import.meta.url).href}`,
      CR_WATCHED_TURNS: file,
    },
    async reset(pid) {
      process.kill(pid, "SIGUSR2");
      await eventually(() => longest(pid) < 50);
    },
    longest,
  };
}
