// Parses the units of the config language. Input has already matched `unitFormats`; anything else is
// undefined. Values beyond a century, or beyond the exact range of a number, are clamped: both still mean "no
// limit", and the time of an event plus any duration is a date.

import { unitFormats } from "./schema/unit-formats.ts";

const milliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const centuryMs = 100 * 365 * milliseconds.d;
const bytes = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

export interface Rate {
  readonly max: number;
  readonly perMs: number;
}

/** `500ms 10s 5m 1h 7d` -> milliseconds. */
export function parseDuration(text: string): number | undefined {
  if (!unitFormats.duration.test(text)) return undefined;
  const [, amount, unit] = /^(\d+)(.+)$/.exec(text) as unknown as [string, string, keyof typeof milliseconds];
  return Math.min(Number(amount) * milliseconds[unit], centuryMs);
}

/** `512B 64KiB 1MiB 2GiB` -> bytes. */
export function parseSize(text: string): number | undefined {
  if (!unitFormats.size.test(text)) return undefined;
  const [, amount, unit] = /^(\d+)(.+)$/.exec(text) as unknown as [string, string, keyof typeof bytes];
  return exact(Number(amount) * bytes[unit]);
}

/** `5/10m` -> at most 5 per 600,000 ms. */
export function parseRate(text: string): Rate | undefined {
  if (!unitFormats.rate.test(text)) return undefined;
  const [max, window] = text.split("/") as [string, string];
  return { max: exact(Number(max)), perMs: parseDuration(window)! };
}

function exact(value: number): number {
  return Math.min(value, Number.MAX_SAFE_INTEGER);
}
