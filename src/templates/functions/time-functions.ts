// Functions on times and durations. A time is text that `readDate` accepts, or seconds or milliseconds since
// the epoch; without a zone it is UTC, never the machine's zone. "Now" comes from the injected clock.

import { readDate } from "../../dates.ts";
import { zoneOffsetMs } from "../../time-zone.ts";
import { numberOf, type TemplateFunctions, textOf, type Value } from "./template-function.ts";

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

export function timeFunctions(now: () => number): TemplateFunctions {
  return {
    date: {
      usage: 'date time "YYYY-MM-DD HH:mm" tz="Europe/Berlin"',
      takes: [1, 2],
      options: ["tz"],
      checkValue: (index, value) => (index === 1 ? formatProblem(value) : undefined),
      checkOption: (_, value) =>
        zoneOffsetMs(value, 0) === undefined ? `"${value}" is not a time zone` : undefined,
      call([value, format], { tz }) {
        const time = timeOf(value);
        if (time === undefined) return textOf(value);
        const offsetMs = tz === undefined ? 0 : (zoneOffsetMs(textOf(tz), time) ?? 0);
        return formatTime(time, offsetMs, format === undefined ? "YYYY-MM-DDTHH:mm:ssZ" : textOf(format));
      },
    },
    ago: {
      usage: "ago time",
      takes: [1, 1],
      call([value]) {
        const time = timeOf(value);
        if (time === undefined) return textOf(value);
        const passed = now() - time;
        const text = durationText(Math.abs(passed), 1);
        if (Math.abs(passed) < 1_000) return "now";
        return passed > 0 ? `${text} ago` : `in ${text}`;
      },
    },
    duration: {
      usage: 'duration 90 unit="s"',
      takes: [1, 2],
      options: ["unit"],
      checkOption: (_, value) =>
        units.some(([name]) => name === value) ? undefined : `unit is one of d h m s ms, not "${value}"`,
      call(values, { unit }) {
        if (values.length === 2) {
          const [from, to] = values.map(timeOf);
          return from === undefined || to === undefined ? "" : durationText(to - from, 2);
        }
        const amount = numberOf(values[0]);
        if (amount === undefined) return textOf(values[0]);
        const inMs = units.find(([name]) => name === unit)?.[1] ?? 1_000;
        return durationText(amount * inMs, 2);
      },
    },
  };
}

/** Undefined for a value that is not a time: it is shown unchanged. */
function timeOf(value: Value): number | undefined {
  if (typeof value === "string" && !/^\d{9,16}(?:\.\d{1,9})?$/.test(value)) return readDate(value);
  const number = numberOf(value);
  // Seconds reach this size in the year 5138, milliseconds had it in March 1973.
  return number === undefined ? undefined : checked(Math.abs(number) < 1e11 ? number * 1_000 : number);
}

const earliestMs = Date.parse("0000-01-01T00:00:00Z");
const endMs = Date.parse("+010000-01-01T00:00:00Z");

/** Outside of the years 0 to 9999 it is a number of another unit. */
function checked(ms: number): number | undefined {
  return ms >= earliestMs && ms < endMs ? ms : undefined;
}

const months = "January February March April May June July August September October November December".split(
  " ",
);
const days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const pad = (number: number, width = 2) => String(number).padStart(width, "0");

/**
 * The tokens of Day.js and Moment that have one meaning in both. `local` has the wanted zone in its UTC
 * fields.
 */
const tokens: Readonly<Record<string, (local: Date, offsetMs: number) => string>> = {
  YYYY: (local) => pad(local.getUTCFullYear(), 4),
  YY: (local) => pad(local.getUTCFullYear() % 100),
  MMMM: (local) => months[local.getUTCMonth()] as string,
  MMM: (local) => (months[local.getUTCMonth()] as string).slice(0, 3),
  MM: (local) => pad(local.getUTCMonth() + 1),
  M: (local) => String(local.getUTCMonth() + 1),
  DD: (local) => pad(local.getUTCDate()),
  D: (local) => String(local.getUTCDate()),
  dddd: (local) => days[local.getUTCDay()] as string,
  ddd: (local) => (days[local.getUTCDay()] as string).slice(0, 3),
  HH: (local) => pad(local.getUTCHours()),
  H: (local) => String(local.getUTCHours()),
  hh: (local) => pad(local.getUTCHours() % 12 || 12),
  h: (local) => String(local.getUTCHours() % 12 || 12),
  mm: (local) => pad(local.getUTCMinutes()),
  m: (local) => String(local.getUTCMinutes()),
  ss: (local) => pad(local.getUTCSeconds()),
  s: (local) => String(local.getUTCSeconds()),
  SSS: (local) => pad(local.getUTCMilliseconds(), 3),
  A: (local) => (local.getUTCHours() < 12 ? "AM" : "PM"),
  a: (local) => (local.getUTCHours() < 12 ? "am" : "pm"),
  Z: (_, offsetMs) => offsetText(offsetMs),
};

/** Text in brackets, the T of RFC 3339, or a run of one letter, which is a token or a mistake. */
const formatPiece = /\[([^\]]*)\]|T(?!T)|([A-Za-z])\2*/g;

function formatProblem(format: string): string | undefined {
  for (const [piece, , letter] of format.matchAll(formatPiece)) {
    if (letter === undefined || Object.hasOwn(tokens, piece)) continue;
    const near = { y: "YYYY", d: "DD", S: "SSS", E: "ddd" }[letter];
    const meant = near === undefined || piece === near ? "" : `; did you mean ${near}?`;
    return `"${piece}" is not a date token${meant || "; literal text goes in brackets: [at]"}`;
  }
  return undefined;
}

function formatTime(time: number, offsetMs: number, format: string): string {
  const local = new Date(time + offsetMs);
  if (Number.isNaN(local.getTime())) return "";
  return format.replace(formatPiece, (piece, literal: string | undefined) => {
    if (literal !== undefined) return literal;
    return Object.hasOwn(tokens, piece) ? (tokens[piece]?.(local, offsetMs) ?? piece) : piece;
  });
}

function offsetText(offsetMs: number): string {
  if (offsetMs === 0) return "Z";
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  return `${offsetMs < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

/** The largest units that are not zero, at most `count` of them, beginning with the largest: `1h 5m`. */
function durationText(ms: number, count: number): string {
  const sign = ms < 0 ? "-" : "";
  let rest = Math.round(Math.abs(ms));
  const largest = units.findIndex(([, size]) => rest >= size);
  if (largest === -1) return "0s";
  const shown: string[] = [];
  for (const [name, size] of units.slice(largest, largest + count)) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) shown.push(`${amount}${name}`);
  }
  return sign + shown.join(" ");
}
