// Times by a cron expression: validates one, computes the next time, and the times since the last look. One
// rule for clock changes, that of Debian's cron(8): a time that a change skips runs when the gap ends, one
// that occurs twice runs once, and an hourly expression follows real time. croner implements the second half
// of it for a single hour only.

import { Cron } from "croner";
import type { OptionIssue } from "../contract.ts";
import { didYouMean } from "../did-you-mean.ts";
import { notInCron } from "../not-supported.ts";
import { zoneOffsetMs } from "../time-zone.ts";

export interface Problem {
  readonly message: string;
  readonly hint: string;
  /** The affected part, in UTF-16 units. */
  readonly offset?: number;
}

const nicknames = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
const fields = [
  ["second", "0 to 59"],
  ["minute", "0 to 59"],
  ["hour", "0 to 23"],
  ["day of the month", "1 to 31, or L for the last"],
  ["month", "1 to 12, or jan to dec"],
  ["weekday", "0 to 7 (0 and 7 are Sunday), or sun to sat"],
] as const;
const example = "minute hour day month weekday, for example 0 9 * * mon-fri";

/** Undefined when the expression is good. */
export function expressionProblem(at: string): Problem | undefined {
  const text = at.trim();
  const other = notInCron.find(({ is }) => is.test(text));
  if (other !== undefined)
    return { message: `${JSON.stringify(text)} is not supported here`, hint: other.instead };
  if (text.startsWith("@")) return nicknameProblem(text);
  const parts = [...at.matchAll(/\S+/g)];
  if (parts.length !== 5 && parts.length !== 6)
    return {
      message: `has ${parts.length === 1 ? "1 part" : `${parts.length} parts`}, not five or six`,
      hint: `write ${example}; a sixth part before them is the second`,
    };
  const names = fields.slice(6 - parts.length);
  for (const [index, part] of parts.entries()) {
    const alone = names.map((_, other) => (other === index ? shortNames(part[0]) : "*")).join(" ");
    if (isReadable(alone) && !/(^|,)\//.test(part[0])) continue;
    const [name, range] = names[index] as (typeof fields)[number];
    const turned = turnedRange(part[0], name);
    if (turned !== undefined)
      return {
        message: `"${part[0]}" goes beyond the last ${name}, which is not supported here`,
        hint: `write ${turned}`,
        offset: part.index,
      };
    return {
      message: `"${part[0]}" is not a ${name}`,
      hint: `${name}: ${range}; also *, 1-5, 1,3, */10 and 5/10`,
      offset: part.index,
    };
  }
  if (open(text).nextRun() === null)
    return { message: "never comes", hint: "check the day and the month: not every month has it" };
  return undefined;
}

const longNames =
  /(?<![a-z])(sun|mon|tues|wednes|thurs|fri|satur)day(?![a-z])|(?<![a-z])(january|february|march|april|june|july|august|september|october|november|december)(?![a-z])/gi;

/** Users write `Monday` and `January`; croner knows the first three letters. */
function shortNames(expression: string): string {
  return expression.replace(longNames, (name) => name.slice(0, 3));
}

const turning: Readonly<Record<string, readonly [first: number, last: number]>> = {
  second: [0, 59],
  minute: [0, 59],
  hour: [0, 23],
  month: [1, 12],
  weekday: [0, 6],
};
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** The suggestion for 22-2: 22-23,0-2. */
function turnedRange(part: string, field: string): string | undefined {
  const bounds = turning[field];
  const [, from = "", to = ""] = /^(\w+)-(\w+)$/.exec(shortNames(part).toLowerCase()) ?? [];
  const numberOf = (text: string) =>
    field === "weekday" && weekdays.includes(text)
      ? weekdays.indexOf(text)
      : /^\d+$/.test(text)
        ? Number(text)
        : -1;
  const [first, last] = [numberOf(from), numberOf(to)];
  if (bounds === undefined || last < bounds[0] || first <= last || first > bounds[1]) return undefined;
  return `${first}-${bounds[1]},${bounds[0]}-${last}`;
}

function nicknameProblem(text: string): Problem | undefined {
  if (nicknames.includes(text.toLowerCase())) return undefined;
  const near = didYouMean(text, nicknames);
  return {
    message: `unknown nickname ${text}`,
    hint: near === undefined ? `the nicknames are ${nicknames.join(", ")}` : `did you mean ${near}?`,
  };
}

/** Undefined for a known zone. */
export function zoneProblem(tz: string): Problem | undefined {
  if (zoneOffsetMs(tz, 0) !== undefined) return undefined;
  const near = didYouMean(tz, Intl.supportedValuesOf("timeZone"));
  return {
    message: "is not a time zone",
    hint: near === undefined ? "for example Europe/Berlin or UTC" : `did you mean ${near}?`,
  };
}

/** The fault of a schedule in the options of a source; `key` is that of the expression. */
export function scheduleIssues(key: string, at: string, tz: string | undefined): OptionIssue[] {
  const expression = expressionProblem(at);
  const zone = tz === undefined ? undefined : zoneProblem(tz);
  return [
    ...(expression === undefined ? [] : [{ path: [key], ...expression }]),
    ...(zone === undefined ? [] : [{ path: ["tz"], ...zone }]),
  ];
}

function isReadable(expression: string): boolean {
  try {
    open(expression);
    return true;
  } catch {
    return false;
  }
}

function open(expression: string, tz?: string): Cron {
  const zone = tz === undefined ? {} : { timezone: tz };
  // Quartz and others write 5/10 for 5-59/10.
  return new Cron(shortNames(expression), {
    paused: true,
    mode: "5-or-6-parts",
    sloppyRanges: true,
    ...zone,
  });
}

/** Every hour of a day: `*`, or a list or step that includes all of them. */
function isHourly(expression: string): boolean {
  if (expression.startsWith("@")) return expression.toLowerCase() === "@hourly";
  const parts = expression.split(/\s+/);
  const hour = parts[parts.length - 4] as string;
  const day = open(`0 ${hour} * * *`, "UTC").nextRuns(24, new Date(-1));
  return day.at(-1)?.getTime() === 23 * 60 * 60 * 1_000;
}

/** The first time after this one. */
type Next = (afterMs: number) => number | undefined;

function nextIn(expression: string, tz: string): Next {
  const step = (cron: Cron, afterMs: number) => cron.nextRun(new Date(afterMs))?.getTime();
  if (isHourly(expression)) {
    const real = open(expression, tz);
    return (afterMs) => step(real, afterMs);
  }
  // Local times are computed as if they were UTC, where every time exists once.
  const shown = open(expression, "UTC");
  return (afterMs) => {
    let local = afterMs + (zoneOffsetMs(tz, afterMs) ?? 0);
    for (;;) {
      const next = step(shown, local);
      if (next === undefined) return undefined;
      const timeMs = firstTimeMs(tz, next);
      if (timeMs > afterMs) return timeMs;
      local = next;
    }
  };
}

const dayMs = 24 * 60 * 60 * 1_000;

/** When clocks in the zone show this for the first time; if they never do, when the gap ends. */
function firstTimeMs(tz: string, localMs: number): number {
  const offset = (timeMs: number) => zoneOffsetMs(tz, timeMs) ?? 0;
  const before = localMs - offset(localMs - dayMs);
  const after = localMs - offset(localMs + dayMs);
  for (const timeMs of [before, after].sort((a, b) => a - b))
    if (timeMs + offset(timeMs) === localMs) return timeMs;
  // A gap: clocks change somewhere between the two.
  let [from, to] = [Math.min(before, after), Math.max(before, after)];
  const shownBefore = offset(from);
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (offset(middle) === shownBefore) from = middle;
    else to = middle;
  }
  return to;
}

/** One due time. */
export interface DueTime {
  readonly timeMs: number;
  /** Earlier ones that it includes, because no look took place when they were due. */
  readonly missed: number;
}

export interface Schedule {
  /** The first time after this one; undefined when none is left. */
  nextMs(afterMs: number): number | undefined;
  /** Those after `lastMs` up to `nowMs`, oldest first. */
  due(lastMs: number, nowMs: number): DueTime[];
  /**
   * How long to wait before the next look: a changed clock, or a suspended machine, is noticed within this
   * time.
   */
  pauseMs(nowMs: number): number;
}

/** A time that was due longer ago than this was missed. */
const onTimeMs = 60_000;
const longestPauseMs = 30_000;
/** Missed times beyond this number are not counted. */
const maxMissed = 1_000;

/** `missed`: how missed times are handled: one event for all of them, or none. */
export function createSchedule(at: string, tz: string | undefined, missed: "once" | "none"): Schedule {
  const nextMs = nextIn(at.trim(), tz ?? Intl.DateTimeFormat().resolvedOptions().timeZone);

  function between(fromMs: number, toMs: number, most: number): number[] {
    const times: number[] = [];
    for (
      let time = nextMs(fromMs);
      time !== undefined && time <= toMs && times.length < most;
      time = nextMs(time)
    )
      times.push(time);
    return times;
  }

  /** There are many of them, so one is near. */
  function lastBefore(toMs: number): number {
    for (let spanMs = 60_000; ; spanMs *= 4) {
      const last = between(toMs - spanMs, toMs - 1, Number.POSITIVE_INFINITY).at(-1);
      if (last !== undefined) return last;
    }
  }

  return {
    nextMs,
    due(lastMs, nowMs) {
      const lateUntilMs = nowMs - onTimeMs;
      const late = lastMs >= lateUntilMs ? [] : between(lastMs, lateUntilMs, maxMissed);
      const onTime = between(Math.max(lastMs, lateUntilMs), nowMs, Number.POSITIVE_INFINITY);
      if (missed === "none" || late.length === 0) return onTime.map((timeMs) => ({ timeMs, missed: 0 }));
      const [first, ...rest] = onTime;
      if (first !== undefined)
        return [{ timeMs: first, missed: late.length }, ...rest.map((timeMs) => ({ timeMs, missed: 0 }))];
      const latest = late.length < maxMissed ? (late.at(-1) as number) : lastBefore(lateUntilMs + 1);
      return [{ timeMs: latest, missed: late.length - 1 }];
    },
    pauseMs(nowMs) {
      const next = nextMs(nowMs);
      return Math.max(1, Math.min(longestPauseMs, (next ?? Number.POSITIVE_INFINITY) - nowMs));
    },
  };
}

/** A stored time this far in the future comes from a wrong clock, and is ignored. */
const believableAheadMs = 60 * 60 * 1_000;

/** Where a schedule continues: after the last stored time, or from now. */
export function goOnFrom(noted: unknown, nowMs: number): number {
  return typeof noted === "number" && noted <= nowMs + believableAheadMs ? noted : nowMs;
}
