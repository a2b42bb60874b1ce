// The person at the terminal of this process, for questions that only a person may answer.

import { createInterface } from "node:readline/promises";
import type { Person } from "./world.ts";

/**
 * Undefined in a pipe, under a program, and in a shell that Claude Code opened for Claude: what is typed there is Claude's. A
 * program that wants to pass for a person can, as whoever runs commands as you can.
 */
export function personHere(env: NodeJS.ProcessEnv): Person | undefined {
  if (!process.stdin.isTTY || !process.stdout.isTTY || env.CLAUDECODE === "1") return undefined;
  return {
    ask(question) {
      const terminal = createInterface({ input: process.stdin, output: process.stdout });
      return new Promise((resolve) => {
        terminal.once("close", () => resolve(""));
        // Ctrl-C here means no, not the end of the command.
        terminal.once("SIGINT", () => terminal.close());
        terminal.question(question).then(
          (line) => {
            resolve(line);
            terminal.close();
          },
          () => resolve(""), // The input was closed: some versions of Node reject then, others say nothing.
        );
      });
    },
  };
}
