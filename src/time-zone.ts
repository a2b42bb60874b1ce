// The offset of a time zone from UTC at a moment. Named zones come from Node's own data, offsets such as
// +02:00 are parsed here: Node 20 does not support them, later versions do. An unknown zone is undefined, not
// an error.

const most = 32;
const formats = new Map<string, Intl.DateTimeFormat | undefined>();

/** Milliseconds to add to UTC; undefined for an unknown zone. */
export function zoneOffsetMs(zone: string, timeMs: number): number | undefined {
  const fixedMs = offsetOf(zone);
  if (fixedMs !== undefined) return fixedMs;
  const format = formatOf(zone);
  if (format === undefined) return undefined;
  const parts = Object.fromEntries(
    format.formatToParts(timeMs).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const wholeSeconds = Math.floor(timeMs / 1_000) * 1_000;
  return Date.UTC(year, month - 1, day, hour, minute, second) - wholeSeconds;
}

/** Of `+02:00`, `-0330`, `+02` and `Z`. */
function offsetOf(zone: string): number | undefined {
  if (/^z$/i.test(zone)) return 0;
  const [, sign, hours, minutes = "0"] = /^([+-])([01]\d|2[0-3])(?::?([0-5]\d))?$/.exec(zone) ?? [];
  if (sign === undefined) return undefined;
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === "-" && ms > 0 ? -ms : ms;
}

/** The moment at which clocks in the zone show this; `localMs` is the local time, as if it were UTC. */
export function zoneTimeMs(zone: string, localMs: number): number {
  const guess = localMs - (zoneOffsetMs(zone, localMs) ?? 0);
  return localMs - (zoneOffsetMs(zone, guess) ?? 0);
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(zone)) return formats.get(zone);
  // A zone may come from a payload: the cache must not grow with external input.
  if (formats.size >= most) formats.clear();
  const format = makeFormat(zone);
  formats.set(zone, format);
  return format;
}

function makeFormat(zone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
