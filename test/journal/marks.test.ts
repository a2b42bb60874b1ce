// How far each delivery got: the same from memory, from the lines of segments, and from a snapshot.

import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Mark } from "../../src/contract.ts";
import { DeliveryMarks } from "../../src/journal/delivery-marks.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { furthest, marks } from "../../src/journal/mark.ts";
import { type Bench, createBench, delivery, record } from "./fixture.ts";

let bench: Bench;
beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench.clear());

async function markOf(journal: Journal, id: string, channel = "ci"): Promise<Mark | undefined> {
  return (await journal.marks([id])).of(id, channel);
}

test("a delivery is as far as there is proof, whether it has ended or waits again", async () => {
  const journal = await bench.open();
  for (const id of ["a", "b", "c", "d", "e"]) await journal.append(record(id));
  await journal.mark({ id: "a", channel: "ci", state: "sent", final: true, session: "1" });
  await journal.mark({ id: "b", channel: "ci", state: "sent", final: true, shown: true });
  await journal.mark({ id: "c", channel: "ci", state: "sent", final: false, read: true });
  await journal.mark({ id: "c", channel: "ci", state: "held", attempt: 1, reason: "not acknowledged" });
  await journal.mark({ id: "d", channel: "ci", state: "acked" });
  expect(await Promise.all(["a", "b", "c", "d", "e"].map((id) => markOf(journal, id)))).toEqual([
    "accepted",
    "shown",
    "read",
    "acked",
    "accepted",
  ]);
  expect(journal.entries("c")).toMatchObject([{ state: "held", attempt: 1, mark: "read" }]);
  expect(await markOf(journal, "unknown")).toBeUndefined();
});

test("a tool call reads the event on all its channels, and a digest that is read reads its members", async () => {
  const journal = await bench.open();
  await journal.append(record("a", ["ci", "all"]));
  await journal.append(record("b"));
  await journal.call({ id: "a", session: "1", text: "read" });
  await journal.append({
    id: "c",
    delivery: delivery("ci"),
    members: [
      { id: "a", channel: "ci" },
      { id: "b", channel: "ci" },
    ],
  });
  await journal.mark({ id: "c", channel: "ci", state: "sent", final: true, shown: true });
  const of = await journal.marks(["a", "b", "c"]);
  expect([of.of("a", "ci"), of.of("a", "all"), of.of("b", "ci"), of.of("c", "ci")]).toEqual([
    "read",
    "read",
    "shown",
    "shown",
  ]);
  // Asked for a member alone, the digest is found too.
  expect(await markOf(journal, "b")).toBe("shown");
});

test("an open entry keeps its mark when the lines that made it were deleted", async () => {
  const journal = await bench.open({ segmentBytes: 2_000, maxBytes: 8_000 });
  await journal.append(record("00000"));
  for (let n = 1; n < 60; n++) {
    const id = `0${String(n).padStart(4, "0")}`;
    await journal.append(record(id, ["ci"], { filler: 500 }));
    await journal.mark({ id, channel: "ci", state: "sent", final: true });
    await journal.idle();
    if (n === 20)
      await journal.mark({
        id: "00000",
        channel: "ci",
        state: "sent",
        final: false,
        attempt: 1,
        shown: true,
      });
  }
  const lines = await journal.history("00000");
  expect(lines.map(({ type }) => type)).toEqual(["event"]);
  expect(await markOf(journal, "00000")).toBe("shown");
  await journal.close();
  const again = await bench.open({ term: 2 });
  expect(await markOf(again, "00000")).toBe("shown");
  expect(again.entries("00000")).toMatchObject([{ state: "sent", attempt: 1, mark: "shown" }]);
});

/** Ends the first entry when the lines that proved its mark are gone. */
const ends: [string, (journal: Journal) => Promise<unknown>][] = [
  ...(["expired", "superseded", "silenced", "dead"] as const).map((state): (typeof ends)[number] => [
    state,
    (journal) => journal.mark({ id: "00000", channel: "ci", state }),
  ]),
  ["sent", (journal) => journal.mark({ id: "00000", channel: "ci", state: "sent", final: true })],
  [
    "folded",
    (journal) =>
      journal.append({
        id: "00099",
        delivery: delivery("ci"),
        members: [{ id: "00000", channel: "ci" }],
      }),
  ],
];

const proofs: [Mark, { shown?: true; read?: true }][] = [
  ["shown", { shown: true }],
  ["read", { read: true }],
];

test.each(ends.flatMap((end) => proofs.map((proof) => [...end, ...proof] as const)))(
  "a delivery keeps its mark when it ends after the lines that made it were deleted: %s, %#",
  async (_, end, mark, proof) => {
    const journal = await bench.open({ segmentBytes: 2_000, maxBytes: 8_000 });
    const fill = async (from: number, to: number) => {
      for (let n = from; n < to; n++) {
        const id = `0${String(n).padStart(4, "0")}`;
        await journal.append(record(id, ["ci"], { filler: 500 }));
        await journal.mark({ id, channel: "ci", state: "sent", final: true });
        await journal.idle();
      }
    };
    await journal.append(record("00000"));
    await journal.mark({ id: "00000", channel: "ci", state: "held", attempt: 1, ...proof });
    await fill(1, 40);
    expect((await journal.history("00000")).map(({ type }) => type)).toEqual(["event"]);
    await end(journal);
    expect(journal.entries("00000")).toEqual([]);
    expect(await markOf(journal, "00000")).toBe(mark);
    await journal.close();
    const again = await bench.open({ term: 2 });
    expect(await markOf(again, "00000")).toBe(mark);
  },
);

test("the line that ends a delivery has its mark, so that it is enough by itself", async () => {
  const journal = await bench.open();
  await journal.append(record("a", ["ci", "all"]));
  await journal.mark({ id: "a", channel: "ci", state: "held", shown: true });
  await journal.mark(
    { id: "a", channel: "ci", state: "expired" },
    { id: "a", channel: "all", state: "expired" },
  );
  const lines = (await journal.history("a")).filter((line) => line.type === "state" && line.final);
  expect(lines).toMatchObject([{ channel: "ci", mark: "shown" }, { channel: "all" }]);
  expect(lines[1]).not.toHaveProperty("mark");
  const marked = new DeliveryMarks();
  for (const line of lines) marked.add(line);
  expect([marked.of("a", "ci"), marked.of("a", "all")]).toEqual(["shown", "accepted"]);
});

test("whatever happens in whatever order, and however often the leader changes, no mark is lost or goes back", async () => {
  const id = fc.integer({ min: 0, max: 5 }).map((n) => `e${n}`);
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ is: fc.constant("append" as const), id }) },
    {
      weight: 6,
      arbitrary: fc.record({
        is: fc.constant("mark" as const),
        id,
        state: fc.constantFrom("held" as const, "sent" as const, "acked" as const, "expired" as const),
        final: fc.boolean(),
        proof: fc.constantFrom({}, { shown: true as const }, { read: true as const }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ is: fc.constant("call" as const), id }) },
    {
      weight: 2,
      arbitrary: fc.record({
        is: fc.constant("prove" as const),
        id,
        proof: fc.constantFrom("shown", "read"),
      }),
    },
    { weight: 1, arbitrary: fc.record({ is: fc.constant("leader" as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const one = createBench();
      const expected = new Map<string, Mark>();
      let term = 1;
      let journal = await one.open({ segmentBytes: 1_000 });
      try {
        for (const what of steps) {
          if (what.is === "leader") {
            await journal.close();
            term += 1;
            journal = await one.open({ segmentBytes: 1_000, term });
          } else if (what.is === "append") {
            if (expected.has(what.id)) continue;
            await journal.append(record(what.id));
            expected.set(what.id, "accepted");
          } else if (what.is === "call") {
            if (!expected.has(what.id)) continue;
            await journal.call({ id: what.id, session: "1", text: "read" });
            expected.set(what.id, furthest(expected.get(what.id) as Mark, "read"));
          } else if (what.is === "prove") {
            // It counts for an event that has ended, too.
            if (!expected.has(what.id)) continue;
            await journal.prove({ id: what.id, channel: "ci", session: "1", [what.proof]: true });
            expected.set(what.id, furthest(expected.get(what.id) as Mark, what.proof as Mark));
          } else {
            // A change of what has ended is ignored, and so is its proof.
            if (journal.entries(what.id).length === 0) continue;
            const { state, final, proof } = what;
            await journal.mark({ id: what.id, channel: "ci", state, final, ...proof });
            const mark =
              state === "acked"
                ? "acked"
                : "read" in proof
                  ? "read"
                  : "shown" in proof
                    ? "shown"
                    : "accepted";
            expected.set(what.id, furthest(expected.get(what.id) as Mark, mark));
          }
          // What is open is as far as the record of it says.
          for (const entry of [...expected.keys()].flatMap((each) => journal.entries(each)))
            expect(entry.mark ?? "accepted").toBe(expected.get(entry.id));
        }
        const of = await journal.marks([...expected.keys()]);
        // Without any line about it, an event that has only been accepted has no mark of its own once it has ended.
        for (const [key, mark] of expected) expect(of.of(key, "ci")).toBe(mark);
      } finally {
        await one.clear();
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("the order of marks is a part of the snapshot format", () => {
  expect(marks).toEqual(["accepted", "shown", "read", "acked"]);
});
