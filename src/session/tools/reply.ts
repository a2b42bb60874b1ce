// The `reply` tool: Claude's answer to the sender of an event. Offered only where a source can be answered.

import type { JsonSchema, Tool } from "../../contract.ts";
import { line, type SafeText } from "../../text.ts";
import { eventId } from "./ack.ts";
import { demandVisible, files, text } from "./chat.ts";

export interface ReplyPort {
  /**
   * Passes the text to the source of the event. Settles with one line for Claude. Rejects with a RouterError:
   * E_EVENT_UNKNOWN, E_REPLY_NONE, E_REPLY_DONE, E_REPLY_GONE, E_FILE, or the source's own.
   */
  reply(eventId: string, answer: ReplyAnswer): Promise<SafeText>;
}

export interface ReplyAnswer {
  readonly text: string;
  /** Paths. */
  readonly files: readonly string[];
  /** A message id. */
  readonly replyTo?: string;
}

/** `chats`: some of the sources take files and quotes. */
export function replyTool(port: ReplyPort, { chats = false }: { readonly chats?: boolean } = {}): Tool {
  const quoted = {
    type: "string",
    minLength: 1,
    maxLength: 200,
    description: "Id of the message to quote; default the event's.",
  };
  const input: JsonSchema = {
    type: "object",
    properties: { event_id: eventId, text, ...(chats ? { files, reply_to: quoted } : {}) },
    required: ["event_id", "text"],
    additionalProperties: false,
  };
  return {
    name: "reply",
    description: line`Answer the sender of an event, who cannot see your other output.`,
    input,
    alwaysLoad: true,
    call: async ({ event_id, text: answer, files: paths = [], reply_to }) => {
      if ((paths as string[]).length === 0) demandVisible(answer as string);
      return port.reply(event_id as string, {
        text: answer as string,
        files: paths as string[],
        ...(reply_to === undefined ? {} : { replyTo: reply_to as string }),
      });
    },
  };
}
