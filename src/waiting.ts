// Waiting for a promise, with cancellation by a signal.

import { setMaxListeners } from "node:events";
import type { Clock } from "./contract.ts";

/**
 * Settles when the signal fires; immediately if it has. For signals with a single deadline or lifetime: the
 * listener stays until then.
 */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Settles as the promise does; rejects with the signal's reason when it fires before. */
export function raceWith<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    // Many may wait at once, for instance for each of many files; every listener is removed when its promise settles.
    setMaxListeners(0, signal);
    const end = () => reject(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}

/** Settles when the promise settles, either way, or when the signal fires. */
export function settledOr(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return raceWith(promise, signal).then(
    () => undefined,
    () => undefined,
  );
}

/** Settles after this time by the clock, or when the signal fires. */
export async function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  let cancel = (): void => {};
  const timer = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  if (signal === undefined) return timer;
  await settledOr(timer, signal);
  cancel();
}
