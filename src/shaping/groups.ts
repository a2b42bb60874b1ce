// The groups that fill: for each the ids of its members and the facts about them, never their text. Bounded: a group that grows too
// large, or the largest when all together do, is folded in part, and the part goes on as one member; of too many groups of
// a channel the oldest closes early.

import { scopeOf } from "../apart.ts";
import { addFacts, type Facts, factsOf, joinFacts } from "./facts.ts";
import type { Member, ShapedEntry } from "./member.ts";
import type { Reason, SumTerms } from "./options.ts";

export interface GroupLimits {
  /** Of one group, before it is folded in part. */
  readonly members: number;
  /** Of one channel, and as many more of its unproven events. */
  readonly groups: number;
  /** Of all groups together. */
  readonly ids: number;
}

const usualLimits: GroupLimits = { members: 10_000, groups: 10_000, ids: 100_000 };

export interface Place {
  readonly reason: Reason;
  readonly channel: string;
  readonly key: string;
  /** Of a group that waits for room in a session's hour. */
  readonly session?: string;
  /** Of events that anybody could have made: they have groups of their own. */
  readonly unproven?: true;
}

export interface Group extends Place {
  readonly name: string;
  facts: Facts;
  /** In the order in which they joined; of those that are digests themselves, what they sum up. */
  members: Map<string, SumTerms | undefined>;
  dueMs: number;
  /** It is closed even in quiet time. */
  mustClose: boolean;
  /** Parts of it that are being folded. */
  partsUnderWay: number;
}

/** A group, or a part of one, that is being folded. Its members are held until it is settled. */
export interface Closing extends Place {
  readonly name: string;
  readonly facts: Facts;
  readonly members: ReadonlyMap<string, SumTerms | undefined>;
  readonly isPart: boolean;
}

export interface Groups {
  /** Adds a member; `dueMs` is asked for a group that is new. */
  join(place: Place, entry: ShapedEntry, dueMs: () => number): Group;
  /** The group, or the closing one, that holds it. */
  of(member: Member): Group | Closing | undefined;
  find(place: Place, to: string): Group | undefined;
  hasten(group: Group, dueMs: number): void;
  /** It came to its end by itself. */
  leave(member: Member): void;
  /** No group is due before this. */
  nextMs(): number;
  /** Those that are due; `postpone` gives a later time to one that must wait. */
  due(nowMs: number, postpone: (group: Group) => number | undefined): Group[];
  /** Those that must be folded in part to keep within the bounds. */
  tooLarge(): Group[];
  close(group: Group): Closing;
  closePart(group: Group): Closing;
  /** Its members are done with: folded, or let go. */
  settle(closing: Closing): void;
  /** They could not be folded: they are a group again, due then. */
  reopen(closing: Closing, dueMs: number): void;
  /** Lets go of the groups of a channel; those that are being folded stay until they are settled. */
  forget(channel: string): void;
  list(): readonly Group[];
}

export function createGroups(limits: GroupLimits = usualLimits): Groups {
  const groups = new Map<string, Group>();
  /** By channel, then id. */
  const holders = new Map<string, Map<string, Group | Closing>>();
  const perChannel = new Map<string, number>();
  /** In groups, not in those that are being folded. */
  let ids = 0;
  let nextMs = Number.POSITIVE_INFINITY;
  let large = new Set<Group>();

  const nameOf = ({ reason, channel, key, session = "", unproven }: Place, to: string) =>
    [reason, channel, session, to, unproven === true ? "unproven" : "", key].join("\0");
  const tallyOf = ({ channel, unproven }: Place) => scopeOf(channel, unproven === true);

  function hold(channel: string, id: string, holder: Group | Closing): void {
    let ofChannel = holders.get(channel);
    if (ofChannel === undefined) {
      ofChannel = new Map();
      holders.set(channel, ofChannel);
    }
    ofChannel.set(id, holder);
  }

  function schedule(group: Group, dueMs: number): void {
    group.dueMs = dueMs;
    nextMs = Math.min(nextMs, dueMs);
  }

  function insert(group: Group): void {
    groups.set(group.name, group);
    const tally = tallyOf(group);
    const count = (perChannel.get(tally) ?? 0) + 1;
    perChannel.set(tally, count);
    if (count <= limits.groups) return;
    for (const other of groups.values()) {
      if (tallyOf(other) !== tally || other.mustClose) continue;
      other.mustClose = true;
      schedule(other, 0);
      return;
    }
  }

  function remove(group: Group): void {
    if (!groups.delete(group.name)) return;
    perChannel.set(tallyOf(group), (perChannel.get(tallyOf(group)) as number) - 1);
    ids -= group.members.size;
    large.delete(group);
  }

  function watchSize(group: Group): void {
    if (group.members.size >= limits.members) large.add(group);
    if (ids < limits.ids || large.size > 0) return;
    let largest = group;
    for (const other of groups.values()) if (other.members.size > largest.members.size) largest = other;
    large.add(largest);
  }

  function take(group: Group, isPart: boolean): Closing {
    const { name, reason, channel, key, session, unproven, facts, members } = group;
    const closing: Closing = {
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
    for (const id of members.keys()) hold(channel, id, closing);
    return closing;
  }

  return {
    join(place, entry, dueMs) {
      const name = nameOf(place, entry.terms.to);
      const { sums } = entry.shaping;
      let group = groups.get(name);
      if (group === undefined) {
        group = {
          ...place,
          name,
          facts: factsOf(entry),
          members: new Map(),
          dueMs: 0,
          mustClose: false,
          partsUnderWay: 0,
        };
        schedule(group, dueMs());
        insert(group);
      } else group.facts = group.facts.count === 0 ? factsOf(entry) : addFacts(group.facts, entry);
      group.members.set(entry.id, sums);
      ids += 1;
      hold(entry.channel, entry.id, group);
      watchSize(group);
      return group;
    },
    of: ({ id, channel }) => holders.get(channel)?.get(id),
    find: (place, to) => groups.get(nameOf(place, to)),
    hasten(group, dueMs) {
      if (dueMs < group.dueMs) schedule(group, dueMs);
    },
    leave({ id, channel }) {
      const ofChannel = holders.get(channel);
      const group = ofChannel?.get(id);
      if (group === undefined || !("dueMs" in group)) return;
      ofChannel?.delete(id);
      const weight = group.members.get(id)?.count ?? 1;
      if (!group.members.delete(id)) return;
      ids -= 1;
      group.facts = { ...group.facts, count: Math.max(0, group.facts.count - weight) };
      if (group.members.size === 0 && group.partsUnderWay === 0) remove(group);
    },
    nextMs: () => (large.size > 0 ? 0 : nextMs),
    due(nowMs, postpone) {
      if (nowMs < nextMs) return [];
      nextMs = Number.POSITIVE_INFINITY;
      const found: Group[] = [];
      for (const group of groups.values()) {
        // Its part comes back as a member, and asks again.
        if (group.partsUnderWay > 0) continue;
        if (group.dueMs <= nowMs && !group.mustClose) group.dueMs = postpone(group) ?? group.dueMs;
        if (group.dueMs <= nowMs) found.push(group);
        else nextMs = Math.min(nextMs, group.dueMs);
      }
      return found;
    },
    tooLarge() {
      const found = [...large].filter(({ members }) => members.size > 1);
      large = new Set();
      return found;
    },
    close(group) {
      remove(group);
      return take(group, false);
    },
    closePart(group) {
      const closing = take(group, true);
      ids -= group.members.size;
      group.members = new Map();
      group.facts = { ...group.facts, count: 0 };
      group.partsUnderWay += 1;
      return closing;
    },
    settle(closing) {
      const ofChannel = holders.get(closing.channel);
      for (const id of closing.members.keys()) if (ofChannel?.get(id) === closing) ofChannel.delete(id);
      const group = groups.get(closing.name);
      if (closing.isPart && group !== undefined) {
        group.partsUnderWay -= 1;
        nextMs = Math.min(nextMs, group.dueMs);
      }
    },
    reopen(closing, dueMs) {
      let group = groups.get(closing.name);
      if (group === undefined) {
        group = { ...closing, members: new Map(closing.members), dueMs, mustClose: false, partsUnderWay: 0 };
        insert(group);
      } else {
        group.facts = group.facts.count === 0 ? closing.facts : joinFacts(closing.facts, group.facts);
        group.members = new Map([...closing.members, ...group.members]);
        if (closing.isPart) group.partsUnderWay -= 1;
      }
      ids += closing.members.size;
      for (const id of closing.members.keys()) hold(closing.channel, id, group);
      schedule(group, closing.isPart ? group.dueMs : dueMs);
    },
    forget(channel) {
      for (const group of [...groups.values()]) if (group.channel === channel) remove(group);
      const ofChannel = holders.get(channel);
      for (const [id, holder] of ofChannel ?? []) if ("dueMs" in holder) ofChannel?.delete(id);
    },
    list: () => [...groups.values()],
  };
}
