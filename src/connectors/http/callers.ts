// Callers of `respond: { wait }`: requests that stay open until Claude's reply, their timeout, or shutdown. A
// caller lives only in this process: after a restart it is gone, and `reply` reports that.

import type { ServerResponse } from "node:http";
import type { Message } from "../../contract/chat.ts";
import type { Clock, Outcome } from "../../contract.ts";
import { ConnectorError, UsageError } from "../../errors.ts";
import { answerJson, handOver } from "../../http/answer.ts";

export interface Callers {
  /** True when the maximum of waiting callers is reached. */
  isFull(): boolean;
  /** Waits for an accepted event, and for a delivery that came again while its first caller waits. */
  awaits(outcome: Outcome): boolean;
  /**
   * Settles when the caller was answered or is gone. A second caller of one event gets the answer of the
   * first.
   */
  wait(outcome: Outcome, response: ServerResponse): Promise<void>;
  /** See `Source.reply`. */
  reply(eventId: string, message: Message): Promise<string>;
  /** Reports to all callers that no answer will come. */
  stop(): void;
}

/** Each uses one of the listener's 1,024 connections, which other sources need too. */
const maxCallers = 256;
/** How long a caller may take to read its answer. */
const takeMs = 10_000;
/** Finished calls that are remembered, to explain a late or second reply. */
const maxEnded = 1_000;

type End = "answered" | "late" | "left";

interface Waiting {
  readonly responses: Set<ServerResponse>;
  cancel(): void;
}

export function createCallers(waitMs: number, clock: Pick<Clock, "after">): Callers {
  const waiting = new Map<string, Waiting>();
  const ended = new Map<string, End>();
  let count = 0;
  let stopped = false;

  function end(eventId: string, why: End): void {
    waiting.get(eventId)?.cancel();
    waiting.delete(eventId);
    ended.set(eventId, why);
    for (const oldest of ended.keys()) {
      if (ended.size <= maxEnded) break;
      ended.delete(oldest);
    }
  }

  function open(outcome: Outcome): Waiting {
    const responses = new Set<ServerResponse>();
    const cancel = clock.after(waitMs, () => {
      end(outcome.eventId, "late");
      for (const response of responses) answerNothing(response, outcome, "no answer came in time");
    });
    const entry = { responses, cancel };
    waiting.set(outcome.eventId, entry);
    return entry;
  }

  return {
    isFull: () => count >= maxCallers,
    awaits: ({ outcome, eventId }) => outcome === "accepted" || waiting.has(eventId),
    async wait(outcome, response) {
      if (response.destroyed) return;
      if (stopped) return answerNothing(response, outcome, stoppedEarly);
      const { eventId } = outcome;
      const { responses } = waiting.get(eventId) ?? open(outcome);
      responses.add(response);
      count += 1;
      await closed(response);
      count -= 1;
      responses.delete(response);
      if (responses.size === 0 && waiting.get(eventId)?.responses === responses) end(eventId, "left");
    },
    async reply(eventId, { text }) {
      const entry = waiting.get(eventId);
      if (entry === undefined) throw noCaller(ended.get(eventId), waitMs);
      const responses = [...entry.responses];
      end(eventId, "answered");
      const taken = await Promise.all(responses.map((response) => answerWith(response, text, clock)));
      if (taken.includes(true)) return "the caller has the answer";
      ended.set(eventId, "left");
      throw noCaller("left", waitMs);
    },
    stop() {
      stopped = true;
      for (const [eventId, { responses }] of waiting) {
        end(eventId, "late");
        const outcome: Outcome = { eventId, outcome: "accepted" };
        for (const response of responses) answerNothing(response, outcome, stoppedEarly);
      }
    },
  };
}

const stoppedEarly = "the router stopped before an answer came";

/** After the answer was written, or when the caller disconnected. */
function closed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => response.once("close", resolve));
}

/** The event itself is durable and may be with Claude: a retry would create a second one. */
function answerNothing(response: ServerResponse, { eventId, outcome }: Outcome, error: string): void {
  answerJson(response, 504, { error, event_id: eventId, outcome });
}

/** Settles with false when the caller left, or did not read for too long. */
async function answerWith(
  response: ServerResponse,
  text: string,
  clock: Pick<Clock, "after">,
): Promise<boolean> {
  const isForMachines = isJson(text) && takesJson(response.req.headers.accept);
  const cancel = clock.after(takeMs, () => response.destroy());
  const taken = await handOver(
    response,
    text,
    isForMachines ? "application/json" : "text/plain; charset=utf-8",
  );
  cancel();
  return taken;
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // The text only begins like JSON.
  }
}

/** RFC 9110 section 12.5.1, without weights: a listed type is accepted. */
function takesJson(accept = "*/*"): boolean {
  const types = accept.split(",").map((range) => range.split(";", 1)[0]?.trim().toLowerCase());
  return types.some((type) => type === "*/*" || type === "application/*" || type === "application/json");
}

function noCaller(why: End | undefined, waitMs: number): Error {
  if (why === "answered") {
    return new UsageError("E_REPLY_DONE", "this event was answered already", {
      hint: "one request gets one answer",
    });
  }
  const reason = {
    late: `it timed out after ${waitMs / 1_000} s`,
    left: "it closed the connection before an answer came",
    unknown: "it was not waiting, or waited at a router that has stopped",
  }[why ?? "unknown"];
  return new ConnectorError("E_REPLY_GONE", `the caller is gone: ${reason}`, {
    hint: "nothing was sent: no caller is waiting",
  });
}
