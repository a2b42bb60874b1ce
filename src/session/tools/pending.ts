// The `pending` tool: waiting events, pulled instead of pushed. What it returns counts as delivered to this
// session when the line of the result was written, not before; until then it is reserved, so that it is not
// pushed meanwhile.

import type { Rendered, Tool } from "../../contract.ts";
import { quote } from "../../text/quote.ts";
import { line, lines, type SafeText, safeLine } from "../../text.ts";

export interface PendingPort {
  /**
   * Reserves the oldest events that wait for this session: at most `limit`, together well under the 25,000
   * tokens at which a client cuts a result, and at least one when any waits. Afterwards `confirm` (they are
   * `sent`) or `abandon` (they wait as before) is called, or neither when the session ended while the result
   * was written.
   */
  fetch(limit: number): Promise<FetchedEvents>;
  /**
   * How many events flow control collects now, for a digest for example. They are sent by themselves and
   * cannot be fetched.
   */
  collecting(): number;
}

export interface FetchedEvents {
  /** Oldest first. */
  readonly events: readonly Pick<Rendered, "content" | "meta">[];
  /** How many wait in addition. */
  readonly left: number;
  /** False: it is not yet known what else waits. */
  readonly isComplete: boolean;
  confirm(): void;
  abandon(): void;
}

const usual = 10;
const lookingStill = line`no event found yet: the router has just started or changed its leader and is still reading its backlog. Call pending again in a moment.`;

export function pendingTool(port: PendingPort): Tool {
  function none(isComplete: boolean): SafeText {
    if (!isComplete) return lookingStill;
    const collecting = port.collecting();
    return line`no event waits${collecting === 0 ? "" : `; flow control collects ${collecting}, status shows until when`}`;
  }

  return {
    name: "pending",
    description: line`Fetch events that wait, oldest first.`,
    input: {
      type: "object",
      properties: { limit: { type: "integer", minimum: 1, maximum: 50, default: usual } },
      additionalProperties: false,
    },
    async call({ limit = usual }) {
      const { events, left, isComplete, confirm, abandon } = await port.fetch(limit as number);
      const text =
        events.length === 0
          ? none(isComplete)
          : lines(
              events.flatMap((event, index) =>
                index === 0 ? describe(event) : [line``, ...describe(event)],
              ),
            );
      return { text, waiting: left, afterWritten: (written) => (written ? confirm() : abandon()) };
    },
  };
}

/** The attributes of the block that it would have been; then its text, which is data. */
function describe({ content, meta }: Pick<Rendered, "content" | "meta">): SafeText[] {
  const attributes = Object.entries(meta).map(([key, value]) => `${key}="${value}"`);
  return [safeLine(`event ${attributes.join(" ")}`, { most: 40_000 }), quote(content)];
}
