// A channel on which events come faster than they are read holds back neither the others nor its own digests.

import { expect, test } from "vitest";
import { Shaping } from "../../../src/dispatch/shaping/driver.ts";
import type { Journal } from "../../../src/journal/journal.ts";
import type { OpenEntry, PageQuery } from "../../../src/journal/open-entries.ts";
import type { Delivery, DigestRecord } from "../../../src/journal/records.ts";
import { createEventIds } from "../../../src/router/event-id.ts";
import { compileOf } from "../../plan/plan-of.ts";
import { manualClock } from "../../support/manual-clock.ts";

/** A journal in which channel `noisy` never ends, and `calm` has two events. */
function endlessJournal(nowMs: number) {
  const read = { noisy: 0, calm: 0 };
  const digests: [number, DigestRecord][] = [];
  const folded = new Set<string>();
  const entryOf = (channel: string, position: number): OpenEntry => ({
    ...{ id: `${channel}${position}`, channel, position, state: "accepted", attempt: 0 },
    ...{ priority: "normal", changedMs: nowMs, span: { segment: 0, offset: 0, length: 0 } },
  });
  const journal = {
    ended: new Promise(() => {}),
    notes: () => [],
    note: async () => {},
    jot: async () => {},
    stats: () => ({ open: 5_000 }),
    page({ channel, after = 0, limit }: PageQuery): OpenEntry[] {
      const most = channel === "noisy" ? Number.POSITIVE_INFINITY : 2;
      const found: OpenEntry[] = [];
      for (let at = after + 1; at <= most && found.length < limit; at++)
        found.push(entryOf(channel as string, at));
      read[channel as "noisy" | "calm"] += found.length;
      return found;
    },
    deliveries: async (entries: readonly OpenEntry[]): Promise<Delivery[]> =>
      entries.map(({ channel }) => ({
        ...{ channel, content: "x", meta: {}, tokens: 1 },
        terms: { source: "post", to: "one", shaping: { atMs: nowMs, digest: "" } },
      })),
    entries: (id: string) => {
      const [, channel = "", position = ""] = /^(\D+)(\d+)$/.exec(id) ?? [];
      return folded.has(id) ? [] : [entryOf(channel, Number(position))];
    },
    async append(record: DigestRecord) {
      for (const { id } of record.members) folded.add(id);
      digests.push([read.noisy, record]);
    },
  };
  return { journal: journal as unknown as Journal, digests, read };
}

test("digests of a calm channel, and of the noisy one, come although the noisy one never ends", async () => {
  const clock = manualClock();
  const { journal, digests } = endlessJournal(clock.now());
  const digest = { everyMs: 10_000, waitMs: 10_000 };
  const { plan } = await compileOf({ noisy: { digest }, calm: { digest } });
  const shaping = new Shaping({
    ...{ journal, clock, plan, newId: createEventIds() },
    dispatcher: () => ({ wake() {}, revisit() {}, revisitFrom() {}, end() {} }),
  });
  // Not awaited: it reads for ever.
  void shaping.ready;
  await clock.advance(10_000);
  await expect
    .poll(() => digests.map(([, { delivery }]) => delivery.channel), { timeout: 20_000 })
    .toContain("calm");
  await expect
    .poll(() => digests.map(([, { delivery }]) => delivery.channel), { timeout: 20_000 })
    .toContain("noisy");
  const [readBefore, calm] = digests.find(([, { delivery }]) => delivery.channel === "calm") as [
    number,
    DigestRecord,
  ];
  expect(calm.members.map(({ id }) => id)).toEqual(["calm1", "calm2"]);
  // What was open when it began, and a run that was under way.
  expect(readBefore).toBeLessThan(60_000);
  await shaping.stop();
});
