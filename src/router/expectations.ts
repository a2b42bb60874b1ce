// Runs `expect`: regularly asks the router when each source last had an event, whatever its type, and creates
// the event that reports its absence. The time of the last event is a note in the journal, so that restarts
// do not reset it.

import type { Clock } from "../contract.ts";
import { isRouterError } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import { type Absence, absenceOf } from "../plan/absence.ts";
import type { Plan, PlannedSource } from "../plan/plan.ts";
import {
  beat,
  describeMissing,
  dueMs,
  type Heartbeat,
  missingMs,
  startHeartbeat,
  storeHeartbeat,
} from "../shaping/expect.ts";

const kind = "expect";
/** How precisely the time is kept over a restart: a twentieth of it, within these bounds. */
const shortestNoteMs = 1_000;
const longestNoteMs = 10 * 60_000;
const retryMs = 10_000;

export interface ExpectationsParts {
  readonly journal: Pick<Journal, "jot" | "notes">;
  readonly clock: Clock;
  newId(nowMs: number): string;
  /** When the source last had an event since this router started. */
  lastEventMs(source: string): number | undefined;
  /** Commits the event. Rejects with a RouterError when it was not taken: then it is retried. */
  commit(absence: Absence): Promise<void>;
}

export interface Expectations {
  apply(plan: Plan): void;
  stop(): void;
}

export function createExpectations({
  journal,
  clock,
  newId,
  lastEventMs,
  commit,
}: ExpectationsParts): Expectations {
  const heartbeats = new Map<string, Heartbeat>();
  const stored = new Map(journal.notes(kind).map(({ key, value }) => [key, value]));
  let plan: Plan | undefined;
  let cancel = () => {};
  let isStopped = false;

  function expecting(): (PlannedSource & { readonly expectMs: number })[] {
    return (plan?.sources ?? []).flatMap((source) =>
      source.enabled && source.expectMs !== undefined ? [{ ...source, expectMs: source.expectMs }] : [],
    );
  }

  function note(source: string, heartbeat: Heartbeat): void {
    journal.jot(kind, source, storeHeartbeat(heartbeat, clock.now())).catch((error) => {
      if (!isRouterError(error)) throw error;
    });
  }

  function arm(): void {
    cancel();
    const sources = expecting();
    if (sources.length === 0 || isStopped) return;
    const nowMs = clock.now();
    const waits = sources.map(({ name, expectMs }) => {
      const noteMs = Math.min(Math.max(expectMs / 20, shortestNoteMs), longestNoteMs);
      return Math.min(noteMs, Math.max(0, dueMs(heartbeats.get(name) as Heartbeat, expectMs) - nowMs));
    });
    cancel = clock.after(Math.min(...waits), () => void look());
  }

  async function look(): Promise<void> {
    let wasRefused = false;
    for (const source of expecting()) {
      const { name, expectMs } = source;
      const last = lastEventMs(name);
      let heartbeat = heartbeats.get(name) as Heartbeat;
      if (last !== undefined) heartbeat = beat(heartbeat, last);
      const nowMs = clock.now();
      if (!heartbeat.isReported && missingMs(heartbeat, nowMs) >= expectMs) {
        const text = describeMissing(name, expectMs, heartbeat);
        const absence = absenceOf(plan as Plan, source, { id: newId(nowMs), nowMs, text });
        try {
          if (absence !== undefined) await commit(absence);
          heartbeat = { ...heartbeat, isReported: true };
        } catch (error) {
          if (!isRouterError(error)) throw error;
          wasRefused = true;
        }
      }
      heartbeats.set(name, heartbeat);
      note(name, heartbeat);
    }
    if (wasRefused && !isStopped) cancel = clock.after(retryMs, () => void look());
    else arm();
  }

  return {
    apply(next) {
      plan = next;
      const names = new Set(expecting().map(({ name }) => name));
      for (const name of heartbeats.keys()) if (!names.has(name)) heartbeats.delete(name);
      for (const name of names) {
        if (!heartbeats.has(name)) heartbeats.set(name, startHeartbeat(clock.now(), stored.get(name)));
        stored.delete(name);
      }
      arm();
    },
    stop() {
      isStopped = true;
      cancel();
      for (const [name, heartbeat] of heartbeats) note(name, heartbeat);
    },
  };
}
