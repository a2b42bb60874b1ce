// `budget.hour`: the tokens that a session was sent in the last hour, by channel and in total. Counted in
// steps of five minutes that expire late rather than early, so that no period of sixty minutes exceeds it.
// Single events get the larger part; the rest is reserved for the digests that replace them.

import type { Json } from "../contract.ts";

const stepMs = 5 * 60_000;
const steps = 12;
/** The share of an hour's budget for single events. */
const plainShare = 0.8;
const maxSessions = 200;

export interface Spending {
  readonly session: string;
  /** Absent: of all channels. */
  readonly channel?: string;
}

export interface HourBudget {
  add(spending: Spending, tokens: number, nowMs: number): void;
  used(spending: Spending, nowMs: number): number;
  /**
   * When this many tokens have room: `nowMs` for at once. A session that was sent nothing accepts anything.
   */
  roomMs(spending: Spending, limit: number, ask: Ask, nowMs: number): number;
  /** Of one session, to be stored and passed to `restore`. */
  dump(session: string): Json;
  restore(session: string, stored: Json): void;
}

export interface Ask {
  readonly tokens: number;
  /** A digest may use the share that is reserved for digests. */
  readonly isDigest: boolean;
}

type Steps = Map<number, number>;

export function createHourBudget(): HourBudget {
  /** By session, then by channel; the empty name is the total. */
  const sessions = new Map<string, Map<string, Steps>>();

  function stepsOf({ session, channel = "" }: Spending): Steps | undefined {
    return sessions.get(session)?.get(channel);
  }

  function live(spending: Spending, nowMs: number): [step: number, tokens: number][] {
    const first = Math.floor(nowMs / stepMs) - steps;
    const found = stepsOf(spending);
    if (found === undefined) return [];
    for (const step of found.keys()) if (step < first) found.delete(step);
    return [...found].sort(([a], [b]) => a - b);
  }

  const sum = (list: readonly [number, number][]) => list.reduce((total, [, tokens]) => total + tokens, 0);

  return {
    add({ session, channel = "" }, tokens, nowMs) {
      const channels = sessions.get(session) ?? new Map<string, Steps>();
      sessions.delete(session); // Deleted and set again, so that the order is the order of use.
      sessions.set(session, channels);
      if (sessions.size > maxSessions) sessions.delete(sessions.keys().next().value as string);
      const found = channels.get(channel) ?? new Map<number, number>();
      channels.set(channel, found);
      const step = Math.floor(nowMs / stepMs);
      found.set(step, Math.max(0, (found.get(step) ?? 0) + tokens));
      live({ session, channel }, nowMs);
    },
    used: (spending, nowMs) => sum(live(spending, nowMs)),
    roomMs(spending, limit, { tokens, isDigest }, nowMs) {
      const spent = live(spending, nowMs);
      let used = sum(spent);
      const most = isDigest ? limit : limit * plainShare;
      if (used === 0 || used + tokens <= most) return nowMs;
      for (const [step, some] of spent) {
        used -= some;
        if (used <= 0 || used + tokens <= most) return (step + steps + 1) * stepMs;
      }
      return nowMs;
    },
    dump: (session) =>
      [...(sessions.get(session) ?? [])].map(([channel, found]): Json => [channel, [...found]]),
    restore(session, stored) {
      if (!Array.isArray(stored)) return;
      const channels = new Map<string, Steps>();
      for (const item of stored) {
        const [channel, found] = Array.isArray(item) ? item : [];
        if (typeof channel !== "string" || !Array.isArray(found)) continue;
        const pairs = found.filter(
          (pair): pair is [number, number] =>
            Array.isArray(pair) && typeof pair[0] === "number" && typeof pair[1] === "number",
        );
        channels.set(channel, new Map(pairs));
      }
      sessions.set(session, channels);
    },
  };
}
