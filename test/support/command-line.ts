// A command line run in this process, from the source: what the built program would print, without the half second of
// a core that a process of its own costs.

import type { CommandContext } from "../../src/cli/context.ts";
import { runCommand } from "../../src/cli/program.ts";

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One at a time: what a command writes to stderr and its exit code are the process' own. `more` is laid over `world`. */
export async function runHere(
  args: readonly string[],
  world: Omit<CommandContext, "print" | "note">,
  more: Partial<CommandContext> = {},
): Promise<Finished> {
  let stdout = "";
  let stderr = "";
  const write = process.stderr.write;
  process.stderr.write = ((text: string) => {
    stderr += text;
    return true;
  }) as typeof write;
  try {
    await runCommand(args, {
      ...world,
      print(text) {
        stdout += text;
      },
      note(line) {
        stderr += `${line}\n`;
      },
      ...more,
    });
    return { code: Number(process.exitCode ?? 0), stdout, stderr };
  } finally {
    process.stderr.write = write;
    process.exitCode = undefined;
  }
}
