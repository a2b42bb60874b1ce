// Runs the program of one call to its end, within its timeout.

import { createByteBuffer } from "../../../byte-buffer.ts";
import type { Child } from "../../../contract/host.ts";
import type { OutgoingCommand, SinkAnswer, SinkHost } from "../../../contract/sink.ts";
import type { Json } from "../../../contract.ts";
import { DeliveryError } from "../../../errors.ts";
import { readJson } from "../../../json.ts";
import { line } from "../../../text.ts";
import { checkLinks } from "./links.ts";
import type { CommandSinkOptions } from "./options.ts";

/** Kept of the last output of a failed program, in UTF-16 units. */
const shownOfFailure = 600;

export async function runCommand(
  { command, cwd, env, stdin = "" }: OutgoingCommand,
  options: CommandSinkOptions,
  { spawn, clock }: Pick<SinkHost, "spawn" | "clock">,
  signal: AbortSignal,
): Promise<SinkAnswer> {
  const { timeoutMs, exitCodes, maxOutputBytes } = options;
  const [program = ""] = command;
  const linked = await checkLinks(options, { cwd, path: env.PATH ?? process.env.PATH ?? "" });
  if (linked !== undefined)
    throw new DeliveryError("E_SINK_FAILED", `${program} was not run: ${linked.message}`, {
      retryable: false,
      ...(linked.hint === undefined ? {} : { hint: linked.hint }),
    });
  const child = await spawn({ command, cwd, env });
  let cutShort: string | undefined;
  const cut = (reason: string) => {
    cutShort ??= reason;
    void child.kill();
  };
  const cancel = clock.after(timeoutMs, () => cut(`it ran longer than ${timeoutMs / 1_000} s`));
  const onAbort = () => cut("the router stopped");
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    child.stdin.end(stdin);
    const [stdout, stderr, { code, signal: killedBy }] = await Promise.all([
      readStart(child.stdout, maxOutputBytes),
      readStart(child.stderr, maxOutputBytes),
      child.ended,
    ]);
    if (cutShort !== undefined) throw failed(`${program} was killed: ${cutShort}`, stderr || stdout);
    if (code === null) throw failed(`${program} was killed by ${killedBy}`, stderr || stdout);
    if (!exitCodes.includes(code)) throw failed(`${program} exited with code ${code}`, stderr || stdout);
    const data = dataOf(stdout);
    const done = line`done, exit code ${code}`;
    return {
      ...(stdout.trim() === "" ? { text: done, own: done } : { text: stdout.trimEnd() }),
      response: { code, text: stdout, stderr, ...(data === undefined ? {} : { data }) },
    };
  } finally {
    cancel();
    signal.removeEventListener("abort", onAbort);
  }
}

/** Everything is read, so that the program does not block; excess output is dropped. */
async function readStart(stream: Child["stdout"], maxBytes: number): Promise<string> {
  const start = createByteBuffer({ maxBytes });
  for await (const piece of stream as AsyncIterable<Uint8Array>)
    start.append(piece.subarray(0, maxBytes - start.length));
  return new TextDecoder().decode(start.take());
}

function dataOf(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return readJson(text);
  } catch {
    return undefined;
  }
}

function failed(message: string, output: string): DeliveryError {
  const said = output.replaceAll(/\s+/g, " ").trim().slice(-shownOfFailure).toWellFormed();
  return new DeliveryError("E_SINK_FAILED", message, {
    retryable: false,
    ...(said === "" ? {} : { hint: `output: ${said}` }),
  });
}
