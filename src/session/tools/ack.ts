// The `ack` tool: Claude reports that it is done with events. Where a channel expects receipts, this is the
// receipt.

import type { Tool } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { line, lines } from "../../text.ts";

/** Ids are 13 characters; any other text gets the error that there is no such event. */
export const eventId = { type: "string", maxLength: 64 } as const;

export type AckOutcome = "handled" | "ignored" | "failed";

export interface AckPort {
  /** An event of several channels is acknowledged on all of them; the id of a digest covers its members. */
  ack(request: {
    readonly eventIds: readonly string[];
    readonly outcome: AckOutcome;
    readonly note?: string;
  }): Promise<AckResult>;
}

/** Each requested id is in one of the lists. */
export interface AckResult {
  readonly acked: readonly string[];
  /** Final before: no receipt was expected any more. */
  readonly settled: readonly string[];
  readonly unknown: readonly string[];
}

export function ackTool(port: AckPort): Tool {
  return {
    name: "ack",
    description: line`Say that you are done with events, or they are sent again. Only for channels that need it.`,
    input: {
      type: "object",
      properties: {
        event_ids: { type: "array", items: eventId, minItems: 1, maxItems: 100 },
        outcome: { enum: ["handled", "ignored", "failed"] },
        note: { type: "string", maxLength: 500 },
      },
      required: ["event_ids", "outcome"],
      additionalProperties: false,
    },
    alwaysLoad: true,
    async call(input) {
      const { event_ids, outcome, note } = input as {
        event_ids: string[];
        outcome: AckOutcome;
        note?: string;
      };
      const request = { eventIds: event_ids, outcome, ...(note === undefined ? {} : { note }) };
      const { acked, settled, unknown } = await port.ack(request);
      if (acked.length + settled.length === 0) throw noSuchEvent(unknown);
      return lines([
        ...(acked.length === 0 ? [] : [line`${acked.length} acknowledged as ${outcome}`]),
        ...(settled.length === 0 ? [] : [line`no receipt was expected any more: ${settled.join(", ")}`]),
        ...(unknown.length === 0 ? [] : [line`no such event: ${unknown.join(", ")}`]),
      ]);
    },
  };
}

export function noSuchEvent(ids: readonly string[]): UsageError {
  return new UsageError("E_EVENT_UNKNOWN", `no event with the id ${ids.join(", ")}`, {
    hint: "ids are the event_id attributes of the blocks; old events are not kept forever",
  });
}
