// Admission step by step: what each channel of the source asked, and what it found.

import type { TraceStep, WhyAnswer } from "../../protocol.ts";
import { Empty } from "../parts/text.tsx";

export function Trace({ why }: { readonly why: WhyAnswer }) {
  const { trace, trace_gone, not_asked = [] } = why;
  if (trace === undefined)
    return (
      <Empty title="The trace of this event is not stored any more.">
        <p>
          {trace_gone === "restart"
            ? "The router has started since. Replay the event to see how the config decides about it now."
            : "The router keeps the traces of the last 1,000 events. Replay the event to get a new one."}
        </p>
      </Empty>
    );
  const byChannel = Map.groupBy(trace, ({ channel }) => channel);
  return (
    <div class="trace">
      {[...byChannel].map(([channel, steps]) => (
        <ChannelTrace key={channel} channel={channel} steps={steps} />
      ))}
      {not_asked.length === 0 ? null : (
        <p class="muted trace-rest">
          Not asked, because their <code>match</code> excludes the event: {not_asked.join(", ")}
        </p>
      )}
    </div>
  );
}

interface ChannelTraceProps {
  readonly channel: string;
  readonly steps: readonly TraceStep[];
}

/** Also for Try. */
export function ChannelTrace({ channel, steps }: ChannelTraceProps) {
  const isTaken = steps.every(({ pass }) => pass);
  return (
    <section class="trace-channel" aria-label={`Channel ${channel}`}>
      <h3>
        {channel}{" "}
        <span class={`verdict ${isTaken ? "yes" : "no"}`}>{isTaken ? "takes it" : "does not take it"}</span>
      </h3>
      <ol>
        {steps.map((step, index) => (
          <li key={index} class={`trace-step ${step.pass ? "yes" : "no"}`}>
            <span class="trace-sign">
              <span aria-hidden="true">{step.pass ? "✓" : "✗"}</span>
              <span class="unseen">{step.pass ? "passed" : "failed"}</span>
            </span>
            <code class="trace-filter">{step.filter}</code>
            <span class="trace-detail">
              {step.path === undefined ? null : <code class="trace-path">{step.path}</code>}
              {step.detail}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
