// A command's side of the leader's socket: one call, its parts as they arrive, its result.

import { connectToLeader } from "../cluster/connect-to-leader.ts";
import type { CallError } from "../cluster/protocol.ts";
import type { Json } from "../contract.ts";
import { ConnectorError, type ErrorCode, errorCodes, UsageError } from "../errors.ts";

export interface CallOptions {
  readonly version: string;
  /** Parts that arrive before the result, in order. */
  onPart?(part: Json): void;
  /** Cancels the call at the leader, too. */
  readonly signal?: AbortSignal;
}

const welcomeWithinMs = 2_000;

/**
 * Rejects with a UsageError when the command rejected its arguments, with a ConnectorError (E_CONTROL) when
 * the leader cannot be reached, is stopped, speaks another protocol, or ends meanwhile; with the signal's
 * reason when it fires.
 */
export async function callLeader(
  socket: string,
  command: string,
  args: Json,
  { version, onPart, signal }: CallOptions,
): Promise<Json> {
  signal?.throwIfAborted();
  const handshake = await connectToLeader(socket, { role: "command", version }, welcomeWithinMs);
  if (handshake.kind !== "welcome")
    throw unreachable(handshake.kind === "refused" ? handshake.reason : handshake.kind);
  const { link } = handshake;
  return new Promise<Json>((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal?.reason);
      link.end();
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    link.handle({
      onFrame(frame) {
        if (frame.t === "part") onPart?.(frame.value);
        else if (frame.t === "done") resolve(frame.result);
        else if (frame.t === "fail") reject(asError(frame.error));
        if (frame.t === "done" || frame.t === "fail") link.end();
      },
    });
    void link.closed.then((reason) => {
      signal?.removeEventListener("abort", onAbort);
      reject(unreachable(reason));
    });
    link.send({ t: "call", id: 1, command, args });
  });
}

const reasons: Readonly<Record<string, string>> = {
  unreachable: "nothing listens on its socket",
  silent: "it does not answer; its process may be stopped",
  closed: "it is stopping",
};

function unreachable(reason: string): ConnectorError {
  return new ConnectorError("E_CONTROL", `the running router cannot be asked: ${reasons[reason] ?? reason}`, {
    retryable: true,
  });
}

function asError({ code, message, hint }: CallError): Error {
  const known: ErrorCode =
    code !== undefined && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : "E_CONTROL";
  return known === "E_USAGE" || known === "E_TOOL_INPUT"
    ? new UsageError(known, message, { hint })
    : new ConnectorError(known, message, { hint });
}
