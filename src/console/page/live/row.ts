// One event of the live feed: what arrived, and how far it has got on each of its channels.

import type { LiveChange, LiveEvent, LiveState } from "../../protocol.ts";

export interface FeedChannel {
  readonly name: string;
  readonly state: LiveState;
  readonly session?: string;
  /** Why it is held, dropped or dead. */
  readonly reason?: string;
}

export interface FeedRow {
  readonly id: string;
  readonly timeMs: number;
  readonly source: string;
  readonly outcome: LiveEvent["outcome"];
  readonly channels: readonly FeedChannel[];
  readonly note: string;
  readonly tokens: number;
  /** What the filter by text searches, in lower case. */
  readonly text: string;
}

export function rowOf(event: LiveEvent): FeedRow {
  return withText({
    id: event.event_id,
    timeMs: Date.parse(event.time),
    source: event.source ?? "",
    outcome: event.outcome,
    channels: event.channels.map(({ name, state, mark }) => ({ name, state: stateOf(state, mark) })),
    note: event.note ?? "",
    tokens: event.tokens ?? 0,
  });
}

/** `channel: ""` is a change on all channels of the event, as when a session read it. */
export function changedRow(row: FeedRow, change: LiveChange): FeedRow {
  const { channel: name } = change;
  const known = row.channels.some((one) => one.name === name);
  const before =
    known || name === ""
      ? row.channels
      : [...row.channels, { name, state: "accepted" } satisfies FeedChannel];
  const channels = before.map((one) =>
    name === "" || one.name === name ? changedChannel(one, change) : one,
  );
  return withText({ ...row, channels });
}

function changedChannel(before: FeedChannel, change: LiveChange): FeedChannel {
  const { state, session, reason, attempt = 1 } = change;
  // Proof may arrive late: what is known to be read is not shown as sent again, except by another attempt.
  if (state !== "held" && attempt < 2 && rankOf(state) < rankOf(before.state)) return before;
  const at = session ?? before.session;
  return {
    name: before.name,
    state,
    ...(at === undefined ? {} : { session: at }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function withText(row: Omit<FeedRow, "text">): FeedRow {
  const channels = row.channels.flatMap(({ name, session = "", reason = "" }) => [name, session, reason]);
  return { ...row, text: [row.id, row.source, row.note, ...channels].join(" ").toLowerCase() };
}

const marks = ["accepted", "sent", "shown", "read", "acked"] as const;

/** How far it got; a final state other than `acked` is beyond all of them. */
function rankOf(state: LiveState): number {
  if (state === "held") return 0;
  const rank = marks.indexOf(state as (typeof marks)[number]);
  return rank < 0 ? marks.length : rank;
}

const liveStates: readonly string[] = [
  ...marks,
  "held",
  "expired",
  "superseded",
  "folded",
  "silenced",
  "dropped",
  "dead",
];

function stateOf(state: string | undefined, mark: string | undefined): LiveState {
  if (mark !== undefined && mark !== "accepted") return mark as LiveState;
  if (state === "done") return mark === undefined ? "sent" : "acked";
  return (liveStates.includes(state ?? "") ? state : "accepted") as LiveState;
}

/** The one state that a row is filtered by, and that its chip shows: of the channel that got least far. */
export function summaryOf(row: FeedRow): LiveState | "duplicate" | "unmatched" {
  if (row.outcome === "duplicate" || row.outcome === "unmatched" || row.outcome === "dropped")
    return row.outcome;
  const states = row.channels.map(({ state }) => state);
  return states.reduce(
    (least, state) => (rankOf(state) < rankOf(least) ? state : least),
    states[0] ?? "accepted",
  );
}
