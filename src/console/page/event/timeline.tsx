// What happened to one event, in the order in which it happened: admission, attempts, proof, tool calls.

import type { WhyAnswer } from "../../protocol.ts";
import { clockOf, durationOf } from "../parts/text.tsx";

export function Timeline({ steps }: { readonly steps: WhyAnswer["steps"] }) {
  const startMs = steps[0] === undefined ? 0 : Date.parse(steps[0].time);
  return (
    <ol class="timeline">
      {steps.map(({ time, step, channel, session, attempt, text }, index) => {
        const timeMs = Date.parse(time);
        const details = [
          channel,
          session,
          attempt === undefined || attempt < 2 ? undefined : `attempt ${attempt}`,
        ];
        return (
          <li key={index}>
            <time dateTime={time} title={new Date(timeMs).toLocaleString()}>
              {clockOf(timeMs)}
              <span class="faint">{index === 0 ? "" : ` +${sinceOf(timeMs - startMs)}`}</span>
            </time>
            <span class="timeline-step">{step}</span>
            <span class="timeline-text">
              {text}
              <span class="faint">
                {" "}
                {details.filter((one) => one !== undefined && !text.includes(one)).join(" · ")}
              </span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function sinceOf(ms: number): string {
  return ms < 1_000 ? `${Math.max(0, ms)} ms` : durationOf(ms);
}
