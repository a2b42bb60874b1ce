import fc from "fast-check";
import { expect, test } from "vitest";
import { stageOf } from "./rehearse.ts";

const quiet = [{ from: "09:00", to: "10:00", tz: "UTC" }];
const channel = { content: "{{data.key}} {{data.n}}", supersede: "{{data.key}}" };

test("a newer event takes the place of one that waits; what was sent stays sent", async () => {
  const stage = await stageOf({ all: { ...channel, quiet } });
  stage.at(0, { key: "a", n: 1 });
  stage.at(1, { key: "b", n: 2 });
  stage.at(2, { key: "a", n: 3 });
  stage.until(3_600);
  expect(stage.delivered()[0]?.members).toEqual(["e00002", "e00003"]);
  expect(stage.ended()[0]).toMatchObject({
    id: "e00001",
    state: "superseded",
    reason: "replaced by e00003",
  });
  stage.at(3_700, { key: "a", n: 4 });
  stage.at(3_701, { key: "a", n: 5 });
  expect(stage.told().slice(1)).toEqual([
    [3_700, "a 4"],
    [3_701, "a 5"],
  ]);
});

test("an event without a key takes nobody's place", async () => {
  const stage = await stageOf({ all: { ...channel, quiet } });
  for (let n = 0; n < 3; n++) stage.at(0, { n });
  stage.until(3_600);
  expect(stage.delivered()[0]?.members).toHaveLength(3);
});

test("behaves as its model: of each key the last one that waited is left", async () => {
  const arrivals = fc.array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(arrivals, async (keys) => {
      const stage = await stageOf({ all: { ...channel, quiet } });
      const ids = keys.map((key, index) => stage.at(index, { key, n: index }).event.id);
      stage.until(3_600);
      const left = ids.filter(
        (_, index) => keys[index] === "" || !keys.slice(index + 1).includes(keys[index] as "a"),
      );
      expect(stage.delivered().flatMap(({ members }) => members)).toEqual(left);
    }),
    { numRuns: 60 },
  );
});
