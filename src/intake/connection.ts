// A connection that delivers events, as the round of a loop: it counts as good once it was open for a while,
// has an idle timeout, and is read only as fast as its events are accepted. When it ends, all of its events
// are durable before the next one is opened.

import type { Round } from "../contract/host.ts";
import type { Arrival, Clock, Emit } from "../contract.ts";
import { ConnectorError } from "../errors.ts";
import { createHandOver, type HandOver } from "./hand-over.ts";
import { createIdleTimeout } from "./idle-timeout.ts";

/** A connection that was open this long works, whatever ends it. */
export const provenMs = 10_000;

export interface Connection<Piece> {
  /** In order of arrival. Ends when the peer closes it; rejects when it breaks, or when the signal fires. */
  readonly pieces: AsyncIterable<Piece>;
  /** Pings the peer; settles when it answers. */
  probe?(): Promise<void>;
}

export interface ConnectionOptions<Piece> {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly round: Round;
  /** Closed after this idle time, and opened again. */
  readonly idleMs: number;
  open(signal: AbortSignal): Promise<Connection<Piece>>;
  /** One message, with a callback for when it and all before it are durable. May throw a ConnectorError. */
  read(piece: Piece): Iterable<{ readonly arrival: Arrival; safe?(): void }>;
  /** Receives the hand-over that this connection uses. */
  handsTo(handOver: HandOver): void;
}

/** Settles when it was closed normally; rejects with a ConnectorError when it failed. */
export async function runConnection<Piece>(options: ConnectionOptions<Piece>): Promise<void> {
  const { clock, emit, signal, round, idleMs } = options;
  const ours = new AbortController();
  const stop = () => ours.abort(signal.reason);
  signal.addEventListener("abort", stop);
  const handOver = createHandOver(emit, clock, signal);
  options.handsTo(handOver);
  const cleanUp: (() => void)[] = [() => signal.removeEventListener("abort", stop), () => ours.abort()];
  let isProven = false;
  let isIdle = false;
  let hasEvents = false;

  async function read(): Promise<void> {
    const { pieces, probe } = await options.open(ours.signal);
    cleanUp.push(
      clock.after(provenMs, () => {
        isProven = true;
        round.works();
      }),
    );
    const idleTimeout = createIdleTimeout({
      clock,
      afterMs: idleMs,
      onHalf: () => void probe?.().then(idleTimeout.sign, () => undefined),
      onIdle() {
        isIdle = true;
        ours.abort(new Error("idle timeout"));
      },
    });
    cleanUp.push(idleTimeout.end);
    for await (const piece of pieces) {
      for (const { arrival, safe } of options.read(piece)) {
        hasEvents = true;
        idleTimeout.hold();
        await handOver.give(arrival, safe);
      }
      idleTimeout.sign();
    }
    if (!isProven && !hasEvents) {
      throw new ConnectorError("E_HTTP_FAILED", "the peer closed the connection immediately", {
        retryable: true,
      });
    }
  }

  try {
    await read();
  } catch (error) {
    const isOrdinary =
      isIdle || (isProven && error instanceof ConnectorError && error.code === "E_HTTP_FAILED");
    if (!isOrdinary) throw error;
  } finally {
    for (const step of cleanUp) step();
    if (!signal.aborted) await handOver.settled();
  }
}
