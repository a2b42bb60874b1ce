// The stored events of some time through the edited config: what would newly be sent, no longer be sent or look different.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { CompareAnswer } from "../../protocol.ts";
import { call } from "../api.ts";
import { Button } from "../parts/button.tsx";
import { Section } from "../parts/section.tsx";
import { Block, countOf, Diff, numberOf } from "../parts/text.tsx";
import { hrefOf } from "../route.ts";
import { text } from "./try-state.ts";

const spans = [
  ["1 hour", 3_600_000],
  ["24 hours", 86_400_000],
  ["7 days", 604_800_000],
] as const;
/** Events of each kind that are shown. */
const shown = 20;

export function Comparison() {
  const forMs = useSignal<number>(86_400_000);
  const found = useSignal<{ readonly answer: CompareAnswer; readonly text: string } | undefined>(undefined);
  const id = useId();
  const compare = async () => {
    const compared = text.peek();
    const answer = await call("compare", { text: compared, since_ms: Date.now() - forMs.peek() });
    found.value = { answer, text: compared };
  };
  return (
    <Section title="What this edit would have changed">
      <div class="toolbar">
        <label for={id}>Events of the last</label>
        <select
          id={id}
          value={forMs.value}
          onChange={({ currentTarget }) => (forMs.value = Number(currentTarget.value))}
        >
          {spans.map(([name, ms]) => (
            <option key={name} value={ms}>
              {name}
            </option>
          ))}
        </select>
        <Button onPress={compare}>Compare</Button>
        {found.value !== undefined && found.value.text !== text.value ? (
          <span class="muted">The config was edited since.</span>
        ) : null}
      </div>
      <div role="status">{found.value === undefined ? null : <Compared answer={found.value.answer} />}</div>
    </Section>
  );
}

function Compared({ answer }: { readonly answer: CompareAnswer }) {
  const { compared, newly, no_longer, changed, counts, tokens, channels = [], issues = [], stopped } = answer;
  if (issues.length > 0) return <p>The config has problems: nothing was compared.</p>;
  const many = counts ?? { newly: newly.length, no_longer: no_longer.length, changed: changed.length };
  const isSame = many.newly + many.no_longer + many.changed === 0;
  return (
    <>
      <p class="try-sum">
        {countOf(compared, "event")}: <b>{numberOf(many.newly)}</b> newly sent,{" "}
        <b>{numberOf(many.no_longer)}</b> no longer sent, <b>{numberOf(many.changed)}</b> different. Tokens:{" "}
        {numberOf(tokens.before)} → {numberOf(tokens.after)}.
        {stopped === undefined ? null : " Later events were not compared: it took too long."}
      </p>
      {isSame ? null : (
        <>
          <ChannelTable channels={channels} />
          {newly.slice(0, shown).map(({ event_id, channel, block }) => (
            <Difference
              key={`+${event_id}${channel}`}
              id={event_id}
              channel={channel}
              sign="+"
              what="newly sent"
            >
              <Diff text={signed("+", block)} label={`Newly sent on ${channel}`} />
            </Difference>
          ))}
          {no_longer.slice(0, shown).map(({ event_id, channel, block, reason }) => (
            <Difference
              key={`-${event_id}${channel}`}
              id={event_id}
              channel={channel}
              sign="-"
              what={reason ?? "no longer sent"}
            >
              <Diff text={signed("-", block)} label={`No longer sent on ${channel}`} />
            </Difference>
          ))}
          {changed.slice(0, shown).map(({ event_id, channel, before, after, parts = [] }) => (
            <Difference
              key={`~${event_id}${channel}`}
              id={event_id}
              channel={channel}
              sign="~"
              what={parts.join(", ")}
            >
              {before === after ? (
                <Block text={after} label={`Sent on ${channel}`} />
              ) : (
                <Diff text={differenceOf(before, after)} label={`Different on ${channel}`} />
              )}
            </Difference>
          ))}
        </>
      )}
    </>
  );
}

function ChannelTable({ channels }: { readonly channels: NonNullable<CompareAnswer["channels"]> }) {
  return (
    <table class="try-table">
      <thead>
        <tr>
          <th scope="col">Channel</th>
          <th scope="col">Events</th>
          <th scope="col">Tokens</th>
        </tr>
      </thead>
      <tbody>
        {channels.map(({ channel, before, after }) => (
          <tr key={channel}>
            <th scope="row">{channel}</th>
            <td>{`${numberOf(before.events)} → ${numberOf(after.events)}`}</td>
            <td>{`${numberOf(before.tokens)} → ${numberOf(after.tokens)}`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface DifferenceProps {
  readonly id: string;
  readonly channel: string;
  readonly sign: string;
  readonly what: string;
  readonly children: ComponentChildren;
}

function Difference({ id, channel, sign, what, children }: DifferenceProps) {
  return (
    <details class="try-difference">
      <summary>
        <code>{sign}</code> {channel} <span class="muted">{what}</span>
      </summary>
      <p>
        <a href={hrefOf("event", id)}>{id}</a>
      </p>
      {children}
    </details>
  );
}

function signed(sign: string, block: string): string {
  return block
    .split("\n")
    .map((line) => `${sign}${line}`)
    .join("\n");
}

/** Common lines at both ends, and what differs between them. */
function differenceOf(before: string, after: string): string {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end))
    end += 1;
  return [
    ...old.slice(0, start).map((line) => ` ${line}`),
    ...old.slice(start, old.length - end).map((line) => `-${line}`),
    ...now.slice(start, now.length - end).map((line) => `+${line}`),
    ...old.slice(old.length - end).map((line) => ` ${line}`),
  ].join("\n");
}
