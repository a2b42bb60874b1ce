// What the edited config makes of the event: its problems, or each channel's answer and what Claude would see.

import type { TriedChannel, TryIssue } from "../../protocol.ts";
import { ChannelTrace } from "../event/trace.tsx";
import { Button } from "../parts/button.tsx";
import { Section } from "../parts/section.tsx";
import { Block, countOf, Empty } from "../parts/text.tsx";
import { answer, fault, isTrying, tried } from "./try-state.ts";

export function Result({ onReveal }: { onReveal(line: number, column: number): void }) {
  const { issues = [], channels = [] } = answer.value ?? {};
  return (
    <Section title="Result">
      <p class="unseen" role="status">
        {isTrying.value ? "" : summaryOf(issues, channels)}
      </p>
      {fault.value === undefined ? null : (
        <p class="fault" role="alert">
          {fault.value.message}
          {fault.value.hint === undefined ? null : <span class="muted"> {fault.value.hint}</span>}
        </p>
      )}
      {issues.length > 0 ? (
        <ul class="try-issues">
          {issues.map((issue, index) => (
            <Issue key={index} issue={issue} onReveal={onReveal} />
          ))}
        </ul>
      ) : channels.length > 0 ? (
        channels.map((channel) => <ChannelResult key={channel.name} channel={channel} />)
      ) : fault.value === undefined && tried.value === undefined ? (
        <Empty title="Choose an event to see which channel takes it.">
          <p>The config has no problem.</p>
        </Empty>
      ) : null}
    </Section>
  );
}

function summaryOf(issues: readonly TryIssue[], channels: readonly TriedChannel[]): string {
  if (issues.length > 0) return `${countOf(issues.length, "problem")} in the config.`;
  const taken = channels.filter((one) => one.taken);
  if (taken.length === 0) return channels.length === 0 ? "" : "No channel takes the event.";
  return taken
    .map(({ name, tokens = 0 }) => `${name} takes the event: ${countOf(tokens, "token")}.`)
    .join(" ");
}

function Issue({
  issue,
  onReveal,
}: {
  readonly issue: TryIssue;
  onReveal(line: number, column: number): void;
}) {
  const { line, column, message, hint, frame } = issue;
  return (
    <li>
      <p>
        <Button size="small" label={`Go to line ${line}`} onPress={() => onReveal(line, column)}>
          Line {line}
        </Button>{" "}
        {message}
        {hint === undefined ? null : <span class="muted"> {hint}</span>}
      </p>
      {frame === undefined ? null : <Block text={frame} label={`Problem in line ${line}`} />}
    </li>
  );
}

function ChannelResult({
  channel: { name, taken, steps, block, tokens = 0 },
}: {
  readonly channel: TriedChannel;
}) {
  return (
    <div class={`try-channel ${taken ? "taken" : ""}`}>
      <ChannelTrace channel={name} steps={steps} />
      {block === undefined ? null : (
        <>
          <p class="muted">Claude would see {countOf(tokens, "token")}:</p>
          <Block text={block} label={`What Claude would see on ${name}`} />
        </>
      )}
    </div>
  );
}
