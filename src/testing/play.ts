// Plays the sends of one test against a plan: what its channels admit, shape and deliver. Compares nothing.

import type { Fixtures } from "../config/fixtures.ts";
import type { RouterEvent } from "../contract.ts";
import { didYouMeanHint } from "../did-you-mean.ts";
import { isRouterError, UsageError } from "../errors.ts";
import type { Plan } from "../plan/plan.ts";
import { createEventIds } from "../router/event-id.ts";
import { absoluteMs, arrivalOf, defaultStartMs, durationOf, timeOf } from "./arrivals.ts";
import type { ActualResult } from "./expectations.ts";
import { createSimulator, type SimulatedEvent, type Simulator } from "./simulator.ts";
import type { Failure, Send, TestCase } from "./test-case.ts";

export interface PlayContext {
  readonly fixtures: Fixtures;
  /** The time of the plan's templates. */
  readonly clock: { current: Simulator | undefined };
  /** A stored event of the running router. Rejects with a RouterError. */
  recorded(eventId: string): Promise<RouterEvent>;
}

export type PlayedTest =
  | { readonly result: ActualResult; readonly timeMs: number }
  | { readonly failure: Failure };

/** `at`: of the test, for failures. */
export async function playTest(
  test: TestCase,
  at: Failure["path"],
  plan: Plan,
  { fixtures, clock, recorded }: PlayContext,
): Promise<PlayedTest> {
  const sends = [test.send ?? []].flat() as readonly Send[];
  const startMs = absoluteMs(sends[0]?.at) ?? defaultStartMs;
  let tail = 0;
  const rehearsal = createSimulator({ plan, startMs, newId: createEventIds(() => tail++) });
  clock.current = rehearsal;
  let last: SimulatedEvent | undefined;
  for (const [index, send] of sends.entries()) {
    const path = Array.isArray(test.send) ? [...at, "send", index] : [...at, "send"];
    try {
      const timeMs = timeOf(send.at, startMs, rehearsal.nowMs());
      if (timeMs < rehearsal.nowMs())
        return {
          failure: { path: [...path, "at"], message: "it is earlier than the previous event", lines: [] },
        };
      rehearsal.advance(timeMs);
      const source = plan.sources.find(({ name }) => name === send.source);
      if (source === undefined)
        throw noSource(
          send.source,
          plan.sources.map(({ name }) => name),
        );
      const stored = send.event === undefined ? undefined : await recorded(send.event);
      last = rehearsal.send(send.source, arrivalOf(send, source, fixtures, stored));
    } catch (error) {
      if (!isRouterError(error)) throw error;
      const lines = error.hint === undefined ? [] : [`  ${error.hint}`];
      return { failure: { path, message: error.message, lines } };
    }
  }
  if (test.wait !== undefined) rehearsal.advance(rehearsal.nowMs() + durationOf(test.wait));
  const result = {
    last,
    delivered: rehearsal.delivered(),
    heldBy: last === undefined ? [] : holdsOf(last, rehearsal),
  };
  return { result, timeMs: rehearsal.nowMs() };
}

const reasonOfEnd = { superseded: "supersede", expired: "ttl", folded: "digest" } as const;

/** Why an admitted event was not delivered, or not by itself. */
function holdsOf({ event, admission }: SimulatedEvent, rehearsal: Simulator): ActualResult["heldBy"] {
  if (admission === undefined) return [{ reason: "delivery_id", text: "its delivery id was seen before" }];
  return [
    ...rehearsal
      .waiting()
      .filter(({ id }) => id === event.id)
      .map(({ channel, hold, reason }) => ({
        channel,
        reason: hold?.by ?? "budget",
        text: `${channel}: ${reason}`,
      })),
    ...rehearsal
      .ended()
      .filter(({ id }) => id === event.id)
      .map(({ channel, state, reason }) => ({
        channel,
        reason: reasonOfEnd[state],
        text: `${channel}: ${reason}`,
      })),
  ];
}

function noSource(name: string, known: readonly string[]): UsageError {
  return new UsageError("E_USAGE", `no source named ${name}`, {
    hint: didYouMeanHint(name, known) ?? `sources: ${known.join(", ") || "none"}`,
  });
}
