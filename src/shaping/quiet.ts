// `quiet`: windows of wall clock time in a time zone. A window that does not end after its start ends on the
// next day; its `days` are those on which it starts. Adjoining windows are one.

import { didYouMeanHint } from "../did-you-mean.ts";
import { zoneOffsetMs, zoneTimeMs } from "../time-zone.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/** Windows that adjoin for longer than this never end. */
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

/** The format of days and times was checked before; `machineZone` is for windows without a zone. */
export function readWindow({ days, from, to, tz }: WrittenWindow, machineZone: string): QuietWindow {
  return { days: readDays(days), from: minutes(from), to: minutes(to), tz: tz ?? machineZone };
}

/** The problem with the name of a zone. */
export function zoneProblem(zone: string): { readonly message: string; readonly hint: string } | undefined {
  if (zoneOffsetMs(zone, 0) !== undefined) return undefined;
  const hint = didYouMeanHint(zone, Intl.supportedValuesOf("timeZone")) ?? "for example Europe/Berlin or UTC";
  return { message: `unknown time zone ${JSON.stringify(zone.slice(0, 60))}`, hint };
}

/** When the quiet time at `nowMs` ends; undefined when it is not quiet. Infinity when it never ends. */
export function quietUntilMs(windows: readonly QuietWindow[], nowMs: number): number | undefined {
  let untilMs: number | undefined;
  for (let atMs = nowMs; atMs - nowMs < longestMs; atMs = untilMs) {
    const endMs = Math.max(...windows.map((window) => endOf(window, atMs) ?? 0));
    if (endMs <= atMs) return untilMs;
    untilMs = endMs;
  }
  return Number.POSITIVE_INFINITY;
}

/** The longest continuous quiet time; Infinity when it is always quiet. */
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

/**
 * `quietUntilMs` for one channel, called for each of its events: windows start at whole minutes, so an answer
 * is valid for one.
 */
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
