// What is gone from the disk is said, with how much it was, once; everything else is there.

import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Journal } from "../../src/journal/journal.ts";
import { highestTerm } from "../../src/journal/newer-format.ts";
import { type Bench, createBench, openOf, record } from "./fixture.ts";

let bench: Bench;
beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench.clear());

const path = (name: string | undefined) => join(bench.folder, name as string);
const idOf = (n: number) => `0${String(n).padStart(3, "0")}`;

async function append(journal: Journal, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) await journal.append(record(idOf(n), ["ci"], { filler: 100 }));
}

const gone = () =>
  bench.logged
    .filter((line) => line.startsWith("error"))
    .map((line) => Number(/lost with it: (\d+)/.exec(line)?.[1]))
    .reduce((sum, count) => sum + count, 0);

test("terms of any length that can be had keep their order, and their events", async () => {
  for (const [n, epoch] of [99_999_999, 100_000_000, 2 ** 47].entries()) {
    const journal = await bench.open({ term: epoch });
    await append(journal, n, n + 1);
    if (n === 1) await journal.close();
    else await journal.idle();
  }
  mkdirSync(path("segment-999999999999999-00000000.jsonl"));
  writeFileSync(path("segment-999999999999998-00000000.jsonl"), "half");
  expect(await highestTerm(bench.folder)).toBe(2 ** 47);
  const journal = await bench.open({ term: 2 ** 47 });
  expect(openOf(journal)).toHaveLength(3);
  expect(bench.logged.filter((line) => line.includes("is left where it is"))).toHaveLength(2);
});

describe.each([
  ["closed", true],
  ["killed", false],
])("after its owner was %s", (_how, isClosed) => {
  /** Forty events in each of so many segments, and no snapshot. */
  async function fill(segments: number): Promise<string[]> {
    for (let term = 1; term <= segments; term++) {
      const journal = await bench.open({ term });
      await append(journal, (term - 1) * 40, term * 40);
      if (isClosed) await journal.close();
      // What was reached is written down a moment later.
      else await bench.clock.advance(300);
      await journal.idle();
    }
    const names = bench.files("segment");
    expect(names).toHaveLength(segments);
    return names;
  }

  test.each([1, 2, 3])(
    "a last segment that was cut is said, with what is gone, of %i segments",
    async (count) => {
      const names = await fill(count);
      const last = path(names.at(-1));
      truncateSync(last, Math.floor(statSync(last).size * 0.75));
      const journal = await bench.open({ term: 9 });
      const left = openOf(journal).length;
      expect(left).toBeLessThan(count * 40);
      expect(gone()).toBe(count * 40 - left);
      // Said once.
      await append(journal, 500, 501);
      await journal.idle();
      await journal.close();
      bench.logged.length = 0;
      expect((await bench.open({ term: 10 })).recovery.damage).toEqual([]);
      expect(bench.logged).toEqual([]);
    },
  );

  test.each([0, 1, 2])("segment %i of three that is missing is said, with what is gone", async (which) => {
    const names = await fill(3);
    rmSync(path(names[which]));
    const journal = await bench.open({ term: 9 });
    expect(openOf(journal)).toHaveLength(80);
    expect(gone()).toBe(40);
    expect(bench.logged.join()).toContain(`${names[which]} is missing`);
    await append(journal, 500, 501);
    await journal.idle();
    await journal.close();
    bench.logged.length = 0;
    expect((await bench.open({ term: 10 })).recovery.damage).toEqual([]);
  });

  test("a segment in the middle that was cut is said", async () => {
    const names = await fill(3);
    truncateSync(path(names[1]), 3_000);
    const journal = await bench.open({ term: 9 });
    expect(gone()).toBe(120 - openOf(journal).length);
    expect(gone()).toBeGreaterThan(20);
  });

  test("one before the snapshot that was cut is said", async () => {
    const first = await bench.open({ segmentBytes: 3_000 });
    await append(first, 0, 40);
    await first.idle();
    if (isClosed) await first.close();
    const [name] = bench.files("segment");
    truncateSync(path(name), 1_000);
    await bench.open({ term: 2 });
    expect(bench.logged.join()).toMatch(new RegExp(`${name} is \\d+ bytes shorter than it was written`));
  });
});

describe("a name of a segment that is not a file", () => {
  test.each([
    ["a pipe", (file: string) => execFileSync("mkfifo", [file])],
    ["a folder", (file: string) => mkdirSync(file)],
    ["a link that leads nowhere", (file: string) => symlinkSync("/nowhere/at/all", file)],
    ["a device", (file: string) => symlinkSync("/dev/zero", file)],
  ])(
    "%s is left where it is and said, and all else is read",
    async (_name, make) => {
      const journal = await bench.open();
      await append(journal, 0, 5);
      await journal.close();
      make(path("segment-00000001-00000009.jsonl"));
      make(path("snapshot-00000001-00000009.jsonl"));
      const again = await bench.open({ term: 2 });
      expect(openOf(again)).toHaveLength(5);
      expect(bench.logged.filter((line) => line.includes("is not a file"))).toHaveLength(2);
      await append(again, 5, 6);
    },
    180_000,
  );

  test("a segment that became a pipe is missing", async () => {
    const journal = await bench.open();
    await append(journal, 0, 5);
    await journal.close();
    const [name] = bench.files("segment");
    rmSync(path(name));
    execFileSync("mkfifo", [path(name)]);
    const again = await bench.open({ term: 2 });
    expect(gone()).toBe(5);
    await append(again, 5, 6);
  });
});

test("entries that ended after the last snapshot are not lost with the segment that retention took since", async () => {
  const journal = await bench.open({ term: 1, segmentBytes: 1_500, keepMs: 60_000 });
  await append(journal, 0, 4);
  await journal.idle();
  expect(bench.files("snapshot")).toHaveLength(1);
  const [full] = bench.files("segment");
  for (const { id, channel } of journal.page({ limit: 3 }))
    await journal.mark({ id, channel, state: "sent", final: true });
  await bench.clock.advance(3_600_000);
  await journal.idle();
  expect(bench.files("segment")).toContain(full);
  for (const { id, channel } of journal.page({ limit: 1 }))
    await journal.mark({ id, channel, state: "sent", final: true });
  await bench.clock.advance(3_600_000);
  await journal.idle();
  expect(bench.files("segment")).not.toContain(full);
  const next = await bench.open({ term: 2 });
  expect(next.recovery).toMatchObject({ damage: [], lost: 0 });
  expect(bench.logged).toEqual([]);
});

test("whatever owners do, and retention, nothing is said to be gone that nobody took", async () => {
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ do: fc.constant("append" as const), many: fc.integer({ min: 1, max: 6 }) }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant("end" as const), many: fc.nat(8) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(300, 3_600_000) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("kill" as const, "close" as const) }) },
  );
  // Retention of the owner that was superseded takes a segment away while its successor reads the folder.
  const retainedMeanwhile = [
    { do: "append" as const, many: 4 },
    { do: "wait" as const, ms: 3_600_000 as const },
    { do: "end" as const, many: 4 },
    { do: "kill" as const },
  ];
  // Retention takes a segment whose entries ended after the last snapshot.
  const endedSinceSnapshot = [
    { do: "append" as const, many: 3 },
    { do: "wait" as const, ms: 3_600_000 as const },
    { do: "end" as const, many: 3 },
    { do: "wait" as const, ms: 3_600_000 as const },
    { do: "kill" as const },
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await bench.clear();
      bench = createBench();
      let term = 1;
      let count = 0;
      const open = () => {
        const mine = term;
        return bench.open({ term, segmentBytes: 1_500, keepMs: 60_000, isCurrent: () => mine === term });
      };
      let journal = await open();
      for (const one of steps) {
        if (one.do === "append") {
          await append(journal, count, count + one.many);
          count += one.many;
        } else if (one.do === "end") {
          for (const { id, channel } of journal.page({ limit: one.many }))
            await journal.mark({ id, channel, state: "sent", final: true });
        } else if (one.do === "wait") {
          await bench.clock.advance(one.ms);
          await journal.idle();
        } else {
          const before = openOf(journal);
          if (one.do === "close") await journal.close();
          term += 1;
          journal = await open();
          expect(journal.recovery).toMatchObject({ damage: [], lost: 0 });
          expect(openOf(journal)).toEqual(before);
        }
      }
    }),
    { numRuns: 60, timeout: 30_000, examples: [[retainedMeanwhile], [endedSinceSnapshot]] },
  );
});

describe("a journal of a newer version", () => {
  /** The same lines as a version that comes after this one would write them. */
  function renew(file: string, which = (_line: string, _index: number) => true): void {
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    const renewed = lines.map((one, index) => {
      if (!which(one, index)) return one;
      const body = one.replace('{"v":1,', '{"v":2,').replace(/,"crc":"[0-9a-f]{8}"\}$/, "");
      return `${body},"crc":"${crc32(body).toString(16).padStart(8, "0")}"}`;
    });
    writeFileSync(file, `${renewed.join("\n")}\n`);
  }

  const contents = () => bench.files().map((name) => [name, readFileSync(path(name), "latin1")]);

  test.each([
    ["segments", "segment", undefined],
    ["lines within a segment", "segment", (_: string, index: number) => index === 3],
    ["snapshots", "snapshot", undefined],
  ])("is neither opened nor changed: %s", async (_name, prefix, which) => {
    const journal = await bench.open({ segmentBytes: 2_000 });
    await append(journal, 0, 40);
    await journal.idle();
    await journal.close();
    renew(path(bench.files(prefix).at(-1)), which);
    const before = contents();
    const newer = { code: "E_JOURNAL_NEWER", retryable: false };
    for (const term of [2, 3]) await expect(bench.open({ term })).rejects.toMatchObject(newer);
    expect(contents()).toEqual(before);
  });

  test("even where it is written in another way altogether", async () => {
    const journal = await bench.open();
    await append(journal, 0, 3);
    await journal.close();
    writeFileSync(
      path("segment-00000002-00000000.jsonl"),
      '{"v": 3, "kind": "head", "sha": "?"}\n\0\x01\x02',
    );
    await expect(bench.open({ term: 3 })).rejects.toMatchObject({ code: "E_JOURNAL_NEWER" });
  });

  test("lines that this version does not know keep their segment, however old and ended all in it is", async () => {
    const { encodeLine } = await import("../../src/journal/line-format.ts");
    const journal = await bench.open({ segmentBytes: 2_000 });
    await append(journal, 0, 3);
    await journal.close();
    const [name] = bench.files("segment");
    writeFileSync(path(name), encodeLine({ type: "hologram", id: "x" }), { flag: "a" });
    let last = await bench.open({ term: 2, segmentBytes: 2_000, keepMs: 1_000 });
    for (const { id, channel } of last.page({ limit: 9 })) await last.mark({ id, channel, state: "dead" });
    for (let term = 3; term < 6; term++) {
      await append(last, term * 20, term * 20 + 20);
      for (const { id, channel } of last.page({ limit: 99 })) await last.mark({ id, channel, state: "dead" });
      await bench.clock.advance(3_600_001);
      await last.idle();
      await last.close();
      last = await bench.open({ term, segmentBytes: 2_000, keepMs: 1_000 });
    }
    expect(bench.files("segment").length).toBeLessThan(12);
    expect(bench.text(name as string)).toContain("hologram");
    renameSync(path(name), path(`${name}.away`));
  });
});
