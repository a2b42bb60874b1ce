import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createHourBudget } from "../../src/shaping/hour.ts";
import { mondayMs, stageOf } from "./rehearse.ts";

const minute = 60_000;
const hour = 1_000;
const text = "x".repeat(300);

describe("a session over its hour", () => {
  test("gets digests, and high events all the same", async () => {
    const stage = await stageOf(
      {
        urgent: { match: { "data.urgent": true }, content: "urgent", priority: "high" },
        all: { content: text, budget: { event: 100 } },
      },
      { budget: { event: 500, hour } },
    );
    for (let n = 0; n < 20; n++) stage.at(n, {});
    stage.at(30, { urgent: true });
    expect(stage.delivered().filter(({ delivery }) => delivery.channel === "all")).toHaveLength(8);
    expect(stage.told().at(-1)).toEqual([30, "urgent"]);
    stage.until(3_600);
    const digest = stage.delivered().find(({ members }) => members.length > 1);
    expect(digest?.members).toHaveLength(12);
    expect(digest?.delivery.content).toMatch(/^12 events in 11s .* \(over the hour's budget\)\.$/m);
  });

  test("says what waits and why", async () => {
    const stage = await stageOf(
      { all: { content: text, budget: { event: 100 } } },
      { budget: { event: 500, hour } },
    );
    for (let n = 0; n < 12; n++) stage.at(n, {});
    expect(stage.waiting()[0]?.reason).toMatch(
      /^budget\.hour: session rehearsal is over its hour; waits with 3 more, at least until 2026-01-05 09:00:38 UTC$/,
    );
  });

  test.each([
    ["of a session", {}, { budget: { event: 500, hour } }],
    ["of a channel", { hour }, {}],
  ])("keeps half of the hour %s for events of proven senders, where there are both", async (_, own, more) => {
    const sources = {
      post: { type: "letter", enabled: true, options: {} },
      open: { type: "letter", enabled: true, options: { open: true } },
    };
    const channels = { all: { from: ["post", "open"], content: text, budget: { event: 100, ...own } } };
    const stage = await stageOf(channels, { sources, ...more });
    const flood = (seconds: number) => {
      stage.advance(mondayMs + seconds * 1_000);
      stage.send("open", { data: {}, text: "{}", trust: "unverified" });
    };
    for (let second = 0; second < 3_000; second += 5) flood(second);
    const before = stage.delivered().length;
    // Three events of about a hundred tokens have room at once: four fifths of the hour, less the half that the others have used.
    for (let n = 0; n < 3; n++) {
      flood(3_000 + n);
      stage.at(3_000 + n, {});
    }
    const proven = stage.delivered().slice(before);
    expect(proven.map(({ timeMs, delivery }) => [timeMs - mondayMs, delivery.meta.trust])).toEqual([
      [3_000_000, undefined],
      [3_001_000, undefined],
      [3_002_000, undefined],
    ]);
    const used = stage
      .delivered()
      .filter(({ delivery }) => delivery.meta.trust === "unverified")
      .reduce((sum, { delivery }) => sum + delivery.tokens, 0);
    expect(used).toBeLessThanOrEqual(hour / 2);
  });

  test("gives unverified events the whole hour where there is nothing else", async () => {
    const stage = await stageOf(
      { all: { content: text, budget: { event: 100 } } },
      {
        budget: { event: 500, hour },
        sources: { post: { type: "letter", enabled: true, options: { open: true } } },
      },
    );
    for (let n = 0; n < 20; n++) stage.at(n, {}, { trust: "unverified" });
    expect(stage.delivered().length).toBeGreaterThanOrEqual(7);
  });

  test("a channel may have an hour of its own", async () => {
    const stage = await stageOf({
      loud: { match: { "data.loud": true }, content: text, budget: { event: 100, hour } },
      all: { content: "quiet" },
    });
    for (let n = 0; n < 20; n++) stage.at(n, { loud: n % 2 === 0 });
    for (let n = 20; n < 40; n++) stage.at(n, { loud: true });
    expect(stage.told().filter(([, content]) => content === "quiet")).toHaveLength(10);
    expect(stage.delivered().filter(({ delivery }) => delivery.channel === "loud")).toHaveLength(8);
  });

  test("is never sent more in sixty minutes than its hour, and gets everything in the end", async () => {
    const arrivals = fc.array(fc.tuple(fc.nat(7_200), fc.integer({ min: 1, max: 300 })), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(arrivals, async (raw) => {
        const sorted = raw.toSorted(([a], [b]) => a - b);
        const stage = await stageOf(
          { all: { content: "{{data.text}}", budget: { event: 90 } } },
          { budget: { event: 500, hour }, defaults: { ttlMs: 10 * 86_400_000, priority: "normal" } },
        );
        const ids = sorted.map(
          ([seconds, length]) => stage.at(seconds, { text: "y".repeat(length) }).event.id,
        );
        stage.until(5 * 86_400);
        expect(
          stage
            .delivered()
            .flatMap(({ members }) => members)
            .sort(),
        ).toEqual(ids.sort());
        const sent = stage.delivered().map(({ timeMs, delivery }) => [timeMs, delivery.tokens] as const);
        for (const [timeMs] of sent) {
          const within = sent.filter(([other]) => other > timeMs - 60 * minute && other <= timeMs);
          expect(within.reduce((sum, [, tokens]) => sum + tokens, 0)).toBeLessThanOrEqual(hour);
        }
      }),
      { numRuns: 40 },
    );
  });
});

test("the count of an hour behaves as its model, within its steps of five minutes, and survives being stored", () => {
  const spent = fc.array(fc.tuple(fc.nat(180 * minute), fc.nat(100)), { maxLength: 50 });
  fc.assert(
    fc.property(spent, (raw) => {
      const sorted = raw.toSorted(([a], [b]) => a - b);
      let budget = createHourBudget();
      for (const [index, [ms, tokens]] of sorted.entries()) {
        const nowMs = mondayMs + ms;
        budget.add({ session: "s" }, tokens, nowMs);
        const sum = (reachMs: number) =>
          sorted.slice(0, index + 1).reduce((total, [at, some]) => total + (at > ms - reachMs ? some : 0), 0);
        const used = budget.used({ session: "s" }, nowMs);
        expect(used).toBeGreaterThanOrEqual(sum(60 * minute));
        expect(used).toBeLessThanOrEqual(sum(65 * minute));
        const again = createHourBudget();
        again.restore("s", budget.dump("s"));
        budget = again;
      }
    }),
  );
});
