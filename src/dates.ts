// Parses dates in the formats of feeds, APIs and logs. Only unambiguous formats are accepted: a date with two
// readings (01/02/2026), or without a year, is rejected. A time without a zone is UTC, never the zone of this
// machine.

import { zoneTimeMs } from "./time-zone.ts";

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

/**
 * Minutes east of UTC. IST, BST of Bangladesh and the like are left out where one name has several common
 * meanings.
 */
const zoneMinutes: Readonly<Record<string, number>> = {
  z: 0,
  ut: 0,
  utc: 0,
  gmt: 0,
  wet: 0,
  west: 60,
  bst: 60,
  cet: 60,
  met: 60,
  cest: 120,
  mest: 120,
  eet: 120,
  sast: 120,
  eest: 180,
  msk: 180,
  jst: 540,
  kst: 540,
  aest: 600,
  aedt: 660,
  nzst: 720,
  nzdt: 780,
  hst: -600,
  akst: -540,
  akdt: -480,
  pst: -480,
  pdt: -420,
  mst: -420,
  mdt: -360,
  cst: -360,
  cdt: -300,
  est: -300,
  edt: -240,
  ast: -240,
  adt: -180,
};

/** Names that mean standard or summer time, whichever applies on that day. */
const zoneNames: Readonly<Record<string, string>> = {
  pt: "America/Los_Angeles",
  mt: "America/Denver",
  ct: "America/Chicago",
  et: "America/New_York",
};

const time = String.raw`(?<hour>\d{1,2}):(?<minute>\d{1,2})(?::(?<second>\d{1,2})(?:[.,](?<fraction>\d{1,9}))?)?\s*(?<half>[ap]\.?m\.?)?`;
const zone = String.raw`(?<zone>z|(?:utc|gmt)?[+-]\d{1,2}(?::?\d{2})?|[a-z]{1,4})?(?:\s+\(?[a-z]{2,5}\)?|(?<=[+-]\d\d:?\d\d|z)\[[\w/+-]{1,40}\])?`;
const rest = String.raw`(?:(?:[t,]|\s|\s+at\s|\s+-\s)\s*${time}\s*${zone})?`;
const month = "(?<month>[a-z]{3,9})\\.?";
/** A weekday is not checked against the date, and may be in any language. */
const weekday = String.raw`(?:[\p{L}\d]{1,12}\.?,\s*|[a-z]{3,9}\s+(?=\p{L}))?`;

const forms: readonly RegExp[] = [
  // RFC 3339, ISO 8601 and the formats of Go, Java, Python and PostgreSQL.
  `^(?<year>\\d{4})-(?<monthNumber>\\d{1,2})-(?<day>\\d{1,2})${rest}$`,
  `^(?<year>\\d{4})/(?<monthNumber>\\d{1,2})/(?<day>\\d{1,2})${rest}$`,
  String.raw`^(?<year>\d{4})(?<monthNumber>\d{2})(?<day>\d{2})t(?<hour>\d{2})(?<minute>\d{2})(?<second>\d{2})?${zone}$`,
  // RFC 822, 850, 2822 and 5322, HTTP dates.
  `^${weekday}(?<day>\\d{1,2})(?:st|nd|rd|th)?[\\s-]+${month}[\\s,-]+(?<year>\\d{4}|\\d{2})${rest}$`,
  // Fri, Jun 26 2026 10:04:03 AM; June 26, 2026.
  `^${weekday}${month}\\s+(?<day>\\d{1,2})(?:st|nd|rd|th)?,?\\s+(?<year>\\d{4})${rest}$`,
  // asctime, date(1): Mon Jan  5 10:00:00 2026, Mon Jan  5 10:00:00 UTC 2026.
  String.raw`^(?:\p{L}{2,9},?\s+)?${month}\s+(?<day>\d{1,2})\s+${time}\s*(?:(?<zone>[a-z]{1,4}|[+-]\d{4})\s+)?(?<year>\d{4})$`,
  // 05.01.2026: day first wherever dots are used.
  `^(?<day>\\d{1,2})\\.(?<monthNumber>\\d{1,2})\\.(?<year>\\d{4})${rest}$`,
].map((form) => new RegExp(form, "iu"));

const longest = 80;

/** Milliseconds since the epoch; undefined for an unknown format or an invalid calendar day. */
export function readDate(text: string): number | undefined {
  if (text.length > longest) return undefined;
  const trimmed = text.trim();
  for (const form of forms) {
    const groups = form.exec(trimmed)?.groups;
    if (groups === undefined) continue;
    const ms = timeOf(groups);
    if (ms !== undefined) return ms;
  }
  return undefined;
}

type Groups = Readonly<Record<string, string | undefined>>;

function timeOf(groups: Groups): number | undefined {
  const monthIndex = monthOf(groups);
  const isMidnight = groups.half === undefined && /^24:0?0(?::0?0(?:[.,]0+)?)?$/.test(clockOf(groups));
  const hour = isMidnight ? 24 : hourOf(groups);
  if (monthIndex === undefined || hour === undefined) return undefined;
  const [day, minute, second] = [groups.day, groups.minute, groups.second].map((part) => Number(part ?? 0));
  // A leap second counts as the last one of its minute.
  if ((minute ?? 0) > 59 || (second ?? 0) > 60) return undefined;
  const ms = Math.floor(Number(`0.${groups.fraction ?? 0}`) * 1_000);
  const midnight = new Date(0);
  midnight.setUTCFullYear(yearOf(groups.year ?? ""), monthIndex, day);
  if (midnight.getUTCMonth() !== monthIndex || midnight.getUTCDate() !== day) return undefined;
  const local =
    midnight.getTime() + hour * 3_600_000 + (minute ?? 0) * 60_000 + Math.min(second ?? 0, 59) * 1_000 + ms;
  return inZone(local, groups.zone?.toLowerCase() ?? "z");
}

function monthOf({ month: name, monthNumber }: Groups): number | undefined {
  if (monthNumber !== undefined) return Number(monthNumber) - 1;
  const lower = (name ?? "").toLowerCase();
  const index = months.indexOf(lower.slice(0, 3));
  const full = "january february march april may june july august september october november december sept";
  return index === -1 || (lower.length > 3 && !full.split(" ").includes(lower)) ? undefined : index;
}

function clockOf({ hour = "", minute = "", second, fraction }: Groups): string {
  return (
    [hour, minute, ...(second === undefined ? [] : [second])].join(":") +
    (fraction === undefined ? "" : `.${fraction}`)
  );
}

function hourOf({ hour = "0", half }: Groups): number | undefined {
  const number = Number(hour);
  if (half === undefined) return number <= 23 ? number : undefined;
  if (number < 1 || number > 12) return undefined;
  return (number % 12) + (half.toLowerCase().startsWith("p") ? 12 : 0);
}

/** Two digits as RFC 5322 section 4.3 reads them. */
function yearOf(year: string): number {
  const number = Number(year);
  return year.length > 2 ? number : number + (number < 50 ? 2_000 : 1_900);
}

function inZone(localMs: number, name: string): number | undefined {
  const offset = /^(?:utc|gmt)?([+-])(\d{1,2}):?(\d{2})?$/.exec(name);
  if (offset !== null) {
    const [, sign, hours, minutes = "0"] = offset;
    if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
    const east = (Number(hours) * 60 + Number(minutes)) * 60_000;
    return sign === "-" ? localMs + east : localMs - east;
  }
  const region = zoneNames[name];
  if (region !== undefined) return zoneTimeMs(region, localMs);
  const east = Object.hasOwn(zoneMinutes, name) ? zoneMinutes[name] : undefined;
  return east === undefined ? undefined : localMs - east * 60_000;
}

/** `90000` -> `90s`: the largest unit that divides it. */
export function showDuration(ms: number): string {
  const units: [string, number][] = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ];
  const unit = units.find(([, length]) => ms % length === 0 && ms >= length);
  return unit === undefined ? `${ms}ms` : `${ms / unit[1]}${unit[0]}`;
}
