// Very many events that wait or are overdue at a start: everything is done in slices, and a session gets its first event before the
// rest is sorted out.

import { expect, test, vi } from "vitest";
import type { DispatchContext } from "../../src/dispatch/context.ts";
import { createExpiry } from "../../src/dispatch/expiry.ts";
import { OpenEntries } from "../../src/journal/open-entries.ts";
import { openBench } from "./bench.ts";

const count = 6_000;
const maxSlice = 256;

function overdue() {
  const entries = new OpenEntries(() => {});
  for (let n = 0; n < count; n++)
    entries.add({
      id: `e${n}`,
      channel: "c",
      timeMs: 0,
      untilMs: 1,
      span: { segment: 0, offset: 0, length: 1 },
    });
  return entries;
}

test("overdue events are ended in slices, and each waits for the disk", async () => {
  const entries = overdue();
  let slice = 0;
  let unwritten = 0;
  const slices: number[] = [];
  const context = {
    journal: { expired: (limit: number, after?: number) => entries.expired(10, limit, after) },
    reservations: { attemptOf: ({ id }: { id: string }) => (id === "e5" ? 1 : undefined) },
    stopping: new AbortController().signal,
    async setState({ id, channel }: { id: string; channel: string }) {
      entries.remove(id, channel);
      slice += 1;
      unwritten += 1;
      expect(unwritten).toBeLessThanOrEqual(maxSlice);
      await new Promise((resolve) => setImmediate(resolve));
      unwritten -= 1;
    },
  } as unknown as DispatchContext;
  const expiry = createExpiry(context, async () => {
    slices.push(slice);
    slice = 0;
  });
  expiry.check();
  expiry.check();
  await expiry.idle();
  // The one that is being written is left alone.
  expect(entries.count()).toBe(1);
  expect(slices.length).toBeGreaterThanOrEqual(Math.floor(count / maxSlice));
  expect(Math.max(...slices)).toBeLessThanOrEqual(maxSlice);
});

test("the first of a large backlog are sent before the rest is looked at", async () => {
  const bench = await openBench({ catchUp: 20 });
  try {
    await Promise.all(Array.from({ length: 4_000 }, (_, n) => bench.event(`e${String(n).padStart(5, "0")}`)));
    await bench.quiet();
    await bench.clock.advance(1_000);
    const session = bench.attach("a");
    const sortedOut: number[] = [];
    const { deliver } = session;
    vi.spyOn(session, "deliver").mockImplementation((...given) => {
      sortedOut.push(bench.dispatcher.waiting("a"));
      return deliver(...given);
    });
    await bench.quiet();
    expect(sortedOut[0]).toBeLessThan(512);
    expect(session.seen()).toEqual(Array.from({ length: 20 }, (_, n) => `e${String(n).padStart(5, "0")}`));
    expect(bench.dispatcher.waiting("a")).toBe(3_980);
  } finally {
    await bench.close();
  }
});
