// The sessions of Claude Code that are attached: whether each listens and why, and how it is woken when it does not.

import type { ComponentChildren } from "preact";
import type { SessionReport } from "../../protocol.ts";
import { Chip, type ChipKind } from "../parts/chip.tsx";
import { Section } from "../parts/section.tsx";
import { Command, countOf, Empty, Time } from "../parts/text.tsx";

const tones: Readonly<Record<string, ChipKind>> = { yes: "good", no: "bad", unknown: "warn" };
const words: Readonly<Record<string, string>> = {
  yes: "listening",
  no: "not listening",
  unknown: "listening not known",
};

export function SessionSection({ sessions }: { readonly sessions: readonly SessionReport[] }) {
  return (
    <Section title="Sessions" count={sessions.length}>
      {sessions.length === 0 ? (
        <Empty title="No Claude Code session is open.">
          <p>
            Events are held until one is. Start Claude Code in a project that has this server, or a session
            with:
          </p>
          <Command text="claude --channels server:channel-router" />
        </Empty>
      ) : (
        <ul class="cards">
          {sessions.map((session) => (
            <li key={session.id}>
              <Session session={session} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Session({ session }: { readonly session: SessionReport }) {
  const { id, name, label, project, client, listening, since, sent, shown, idle, wake, stuck_since, pid } =
    session;
  const title = name ?? label ?? project.split("/").at(-1) ?? id;
  return (
    <article class="card" aria-label={title}>
      <header class="card-head">
        <h3>
          {title} <code class="faint">{id}</code>
        </h3>
        <span class="chips">
          {idle === undefined ? null : <Chip text={idle ? "idle" : "busy"} tone={idle ? "idle" : "accent"} />}
          <Chip text={words[listening.state] ?? listening.state} tone={tones[listening.state] ?? "idle"} />
        </span>
      </header>
      <p class="line">{listening.reason}</p>
      <dl class="facts-list">
        <Fact name="Project" value={<code>{project}</code>} />
        <Fact name="Client" value={client === undefined ? undefined : `${client}, pid ${pid}`} />
        <Fact name="Since" value={<Time value={since} />} />
        <Fact
          name="Events"
          value={`${countOf(sent, "event")} sent${shown === undefined ? "" : `, ${shown} shown`}`}
        />
        <Fact
          name="Wake"
          value={
            wake === undefined
              ? undefined
              : `${wake.text}${wake.unanswered > 0 ? `, ${wake.unanswered} unanswered` : ""}`
          }
        />
        <Fact name="Stuck" value={stuck_since === undefined ? undefined : <Time value={stuck_since} />} />
      </dl>
    </article>
  );
}

interface FactProps {
  readonly name: string;
  readonly value: ComponentChildren;
}

export function Fact({ name, value }: FactProps) {
  if (value === undefined) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
