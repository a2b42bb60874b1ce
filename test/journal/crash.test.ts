// Random work, cut off at any byte: what was settled before that byte is there, in order, and nothing else is.

import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../src/contract.ts";
import { type Journal, openJournal } from "../../src/journal/journal.ts";
import type { Member } from "../../src/journal/records.ts";
import { manualClock } from "../support/manual-clock.ts";
import { delivery, record } from "./fixture.ts";

interface Model {
  /** In order. */
  open: { id: string; channel: string; state: string; session: string | undefined; attempt: number }[];
  memory: Map<string, Json>;
  cursors: Map<string, Json>;
  notes: Map<string, Json>;
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("event" as const),
      channels: fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 }),
      filler: fc.nat(400),
      remembers: fc.option(fc.nat(5), { nil: undefined }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("mark" as const),
      which: fc.nat(),
      state: fc.constantFrom("held" as const, "sent" as const, "acked" as const, "expired" as const),
      final: fc.boolean(),
      session: fc.constantFrom("s1", "s2"),
      attempt: fc.nat(3),
    }),
  },
  fc.record({
    do: fc.constant("digest" as const),
    members: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ do: fc.constant("cursor" as const), source: fc.constantFrom("x", "y"), value: fc.nat() }),
  fc.record({ do: fc.constant("note" as const), key: fc.constantFrom("x", "y"), value: fc.option(fc.nat()) }),
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const memoryLimit = 3;

async function run(journal: Journal, model: Model, one: Step, number: number): Promise<void> {
  const id = `e${String(number).padStart(5, "0")}`;
  const at = (n: number) => model.open[n % model.open.length];
  switch (one.do) {
    case "event": {
      const key = one.remembers === undefined ? undefined : `k${one.remembers}`;
      const memory = key === undefined ? [] : [{ scope: "s", key, value: number, limit: memoryLimit }];
      await journal.append(record(id, one.channels, { filler: one.filler, memory }));
      for (const channel of one.channels)
        model.open.push({ id, channel, state: "accepted", session: undefined, attempt: 0 });
      if (key !== undefined) {
        model.memory.delete(key);
        model.memory.set(key, number);
        for (const oldest of model.memory.keys())
          if (model.memory.size > memoryLimit) model.memory.delete(oldest);
      }
      return;
    }
    case "mark": {
      const entry = at(one.which);
      if (entry === undefined) return;
      const { state, final, session, attempt } = one;
      await journal.mark({ id: entry.id, channel: entry.channel, state, final, session, attempt });
      const ends = state === "sent" ? final : state !== "held";
      if (ends) model.open = model.open.filter((other) => other !== entry);
      else Object.assign(entry, { state, session, attempt });
      return;
    }
    case "digest": {
      const folded = new Set(one.members.flatMap((n) => at(n) ?? []));
      const members: Member[] = [...folded].map(({ id, channel }) => ({ id, channel }));
      if (members.length === 0) return;
      await journal.append({ id, delivery: delivery("d"), members });
      const last = model.open.findLastIndex((entry) => folded.has(entry));
      model.open.splice(last, 1, { id, channel: "d", state: "accepted", session: undefined, attempt: 0 });
      model.open = model.open.filter((entry) => !folded.has(entry));
      return;
    }
    case "cursor":
      await journal.moveCursor(one.source, one.value);
      model.cursors.set(one.source, one.value);
      return;
    case "note":
      await journal.note("silence", one.key, one.value);
      if (one.value === null) model.notes.delete(one.key);
      else model.notes.set(one.key, one.value);
  }
}

function stateOf(journal: Journal): Json {
  const open = journal
    .page({ limit: 10_000 })
    .map(({ id, channel, state, session = null, attempt }) => ({ id, channel, state, session, attempt }));
  const memory = Array.from({ length: 6 }, (_, n) => journal.memory.get("s", `k${n}`) ?? null);
  const cursors = ["x", "y"].map((source) => journal.cursor(source) ?? null);
  const notes = Object.fromEntries(journal.notes("silence").map(({ key, value }) => [key, value]));
  return { open, memory, cursors, notes };
}

function expected(model: Model): Json {
  return {
    open: model.open.map((entry) => ({ ...entry, session: entry.session ?? null })),
    memory: Array.from({ length: 6 }, (_, n) => model.memory.get(`k${n}`) ?? null),
    cursors: ["x", "y"].map((source) => model.cursors.get(source) ?? null),
    notes: Object.fromEntries(model.notes),
  };
}

function newest(folder: string, prefix: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .sort()
    .at(-1);
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

test("after a cut at any byte the state is that of the work settled before it, also when it is cut again and again", async () => {
  const lives = fc.array(
    fc.tuple(fc.array(step, { maxLength: 25 }), fc.double({ min: 0, max: 1, noNaN: true })),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  await fc.assert(
    fc.asyncProperty(
      lives,
      fc.constantFrom(600, 2_000, 1_000_000),
      fc.boolean(),
      async (plan, segmentBytes, isSmall) => {
        const top = mkdtempSync(join(tmpdir(), "journal-"));
        try {
          let folder = join(top, "0");
          let model: Model = { open: [], memory: new Map(), cursors: new Map(), notes: new Map() };
          let number = 0;
          const open = (term: number) =>
            openJournal({
              folder,
              term,
              isCurrent: () => true,
              clock: manualClock(),
              log: quiet,
              segmentBytes,
              ...(isSmall ? { maxBytes: 3 * segmentBytes } : {}),
            });
          for (const [life, [steps, cutAt]] of plan.entries()) {
            const journal = await open(life + 1);
            expect(stateOf(journal)).toEqual(expected(model));
            expect(await journal.deliveries(journal.page({ limit: 10_000 }))).not.toContain(undefined);
            // After each step: where the file being written ended, and what was true then.
            const ends: { name: string; bytes: number; model: Model }[] = [];
            let current = structuredClone(model);
            for (const one of steps) {
              await run(journal, current, one, number);
              await journal.idle();
              number += 1;
              const name = newest(folder, `segment-${String(life + 1).padStart(8, "0")}`);
              if (name !== undefined)
                ends.push({
                  name,
                  bytes: statSync(join(folder, name)).size,
                  model: structuredClone(current),
                });
            }
            // A crash is a copy of the folder as it is, with the end of the last file missing.
            const crashed = join(top, String(life + 1));
            if (existsSync(folder)) cpSync(folder, crashed, { recursive: true });
            await journal.close();
            const tip = ends.at(-1);
            // A file that a snapshot stands behind was synced long ago: no crash takes from it.
            // Nor from one that holds what was moved before its segment was deleted.
            const isSealed =
              isSmall || (newest(crashed, "snapshot-") ?? "").slice(9) > (tip?.name ?? "").slice(8);
            if (tip !== undefined && !isSealed) {
              const cut = Math.floor(cutAt * tip.bytes);
              truncateSync(join(crashed, tip.name), cut);
              current =
                ends.findLast(({ name, bytes }) => (name === tip.name ? bytes <= cut : true))?.model ?? model;
            }
            model = current;
            folder = crashed;
          }
          const last = await open(plan.length + 1);
          expect(stateOf(last)).toEqual(expected(model));
          await last.close();
        } finally {
          rmSync(top, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: 40 },
  );
});
