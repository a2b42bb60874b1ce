// From a closing group to the delivery of its digest: the text, and its delivery options.

import type { Rendered } from "../contract.ts";
import type { ClosedGroup } from "../shaping/groups.ts";
import type { Member } from "../shaping/member.ts";
import type { StoredShaping, SumOptions } from "../shaping/options.ts";
import type { PlannedDelivery } from "./plan.ts";
import { type DigestMember, type DigestStyle, lineOf, maxNewest, renderDigest } from "./render-digest.ts";

export interface Fold {
  readonly delivery: Omit<PlannedDelivery, "untilMs"> & { readonly untilMs?: number };
  readonly members: readonly Member[];
}

/** What is known of a member besides its id. */
export type MemberText = Pick<Rendered, "meta"> & { readonly content: string; readonly atMs: number };

/** How many of the newest members need their text. */
export function newestIds(closing: ClosedGroup, alive: readonly string[]): readonly string[] {
  return alive.filter((id) => closing.members.get(id) === undefined).slice(-maxNewest);
}

const maxKeptLines = 10;

export function foldGroup(
  closing: ClosedGroup,
  alive: readonly string[],
  texts: ReadonlyMap<string, MemberText>,
  { id, nowMs, shaping }: { readonly id: string; readonly nowMs: number; readonly shaping: DigestStyle },
): Fold {
  const { channel, reason, facts } = closing;
  const { options, priority, untilMs, firstMs, lastMs } = facts;
  const key = reason === "throttle" ? closing.key.slice(closing.key.indexOf(" ") + 1) : closing.key;
  const count = alive.reduce((sum, member) => sum + (closing.members.get(member)?.count ?? 1), 0);
  const newest = newestOf(closing, alive, texts);
  const rendered = renderDigest(
    {
      ...{ id, channel, reason, key, count, firstMs, lastMs, nowMs, newest },
      source: options.source,
      meta: facts.meta,
      ...(options.thread === undefined ? {} : { thread: options.thread }),
    },
    shaping,
  );
  const sums: SumOptions = {
    reason,
    count,
    firstMs,
    lastMs,
    lines: newest.slice(-maxKeptLines).map(({ id: of, atMs, line }) => ({ id: of, atMs, line })),
    ...(closing.isPart ? { part: true } : {}),
  };
  const part: Partial<StoredShaping> =
    !closing.isPart || (reason !== "throttle" && reason !== "digest")
      ? {}
      : reason === "digest"
        ? { digest: key }
        : { throttled: { key, untilMs: Number(closing.key.slice(0, closing.key.indexOf(" "))) } };
  const { to, ...rest } = options;
  return {
    members: alive.map((member) => ({ id: member, channel })),
    delivery: {
      ...rendered,
      priority,
      ...(untilMs === undefined ? {} : { untilMs }),
      terms: { ...rest, to: JSON.parse(to), shaping: { atMs: firstMs, ...part, sums } },
    },
  };
}

/** Oldest first; a digest among them contributes its own newest members. */
function newestOf(
  closing: ClosedGroup,
  alive: readonly string[],
  texts: ReadonlyMap<string, MemberText>,
): DigestMember[] {
  const found: DigestMember[] = [];
  for (let at = alive.length - 1; at >= 0 && found.length < maxNewest; at--) {
    const id = alive[at] as string;
    const sums = closing.members.get(id);
    if (sums !== undefined) found.push(...sums.lines.toReversed());
    else {
      const text = texts.get(id);
      if (text !== undefined) found.push({ id, line: lineOf(text.content), ...text });
    }
  }
  return found.slice(0, maxNewest).reverse();
}
