// Notifies a tool when the line with its result was written. The SDK passes a result to the transport and
// forgets it, so only the transport can see that. It also notifies when a result is not sent because the call
// was cancelled.

import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { Log } from "../contract.ts";
import { stackOf, text } from "../text.ts";
import type { RequestId } from "./json-rpc.ts";

type AfterWritten = (written: boolean) => void;

export interface WrittenResults {
  /** The transport for the SDK's server. */
  readonly transport: Transport;
  /** Fires when the client cancels the request; not when the session ends. Call `forget` when the request is done. */
  cancelled(id: RequestId): AbortSignal;
  forget(id: RequestId): void;
  /**
   * Call it before the result of the request is given to the SDK. `signal` fires when the SDK will not send
   * it.
   */
  expect(id: RequestId, signal: AbortSignal, afterWritten: AfterWritten): void;
}

export function watchResults(inner: Transport, log: Log): WrittenResults {
  const underWay = new Map<RequestId, AbortController>();
  const expected = new Map<RequestId, AfterWritten>();

  function report(afterWritten: AfterWritten, written: boolean): void {
    try {
      afterWritten(written);
    } catch (error) {
      log.error(text`internal error after a tool's result: ${stackOf(error)}`);
    }
  }

  const transport: Transport = {
    start: () => inner.start(),
    close: () => inner.close(),
    async send(message, options) {
      const id = "id" in message && !("method" in message) ? message.id : undefined;
      const afterWritten = id === undefined ? undefined : expected.get(id);
      // Removed before the write: a signal that fires from now on comes too late.
      if (id !== undefined) expected.delete(id);
      await inner.send(message, options);
      if (afterWritten !== undefined) report(afterWritten, "result" in message);
    },
  };
  inner.onmessage = (message, extra) => {
    if ("method" in message && message.method === "notifications/cancelled")
      underWay.get(message.params?.requestId as RequestId)?.abort();
    transport.onmessage?.(message, extra);
  };
  inner.onclose = () => transport.onclose?.();
  inner.onerror = (error) => transport.onerror?.(error);

  return {
    transport,
    cancelled(id) {
      const controller = new AbortController();
      underWay.set(id, controller);
      return controller.signal;
    },
    forget: (id) => void underWay.delete(id),
    expect(id, signal, afterWritten) {
      if (signal.aborted) return report(afterWritten, false);
      expected.set(id, afterWritten);
      signal.addEventListener(
        "abort",
        () => {
          if (expected.get(id) !== afterWritten) return;
          expected.delete(id);
          report(afterWritten, false);
        },
        { once: true },
      );
    },
  };
}
