// What Claude reads of the bundled recipes: every block that their tests make.

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openFixtures } from "../../src/config/fixtures.ts";
import { loadPlan } from "../../src/daemon/start/load-plan.ts";
import { createEventIds } from "../../src/router/event-id.ts";
import { renderBlock } from "../../src/templates/budget.ts";
import { absoluteMs, arrivalOf, defaultStartMs, timeOf } from "../../src/testing/arrivals.ts";
import { createSimulator } from "../../src/testing/simulator.ts";
import type { Send, TestCase } from "../../src/testing/test-case.ts";

const folder = fileURLToPath(new URL("../../recipes", import.meta.url));

export async function recipeBlocks(): Promise<string[]> {
  const blocks = new Set<string>();
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".yaml"))) {
    const file = join(folder, name);
    const load = (given: TestCase["with"] = {}) =>
      loadPlan(file, {}, { recipe: { given, at: ["tests"] }, placeholders: true });
    const { loaded } = await load();
    for (const test of loaded.tests as unknown as readonly TestCase[]) {
      const { plan } = await load(test.with);
      const sends = [test.send ?? []].flat() as readonly Send[];
      const startMs = absoluteMs(sends[0]?.at) ?? defaultStartMs;
      const simulator = createSimulator({ plan, startMs, newId: createEventIds(() => 5_000) });
      for (const send of sends) {
        const source = plan.sources.find((one) => one.name === send.source);
        if (source === undefined || send.event !== undefined) continue;
        simulator.advance(timeOf(send.at, startMs, simulator.nowMs()));
        simulator.send(source.name, arrivalOf(send, source, openFixtures(dirname(file)), undefined));
      }
      simulator.advance(simulator.nowMs() + 24 * 60 * 60_000);
      for (const { delivery } of simulator.delivered())
        blocks.add(renderBlock(delivery.meta, delivery.content));
    }
  }
  return [...blocks];
}
