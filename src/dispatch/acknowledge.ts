// `ack`: Claude reports the outcome of events. Any session may acknowledge any event, because work is handed
// on and sessions end.

import { UsageError } from "../errors.ts";
import type { DispatchContext } from "./context.ts";

const maxIds = 200;

export type AckOutcome = "handled" | "ignored" | "failed";

export interface AckRequest {
  readonly eventIds: readonly string[];
  readonly outcome: AckOutcome;
  readonly note?: string;
  /** The session that acknowledges. */
  readonly session?: string;
}

export interface AckReport {
  readonly acked: readonly string[];
  /** Known but already final: acknowledged before, or nothing to acknowledge. */
  readonly settled: readonly string[];
  /** Never seen, or no longer stored. */
  readonly unknown: readonly string[];
}

/**
 * Does not wait for the disk: an acknowledgement that is lost with the process only means that the event is
 * sent again, with `attempt`. Acknowledging a digest covers its members, which ended when they were folded.
 * Rejects with a UsageError for more than 200 ids.
 */
export async function acknowledge(
  context: DispatchContext,
  { eventIds, outcome, note, session }: AckRequest,
): Promise<AckReport> {
  const ids = [...new Set(eventIds)];
  if (ids.length > maxIds)
    throw new UsageError("E_TOOL_INPUT", `event_ids has ${ids.length} ids`, {
      hint: `at most ${maxIds} a call`,
    });
  const reason = note === undefined || note === "" ? outcome : `${outcome}: ${note}`;
  const acked: string[] = [];
  const settled: string[] = [];
  const unknown: string[] = [];
  for (const id of ids) {
    const entries = context.journal.entries(id);
    for (const entry of entries)
      context.setState(entry, { state: "acked", reason, ...(session === undefined ? {} : { session }) });
    if (entries.length > 0) acked.push(id);
    else if ((await context.journal.read(id)) === undefined) unknown.push(id);
    else settled.push(id);
  }
  return { acked, settled, unknown };
}
