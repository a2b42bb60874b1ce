// What the leader does beside running the plan's sources: watches those with `expect`.

import type { Clock } from "../contract.ts";
import type { Shaping } from "../dispatch/shaping/driver.ts";
import type { Journal } from "../journal/journal.ts";
import type { Delivery } from "../journal/records.ts";
import type { PlannedDelivery } from "../plan/plan.ts";
import { createExpectations, type Expectations } from "../router/expectations.ts";
import type { Router } from "../router/router.ts";

export interface ServiceExpectationsParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly router: Pick<Router, "report">;
  readonly shaping: Pick<Shaping, "appended">;
  /** Real path. */
  readonly configFile: string;
  newId(nowMs: number): string;
}

/** Starts with the first `apply`. */
export function openExpectations(parts: ServiceExpectationsParts): Expectations {
  const { journal, clock, router, shaping, configFile, newId } = parts;
  return createExpectations({
    journal,
    clock,
    newId,
    lastEventMs: (source) => router.report().sources.find(({ name }) => name === source)?.lastEventMs,
    async commit({ event, delivery }) {
      await journal.append({ event, deliveries: [journalled(delivery, configFile)], memory: [] });
      shaping.appended([delivery]);
    },
  });
}

/** As the journal stores it: with the config that it is for. */
export function journalled({ eventId: _, terms, ...rest }: PlannedDelivery, configFile: string): Delivery {
  return { ...rest, terms: { ...terms, configFile } };
}
