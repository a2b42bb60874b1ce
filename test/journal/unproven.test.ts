// Events that anybody could have made stand in lanes of their own, and may not use up what all commits share.

import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EventRecord } from "../../src/journal/records.ts";
import { type Bench, createBench, delivery, record } from "./fixture.ts";

let bench: Bench;
beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench.clear());

function unprovenRecord(id: string, filler = 0): EventRecord {
  const made = record(id, [delivery("ci", { meta: { channel: "ci", trust: "unverified" } })], { filler });
  return { ...made, event: { ...made.event, trust: "unverified" } };
}

test("a page gives one kind or both, in order, also after a snapshot and a restart", async () => {
  const kinds = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
  let epoch = 1;
  await fc.assert(
    fc.asyncProperty(kinds, async (list) => {
      const own = createBench();
      try {
        const journal = await own.open({ term: ++epoch, segmentBytes: 4_096 });
        const ids = list.map((_, n) => `e${String(n).padStart(3, "0")}`);
        for (const [n, unproven] of list.entries())
          await journal.append(unproven ? unprovenRecord(ids[n] as string) : record(ids[n] as string));
        await journal.mark({ id: ids[0] as string, channel: "ci", state: "held", reason: "x" });
        await journal.close();
        const again = await own.open({ term: ++epoch });
        for (const unproven of [true, false]) {
          const page = again.page({ unproven, limit: 100 });
          expect(page.map(({ id }) => id)).toEqual(ids.filter((_, n) => list[n] === unproven));
          expect(page.every((entry) => (entry.unproven === true) === unproven)).toBe(true);
          expect(page.every(({ priority }) => priority === "normal")).toBe(true);
        }
        expect(again.page({ limit: 100 }).map(({ id }) => id)).toEqual(ids);
        await again.close();
      } finally {
        await own.clear();
      }
    }),
    { numRuns: 20 },
  );
});

test("unverified events that wait may take max_size; then they are refused, and all others are not", async () => {
  const journal = await bench.open({ maxBytes: 20_000 });
  let taken = 0;
  for (let n = 0; n < 100; n++)
    await journal.append(unprovenRecord(`u${n}`, 1_000)).then(
      () => (taken += 1),
      (error: unknown) => expect(error).toMatchObject({ code: "E_JOURNAL_FULL", retryable: true }),
    );
  expect(taken).toBeGreaterThan(10);
  expect(taken).toBeLessThan(25);
  await journal.append(record("p1", ["ci"], { filler: 1_000 }));
  for (const { id, channel } of journal.page({ unproven: true, limit: 5 }))
    await journal.mark({ id, channel, state: "sent", final: true });
  await journal.append(unprovenRecord("later", 1_000));
  await journal.close();
  const again = await bench.open({ term: 2, maxBytes: 20_000 });
  await again.append(record("p2"));
  await expect(
    (async () => {
      for (let n = 0; n < 30; n++) await again.append(unprovenRecord(`v${n}`, 1_000));
    })(),
  ).rejects.toMatchObject({ code: "E_JOURNAL_FULL" });
});

test("while the disk does not keep up, unproven events are refused before any other is", async () => {
  const journal = await bench.open();
  await journal.append(record("0a"));
  // All of it waits in the same turn of the event loop, before anything is written.
  const mib = 1_000_000;
  const outcomes = async (commits: readonly Promise<void>[]) => Promise.allSettled(commits);
  const unproven = Array.from({ length: 40 }, (_, n) => journal.append(unprovenRecord(`u${n}`, mib)));
  const proven = Array.from({ length: 30 }, (_, n) =>
    journal.append(record(`p${n}`, ["ci"], { filler: mib })),
  );
  const refused = (await outcomes(unproven)).filter(({ status }) => status === "rejected");
  expect(refused.length).toBeGreaterThan(15);
  expect(refused[0]).toMatchObject({ reason: { code: "E_JOURNAL_WRITE", retryable: true } });
  expect((await outcomes(proven)).filter(({ status }) => status === "rejected")).toEqual([]);
  await journal.append(unprovenRecord("later", mib));
});
