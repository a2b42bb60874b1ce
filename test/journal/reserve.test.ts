// A full disk takes no event, but what is delivered meanwhile is known to the next owner: facts and notes go into the reserve.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Json } from "../../src/contract.ts";
import { type Journal, openJournal } from "../../src/journal/journal.ts";
import { reservePath } from "../../src/journal/reserve.ts";
import { manualClock } from "../support/manual-clock.ts";
import { type FailingDisk, failingDisk } from "./failing-disk.ts";
import { record } from "./fixture.ts";

let folder: string;
let disk: FailingDisk;
let term: number;
let open: Journal[];
beforeEach(() => {
  begin();
});
afterEach(end);

function begin(): void {
  folder = mkdtempSync(join(tmpdir(), "cr-reserve-"));
  disk = failingDisk();
  term = 0;
  open = [];
}

async function end(): Promise<void> {
  for (const journal of open) await journal.close();
  rmSync(folder, { recursive: true, force: true });
}

const clock = manualClock();
const log = { info: () => {}, warn: () => {}, error: () => {} };

/** What a leader that was killed before leaves behind. */
async function next(): Promise<Journal> {
  term += 1;
  const mine = term;
  const journal = await openJournal({ folder, term, isCurrent: () => mine === term, clock, log, disk });
  open.push(journal);
  return journal;
}

const noteOf = (journal: Journal, key: string): Json | undefined =>
  journal.notes("sending").find((note) => note.key === key)?.value;

test("on a full disk notes and facts outlive their process, and events are refused", async () => {
  let journal = await next();
  await journal.append(record("e1", ["a"]));
  await journal.append(record("e2", ["a"]));
  disk.roomBytes = 0;
  await expect(journal.append(record("e3", ["a"]))).rejects.toMatchObject({ code: "E_JOURNAL_FULL" });
  await journal.jot("sending", "s1", ["e1"]);
  await journal.mark({ id: "e1", channel: "a", state: "sent", final: true });
  await journal.mark({ id: "e2", channel: "a", state: "held", session: "s1", attempt: 1 });
  for (let round = 0; round < 2; round++) {
    journal = await next();
    expect(noteOf(journal, "s1")).toEqual(["e1"]);
    expect(journal.page({ limit: 9 }).map(({ id, attempt }) => [id, attempt])).toEqual([["e2", 1 + round]]);
    await journal.mark({ id: "e2", channel: "a", state: "held", session: "s1", attempt: 2 + round });
  }
  disk.roomBytes = Number.POSITIVE_INFINITY;
  await journal.append(record("e3", ["a"]));
  journal = await next();
  expect(journal.page({ limit: 9 }).map(({ id, attempt }) => [id, attempt])).toEqual([
    ["e2", 3],
    ["e3", 0],
  ]);
});

test("every kind of fact passes through the reserve, whatever comes before it", async () => {
  let journal = await next();
  await journal.append(record("e1", ["a"]));
  disk.roomBytes = 0;
  await journal.call({ id: "e1", session: "s1", text: "called" });
  await journal.prove({ id: "e1", session: "s1", shown: true });
  await journal.jot("sending", "s1", ["e1"]);
  await journal.mark({ id: "e1", channel: "a", state: "sent", final: true });
  journal = await next();
  expect(noteOf(journal, "s1")).toEqual(["e1"]);
  expect(journal.entries("e1")).toEqual([]);
});

test("once the disk takes all again, what stands in the reserve counts no more", async () => {
  let journal = await next();
  await journal.append(record("e1", ["a"]));
  disk.roomBytes = 0;
  await journal.mark({ id: "e1", channel: "a", state: "held", attempt: 1 });
  const kept = readFileSync(reservePath(folder));
  disk.roomBytes = Number.POSITIVE_INFINITY;
  await journal.mark({ id: "e1", channel: "a", state: "held", attempt: 2 });
  // As if the process had been killed before it could say so.
  writeFileSync(reservePath(folder), kept);
  journal = await next();
  expect(journal.entries("e1")[0]?.attempt).toBe(2);
});

test("a reserve that is full takes nothing more, not even what would fit", async () => {
  const journal = await next();
  await journal.append(record("e1", ["a"]));
  disk.roomBytes = 0;
  const large = "x".repeat(100_000);
  await journal.jot("sending", "s1", large);
  await journal.jot("sending", "s2", large);
  await expect(journal.jot("sending", "s3", large)).rejects.toMatchObject({ code: "E_JOURNAL_FULL" });
  await expect(journal.jot("sending", "s4", "small")).rejects.toMatchObject({ code: "E_JOURNAL_FULL" });
  disk.roomBytes = Number.POSITIVE_INFINITY;
  await journal.jot("sending", "s4", "small");
  disk.roomBytes = 0;
  await journal.jot("sending", "s5", large);
  const after = await next();
  expect(["s1", "s2", "s3", "s4", "s5"].map((key) => noteOf(after, key) !== undefined)).toEqual([
    ...[true, true, false, true, true],
  ]);
});

test.each([
  ["garbage", (path: string) => writeFileSync(path, "x".repeat(300_000))],
  ["too short", (path: string) => writeFileSync(path, "\n")],
  ["gone", (path: string) => rmSync(path)],
])("a reserve that is %s harms nothing", async (_name, damage) => {
  let journal = await next();
  await journal.append(record("e1", ["a"]));
  disk.roomBytes = 0;
  await journal.mark({ id: "e1", channel: "a", state: "held", attempt: 1 });
  damage(reservePath(folder));
  journal = await next();
  expect(journal.entries("e1")[0]?.attempt).toBe(0);
  await journal.jot("sending", "s1", 1).catch(() => undefined);
  disk.roomBytes = Number.POSITIVE_INFINITY;
  await journal.append(record("e2", ["a"]));
  expect(journal.stats().open).toBe(2);
});

const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("jot" as const),
      key: fc.constantFrom("s1", "s2"),
      value: fc.nat(99),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("mark" as const), which: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("event" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("room" as const),
      bytes: fc.constantFrom(0, 0, 40, 250, Number.POSITIVE_INFINITY),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("kill" as const, "close" as const) }) },
);

test("whenever the disk fills up and frees, and leaders die, what was settled is what the next leader knows", async () => {
  await end();
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 40 }), async (steps) => {
      begin();
      try {
        let journal = await next();
        for (const id of ["e0", "e1", "e2"]) await journal.append(record(id, ["a"]));
        const notes = new Map<string, number>();
        const attempts = [0, 0, 0];
        let events = 3;
        for (const step of steps) {
          switch (step.do) {
            case "jot":
              await journal.jot("sending", step.key, step.value).then(
                () => notes.set(step.key, step.value),
                () => undefined,
              );
              break;
            case "mark": {
              const attempt = (attempts[step.which] as number) + 1;
              await journal.mark({ id: `e${step.which}`, channel: "a", state: "held", attempt });
              attempts[step.which] = attempt;
              break;
            }
            case "event":
              await journal.append(record(`e${events}`, ["a"])).then(
                () => {
                  events += 1;
                },
                () => undefined,
              );
              break;
            case "room":
              disk.roomBytes = step.bytes;
              break;
            default:
              if (step.do === "close") await journal.close();
              journal = await next();
              expect(new Map(journal.notes("sending").map(({ key, value }) => [key, value]))).toEqual(notes);
              expect([0, 1, 2].map((n) => journal.entries(`e${n}`)[0]?.attempt)).toEqual(attempts);
              expect(journal.stats().open).toBe(events);
          }
        }
      } finally {
        disk.roomBytes = Number.POSITIVE_INFINITY;
        await end();
      }
    }),
    { numRuns: 150, timeout: 30_000 },
  );
  begin();
});
