// Event ids: 9 characters of time and 4 that keep ids of one millisecond apart and in order. Short, because Claude reads
// one with every event.

import { randomInt } from "node:crypto";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32: no i, l, o, u.
const timeLength = 9;
const tailLength = 4;
const tailSize = 32 ** tailLength;

/** A source of ids that sort by time and never repeat or go back, not even when the clock does. */
export function createEventIds(): (nowMs: number) => string {
  let lastMs = 0;
  let tail = 0;
  return (nowMs) => {
    if (nowMs > lastMs) {
      lastMs = nowMs;
      tail = randomInt(tailSize / 2);
    } else if (++tail === tailSize) {
      lastMs += 1;
      tail = 0;
    }
    return encode(lastMs, timeLength) + encode(tail, tailLength);
  };
}

function encode(value: number, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32))
    text = alphabet[rest % 32] + text;
  return text;
}
