// A connection on which events come, as the round of a loop: it is good once it has stood for a while, is watched for silence, and is
// read only as fast as its events are taken. When it ends, all that came on it is safe before the next one is opened.

import type { Round } from "../contract/host.ts";
import type { Arrival, Clock, Emit } from "../contract.ts";
import { ConnectorError } from "../errors.ts";
import { createHandOver, type HandOver } from "./hand-over.ts";
import { watchSilence } from "./silence.ts";

/** A connection that stood for so long works, whatever ends it. */
export const provenMs = 10_000;

export interface Connection<Piece> {
  /** In the order in which they come. Ends when the far side ends it; rejects when it breaks off, or when the signal fires. */
  readonly pieces: AsyncIterable<Piece>;
  /** Asks the far side for a sign of life; settles when there is one. */
  probe?(): Promise<void>;
}

export interface ConnectionOptions<Piece> {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly round: Round;
  /** Nothing for so long ends it; it is opened again. */
  readonly idleMs: number;
  open(signal: AbortSignal): Promise<Connection<Piece>>;
  /** What came in one piece, with what to call when it and all before it are safe. May throw a ConnectorError. */
  read(piece: Piece): Iterable<{ readonly arrival: Arrival; safe?(): void }>;
  /** Told of the hand-over that this connection uses. */
  handsTo(handOver: HandOver): void;
}

/** Settles when it has ended as connections do; rejects with a ConnectorError when it failed. */
export async function runConnection<Piece>(options: ConnectionOptions<Piece>): Promise<void> {
  const { clock, emit, signal, round, idleMs } = options;
  const ours = new AbortController();
  const stop = () => ours.abort(signal.reason);
  signal.addEventListener("abort", stop);
  const handOver = createHandOver(emit, clock, signal);
  options.handsTo(handOver);
  const cleanUp: (() => void)[] = [() => signal.removeEventListener("abort", stop), () => ours.abort()];
  let isProven = false;
  let isSilent = false;
  let hasEvents = false;

  async function read(): Promise<void> {
    const { pieces, probe } = await options.open(ours.signal);
    cleanUp.push(
      clock.after(provenMs, () => {
        isProven = true;
        round.works();
      }),
    );
    const silence = watchSilence({
      clock,
      afterMs: idleMs,
      onHalf: () => void probe?.().then(silence.sign, () => undefined),
      onSilence() {
        isSilent = true;
        ours.abort(new Error("silence"));
      },
    });
    cleanUp.push(silence.end);
    for await (const piece of pieces) {
      for (const { arrival, safe } of options.read(piece)) {
        hasEvents = true;
        silence.hold();
        await handOver.give(arrival, safe);
      }
      silence.sign();
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
      isSilent || (isProven && error instanceof ConnectorError && error.code === "E_HTTP_FAILED");
    if (!isOrdinary) throw error;
  } finally {
    for (const step of cleanUp) step();
    if (!signal.aborted) await handOver.settled();
  }
}
