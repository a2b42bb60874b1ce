// The answer to a tool call that no session can answer.

import type { RequestId } from "./protocol.ts";

/** A line without its line feed. */
export function toolError(id: RequestId, text: string): string {
  return JSON.stringify({
    jsonrpc: "2.0",
    id,
    result: { content: [{ type: "text", text }], isError: true },
  });
}
