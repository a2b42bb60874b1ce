// The one place that retries. Connectors only report whether a retry can help.

import type { Clock } from "../contract.ts";
import { ConnectorError } from "../errors.ts";
import { pause } from "../waiting.ts";

const firstDelayMs = 1_000;
const maxDelayMs = 30_000;

interface RetryOptions {
  readonly clock: Clock;
  /** Called before each wait, with the failure and the wait in milliseconds. */
  onWait(error: ConnectorError, delayMs: number): void;
  readonly signal: AbortSignal;
  /** In total. Default: unlimited. */
  readonly attempts?: number;
  /** A failure that asks for a longer wait is final. Default: no limit. */
  readonly maxWaitMs?: number;
}

/**
 * Runs `attempt` until it succeeds. Rejects with the first failure that a retry cannot help, or after the
 * last attempt; settles as undefined when the signal fires during a wait.
 */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T | undefined> {
  const { attempts = Number.POSITIVE_INFINITY, maxWaitMs = Number.POSITIVE_INFINITY } = options;
  let delayMs = firstDelayMs;
  for (let made = 1; ; made += 1, delayMs = Math.min(delayMs * 2, maxDelayMs)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ConnectorError) || !error.retryable) throw error;
      const waitMs = Math.max(error.retryAfterMs ?? delayMs, firstDelayMs);
      if (made >= attempts || waitMs > maxWaitMs) throw error;
      options.onWait(error, waitMs);
      await pause(options.clock, waitMs, options.signal);
      if (options.signal.aborted) return undefined;
    }
  }
}
