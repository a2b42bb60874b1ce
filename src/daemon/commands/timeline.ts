// The timeline of one event for `why`: its arrival, the decisions of admission, and every line of the journal
// since, in order.

import type { WhyAnswer, WhyStep } from "../../control/protocol.ts";
import { ConnectorError } from "../../errors.ts";
import type { Line, StateLine } from "../../journal/records.ts";
import type { TracedEvent } from "../../router/trace-ring.ts";
import { describeHold } from "../../shaping/describe.ts";
import type { DaemonState } from "../state.ts";
import { digestReason, listMembers } from "./digests.ts";

/** Rejects with E_EVENT_UNKNOWN. */
export async function explainEvent(state: DaemonState, eventId: string): Promise<WhyAnswer> {
  const traced = state.decisions.find(eventId);
  const lines = (await state.running()?.journal.history(eventId)) ?? [];
  const accepted = lines.find((line) => line.type === "event");
  const digest = lines.find((line) => line.type === "digest" && line.id === eventId);
  if (traced === undefined && accepted === undefined && digest === undefined) throw unknownEvent(eventId);

  const source = traced?.source ?? accepted?.event.source;
  const arrivedMs = traced?.timeMs ?? accepted?.event.timeMs;
  const steps: WhyStep[] = [];
  if (arrivedMs !== undefined && source !== undefined) {
    const trust = accepted === undefined ? "" : `, ${accepted.event.trust}`;
    steps.push(step(arrivedMs, "arrived", `arrived at ${source}${trust}`));
    if (traced !== undefined && traced.outcome !== "accepted")
      steps.push(step(arrivedMs, "decided", decided(traced)));
  }
  for (const line of lines) steps.push(...stepsOf(line, eventId));
  steps.push(...(await afterwards(state, lines, eventId)));

  const marks = await marksOf(state, lines, eventId);
  const notAsked = traced === undefined ? [] : channelsNotAsked(state, traced);
  return {
    event_id: eventId,
    ...(source === undefined ? {} : { source }),
    outcome: digest !== undefined ? "digest" : accepted !== undefined ? "accepted" : traced!.outcome,
    steps,
    ...(marks.length === 0 ? {} : { marks }),
    ...(traced === undefined && arrivedMs !== undefined
      ? { trace_gone: arrivedMs < state.startedMs ? ("restart" as const) : ("later_events" as const) }
      : {}),
    ...(traced === undefined ? {} : { trace: traced.trace }),
    ...(notAsked.length === 0 ? {} : { not_asked: notAsked }),
  };
}

async function marksOf(
  state: DaemonState,
  lines: readonly Line[],
  eventId: string,
): Promise<NonNullable<WhyAnswer["marks"]>> {
  const channels = lines.flatMap((line) => {
    if (line.type === "event") return line.deliveries.map(({ channel }) => channel);
    return line.type === "digest" && line.id === eventId ? [line.delivery.channel] : [];
  });
  const marks = channels.length === 0 ? undefined : await state.running()?.journal.marks([eventId]);
  return [...new Set(channels)].flatMap((channel) => {
    const mark = marks?.of(eventId, channel);
    return mark === undefined ? [] : [{ channel, mark }];
  });
}

/** A digest's members fold into it, and a part of a digest into the whole. */
const maxDigests = 3;

/** What holds it now or, for a folded event, the outcome of the digest. */
async function afterwards(
  state: DaemonState,
  lines: readonly Line[],
  eventId: string,
  depth = 1,
): Promise<WhyStep[]> {
  const running = state.running();
  const open = (running?.journal.entries(eventId) ?? []).flatMap(({ channel }): WhyStep[] => {
    const hold = running?.shaping.holdOf({ id: eventId, channel });
    if (hold === undefined) return [];
    return [{ ...step(state.clock.now(), "waiting", describeHold(hold)), channel }];
  });
  const folded: WhyStep[] = [];
  for (const line of lines) {
    if (line.type !== "digest" || line.id === eventId) continue;
    const history = (await state.running()?.journal.history(line.id)) ?? [];
    // The creation of the digest is already in the timeline, as the outcome of this event.
    const since = history.filter((one) => one.type !== "digest" || one.id !== line.id);
    for (const one of since.flatMap((each) => stepsOf(each, line.id)))
      folded.push({ ...one, text: `digest ${line.id}: ${one.text}` });
    if (depth < maxDigests) folded.push(...(await afterwards(state, history, line.id, depth + 1)));
  }
  return [...open, ...folded];
}

export function unknownEvent(eventId: string): ConnectorError {
  return new ConnectorError("E_EVENT_UNKNOWN", `no stored event has the id ${eventId}`, {
    hint: "accepted events are deleted after delivery.keep, of the others the last 1,000 are known: channel-router events",
  });
}

function decided({ outcome, trace }: TracedEvent): string {
  if (outcome === "unmatched") return "unmatched: no channel of its source wanted it";
  if (trace.length === 0) return `${outcome}: its delivery id was seen before`;
  const last = trace.findLast(({ pass, filter }) => !pass && filter !== "match" && filter !== "when");
  if (last === undefined) return outcome;
  return `${outcome} by ${last.filter} of ${last.channel}${last.detail === undefined ? "" : `: ${last.detail}`}`;
}

/** Admission asks only channels that could match; those it skipped are listed by name. */
function channelsNotAsked(state: DaemonState, traced: TracedEvent): string[] {
  if (traced.outcome !== "unmatched" || traced.leftOut > 0) return [];
  const asked = new Set(traced.trace.map(({ channel }) => channel));
  return (state.running()?.config.plan.channels ?? [])
    .filter(({ name, from }) => from.includes(traced.source) && !asked.has(name))
    .map(({ name }) => name);
}

function stepsOf(line: Line, eventId: string): WhyStep[] {
  switch (line.type) {
    case "event":
      return line.deliveries.map(({ channel, tokens, untilMs }) => {
        const end =
          untilMs === undefined ? "" : `, to be delivered before ${new Date(untilMs).toISOString()}`;
        return { ...step(line.timeMs, "accepted", `accepted: ~${tokens} tokens${end}`), channel };
      });
    case "digest": {
      const { channel } = line.delivery;
      const reason = digestReason(line.delivery.terms);
      if (line.id !== eventId) {
        const more = line.members.length - 1;
        const others = more === 0 ? "" : ` with ${more} more`;
        const why = reason === undefined ? "" : ` (${reason})`;
        return [{ ...step(line.timeMs, "folded", `folded into digest ${line.id}${others}${why}`), channel }];
      }
      const { length } = line.members;
      if (length === 0) return [{ ...step(line.timeMs, "accepted", "made by the router"), channel }];
      const made = `${reason ?? "digest"}: made of ${length} events: ${listMembers(line.members)}`;
      return [{ ...step(line.timeMs, "accepted", made), channel }];
    }
    case "state":
      return [
        {
          ...step(line.timeMs, line.state, stateText(line)),
          channel: line.channel,
          ...(line.session === undefined ? {} : { session: line.session }),
          ...(line.attempt === undefined ? {} : { attempt: line.attempt }),
        },
      ];
    case "proof": {
      const channel = line.channel === undefined ? {} : { channel: line.channel };
      const text = line.read
        ? `read: session ${line.session} named it in a tool call`
        : `shown: the client's log of session ${line.session} has it`;
      return [{ ...step(line.timeMs, "proof", text), session: line.session, ...channel }];
    }
    case "call":
      return [{ ...step(line.timeMs, "call", line.text), session: line.session }];
    default:
      return [];
  }
}

const ends: Readonly<Record<string, string>> = {
  expired: "not delivered in time",
  superseded: "replaced by a newer event",
  silenced: "its channel was silenced",
  dead: "given up",
};

function stateText({ state, session, attempt, shown, read, reason, final }: StateLine): string {
  const to = session === undefined ? "" : ` to session ${session}`;
  const nth = attempt === undefined ? "" : `, attempt ${attempt}`;
  const because = reason === undefined ? "" : `: ${reason}`;
  const seen = read ? ", which fetched it" : shown ? ", which shows it" : "";
  if (state === "sent") return `sent${to}${nth}${seen}${final ? "" : ", waiting for a receipt"}${because}`;
  if (state === "acked")
    return `acknowledged${session === undefined ? "" : ` by session ${session}`}${because}`;
  if (state === "held") return `held${because}`;
  return `${state}: ${reason ?? ends[state] ?? "no reason given"}${nth}`;
}

function step(timeMs: number, name: string, text: string): WhyStep {
  return { time: new Date(timeMs).toISOString(), step: name, text };
}
