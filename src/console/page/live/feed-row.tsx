// A row of the live feed: time, source, channels with how far each got, and the start of the text.

import { Chip, Progress } from "../parts/chip.tsx";
import { clockOf, numberOf } from "../parts/text.tsx";
import { hrefOf } from "../route.ts";
import { type FeedRow, summaryOf } from "./row.ts";

interface FeedRowProps {
  readonly row: FeedRow;
  readonly isSelected: boolean;
}

export function FeedLine({ row, isSelected }: FeedRowProps) {
  const { channels } = row;
  const summary = summaryOf(row);
  const reason = channels.find((one) => one.reason !== undefined)?.reason;
  const sessions = [...new Set(channels.flatMap(({ session }) => session ?? []))];
  const milliseconds = String(row.timeMs % 1_000).padStart(3, "0");
  return (
    <a
      class={`feed-row ${isSelected ? "selected" : ""}`}
      href={hrefOf("event", row.id)}
      data-event={row.id}
      aria-current={isSelected ? "true" : undefined}
    >
      <span class="feed-time">
        {clockOf(row.timeMs)}
        <span class="faint">.{milliseconds}</span>
      </span>
      <span class="feed-source">{row.source === "" ? "digest" : row.source}</span>
      <span class="feed-state">
        {row.outcome === "accepted" || row.outcome === "digest" ? (
          <Progress state={summary} />
        ) : (
          <Chip text={row.outcome} />
        )}
      </span>
      <span class="feed-channels">
        {channels.map(({ name, state }) => (
          <span key={name} class="feed-channel">
            {name}
            {channels.length > 1 ? <span class="faint"> {state}</span> : null}
          </span>
        ))}
      </span>
      <span class="feed-note">
        {reason === undefined ? null : <span class="feed-reason">{reason}</span>}
        {row.note}
      </span>
      <span class="feed-session faint">{sessions.join(", ")}</span>
      <span class="feed-tokens faint">{row.tokens === 0 ? "" : `${numberOf(row.tokens)} tok`}</span>
    </a>
  );
}
