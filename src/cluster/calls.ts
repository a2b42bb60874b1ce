// The leader's side of a command connection: each `call` frame is answered by any number of `part` frames and
// then one `done` or `fail`. The handler is cancelled when the connection closes.

import type { Json } from "../contract.ts";
import { isRouterError } from "../errors.ts";
import type { Link } from "./link.ts";
import type { CallError, Frame, RequestId } from "./protocol.ts";

/**
 * Answers one command. `send` forwards a part of the answer at once and settles when the connection took it;
 * the signal fires when the caller is gone. An error is reported to the caller, a RouterError with code and
 * hint.
 */
export type CommandHandler = (
  command: string,
  args: Json,
  send: (part: Json) => Promise<void>,
  signal: AbortSignal,
) => Promise<Json>;

const maxCalls = 16;

/** The result handles each frame of the connection; false for a frame that is not part of a call. */
export function answerCalls(link: Link, handler: CommandHandler): (frame: Frame) => boolean {
  const gone = new AbortController();
  let running = 0;
  void link.closed.then((reason) => gone.abort(new Error(reason)));

  async function answer(id: number, command: string, args: Json): Promise<void> {
    if (running >= maxCalls) {
      link.send({ t: "fail", id, error: { message: `more than ${maxCalls} calls at once` } });
      return;
    }
    running += 1;
    try {
      const send = (value: Json) => link.sendSlowly({ t: "part", id, value });
      link.send({ t: "done", id, result: await handler(command, args, send, gone.signal) });
    } catch (error) {
      link.send({ t: "fail", id, error: describe(error) });
    } finally {
      running -= 1;
    }
  }

  return (frame) => {
    if (frame.t !== "call" || typeof frame.id !== "number" || typeof frame.command !== "string") return false;
    void answer(frame.id, frame.command, frame.args ?? null);
    return true;
  };
}

function describe(error: unknown): CallError {
  if (!isRouterError(error)) return { message: error instanceof Error ? error.message : String(error) };
  return {
    code: error.code,
    message: error.message,
    ...(error.hint !== undefined && { hint: error.hint }),
  };
}

/** A line without its line feed. */
export function toolError(id: RequestId, text: string): string {
  return JSON.stringify({
    jsonrpc: "2.0",
    id,
    result: { content: [{ type: "text", text }], isError: true },
  });
}
