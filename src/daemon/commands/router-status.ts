// The state of the running router for `status`, `sessions` and `doctor`, collected from the ports.

import type { RefusedAnswer, SessionAnswer, SourceAnswer, StatusAnswer } from "../../control/protocol.ts";
import { describeRefusals, type RefusalReport } from "../../http/refusals.ts";
import type { ControlPorts } from "./control-ports.ts";

export function statusAnswer(ports: ControlPorts): StatusAnswer {
  const { startedMs, ...about } = ports.about;
  const report = ports.router()?.report();
  const { sent, dead } = ports.deliveries.report();
  const { open, bytes, failure } = ports.journal.stats();
  const verdict = ports.verdict();
  const none = { accepted: 0, duplicate: 0, dropped: 0, unmatched: 0, refused: 0 };
  return {
    ...about,
    started: new Date(startedMs).toISOString(),
    active: ports.active(),
    problems: ports.problems(),
    ...(verdict === undefined
      ? {}
      : {
          last_reload: {
            time: new Date(verdict.timeMs).toISOString(),
            ok: verdict.ok,
            text: verdict.text,
            notes: verdict.notes,
          },
        }),
    ...(report?.address === undefined ? {} : { address: report.address }),
    powers: ports.powers(),
    sources: (report?.sources ?? []).map(
      ({ invitation, refused, lastEventMs, lastError, nextTryMs, ...source }): SourceAnswer => ({
        ...source,
        ...(lastEventMs === undefined ? {} : { last_event: new Date(lastEventMs).toISOString() }),
        ...(lastError === undefined ? {} : { last_error: lastError }),
        ...(nextTryMs === undefined ? {} : { next_try: new Date(nextTryMs).toISOString() }),
        ...(invitation === undefined ? {} : { address: invitation.address }),
        ...(invitation?.tryIt === undefined ? {} : { try_it: invitation.tryIt }),
        ...(refused === undefined ? {} : { refused: refusedAnswer(refused) }),
      }),
    ),
    ...(report?.unrouted === undefined ? {} : { unrouted: refusedAnswer(report.unrouted) }),
    channels: (ports.plan()?.channels ?? []).map(({ name, from }) => ({ name, from })),
    shaping: ports.deliveries.shaping(),
    sinks: ports.sinks().map(({ lastError, ...sink }) => ({
      ...sink,
      ...(lastError === undefined ? {} : { last_error: lastError }),
    })),
    counts: { ...(report?.counts ?? none), sent },
    sessions: sessionAnswers(ports),
    unanswered: ports.unanswered().map(({ eventId, timeMs, source, name, session }) => ({
      event_id: eventId,
      source,
      name,
      time: new Date(timeMs).toISOString(),
      ...(session === undefined ? {} : { session }),
    })),
    journal: { open, dead, bytes, ...(failure === undefined ? {} : { failure }) },
    silences: ports.deliveries.silences().map(({ channel, untilMs, reason }) => ({
      channel,
      until: new Date(untilMs).toISOString(),
      ...(reason === undefined ? {} : { reason }),
    })),
  };
}

function refusedAnswer(report: RefusalReport): RefusedAnswer {
  const { timeMs, ...last } = report.last;
  return {
    statuses: report.statuses,
    last: { ...last, time: new Date(timeMs).toISOString() },
    text: describeRefusals(report),
  };
}

export function sessionAnswers(ports: ControlPorts): SessionAnswer[] {
  return ports
    .sessions()
    .map(({ id, pid, project, label, client, listening, sinceMs, sent, stuckSinceMs }) => ({
      id,
      pid,
      project,
      ...(label === undefined ? {} : { label }),
      ...(client === undefined ? {} : { client: `${client.name} ${client.version}` }),
      listening,
      since: new Date(sinceMs).toISOString(),
      sent,
      ...(stuckSinceMs === undefined ? {} : { stuck_since: new Date(stuckSinceMs).toISOString() }),
    }));
}
