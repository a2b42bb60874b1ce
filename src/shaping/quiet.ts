// `quiet`: windows by the clock on the wall, in a time zone. A window that does not end after it begins ends on the next day; its
// `days` are those on which it begins. Windows that meet are one.

import { didYouMeanHint } from "../did-you-mean.ts";
import { zoneOffsetMs, zoneTimeMs } from "../time-zone.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/** Windows that meet for longer than this never end. */
const longestMs = 8 * dayMs;

export interface QuietWindow {
  /** 0 is Sunday. */
  readonly days: readonly number[];
  /** Minutes after midnight. */
  readonly from: number;
  readonly to: number;
  readonly tz: string;
}

export interface WrittenWindow {
  readonly days?: readonly string[] | string;
  readonly from: string;
  readonly to: string;
  readonly tz?: string;
}

/** The form of days and times was checked before; `machineZone` is for windows that name none. */
export function readWindow({ days, from, to, tz }: WrittenWindow, machineZone: string): QuietWindow {
  return { days: readDays(days), from: minutes(from), to: minutes(to), tz: tz ?? machineZone };
}

/** What is wrong with the name of a zone. */
export function zoneProblem(zone: string): { readonly message: string; readonly hint: string } | undefined {
  if (zoneOffsetMs(zone, 0) !== undefined) return undefined;
  const hint = didYouMeanHint(zone, Intl.supportedValuesOf("timeZone")) ?? "for example Europe/Berlin or UTC";
  return { message: `there is no time zone ${JSON.stringify(zone.slice(0, 60))}`, hint };
}

/** When the quiet time that holds `nowMs` ends; undefined when it is not quiet. Infinity when it never ends. */
export function quietUntilMs(windows: readonly QuietWindow[], nowMs: number): number | undefined {
  let untilMs: number | undefined;
  for (let atMs = nowMs; atMs - nowMs < longestMs; atMs = untilMs) {
    const endMs = Math.max(...windows.map((window) => endOf(window, atMs) ?? 0));
    if (endMs <= atMs) return untilMs;
    untilMs = endMs;
  }
  return Number.POSITIVE_INFINITY;
}

/** How long it can be quiet at a stretch; Infinity when it is always quiet. */
export function longestQuietMs(windows: readonly QuietWindow[]): number {
  let longest = 0;
  const sundayMs = Date.UTC(2026, 0, 4);
  for (const { days, from, tz } of windows) {
    for (const day of days) {
      const startMs = zoneTimeMs(tz, sundayMs + day * dayMs + from * minuteMs);
      longest = Math.max(longest, (quietUntilMs(windows, startMs) ?? startMs) - startMs);
    }
  }
  return longest;
}

/** `quietUntilMs` for one channel, asked for each of its events: windows begin at whole minutes, so an answer holds for one. */
export function createQuietClock(windows: readonly QuietWindow[]): (nowMs: number) => number | undefined {
  let fromMs = 0;
  let toMs = 0;
  let untilMs: number | undefined;
  return (nowMs) => {
    if (windows.length === 0) return undefined;
    if (nowMs >= fromMs && nowMs < toMs) return untilMs;
    untilMs = quietUntilMs(windows, nowMs);
    fromMs = nowMs;
    toMs = untilMs ?? (Math.floor(nowMs / minuteMs) + 1) * minuteMs;
    return untilMs;
  };
}

function endOf({ days, from, to, tz }: QuietWindow, atMs: number): number | undefined {
  const localMs = atMs + (zoneOffsetMs(tz, atMs) ?? 0);
  const todayMs = Math.floor(localMs / dayMs) * dayMs;
  for (const midnightMs of [todayMs, todayMs - dayMs]) {
    // 1 January 1970 was a Thursday.
    if (!days.includes((midnightMs / dayMs + 4) % 7)) continue;
    const startMs = zoneTimeMs(tz, midnightMs + from * minuteMs);
    const endMs = zoneTimeMs(tz, midnightMs + to * minuteMs + (to <= from ? dayMs : 0));
    if (startMs <= atMs && atMs < endMs) return endMs;
  }
  return undefined;
}

function readDays(written: WrittenWindow["days"]): number[] {
  if (written === undefined) return [0, 1, 2, 3, 4, 5, 6];
  if (typeof written !== "string") return written.map((day) => dayNames.indexOf(day));
  const [first = 0, last = 0] = written.split("-").map((day) => dayNames.indexOf(day));
  return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7);
}

function minutes(time: string): number {
  const [hours = 0, rest = 0] = time.split(":").map(Number);
  return hours * 60 + rest;
}
