// The requests that one source refused: how often with which status, and the last time. Logs wrong proofs,
// which may mean that a secret was changed on one side only, but never as often as they occur.

import { STATUS_CODES } from "node:http";
import type { Host } from "../contract/host.ts";
import type { Clock, Log } from "../contract.ts";
import { line } from "../text.ts";

export type Refusal = Parameters<Host["refused"]>[0];

export interface RefusalReport {
  /** The most frequent first. */
  readonly statuses: readonly { readonly status: number; readonly count: number }[];
  /** `reason` may quote what the sender wrote. */
  readonly last: Refusal & { readonly timeMs: number };
}

export interface Refusals {
  add(refusal: Refusal): void;
  /** Undefined while nothing was refused. */
  report(): RefusalReport | undefined;
}

const logEveryMs = 60_000;

/** `subject` is the prefix of its log lines: `source github`. */
export function createRefusals(
  subject: string,
  { clock, log }: { readonly clock: Pick<Clock, "now">; readonly log: Log },
): Refusals {
  const counts = new Map<number, number>();
  let last: RefusalReport["last"] | undefined;
  let loggedMs: number | undefined;
  let unlogged = 0;

  function logRefusals(nowMs: number): void {
    unlogged += 1;
    if (loggedMs !== undefined && Math.abs(nowMs - loggedMs) < logEveryMs) return;
    const what =
      loggedMs === undefined
        ? "refused a request with 401 unauthorized: is the secret the one that the sender has?"
        : `refused ${unlogged} more with 401 unauthorized`;
    log.warn(line`${subject}: ${what}`);
    loggedMs = nowMs;
    unlogged = 0;
  }

  return {
    add({ status, reason }) {
      const timeMs = clock.now();
      counts.set(status, (counts.get(status) ?? 0) + 1);
      last = { status, reason, timeMs };
      if (status === 401) logRefusals(timeMs);
    },
    report() {
      if (last === undefined) return undefined;
      const statuses = [...counts].map(([status, count]) => ({ status, count }));
      return { statuses: statuses.sort((a, b) => b.count - a.count || a.status - b.status), last };
    },
  };
}

/**
 * `5 x 401 unauthorized, 1 x 413 payload too large, last 12:03:11`: contains nothing that a sender wrote.
 * Local time.
 */
export function describeRefusals({ statuses, last }: RefusalReport): string {
  const counted = statuses.map(({ status, count }) => `${count} x ${describeStatus(status)}`);
  return `${counted.join(", ")}, last ${new Date(last.timeMs).toTimeString().slice(0, 8)}`;
}

/** `401 unauthorized` */
export function describeStatus(status: number): string {
  return `${status} ${STATUS_CODES[status]?.toLowerCase() ?? ""}`.trim();
}
