// What is counted once for each event, and what is once for each delivery.

import fc from "fast-check";
import { expect, test } from "vitest";
import { createTally } from "../../src/daemon/delivery-counts.ts";

test("the first call that names an event is its proof, whatever was fetched before; each event is read once", () => {
  const id = fc.constantFrom("e1", "e2", "e3");
  const step = fc.oneof(
    fc.record({ is: fc.constant("name" as const), id }),
    fc.record({ is: fc.constant("fetch" as const), id, channel: fc.constantFrom("c1", "c2") }),
    fc.record({ is: fc.constant("show" as const), id, channel: fc.constantFrom("c1", "c2") }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const tally = createTally();
      const proven: string[] = [];
      for (const one of steps) {
        if (one.is === "name" && tally.read(one.id)) proven.push(one.id);
        if (one.is === "fetch") tally.add({ id: one.id, channel: one.channel, state: "sent", read: true });
        if (one.is === "show") tally.show(one);
      }
      const named = new Set(steps.filter(({ is }) => is === "name").map((one) => one.id));
      expect(proven).toEqual([...named]);
      expect(tally.readEvents()).toBe(
        new Set(steps.filter(({ is }) => is !== "show").map((one) => one.id)).size,
      );
      const shown = steps.flatMap((one) => (one.is === "show" ? [`${one.id} ${one.channel}`] : []));
      expect(tally.shown()).toBe(new Set(shown).size);
    }),
  );
});
