// Events and traces as text for a person.

import type { Rendered, TraceStep } from "../contract.ts";
import { renderBlock } from "../templates/budget.ts";
import { colors } from "./colors.ts";
import { safeLine } from "./safe-text.ts";

/** The event as the client shows it to the model: `source` is the client's own word for the server. */
export function eventBlock(
  serverName: string,
  { meta, content }: Pick<Rendered, "meta" | "content">,
): string {
  return renderBlock(meta, content, serverName);
}

/** One line for each channel: the step that decided. */
export function printTrace(trace: readonly TraceStep[]): string[] {
  const last = new Map<string, TraceStep>();
  for (const step of trace) last.set(step.channel, step);
  if (last.size === 0) return ["  no channel takes events of this source"];
  return [...last.values()].map(({ channel, filter, pass, detail }) => {
    const mark = pass ? colors.green("yes") : colors.red("no ");
    return `  ${mark} ${channel}${pass ? "" : `: ${filter}${detail === undefined ? "" : `: ${safeLine(detail)}`}`}`;
  });
}
