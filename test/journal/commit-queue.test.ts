// What is checked when it is about to be written sees everything that is written before it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { CommitQueue } from "../../src/journal/commit-queue.ts";
import type { SegmentWriter } from "../../src/journal/segment-writer.ts";
import { manualClock } from "../support/manual-clock.ts";

const log = { info: () => {}, warn: () => {}, error: () => {} };

test("a commit that depends on those before it is looked at after they are applied, in whatever order they arrive", async () => {
  const kinds = fc.array(fc.constantFrom("fold" as const, "move" as const), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(kinds, async (order) => {
      const written: string[] = [];
      const writer: Pick<SegmentWriter, "write"> = {
        async write(bytes) {
          written.push(...bytes.toString().trimEnd().split("\n"));
          return { segment: 0, offset: 0 };
        },
      };
      const queue = new CommitQueue({
        folder: "/journal",
        clock: manualClock(),
        log,
        writer: writer as SegmentWriter,
        afterGroup: async () => {},
        onSuperseded: () => {},
        onFull: () => {},
      });
      let isFolded = false;
      const fold = () => {
        isFolded = true;
      };
      const pushed = order.map((kind) =>
        queue.push({
          bytes: Buffer.from(`${kind}\n`),
          fact: false,
          lasting: true,
          ...(kind === "fold"
            ? { apply: fold }
            : {
                afterOthers: true,
                signal: {
                  get aborted() {
                    return isFolded;
                  },
                },
              }),
        }),
      );
      await Promise.allSettled(pushed);
      const first = order.indexOf("fold");
      expect(written).toEqual(order.filter((kind, at) => kind === "fold" || first === -1 || at < first));
    }),
  );
});
