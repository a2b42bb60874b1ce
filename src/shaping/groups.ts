// The open groups: for each the ids of its members and the facts about them, never their text. Bounded: a
// group that grows too large, or the largest when all together do, is folded in part, and the part continues
// as one member; of too many groups of a channel the oldest closes early.

import { scopeOf } from "../key-parts.ts";
import { addFacts, type Facts, factsOf, joinFacts } from "./facts.ts";
import type { Member, ShapedEntry } from "./member.ts";
import type { Reason, SumOptions } from "./options.ts";

export interface GroupLimits {
  /** Of one group, before it is folded in part. */
  readonly members: number;
  /** Of one channel, and the same number again for its unproven events. */
  readonly groups: number;
  /** Of all groups together. */
  readonly ids: number;
}

const usualLimits: GroupLimits = { members: 10_000, groups: 10_000, ids: 100_000 };

export interface GroupKey {
  readonly reason: Reason;
  readonly channel: string;
  readonly key: string;
  /** Of a group that waits for space in a session's hour. */
  readonly session?: string;
  /** Of events that anybody could have made: they have groups of their own. */
  readonly unproven?: true;
}

export interface Group extends GroupKey {
  readonly name: string;
  facts: Facts;
  /** In the order in which they joined; for members that are digests, what they summarize. */
  members: Map<string, SumOptions | undefined>;
  dueMs: number;
  /** It is closed even in quiet time. */
  mustClose: boolean;
  /** Parts of it that are being folded. */
  partsUnderWay: number;
}

/** A group, or a part of one, that is being folded. Its members are held until it is settled. */
export interface ClosedGroup extends GroupKey {
  readonly name: string;
  readonly facts: Facts;
  readonly members: ReadonlyMap<string, SumOptions | undefined>;
  readonly isPart: boolean;
}

export class Groups {
  readonly #limits: GroupLimits;
  readonly #groups = new Map<string, Group>();
  /** By channel, then id. */
  readonly #holders = new Map<string, Map<string, Group | ClosedGroup>>();
  readonly #perChannel = new Map<string, number>();
  /** In groups, not counting those that are being folded. */
  #ids = 0;
  #nextMs = Number.POSITIVE_INFINITY;
  #large = new Set<Group>();

  constructor(limits: GroupLimits = usualLimits) {
    this.#limits = limits;
  }

  /** Adds a member; `dueMs` is called for a new group. */
  join(key: GroupKey, entry: ShapedEntry, dueMs: () => number): Group {
    const name = this.#nameOf(key, entry.options.to);
    const { sums } = entry.shaping;
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = {
        ...key,
        name,
        facts: factsOf(entry),
        members: new Map(),
        dueMs: 0,
        mustClose: false,
        partsUnderWay: 0,
      };
      this.#schedule(group, dueMs());
      this.#insert(group);
    } else group.facts = group.facts.count === 0 ? factsOf(entry) : addFacts(group.facts, entry);
    group.members.set(entry.id, sums);
    this.#ids += 1;
    this.#hold(entry.channel, entry.id, group);
    this.#watchSize(group);
    return group;
  }

  /** The group, or the closing one, that holds it. */
  of({ id, channel }: Member): Group | ClosedGroup | undefined {
    return this.#holders.get(channel)?.get(id);
  }

  find(key: GroupKey, to: string): Group | undefined {
    return this.#groups.get(this.#nameOf(key, to));
  }

  hasten(group: Group, dueMs: number): void {
    if (dueMs < group.dueMs) this.#schedule(group, dueMs);
  }

  /** It ended by itself. */
  leave({ id, channel }: Member): void {
    const ofChannel = this.#holders.get(channel);
    const group = ofChannel?.get(id);
    if (group === undefined || !("dueMs" in group)) return;
    ofChannel?.delete(id);
    const weight = group.members.get(id)?.count ?? 1;
    if (!group.members.delete(id)) return;
    this.#ids -= 1;
    group.facts = { ...group.facts, count: Math.max(0, group.facts.count - weight) };
    if (group.members.size === 0 && group.partsUnderWay === 0) this.#remove(group);
  }

  /** No group is due before this. */
  nextMs(): number {
    return this.#large.size > 0 ? 0 : this.#nextMs;
  }

  /** Those that are due; `postpone` returns a later time for one that must wait. */
  due(nowMs: number, postpone: (group: Group) => number | undefined): Group[] {
    if (nowMs < this.#nextMs) return [];
    this.#nextMs = Number.POSITIVE_INFINITY;
    const found: Group[] = [];
    for (const group of this.#groups.values()) {
      // Its part returns as a member, and asks again.
      if (group.partsUnderWay > 0) continue;
      if (group.dueMs <= nowMs && !group.mustClose) group.dueMs = postpone(group) ?? group.dueMs;
      if (group.dueMs <= nowMs) found.push(group);
      else this.#nextMs = Math.min(this.#nextMs, group.dueMs);
    }
    return found;
  }

  /** Those that must be folded in part to stay within the limits. */
  tooLarge(): Group[] {
    const found = [...this.#large].filter(({ members }) => members.size > 1);
    this.#large = new Set();
    return found;
  }

  close(group: Group): ClosedGroup {
    this.#remove(group);
    return this.#take(group, false);
  }

  closePart(group: Group): ClosedGroup {
    const closing = this.#take(group, true);
    this.#ids -= group.members.size;
    group.members = new Map();
    group.facts = { ...group.facts, count: 0 };
    group.partsUnderWay += 1;
    return closing;
  }

  /** Its members are done: folded, or released. */
  settle(closing: ClosedGroup): void {
    const ofChannel = this.#holders.get(closing.channel);
    for (const id of closing.members.keys()) if (ofChannel?.get(id) === closing) ofChannel.delete(id);
    const group = this.#groups.get(closing.name);
    if (closing.isPart && group !== undefined) {
      group.partsUnderWay -= 1;
      this.#nextMs = Math.min(this.#nextMs, group.dueMs);
    }
  }

  /** They could not be folded: they are a group again, due at that time. */
  reopen(closing: ClosedGroup, dueMs: number): void {
    let group = this.#groups.get(closing.name);
    if (group === undefined) {
      group = { ...closing, members: new Map(closing.members), dueMs, mustClose: false, partsUnderWay: 0 };
      this.#insert(group);
    } else {
      group.facts = group.facts.count === 0 ? closing.facts : joinFacts(closing.facts, group.facts);
      group.members = new Map([...closing.members, ...group.members]);
      if (closing.isPart) group.partsUnderWay -= 1;
    }
    this.#ids += closing.members.size;
    for (const id of closing.members.keys()) this.#hold(closing.channel, id, group);
    this.#schedule(group, closing.isPart ? group.dueMs : dueMs);
  }

  /** Releases the groups of a channel; those that are being folded stay until they are settled. */
  forget(channel: string): void {
    for (const group of [...this.#groups.values()]) if (group.channel === channel) this.#remove(group);
    const ofChannel = this.#holders.get(channel);
    for (const [id, holder] of ofChannel ?? []) if ("dueMs" in holder) ofChannel?.delete(id);
  }

  list(): readonly Group[] {
    return [...this.#groups.values()];
  }

  #nameOf({ reason, channel, key, session = "", unproven }: GroupKey, to: string) {
    return [reason, channel, session, to, unproven === true ? "unproven" : "", key].join("\0");
  }

  #tallyOf({ channel, unproven }: GroupKey) {
    return scopeOf(channel, unproven === true);
  }

  #hold(channel: string, id: string, holder: Group | ClosedGroup): void {
    let ofChannel = this.#holders.get(channel);
    if (ofChannel === undefined) {
      ofChannel = new Map();
      this.#holders.set(channel, ofChannel);
    }
    ofChannel.set(id, holder);
  }

  #schedule(group: Group, dueMs: number): void {
    group.dueMs = dueMs;
    this.#nextMs = Math.min(this.#nextMs, dueMs);
  }

  #insert(group: Group): void {
    this.#groups.set(group.name, group);
    const tally = this.#tallyOf(group);
    const count = (this.#perChannel.get(tally) ?? 0) + 1;
    this.#perChannel.set(tally, count);
    if (count <= this.#limits.groups) return;
    for (const other of this.#groups.values()) {
      if (this.#tallyOf(other) !== tally || other.mustClose) continue;
      other.mustClose = true;
      this.#schedule(other, 0);
      return;
    }
  }

  #remove(group: Group): void {
    if (!this.#groups.delete(group.name)) return;
    this.#perChannel.set(this.#tallyOf(group), (this.#perChannel.get(this.#tallyOf(group)) as number) - 1);
    this.#ids -= group.members.size;
    this.#large.delete(group);
  }

  #watchSize(group: Group): void {
    if (group.members.size >= this.#limits.members) this.#large.add(group);
    if (this.#ids < this.#limits.ids || this.#large.size > 0) return;
    let largest = group;
    for (const other of this.#groups.values()) if (other.members.size > largest.members.size) largest = other;
    this.#large.add(largest);
  }

  #take(group: Group, isPart: boolean): ClosedGroup {
    const { name, reason, channel, key, session, unproven, facts, members } = group;
    const closing: ClosedGroup = {
      name,
      reason,
      channel,
      key,
      ...(session === undefined ? {} : { session }),
      ...(unproven === undefined ? {} : { unproven }),
      facts,
      members,
      isPart,
    };
    for (const id of members.keys()) this.#hold(channel, id, closing);
    return closing;
  }
}
