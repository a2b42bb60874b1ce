// The user at the terminal of this process, for questions that only a human may answer.

import { createInterface } from "node:readline/promises";
import { underClaude } from "../daemon/start/under-claude.ts";
import type { Person } from "./context.ts";

/**
 * Undefined in a pipe, under a program, and below a Claude process: Claude may type there. A program that
 * wants to pass for the user can, as can anything that runs commands as they do.
 */
export function terminalUser(): Person | undefined {
  if (!process.stdin.isTTY || !process.stdout.isTTY || underClaude() !== undefined) return undefined;
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
          () => resolve(""), // The input was closed: some versions of Node reject then, others do nothing.
        );
      });
    },
  };
}
