// Decides what happens to an event between the journal and a session, as a state machine: it receives events in
// order, and the time, and returns the actions to take. No clock, no disk, no promise: the running router drives it
// from the journal (dispatch/shaping/driver.ts), a rehearsal from memory (testing/simulator.ts), with the same result.
//
// The order of the steps for one event: `supersede` (an older one ends), `throttle` (over the limit: the summary of
// its window), `digest` (its group), `quiet`, and, once a session is chosen, the hour budgets. The first step that
// holds it keeps it. The digest of a group is an event of its own, which only `quiet` and the budgets can hold. In
// quiet time no group closes.

import { isUnproven, scopeOf } from "../key-parts.ts";
import { createBoundedMap } from "./bounded-map.ts";
import { type Cadence, digestDueMs } from "./digest.ts";
import { type ClosedGroup, type Group, type GroupKey, type GroupLimits, Groups } from "./groups.ts";
import { createHourBudget } from "./hour.ts";
import type { Member, ShapedEntry } from "./member.ts";
import type { Reason, ShapingOptions } from "./options.ts";
import { createQuietClock } from "./quiet.ts";

export interface ShaperOptions {
  /** By channel; events of other channels pass. */
  readonly channels: ReadonlyMap<string, ShapingOptions>;
  /** Tokens that one session may be sent in an hour. */
  readonly hour?: number;
  /**
   * Whether there are sources of both kinds, unproven and proven ones. Then a part of each hour is reserved
   * for the proven ones.
   */
  readonly isMixed?: boolean;
  /** Channels that both kinds feed. */
  readonly mixed?: ReadonlySet<string>;
}

export type Action =
  | { readonly do: "supersede"; readonly member: Member; readonly by: string }
  | { readonly do: "fold"; readonly closing: ClosedGroup }
  /**
   * Events that were held without a group may be released: everything from this position on must be asked
   * about again.
   */
  | { readonly do: "ask"; readonly position: number };

/** What one event costs. */
export interface SpentTokens {
  readonly channel: string;
  readonly tokens: number;
  /** Anybody could have made it. */
  readonly unproven: boolean;
}

type HeldAlone = Exclude<Hold, { readonly by: "closing" }>;

export type Hold =
  | {
      readonly by: Reason;
      readonly untilMs: number;
      readonly count: number;
      readonly key: string;
      readonly session?: string;
    }
  | { readonly by: "closing" };

/** By channel, since the start. */
export interface ShapingCounts {
  /** Held over the limit of a window. */
  throttled: number;
  superseded: number;
  digests: number;
  /** Members of those. */
  folded: number;
  /** Held by quiet time. */
  quieted: number;
  /** Held because a session was over its hour. */
  overHour: number;
}

export interface ShaperPorts {
  /** The last closing of a digest's key. */
  cadence(scope: string, key: string): Cadence | undefined;
  /** Whether an event is open and unsent. */
  isOpen(member: Member): boolean;
}

/** While a session is over its hour, a channel's digests are sent at most this often. */
const hourDigestMs = 10 * 60_000;
/** The share of an hour's budget for unproven events where there are others. */
const unprovenShare = 0.5;
/** Events that arrive together are sent together. */
const hourGatherMs = 30_000;
const maxRemembered = 1_000;

interface Shaped {
  readonly options: ShapingOptions;
  readonly quietUntil: (nowMs: number) => number | undefined;
  readonly latest: LatestMembers;
  /** Of unproven events: they replace no other. */
  readonly latestUnproven: LatestMembers;
}

export class Shaper {
  readonly #ports: ShaperPorts;
  readonly #groups: Groups;
  readonly hours = createHourBudget();
  readonly #counts = new Map<string, ShapingCounts>();
  readonly #lastHourDigest = createBoundedMap<number>(maxRemembered);
  readonly #alone = createBoundedMap<true>(maxRemembered);
  #channels = new Map<string, Shaped>();
  #hour: number | undefined;
  #isMixed: boolean | undefined;
  #mixed: ReadonlySet<string> | undefined;
  #pending: Action[] = [];
  /** Held without a group: why, the position of the first one, and when to check again. */
  #gated = createBoundedMap<HeldAlone>(maxRemembered);
  #gate: { position: number; atMs: number } | undefined;
  readonly reopen: (closing: ClosedGroup, dueMs: number) => void;
  readonly groups: () => readonly Group[];

  constructor(ports: ShaperPorts, limits?: GroupLimits) {
    this.#ports = ports;
    this.#groups = new Groups(limits);
    const { hour, isMixed, mixed }: Pick<ShaperOptions, "hour" | "isMixed" | "mixed"> = {};
    this.#hour = hour;
    this.#isMixed = isMixed;
    this.#mixed = mixed;
    this.reopen = (closing, dueMs) => this.#groups.reopen(closing, dueMs);
    this.groups = () => this.#groups.list();
  }

  /** Returns the channels whose events must be entered again, because their shaping has changed. */
  configure(next: ShaperOptions): readonly string[] {
    const before = this.#channels;
    if ((this.#hour !== next.hour || this.#isMixed !== next.isMixed) && this.#gate !== undefined)
      this.#gate.atMs = 0;
    ({ hour: this.#hour, isMixed: this.#isMixed, mixed: this.#mixed } = next);
    this.#channels = new Map(
      [...next.channels].map(([name, options]) => {
        const known = before.get(name);
        return isSame(known?.options, options) ? [name, known as Shaped] : [name, newShaped(options)];
      }),
    );
    const changed = [...new Set([...before.keys(), ...this.#channels.keys()])].filter(
      (name) => before.get(name) !== this.#channels.get(name),
    );
    for (const name of changed) this.#groups.forget(name);
    return changed;
  }

  /** Each event once, in journal order. */
  enter(entry: ShapedEntry, nowMs: number): void {
    const shaped = this.#channels.get(entry.channel);
    if (shaped === undefined || this.#groups.of(entry) !== undefined) return;
    this.#supersede(entry, isUnproven(entry.meta.trust) ? shaped.latestUnproven : shaped.latest);
    if (entry.attempt > 0) return;
    if (this.#joinThrottle(entry, shaped.options) || this.#joinDigest(entry, shaped.options, nowMs)) return;
    // Not deferred until somebody asks, so that no session needs to be there for it.
    if (!this.#isQuiet(entry, shaped, nowMs) && entry.shaping.sums === undefined)
      this.#isQuiet(entry, shaped, entry.shaping.atMs);
  }

  /**
   * Whether it is held. `session`: where it would go; absent when no particular session would get it. May
   * make it join a group.
   */
  holds(entry: ShapedEntry, session: string | undefined, nowMs: number): boolean {
    const shaped = this.#channels.get(entry.channel);
    if (this.#groups.of(entry) !== undefined) return true;
    if (shaped === undefined) return false;
    if (this.#isQuiet(entry, shaped, nowMs)) return true;
    return session !== undefined && this.#isOverHour(entry, shaped, session, nowMs);
  }

  /** It is being written to a session; a negative number takes that back. */
  spend(session: string, { channel, tokens, unproven }: SpentTokens, nowMs: number): void {
    const names = ["", ...(this.#channels.get(channel)?.options.hour === undefined ? [] : [channel])];
    for (const name of names) {
      this.hours.add({ session, channel: name }, tokens, nowMs);
      if (unproven) this.hours.add({ session, channel: scopeOf(name, true) }, tokens, nowMs);
    }
  }

  /** It ended in a way that shaping did not decide. */
  ended(member: Member): void {
    this.#groups.leave(member);
  }

  /**
   * What must be done now. A closing group stays held until `settle` or `reopen`. `onlyUrgent`: while earlier
   * accepted events are still being entered no group closes, because other members may follow.
   */
  actions(nowMs: number, onlyUrgent: boolean = false): readonly Action[] {
    const found = this.#pending;
    this.#pending = [];
    const due = onlyUrgent ? [] : this.#groups.due(nowMs, (one) => this.#postpone(one, nowMs));
    for (const group of due) found.push({ do: "fold", closing: this.#groups.close(group) });
    for (const group of this.#groups.tooLarge())
      found.push({ do: "fold", closing: this.#groups.closePart(group) });
    if (this.#gate !== undefined && this.#gate.atMs <= nowMs) {
      found.push({ do: "ask", position: this.#gate.position });
      this.#gate = undefined;
      this.#gated = createBoundedMap<HeldAlone>(maxRemembered);
    }
    return found;
  }

  /** When to ask for actions again; Infinity when nothing is pending. */
  nextMs(): number {
    return this.#pending.length > 0
      ? 0
      : Math.min(this.#groups.nextMs(), this.#gate?.atMs ?? Number.POSITIVE_INFINITY);
  }

  settle(closing: ClosedGroup, how: "folded" | "released" | "gone", nowMs: number): void {
    this.#groups.settle(closing);
    if (how === "folded") {
      this.#count(closing.channel, "digests", closing.isPart ? 0 : 1);
      this.#count(closing.channel, "folded", closing.isPart ? closing.members.size : withoutParts(closing));
    }
    if (closing.session === undefined) return;
    this.#lastHourDigest.set(hourDigestOf(closing), nowMs);
    if (how === "released")
      for (const id of closing.members.keys()) this.#alone.set(`${closing.channel}/${id}`, true);
  }

  /** What holds it, if anything. */
  holdOf(member: Member): Hold | undefined {
    const holder = this.#groups.of(member);
    if (holder === undefined) return this.#gated.get(`${member.channel}/${member.id}`);
    if (!("dueMs" in holder)) return { by: "closing" };
    const { reason, dueMs, facts, key, session } = holder;
    return {
      by: reason,
      untilMs: dueMs,
      count: facts.count,
      key: reason === "throttle" ? key.slice(key.indexOf(" ") + 1) : key,
      ...(session === undefined ? {} : { session }),
    };
  }

  counts(): ReadonlyMap<string, ShapingCounts> {
    return this.#counts;
  }

  #count(channel: string, what: keyof ShapingCounts, by: number = 1): void {
    let found = this.#counts.get(channel);
    if (found === undefined) {
      found = { throttled: 0, superseded: 0, digests: 0, folded: 0, quieted: 0, overHour: 0 };
      this.#counts.set(channel, found);
    }
    found[what] += by;
  }

  #supersede(entry: ShapedEntry, latest: LatestMembers): void {
    const { supersede: key } = entry.shaping;
    if (key === undefined) return;
    const { id, channel } = entry;
    const older = latest.replace(key, { id, channel });
    if (older === undefined || older.id === id || !this.#ports.isOpen(older)) return;
    // Being folded: it is sent with that.
    const holder = this.#groups.of(older);
    if (holder !== undefined && !("dueMs" in holder)) return;
    this.#groups.leave(older);
    this.#count(channel, "superseded");
    this.#pending.push({ do: "supersede", member: older, by: id });
  }

  #joinDigest(entry: ShapedEntry, { digest }: ShapingOptions, nowMs: number): boolean {
    const { digest: key, atMs, sums } = entry.shaping;
    if (key === undefined || digest === undefined) return false;
    if (sums !== undefined && sums.part !== true) return false;
    const last = this.#ports.cadence(scopeOf(digest.scope, isUnproven(entry.meta.trust)), key);
    if (last !== undefined && entry.id <= last.lastId && sums === undefined) return false;
    const place = keyOf(entry, { reason: "digest", key });
    const group = this.#groups.join(place, entry, () => digestDueMs(digest, sums?.firstMs ?? atMs, last));
    if (digest.max !== undefined && group.facts.count >= digest.max) this.#groups.hasten(group, nowMs);
    return true;
  }

  #joinThrottle(entry: ShapedEntry, options: ShapingOptions): boolean {
    const { throttled, sums } = entry.shaping;
    if (throttled === undefined || options.throttle === undefined) return false;
    if (sums !== undefined && sums.part !== true) return false;
    const { key, untilMs } = throttled;
    // A window has a summary of its own, however late its events are read.
    this.#groups.join(keyOf(entry, { reason: "throttle", key: `${untilMs} ${key}` }), entry, () => untilMs);
    if (sums === undefined) this.#count(entry.channel, "throttled");
    return true;
  }

  #keepBack({ id, channel, position }: ShapedEntry, hold: HeldAlone): void {
    const { untilMs: atMs } = hold;
    this.#gated.set(`${channel}/${id}`, hold);
    this.#gate = {
      position: Math.min(position, this.#gate?.position ?? position),
      atMs: Math.min(atMs, this.#gate?.atMs ?? atMs),
    };
  }

  /** An event that may have been sent once is only held: in a digest it would be repeated silently. */
  #canJoin({ attempt, options }: ShapedEntry) {
    return attempt === 0 && options.to !== '"all"';
  }

  /** `nowMs` may be in the past: a quiet time that has ended meanwhile still has its digest. */
  #isQuiet(entry: ShapedEntry, { quietUntil }: Shaped, nowMs: number): boolean {
    if (entry.priority === "high") return false;
    const untilMs = quietUntil(nowMs);
    if (untilMs === undefined) return false;
    if (entry.attempt > 0) {
      this.#keepBack(entry, { by: "quiet", untilMs, count: 1, key: "" });
      return true;
    }
    this.#groups.join(keyOf(entry, { reason: "quiet", key: "" }), entry, () => untilMs);
    this.#count(entry.channel, "quieted");
    return true;
  }

  #isOverHour(entry: ShapedEntry, { options }: Shaped, session: string, nowMs: number): boolean {
    if (entry.priority === "high") return false;
    const { channel } = entry;
    const place = keyOf(entry, { reason: "hour", key: "", session });
    // An event that was alone in its group is sent instead of its digest.
    const asDigest = entry.shaping.sums !== undefined || this.#alone.get(`${channel}/${entry.id}`) === true;
    const waits = !asDigest && this.#groups.find(place, entry.options.to) !== undefined;
    const ask = { channel, tokens: entry.tokens, isDigest: asDigest, unproven: place.unproven === true };
    const roomMs = this.#roomFor(session, options, ask, nowMs);
    if (roomMs <= nowMs && !waits) return false;
    if (asDigest || !this.#canJoin(entry)) {
      if (roomMs <= nowMs) return false;
      this.#keepBack(entry, { by: "hour", untilMs: roomMs, count: 1, key: "", session });
      return true;
    }
    this.#groups.join(place, entry, () => {
      const lastMs = this.#lastHourDigest.get(hourDigestOf(place)) ?? Number.NEGATIVE_INFINITY;
      return Math.max(nowMs + hourGatherMs, lastMs + hourDigestMs);
    });
    this.#count(channel, "overHour");
    return true;
  }

  #roomFor(
    session: string,
    options: ShapingOptions,
    { channel, unproven, ...ask }: SpentTokens & { readonly isDigest: boolean },
    nowMs: number,
  ): number {
    const own = options.hour;
    const room = (name: string, limit: number | undefined, isShared: boolean | undefined) => {
      if (limit === undefined) return nowMs;
      const roomMs = this.hours.roomMs({ session, channel: name }, limit, ask, nowMs);
      if (!unproven || isShared !== true) return roomMs;
      const share = { session, channel: scopeOf(name, true) };
      return Math.max(roomMs, this.hours.roomMs(share, limit * unprovenShare, ask, nowMs));
    };
    return Math.max(room("", this.#hour, this.#isMixed), room(channel, own, this.#mixed?.has(channel)));
  }

  /** When a due group must wait longer. */
  #postpone(group: Group, nowMs: number): number | undefined {
    const shaped = this.#channels.get(group.channel);
    if (shaped === undefined) return undefined;
    const untilMs = group.facts.priority === "high" ? undefined : shaped.quietUntil(nowMs);
    if (untilMs !== undefined) return untilMs;
    if (group.session === undefined) return undefined;
    const tokens = shaped.options.budget;
    const roomMs = this.#roomFor(
      group.session,
      shaped.options,
      { channel: group.channel, tokens, isDigest: true, unproven: group.unproven === true },
      nowMs,
    );
    return roomMs > nowMs ? roomMs : undefined;
  }
}

function newShaped(options: ShapingOptions): Shaped {
  return {
    options,
    quietUntil: createQuietClock(options.quiet),
    latest: createLatest(),
    latestUnproven: createLatest(),
  };
}

function keyOf({ channel, meta }: ShapedEntry, place: Omit<GroupKey, "channel" | "unproven">): GroupKey {
  return { ...place, channel, ...(isUnproven(meta.trust) ? { unproven: true } : {}) };
}

function hourDigestOf({ session, channel, unproven }: GroupKey): string {
  return scopeOf(`${session} ${channel}`, unproven === true);
}

function withoutParts({ members }: ClosedGroup): number {
  let plain = 0;
  for (const sums of members.values()) if (sums?.part !== true) plain += 1;
  return plain;
}

function isSame(one: ShapingOptions | undefined, other: ShapingOptions): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}

// `supersede`: the latest event of each key, by channel. When a key is evicted, the older event is simply
// delivered too.

const maxKeys = 10_000;

export interface LatestMembers {
  /** The event that this one replaces. */
  replace(key: string, member: Member): Member | undefined;
}

export function createLatest(): LatestMembers {
  const latest = createBoundedMap<Member>(maxKeys);
  return {
    replace(key, member) {
      const older = latest.get(key);
      latest.set(key, member);
      return older;
    },
  };
}
