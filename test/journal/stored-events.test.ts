// The events of a journal, read from its files beside a leader that goes on writing.

import { appendFileSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readStoredEvents, type StoredRecord } from "../../src/journal/stored-events.ts";
import { type Bench, createBench, delivery, record } from "./fixture.ts";

let bench: Bench;
beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench.clear());

const idOf = (n: number) => `0${String(n).padStart(4, "0")}`;

async function readAll(options: { pieceBytes?: number; untilMs?: number } = {}): Promise<StoredRecord[]> {
  const all: StoredRecord[] = [];
  for await (const some of readStoredEvents(bench.folder, { untilMs: Number.MAX_SAFE_INTEGER, ...options }))
    all.push(...some);
  return all;
}
const idsIn = (records: readonly StoredRecord[]) => records.map(({ event }) => event.id);

test("a missing folder has none", async () => {
  expect(await readAll()).toEqual([]);
});

test("each event comes once, in order, with what was made of it, whatever the size of the pieces", async () => {
  const journal = await bench.open({ segmentBytes: 4_000 });
  for (let n = 0; n < 40; n++)
    await journal.append(record(idOf(n), ["ci", delivery("ops")], { filler: 200, timeMs: n }));
  const ids = Array.from({ length: 40 }, (_, n) => idOf(n));
  for (const pieceBytes of [1, 50, 1_000, 1_000_000]) {
    const all = await readAll({ pieceBytes });
    expect(idsIn(all)).toEqual(ids);
    expect(all[0]?.deliveries.map(({ channel }) => channel)).toEqual(["ci", "ops"]);
    expect(all[0]?.event).toEqual(((await journal.read(idOf(0))) as { event: unknown }).event);
  }
  expect(idsIn(await readAll({ untilMs: 9 }))).toEqual(ids.slice(0, 10));
});

test("an event whose line was written again keeps its place, also when the first line is gone", async () => {
  const journal = await bench.open({ segmentBytes: 4_000, maxBytes: 30_000 });
  for (let n = 0; n < 300; n++) {
    await bench.clock.advance(100_000);
    await journal.append(record(idOf(n), ["ci"], { filler: 300, timeMs: bench.clock.now() }));
    if (n % 20 !== 0) await journal.mark({ id: idOf(n), channel: "ci", state: "sent", final: true });
    await journal.idle();
  }
  const ids = idsIn(await readAll({ pieceBytes: 2_000 }));
  expect(ids).toEqual([...new Set(ids)].sort());
  expect(ids).toEqual(expect.arrayContaining(Array.from({ length: 15 }, (_, n) => idOf(20 * n))));
});

test("what was given up does not count, nor does a line that is being written", async () => {
  const first = await bench.open();
  await first.append(record(idOf(1), ["ci"]));
  await first.close();
  const [segment] = bench.files("segment");
  const path = join(bench.folder, segment as string);
  const before = statSync(path).size;
  const line = readFileSync(path, "utf8")
    .split("\n")
    .find((one) => one.includes('"type":"event"')) as string;
  const second = await bench.open({ term: 2 });
  await second.append(record(idOf(2), ["ci"]));
  // A leader that had been superseded went on, and the current one is in the middle of a line.
  appendFileSync(path, `${line}\n`);
  expect(statSync(path).size).toBeGreaterThan(before);
  const last = join(bench.folder, bench.files("segment").at(-1) as string);
  appendFileSync(last, line.slice(0, 30));
  expect(idsIn(await readAll())).toEqual([idOf(1), idOf(2)]);
});

test("nothing of the folder changes, and a segment that retention deletes meanwhile is missing", async () => {
  const journal = await bench.open({ segmentBytes: 1_000 });
  for (let n = 0; n < 20; n++) await journal.append(record(idOf(n), ["ci"], { filler: 300 }));
  await journal.idle();
  const sizes = () => bench.files().map((name) => [name, statSync(join(bench.folder, name)).size]);
  const before = sizes();
  const reading = readStoredEvents(bench.folder, { untilMs: Number.MAX_SAFE_INTEGER, pieceBytes: 500 });
  const first = await reading.next();
  expect(sizes()).toEqual(before);
  rmSync(join(bench.folder, bench.files("segment")[2] as string));
  const rest: StoredRecord[] = [...(first.value as StoredRecord[])];
  for await (const some of reading) rest.push(...some);
  expect(rest.length).toBeGreaterThan(10);
  expect(rest.length).toBeLessThan(20);
});
