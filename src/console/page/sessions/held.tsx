// What is held back, and what could not be delivered.

import type { StatusReport } from "../../protocol.ts";
import { Section } from "../parts/section.tsx";
import { countOf, Empty, numberOf, Time } from "../parts/text.tsx";
import { hrefOf } from "../route.ts";

export function HeldSection({ report }: { readonly report: StatusReport }) {
  const { journal, shaping = [], unanswered = [], sinks = [] } = report;
  const states = Object.entries(journal.states ?? {}).filter(([, count]) => count > 0);
  const dead = journal.dead_letters ?? [];
  const isQuiet = states.length + dead.length + shaping.length + unanswered.length === 0;
  return (
    <Section title="Held and undelivered" count={journal.open + journal.dead}>
      {journal.failure === undefined ? null : (
        <p class="line error">The journal cannot be written: {journal.failure}</p>
      )}
      {isQuiet ? (
        <Empty title="Nothing is held, and nothing was lost.">
          <p>Events that wait for a session, a digest or quiet hours are counted here.</p>
        </Empty>
      ) : null}
      {states.length === 0 ? null : (
        <p class="line">Open: {states.map(([state, count]) => `${numberOf(count)} ${state}`).join(", ")}</p>
      )}
      {shaping.map(({ channel, text, collecting }) => (
        <p key={channel} class="line">
          <b>{channel}</b> {text}
          {collecting.map(({ reason, events, next }) => (
            <span key={reason} class="muted">
              {" "}
              · {countOf(events, "event")} for {reason}, next <Time value={next} />
            </span>
          ))}
        </p>
      ))}
      {dead.map(({ event_id, channel, reason }) => (
        <p key={`${event_id} ${channel}`} class="line">
          <span class="error">dead</span> <a href={hrefOf("event", event_id)}>{event_id}</a> on {channel}
          {reason === undefined ? "" : `: ${reason}`}
        </p>
      ))}
      {unanswered.map(({ event_id, name, source, time }) => (
        <p key={event_id} class="line">
          not answered <a href={hrefOf("event", event_id)}>{event_id}</a> from {name} on {source}{" "}
          <Time value={time} />
        </p>
      ))}
      {sinks.map(({ name, type, calls, failures, last_error }) => (
        <p key={name} class="line">
          sink <b>{name}</b> <span class="muted">{type}</span> {countOf(calls, "call")}
          {failures === 0 ? "" : `, ${numberOf(failures)} failed`}
          {last_error === undefined ? null : <span class="error"> {last_error}</span>}
        </p>
      ))}
    </Section>
  );
}
