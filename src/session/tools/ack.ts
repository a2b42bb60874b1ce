// The `ack` tool: Claude says that it is done with events. Where a channel awaits receipts, this is what ends the waiting.

import type { Tool } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { eventId } from "./event-id.ts";

export type AckOutcome = "handled" | "ignored" | "failed";

export interface AckPort {
  /**
   * Settles when durable, with what became of each id, in their order. An event of several channels is acknowledged on all
   * of them; the id of a digest stands for its members. `already`: nothing was awaited any more.
   */
  ack(
    eventIds: readonly string[],
    outcome: AckOutcome,
    note: string | undefined,
  ): Promise<readonly ("acked" | "already" | "unknown")[]>;
}

export function ackTool(port: AckPort): Tool {
  return {
    name: "ack",
    description: "Say that you are done with events, or they are sent again. Only for channels that need it.",
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
      const ids = [...new Set(event_ids)];
      const results = await port.ack(ids, outcome, note);
      const of = (result: string): string[] => ids.filter((_, index) => results[index] === result);
      const [acked, already, unknown] = [of("acked"), of("already"), of("unknown")];
      if (unknown.length === ids.length) throw noSuchEvent(unknown);
      return [
        ...(acked.length === 0 ? [] : [`${acked.length} acknowledged as ${outcome}`]),
        ...(already.length === 0 ? [] : [`nothing was awaited any more: ${already.join(", ")}`]),
        ...(unknown.length === 0 ? [] : [`no such event: ${unknown.join(", ")}`]),
      ].join("\n");
    },
  };
}

export function noSuchEvent(ids: readonly string[]): UsageError {
  return new UsageError("E_EVENT_UNKNOWN", `no event has the id ${ids.join(", ")}`, {
    hint: "ids are the event_id attributes of the blocks; old events are not kept for ever",
  });
}
