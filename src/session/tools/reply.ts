// The `reply` tool: Claude's answer to whoever sent an event. Offer it only where a source can be answered.

import type { Tool } from "../../contract.ts";
import { eventId } from "./event-id.ts";

export interface ReplyPort {
  /**
   * Hands the text to the source of the event. Settles with one line for Claude. Rejects with a RouterError:
   * E_EVENT_UNKNOWN, E_REPLY_NONE, E_REPLY_DONE, E_REPLY_GONE, or the source's own.
   */
  reply(eventId: string, text: string): Promise<string>;
}

export function replyTool(port: ReplyPort): Tool {
  return {
    name: "reply",
    description: "Answer the sender of an event, who cannot see your other output.",
    input: {
      type: "object",
      properties: { event_id: eventId, text: { type: "string", minLength: 1, maxLength: 100_000 } },
      required: ["event_id", "text"],
      additionalProperties: false,
    },
    alwaysLoad: true,
    call: (input) => port.reply(input.event_id as string, input.text as string),
  };
}
