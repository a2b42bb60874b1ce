// How far a time zone is from UTC at a moment. Zones come from Node's own data; an unknown one is undefined, not an error.

const most = 32;
const formats = new Map<string, Intl.DateTimeFormat | undefined>();

/** Milliseconds to add to UTC; undefined when there is no such zone. */
export function zoneOffsetMs(zone: string, timeMs: number): number | undefined {
  const format = formatOf(zone);
  if (format === undefined) return undefined;
  const parts = Object.fromEntries(
    format.formatToParts(timeMs).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const wholeSeconds = Math.floor(timeMs / 1_000) * 1_000;
  return Date.UTC(year, month - 1, day, hour, minute, second) - wholeSeconds;
}

/** The moment at which clocks in the zone show this; `localMs` is what they show, as if it were UTC. */
export function zoneTimeMs(zone: string, localMs: number): number {
  const guess = localMs - (zoneOffsetMs(zone, localMs) ?? 0);
  return localMs - (zoneOffsetMs(zone, guess) ?? 0);
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(zone)) return formats.get(zone);
  // A zone may come from a payload: the store must not grow with what strangers send.
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
