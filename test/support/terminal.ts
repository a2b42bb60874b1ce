// A command of the built program on a terminal of its own, with a person who answers its questions. Linux only: util-linux'
// `script` makes the terminal.

import { spawn } from "node:child_process";
import { program } from "./router.ts";

export interface TerminalRun {
  /** Settles once the screen shows this; a `RegExp` sees all that was shown so far. */
  shows(pattern: RegExp): Promise<void>;
  type(line: string): void;
  /** Everything shown. */
  readonly screen: () => string;
  readonly exited: Promise<number | null>;
  end(): void;
}

export function onTerminal(
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): TerminalRun {
  const line = [process.execPath, program, ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qec", line, "/dev/null"], {
    cwd: options.cwd,
    env: { ...process.env, CLAUDECODE: undefined, ...options.env },
  });
  let screen = "";
  const watchers = new Set<() => void>();
  child.stdout.on("data", (chunk) => {
    screen += chunk;
    for (const look of watchers) look();
  });
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    screen: () => screen,
    exited,
    type: (text) => void child.stdin.write(`${text}\r`),
    end: () => void child.kill(),
    shows: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(screen)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
        void exited.then(() => reject(new Error(`it ended and showed only: ${screen}`)));
      }),
  };
}
