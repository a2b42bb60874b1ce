import fc from "fast-check";
import { expect, test } from "vitest";
import { OpenEntries, type OpenEntry } from "../../src/journal/open-entries.ts";
import { priorities, type State } from "../../src/journal/records.ts";
import { processorTime } from "../support/processor-time.ts";

const span = { segment: 0, offset: 0, length: 1 };

type Step =
  | { do: "add"; id: number; channel: number; priority: number; untilMs: number }
  | { do: "change"; id: number; channel: number; state: "held" | "sent"; session: number; attempt: number }
  | { do: "remove"; id: number; channel: number };

const id = fc.nat(60);
const channel = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("add" as const),
      id,
      channel,
      priority: fc.nat(2),
      untilMs: fc.nat(50),
    }),
  },
  fc.record({
    do: fc.constant("change" as const),
    id,
    channel,
    state: fc.constantFrom("held" as const, "sent" as const),
    session: fc.nat(2),
    attempt: fc.nat(3),
  }),
  fc.record({ do: fc.constant("remove" as const), id, channel }),
);

test("any sequence of changes leaves what a plain list would hold, in its order", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 7 }), (steps, pageSize) => {
      let inSegments = 0;
      const entries = new OpenEntries((_, change) => {
        inSegments += change;
      });
      let model: Omit<OpenEntry, "position">[] = [];
      for (const [index, one] of steps.entries()) {
        const name = `id${one.id}`;
        const channelName = `c${one.channel}`;
        const at = model.findIndex((entry) => entry.id === name && entry.channel === channelName);
        if (one.do === "add") {
          const priority = priorities[one.priority] ?? "normal";
          const added = entries.add({
            id: name,
            channel: channelName,
            priority,
            untilMs: one.untilMs,
            timeMs: index,
            span,
          });
          expect(added).toBe(at === -1);
          if (added)
            model.push({
              id: name,
              channel: channelName,
              state: "accepted",
              attempt: 0,
              priority,
              changedMs: index,
              untilMs: one.untilMs,
              span,
            });
        } else if (one.do === "change") {
          const session = `s${one.session}`;
          const change = { id: name, channel: channelName, state: one.state, session, attempt: one.attempt };
          expect(entries.change(change, index)).toBe(at === -1 ? undefined : "accepted");
          if (at !== -1)
            model[at] = {
              ...(model[at] as OpenEntry),
              state: one.state,
              session,
              attempt: one.attempt,
              changedMs: index,
            };
        } else {
          expect(entries.remove(name, channelName) !== undefined).toBe(at !== -1);
          model = model.filter((_, index) => index !== at);
        }
      }
      const strip = (all: OpenEntry[]) => all.map(({ position: _, ...entry }) => entry);
      expect(entries.count()).toBe(model.length);
      expect(inSegments).toBe(model.length);
      expect(strip(entries.page({ limit: 1_000 }))).toEqual(model);

      const paged: OpenEntry[] = [];
      for (let after = 0; ; ) {
        const page = entries.page({ channel: "c1", after, limit: pageSize });
        if (page.length === 0) break;
        paged.push(...page);
        after = page.at(-1)?.position ?? after;
      }
      expect(strip(paged)).toEqual(model.filter((entry) => entry.channel === "c1"));

      const wanted: State[] = ["sent", "accepted"];
      expect(strip(entries.page({ states: wanted, session: "s1", limit: 1_000 }))).toEqual(
        model.filter(({ state, session }) => wanted.includes(state) && session === "s1"),
      );
      expect(strip(entries.page({ priority: "high", limit: 3 }))).toEqual(
        model.filter(({ priority }) => priority === "high").slice(0, 3),
      );
      const ended: string[] = [];
      let behind: number | undefined;
      do {
        const { entries: some, next } = entries.expired(25, pageSize, behind);
        ended.push(...some.map((entry) => entry.id));
        behind = next;
      } while (behind !== undefined);
      expect(ended.sort()).toEqual(
        model
          .filter(({ untilMs = 99 }) => untilMs <= 25)
          .map((entry) => entry.id)
          .sort(),
      );
      for (const { id: name } of model.slice(0, 5))
        expect(strip(entries.of(name)).length).toBe(model.filter((entry) => entry.id === name).length);
      expect(entries.counts().reduce((sum, { count }) => sum + count, 0)).toBe(model.length);
      entries.clear();
      expect(entries.page({ limit: 1 })).toEqual([]);
      expect(inSegments).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("a hundred thousand open entries cost under 100 bytes each, and a page of them nothing noticeable", () => {
  const entries = new OpenEntries(() => {});
  const before = process.memoryUsage().arrayBuffers;
  const count = 100_000;
  for (let n = 0; n < count; n++)
    entries.add({
      id: `0${n.toString(32).padStart(12, "0")}`,
      channel: "ci",
      timeMs: n,
      span: { segment: 0, offset: n, length: 1 },
    });
  expect((process.memoryUsage().arrayBuffers - before) / count).toBeLessThan(100);
  const took = processorTime();
  const [deep] = entries.page({ channel: "ci", limit: 1 });
  for (let after = deep?.position ?? 0, pages = 0; pages < 100; pages++)
    after = entries.page({ channel: "ci", after, limit: 50 }).at(-1)?.position ?? after;
  expect(took()).toBeLessThan(1_000);
});
