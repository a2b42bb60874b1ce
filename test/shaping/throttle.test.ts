import fc from "fast-check";
import { expect, test } from "vitest";
import { mondayMs, stageOf } from "./rehearse.ts";

const channel = (overflow: "digest" | "drop") => ({
  content: "{{data.n}}",
  throttle: { max: 2, perMs: 10_000, by: "{{data.key}}", overflow },
});

test("what is over the limit comes as one summary when the window closes", async () => {
  const stage = await stageOf({ all: channel("digest") });
  for (const [seconds, n] of [
    [0, "a"],
    [1, "b"],
    [2, "c"],
    [9, "d"],
    [10, "e"],
  ] as const)
    stage.at(seconds, { n, key: "k" });
  stage.until(60);
  expect(stage.told().map(([seconds]) => seconds)).toEqual([0, 1, 10, 10]);
  const summary = stage.delivered()[2];
  expect(summary?.members).toEqual(["e00003", "e00004"]);
  expect(summary?.delivery.content).toBe(
    [
      '2 events of "k" in 7s until 2026-01-05 09:00:09 UTC (over the throttle of 2 in 10s).',
      "- c",
      "- d",
      "Ids, newest first: e00004 e00003.",
    ].join("\n"),
  );
  expect(summary?.delivery.meta).toMatchObject({ channel: "all", count: "2" });
});

test("a single event over the limit is delivered plain", async () => {
  const stage = await stageOf({ all: channel("digest") });
  for (const n of ["a", "b", "c"]) stage.at(0, { n, key: "k" });
  stage.until(60);
  expect(stage.told()).toEqual([
    [0, "a"],
    [0, "b"],
    [10, "c"],
  ]);
});

test("with overflow: drop the rest is dropped, and its trace says why", async () => {
  const stage = await stageOf({ all: channel("drop") });
  for (const n of ["a", "b"]) stage.at(0, { n, key: "k" });
  const { outcome, admission } = stage.at(3, { n: "c", key: "k" });
  expect(outcome).toBe("dropped");
  expect(admission?.trace.at(-1)).toMatchObject({
    filter: "throttle",
    pass: false,
    detail: 'over 2 in 10s of "k": the window closes at 2026-01-05 09:00:10 UTC',
  });
});

test("an event whose key is empty is not counted", async () => {
  const stage = await stageOf({ all: channel("drop") });
  for (let n = 0; n < 5; n++) expect(stage.at(0, { n }).outcome).toBe("accepted");
});

test("behaves as its model at any times and keys", async () => {
  const arrivals = fc.array(fc.tuple(fc.nat(40), fc.constantFrom("a", "b", "c")), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(arrivals, async (raw) => {
      const sorted = raw.toSorted(([a], [b]) => a - b);
      const stage = await stageOf({ all: channel("digest") });
      const ids = sorted.map(([seconds, key]) => stage.at(seconds, { n: "x", key }).event.id);
      stage.until(1_000);
      expect(
        stage
          .delivered()
          .map(({ timeMs, members }) => `${timeMs} ${members.join()}`)
          .sort(),
      ).toEqual(model(sorted, ids).sort());
    }),
    { numRuns: 60 },
  );

  function model(sorted: [number, string][], ids: string[]): string[] {
    const base = mondayMs;
    const told: string[] = [];
    const windows = new Map<string, { end: number; count: number; rest: string[] }>();
    const close = (window: { end: number; rest: string[] }) => {
      if (window.rest.length > 0) told.push(`${base + window.end * 1_000} ${window.rest.join()}`);
    };
    for (const [index, [seconds, key]] of sorted.entries()) {
      const id = ids[index] as string;
      let window = windows.get(key);
      if (window === undefined || seconds >= window.end) {
        if (window !== undefined) close(window);
        window = { end: seconds + 10, count: 0, rest: [] };
        windows.set(key, window);
      }
      if (++window.count <= 2) told.push(`${base + seconds * 1_000} ${id}`);
      else window.rest.push(id);
    }
    for (const window of windows.values()) close(window);
    return told;
  }
});
