// Event ids: 9 characters of time and 4 that keep ids of one millisecond distinct and in order. Short,
// because Claude reads one with every event.

import { randomInt } from "node:crypto";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32: no i, l, o, u.
const timeLength = 9;
const pairSize = 32 ** 2;
const tailSize = pairSize ** 2;
/** Every text of two characters: the tail consists of two of them. */
const pairs = Array.from({ length: pairSize }, (_, value) => encode(value, 2));

const randomTail = () => randomInt(tailSize / 2);

/**
 * Creates ids that sort by time and never repeat or go back, not even when the clock does. `firstTail` is the
 * tail of the first id of a millisecond, below half a million; default: random.
 */
export function createEventIds(firstTail: () => number = randomTail): (nowMs: number) => string {
  let lastMs = 0;
  let tail = 0;
  let head = encode(0, timeLength);
  const begin = (ms: number, from: number) => {
    lastMs = ms;
    tail = from;
    head = encode(ms, timeLength);
  };
  return (nowMs) => {
    if (nowMs > lastMs) begin(nowMs, firstTail());
    else if (++tail === tailSize) begin(lastMs + 1, 0);
    return head + pairs[Math.floor(tail / pairSize)] + pairs[tail % pairSize];
  };
}

/** When the id was made. */
export function idTimeMs(id: string): number {
  let ms = 0;
  for (let at = 0; at < timeLength; at++) ms = ms * 32 + alphabet.indexOf(id[at] ?? "0");
  return ms;
}

function encode(value: number, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32))
    text = alphabet[rest % 32] + text;
  return text;
}
