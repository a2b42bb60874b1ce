// One run of the program of a command source, from start to end; output is handed over as it arrives. While
// the consumer is busy nothing is read, and the program waits.

import type { Child, Host } from "../../contract/host.ts";
import type { Arrival, Emit } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { createHandOver, type HandOver } from "../../intake/hand-over.ts";
import { absolute } from "../../within.ts";
import { createPacer } from "../../yield-to-event-loop.ts";
import type { CommandOptions } from "./options.ts";
import { createReader, formatOf } from "./output.ts";

/** Kept of its stderr, in UTF-16 units. */
const stderrKept = 2_000;
const stderrShown = 300;

export interface Run {
  /**
   * Settles with the exit code when it has ended normally and all of its output is durable. Rejects with a
   * ConnectorError.
   */
  readonly ended: Promise<number>;
  readonly pid: number;
  held(): string | undefined;
  /** Ends it, at once or with a grace period. */
  kill(graceMs?: number): Promise<void>;
}

/** Rejects with a ConnectorError when the program cannot be started. */
export async function startRun(
  options: CommandOptions,
  host: Pick<Host, "clock" | "folder" | "home" | "spawn">,
  emit: Emit,
  signal: AbortSignal,
  misfit: (line: string) => void,
): Promise<Run> {
  const { command, cwd = ".", env = {} } = options;
  const child = await host.spawn({ command, cwd: absolute(cwd, host), env });
  const handOver = createHandOver(emit, host.clock, signal);
  child.stdin.end();
  const onAbort = () => void child.kill();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const ended = follow(child, options, handOver, misfit).finally(() =>
    signal.removeEventListener("abort", onAbort),
  );
  return { ended, pid: child.pid, held: handOver.held, kill: (graceMs) => child.kill(graceMs) };
}

async function follow(
  child: Child,
  options: CommandOptions,
  handOver: HandOver,
  misfit: (line: string) => void,
): Promise<number> {
  const stderr = keepEnd(child.stderr);
  const reader = createReader(formatOf(options), options, misfit);
  const pace = createPacer();
  const give = async (arrivals: Iterable<Arrival>) => {
    for (const arrival of arrivals) {
      await handOver.give(arrival);
      await pace();
    }
  };
  try {
    for await (const piece of child.stdout as AsyncIterable<Uint8Array>) await give(reader.push(piece));
    await give(reader.end());
    await handOver.settled();
  } catch (error) {
    // The output will not be consumed.
    await child.kill();
    throw error;
  }
  const { code, signal } = await child.ended;
  const said = (await stderr).replaceAll(/\s+/g, " ").trim().slice(-stderrShown).toWellFormed();
  const program = options.command[0] as string;
  const how = code === null ? `was killed by ${signal}` : `exited with code ${code}`;
  if (code !== null && options.exitCodes.includes(code)) return code;
  throw new ConnectorError("E_COMMAND_END", `the command ${program} ${how}`, {
    retryable: true,
    ...(said === "" ? {} : { hint: `stderr: ${said}` }),
  });
}

async function keepEnd(stream: Child["stderr"]): Promise<string> {
  let kept = Buffer.alloc(0);
  for await (const piece of stream as AsyncIterable<Uint8Array>)
    kept = Buffer.concat([kept, piece]).subarray(-stderrKept);
  return kept.toString("utf8");
}
