// How many requests pages may make: each browser, and all together. A page of ours needs a handful a second.

import type { Clock } from "../contract.ts";
import { ConsoleFailure } from "./failure.ts";

interface Bucket {
  tokens: number;
  filledMs: number;
}

const own = { burst: 60, perSecond: 20 };
const all = { burst: 240, perSecond: 80 };
/** Beyond it the ones that asked least recently are forgotten. */
const maxBrowsers = 200;
const maxRunning = 24;
/** Commands that read much or compile a config. */
const maxHeavy = 2;

export class CallLimits {
  readonly #clock: Pick<Clock, "now">;
  readonly #browsers = new Map<string, Bucket>();
  readonly #all: Bucket = { tokens: all.burst, filledMs: 0 };
  #running = 0;
  #heavy = 0;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Throws a 429 when it is too much. */
  count(browser: string): void {
    const nowMs = this.#clock.now();
    const bucket = this.#browsers.get(browser) ?? { tokens: own.burst, filledMs: nowMs };
    this.#browsers.delete(browser);
    this.#browsers.set(browser, bucket);
    if (this.#browsers.size > maxBrowsers)
      this.#browsers.delete(this.#browsers.keys().next().value as string);
    if (!take(bucket, own, nowMs) || !take(this.#all, all, nowMs)) throw tooMany();
  }

  /** One at a time of all that are running. */
  async run<T>(isHeavy: boolean, work: () => Promise<T>): Promise<T> {
    if (this.#running >= maxRunning || (isHeavy && this.#heavy >= maxHeavy)) throw tooMany();
    this.#running += 1;
    if (isHeavy) this.#heavy += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      if (isHeavy) this.#heavy -= 1;
    }
  }
}

function take(bucket: Bucket, { burst, perSecond }: typeof own, nowMs: number): boolean {
  const passedMs = Math.max(0, nowMs - bucket.filledMs);
  bucket.tokens = Math.min(burst, bucket.tokens + (passedMs / 1_000) * perSecond);
  bucket.filledMs = nowMs;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

export function tooMany(): ConsoleFailure {
  return new ConsoleFailure(429, "too_many", "too many requests: try again in a moment");
}
