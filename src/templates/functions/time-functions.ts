// Functions on times and durations. A time is RFC 3339 text, an HTTP or mail date, or seconds or milliseconds since the
// epoch; without a zone it is UTC, never the machine's zone. "Now" comes from the clock that is handed in.

import { zoneOffsetMs } from "../../zone.ts";
import { textOf } from "../text-of.ts";
import { numberOf, type TemplateFunctions, type Value } from "./template-function.ts";

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
      checkOption: (_, value) =>
        zoneOffsetMs(value, 0) === undefined ? `"${value}" is no time zone` : undefined,
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

const zoneless = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)$/;
const recognisable = /^(?:\d{4}-\d\d-\d\d|[A-Z][a-z]{2},? )/;

function timeOf(value: Value): number | undefined {
  const number = numberOf(value);
  // Seconds reach this size in the year 5138, milliseconds had it in March 1973.
  if (number !== undefined) return checked(Math.abs(number) < 1e11 ? number * 1_000 : number);
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  return recognisable.test(text) ? checked(Date.parse(text.replace(zoneless, "$1T$2Z"))) : undefined;
}

function checked(ms: number): number | undefined {
  return Math.abs(ms) <= 8.64e15 ? ms : undefined;
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const days = "Sun Mon Tue Wed Thu Fri Sat".split(" ");
const pad = (number: number, width = 2) => String(number).padStart(width, "0");

function formatTime(time: number, offsetMs: number, format: string): string {
  const local = new Date(time + offsetMs);
  if (Number.isNaN(local.getTime())) return "";
  const pieces: Record<string, () => string> = {
    YYYY: () => pad(local.getUTCFullYear(), 4),
    MMM: () => months[local.getUTCMonth()] as string,
    MM: () => pad(local.getUTCMonth() + 1),
    DD: () => pad(local.getUTCDate()),
    ddd: () => days[local.getUTCDay()] as string,
    HH: () => pad(local.getUTCHours()),
    mm: () => pad(local.getUTCMinutes()),
    ss: () => pad(local.getUTCSeconds()),
    SSS: () => pad(local.getUTCMilliseconds(), 3),
    Z: () => offsetText(offsetMs),
  };
  return format.replace(/YYYY|MMM|MM|DD|ddd|HH|mm|SSS|ss|Z/g, (piece) => (pieces[piece] as () => string)());
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
