// Sessions and sources: who listens and why, what is held, what is wrong, and what the config did at its last reload.

import type { StatusReport } from "../../protocol.ts";
import { TokenPanel } from "../live/token-panel.tsx";
import { Loaded, Section, useAnswer, useTitle } from "../parts/section.tsx";
import { numberOf } from "../parts/text.tsx";
import { overview, status } from "../questions.ts";
import { isNarrow } from "../screen.ts";
import { ConfigSection } from "./config.tsx";
import { HeldSection } from "./held.tsx";
import { RecipeSection } from "./recipes.tsx";
import { SessionSection } from "./sessions.tsx";
import { SilenceSection } from "./silences.tsx";
import { SourceSection } from "./sources.tsx";

export function SessionsPage() {
  useTitle("Sessions and sources");
  const answer = useAnswer(status);
  return (
    <div class="page sessions">
      <h1 class="unseen">Sessions and sources</h1>
      <Loaded answer={answer} retry={status.refresh}>
        {(report) => (
          <>
            <Figures report={report} />
            <ConfigSection report={report} />
            <SessionSection sessions={report.sessions} />
            <SourceSection report={report} />
            <HeldSection report={report} />
            <SilenceSection report={report} />
            <RecipeSection />
            {isNarrow.value ? <TokenSection /> : null}
          </>
        )}
      </Loaded>
    </div>
  );
}

/** Beside the feed where there is room for it. */
function TokenSection() {
  const { data } = useAnswer(overview);
  return (
    <Section title="Tokens per hour">
      {data === undefined ? <p class="muted">Not known yet.</p> : <TokenPanel overview={data} />}
    </Section>
  );
}

/** Since the router started. */
function Figures({ report: { counts, journal } }: { readonly report: StatusReport }) {
  const figures: readonly (readonly [string, number | undefined])[] = [
    ["accepted", counts.accepted],
    ["sent", counts.sent],
    ["shown", counts.shown],
    ["read", counts.read],
    ["acked", counts.acked],
    ["unmatched", counts.unmatched],
    ["dropped", counts.dropped],
    ["duplicate", counts.duplicate],
    ["refused", counts.refused],
    ["open", journal.open],
    ["dead", journal.dead],
  ];
  return (
    <Section title="Since the router started" class="figures-section">
      <dl class="figures">
        {figures.map(([name, count]) =>
          count === undefined ? null : (
            <div key={name} class={count === 0 ? "zero" : ""}>
              <dt>{name}</dt>
              <dd>{numberOf(count)}</dd>
            </div>
          ),
        )}
      </dl>
    </Section>
  );
}
