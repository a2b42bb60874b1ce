import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mondayMs, stageOf } from "./rehearse.ts";

const channel = { content: "{{data.n}}", digest: { everyMs: 60_000, waitMs: 10_000, by: "{{data.key}}" } };

describe("a digest", () => {
  test("comes a while after its first event, and then at its cadence", async () => {
    const stage = await stageOf({ all: channel });
    for (const seconds of [0, 5, 30, 31, 69, 200, 201]) stage.at(seconds, { n: String(seconds), key: "k" });
    stage.until(1_000);
    expect(
      stage.delivered().map(({ timeMs, members }) => [(timeMs - mondayMs) / 1_000, members.length]),
    ).toEqual([
      [10, 2],
      [70, 3],
      [210, 2],
    ]);
  });

  test("is one line of counts, the newest lines and ids", async () => {
    const stage = await stageOf({
      all: { ...channel, content: "{{data.n}}\nmore", meta: { host: "{{data.key}}", n: "{{data.n}}" } },
    });
    for (let n = 1; n <= 30; n++) stage.at(0, { n: `line ${n}`, key: "k" });
    stage.until(10);
    const { delivery, members } = stage.delivered()[0] as NonNullable<ReturnType<typeof stage.delivered>[0]>;
    const lines = delivery.content.split("\n");
    expect(lines[0]).toBe('30 events of "k" at 2026-01-05 09:00:00 UTC.');
    expect(lines[1]).toBe("The newest 10:");
    expect(lines.slice(2, 12)).toEqual(Array.from({ length: 10 }, (_, index) => `- line ${index + 21}`));
    expect(lines[12]).toMatch(/^Ids, newest first: e00030 e00029 .* e00011 and 10 more\.$/);
    expect(members).toHaveLength(30);
    expect(delivery.meta).toEqual({ channel: "all", event_id: delivery.eventId, count: "30", host: "k" });
  });

  test("has no line for an event that says nothing", async () => {
    const stage = await stageOf({ all: channel });
    for (const n of ["a", "", "b"]) stage.at(0, { n, key: "k" });
    stage.until(10);
    expect(stage.told()[0]?.[1].split("\n").slice(1, 4)).toEqual(["The newest 2:", "- a", "- b"]);
  });

  test("of one event is that event", async () => {
    const stage = await stageOf({ all: channel });
    stage.at(0, { n: "alone", key: "k" });
    stage.until(60);
    expect(stage.told()).toEqual([[10, "alone"]]);
  });

  test("comes earlier once it has max events, and not in quiet time", async () => {
    const quiet = [{ from: "09:01", to: "09:02", tz: "UTC" }];
    const stage = await stageOf({ all: { ...channel, quiet, digest: { everyMs: 60_000, max: 2 } } });
    for (const seconds of [0, 1, 65, 66, 67]) stage.at(seconds, { n: "x" });
    stage.until(1_000);
    expect(
      stage.delivered().map(({ timeMs, members }) => [(timeMs - mondayMs) / 1_000, members.length]),
    ).toEqual([
      [1, 2],
      [120, 3],
    ]);
  });

  test("takes the strictest receipt, the highest priority, the latest end and the thread that all share", async () => {
    const stage = await stageOf({
      one: {
        from: ["post"],
        match: { "data.n": "1" },
        content: "{{data.n}}",
        thread: "t",
        digest: { everyMs: 60_000 },
      },
    });
    stage.at(0, { n: "1" });
    stage.at(20, { n: "1" });
    stage.until(100);
    const { delivery } = stage.delivered()[0] as NonNullable<ReturnType<typeof stage.delivered>[0]>;
    expect(delivery.terms).toMatchObject({ thread: "t", source: "post", to: "one" });
    expect(delivery.meta).toMatchObject({ thread: "t", count: "2" });
    expect(delivery.untilMs).toBe(mondayMs + 20_000 + 86_400_000 + 60_000);
  });

  test("holds what anybody could have sent, and says so, or what nobody else could, and never both", async () => {
    const stage = await stageOf({ all: channel });
    for (const n of ["a", "b"]) stage.at(0, { n, key: "k" });
    for (const n of ["c", "d"]) stage.at(0, { n, key: "k" }, { trust: "unverified" });
    stage.until(10);
    expect(stage.delivered().map(({ delivery, members }) => [delivery.meta.trust, members])).toEqual([
      [undefined, ["e00001", "e00002"]],
      ["unverified", ["e00003", "e00004"]],
    ]);
  });

  test("keeps within the budget of its channel, whatever its lines and attributes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 30, max: 200 }),
        fc.array(fc.string({ maxLength: 400, unit: "binary" }), { minLength: 2, maxLength: 20 }),
        async (event, texts) => {
          const stage = await stageOf({
            all: {
              content: "{{data.n}}",
              meta: { n: "{{data.n}}" },
              budget: { event },
              digest: { everyMs: 60_000 },
            },
          });
          for (const n of texts) stage.at(0, { n });
          stage.until(60);
          expect(stage.delivered()).toHaveLength(1);
          expect(stage.delivered()[0]?.delivery.tokens).toBeLessThanOrEqual(event);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("may be shaped by a template; one that fails gives the usual text", async () => {
    const content = "{{data.count}} of {{data.key}}:{{#each data.events}} {{this.line}}{{/each}}";
    const stage = await stageOf({ all: { ...channel, digest: { ...channel.digest, content } } });
    for (const n of ["a", "b", "c"]) stage.at(0, { n, key: "k" });
    stage.until(10);
    expect(stage.told()).toEqual([[10, "3 of k: a b c"]]);
  });
});

test("behaves as its model at any times and keys", async () => {
  const arrivals = fc.array(fc.tuple(fc.nat(300), fc.constantFrom("a", "b")), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(arrivals, async (raw) => {
      const sorted = raw.toSorted(([a], [b]) => a - b);
      const stage = await stageOf({ all: channel });
      const ids = sorted.map(([seconds, key]) => stage.at(seconds, { n: "x", key }).event.id);
      stage.until(10_000);
      const told = stage
        .delivered()
        .map(({ timeMs, members }) => `${(timeMs - mondayMs) / 1_000} ${members.join()}`);
      expect(told.sort()).toEqual(model(sorted, ids).sort());
    }),
    { numRuns: 60 },
  );

  function model(sorted: [number, string][], ids: string[]): string[] {
    const told: string[] = [];
    for (const key of ["a", "b"]) {
      let due = 0;
      let closed = Number.NEGATIVE_INFINITY;
      let members: string[] = [];
      const close = () => {
        if (members.length > 0) told.push(`${due} ${members.join()}`);
        if (members.length > 0) closed = due;
        members = [];
      };
      for (const [index, [seconds, of]] of sorted.entries()) {
        if (of !== key) continue;
        if (members.length > 0 && seconds >= due) close();
        if (members.length === 0) due = seconds < closed + 60 ? closed + 60 : seconds + 10;
        members.push(ids[index] as string);
      }
      close();
    }
    return told;
  }
});
