// What a process remembers of its client's conversation, so that another leader can continue it: how it
// began, which requests wait for an answer, which events the client's stream took. It reads lines and changes
// none.

import type { DeliveryKey, Frame, RequestId, Resume } from "./protocol.ts";

type LineKind = "initialize" | "initialized" | "request" | "other";

export interface ClientLine {
  readonly line: Buffer;
  readonly kind: LineKind;
  readonly id?: RequestId;
  /** A request that calls a tool. */
  readonly isCall?: boolean;
}

export interface LineEffect {
  /** The event in the line, if there is one. */
  readonly delivery?: DeliveryKey;
  /** It answers a request that `refuse` answered already: the client must not get a second answer. */
  readonly isLate?: true;
}

export interface ClientRecord {
  /** Classifies a line of the client. */
  read(line: Buffer): ClientLine;
  /** The line was sent to a leader. */
  sent(line: ClientLine): void;
  /** A line for the client arrived. */
  arrived(line: Buffer): LineEffect;
  /** The client's stream took the event. */
  taken(delivery: DeliveryKey): void;
  /** A request waits for its answer. */
  isOwed(): boolean;
  /** How long ago the oldest unanswered tool call was sent; undefined when all are answered. */
  oldestCallMs(): number | undefined;
  /** Marks the waiting tool calls as answered, and returns their ids. */
  refuseCalls(): RequestId[];
  /**
   * For the next leader, with the `?` lines to send after it; and an unanswered `initialize`, to be sent as
   * new.
   */
  resume(): { frame: Resume; questions: Buffer[]; initialize: ClientLine | undefined };
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: {
    readonly requestId?: unknown;
    readonly meta?: { readonly event_id?: unknown; readonly channel?: unknown };
  };
}

interface Unanswered {
  /** Undefined when it was too large to keep. */
  readonly line: Buffer | undefined;
  readonly isCall: boolean;
  readonly sentMs: number;
}

const nothing: LineEffect = {};
/** More calls than a client makes while its leader does not respond. */
const maxRefused = 1024;
/**
 * Number of ids of taken events that are kept: more than a leader can have confirmed and not yet written to
 * its journal.
 */
const maxTaken = 1024;
/** Total text of unanswered requests that is kept; beyond it, only the id. */
const maxKeptBytes = 16 * 1024 * 1024;
/** A longer `initialize` or answer is not genuine; without it the conversation cannot be resumed. */
const maxRecordedBytes = 1024 * 1024;

export function createClientRecord(): ClientRecord {
  const unanswered = new Map<RequestId, Unanswered>();
  const refused = new Set<RequestId>();
  const taken = new Set<DeliveryKey>();
  const writing = new Set<DeliveryKey>();
  let keptBytes = 0;
  let initialize: ClientLine | undefined;
  let answer: Buffer | undefined;
  let initialized = false;

  function forget(id: RequestId): void {
    keptBytes -= unanswered.get(id)?.line?.length ?? 0;
    unanswered.delete(id);
  }

  return {
    read(line) {
      const { id, method } = parse(line);
      if (method === "notifications/initialized") return { line, kind: "initialized" };
      if (typeof method !== "string" || !isRequestId(id)) return { line, kind: "other" };
      if (method === "initialize") return { line, id, kind: "initialize" };
      return { line, id, kind: "request", isCall: method === "tools/call" };
    },
    sent(entry) {
      if (entry.kind === "initialized") initialized = true;
      if (entry.kind === "other") {
        const { method, params } = parse(entry.line);
        // A cancelled request is not answered.
        if (method === "notifications/cancelled" && isRequestId(params?.requestId)) forget(params.requestId);
      }
      if (entry.id === undefined) return;
      if (entry.kind === "initialize" && initialize === undefined && entry.line.length <= maxRecordedBytes) {
        initialize = entry;
        return;
      }
      const isKept = keptBytes + entry.line.length <= maxKeptBytes;
      if (isKept) keptBytes += entry.line.length;
      unanswered.set(entry.id, {
        line: isKept ? entry.line : undefined,
        isCall: entry.isCall === true,
        sentMs: performance.now(),
      });
      refused.delete(entry.id);
    },
    arrived(line) {
      const { id, method, params } = parse(line);
      if (method === "notifications/claude/channel") {
        const { event_id: eventId, channel } = params?.meta ?? {};
        if (typeof eventId !== "string") return nothing;
        const delivery = typeof channel === "string" ? `${eventId}/${channel}` : eventId;
        writing.add(delivery);
        return { delivery };
      }
      if (method !== undefined || !isRequestId(id)) return nothing;
      if (refused.delete(id)) return { isLate: true };
      if (answer === undefined && id === initialize?.id && line.length <= maxRecordedBytes) answer = line;
      forget(id);
      return nothing;
    },
    taken(delivery) {
      writing.delete(delivery);
      taken.delete(delivery);
      taken.add(delivery);
      if (taken.size > maxTaken) taken.delete(taken.values().next().value as string);
    },
    isOwed: () => unanswered.size > 0 || (initialize !== undefined && answer === undefined),
    oldestCallMs() {
      const calls = [...unanswered.values()].filter(({ isCall }) => isCall);
      return calls.length === 0
        ? undefined
        : performance.now() - Math.min(...calls.map(({ sentMs }) => sentMs));
    },
    refuseCalls() {
      const ids = [...unanswered].filter(([, { isCall }]) => isCall).map(([id]) => id);
      for (const id of ids) {
        forget(id);
        refused.add(id);
        if (refused.size > maxRefused) refused.delete(refused.values().next().value as RequestId);
      }
      return ids;
    },
    resume() {
      // The earlier leader will not answer any more.
      refused.clear();
      const questions = [...unanswered.values()].flatMap(({ line }) => line ?? []);
      const frame: Extract<Frame, { t: "resume" }> = {
        t: "resume",
        ...(initialize !== undefined &&
          answer !== undefined && {
            initialize: initialize.line.toString("utf8"),
            answer: answer.toString("utf8"),
            initialized,
          }),
        unanswered: questions.length,
        forgotten: [...unanswered].filter(([, { line }]) => line === undefined).map(([id]) => id),
        taken: eventsOf(taken),
        writing: eventsOf(writing),
        deliveries: { taken: [...taken], writing: [...writing] },
      };
      if (answer !== undefined || initialize === undefined)
        return { frame, questions, initialize: undefined };
      const again = initialize;
      initialize = undefined;
      return { frame, questions, initialize: again };
    },
  };
}

/** The ids of their events. */
export function eventsOf(deliveries: Iterable<DeliveryKey>): string[] {
  return [...new Set([...deliveries].map((key) => key.split("/", 1)[0] as string))];
}

function parse(line: Buffer): Message {
  try {
    const value: unknown = JSON.parse(line.toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Message) : {};
  } catch {
    return {}; // Not validated here: the session rejects it.
  }
}

function isRequestId(value: unknown): value is RequestId {
  return typeof value === "string" || typeof value === "number";
}
