// Events and traces as text for the user.

import type { Rendered, TraceStep } from "../contract.ts";
import { renderBlock } from "../templates/budget.ts";
import { line, lines, ownWords, type SafeLine, type SafeText, safeJson } from "../text.ts";
import { colors } from "./colors.ts";

/** The event as the client shows it to the model: `source` is the client's name for the server. */
export function eventBlock(
  serverName: string,
  { meta, content }: { readonly meta: Rendered["meta"]; readonly content: string },
): SafeText {
  // Neutralised earlier: the end of the block can be distinguished from an end tag in the content.
  return ownWords(renderBlock(meta, content, serverName));
}

/** With a line end, as `print` wants it. */
export function printed(...shown: readonly SafeText[]): SafeText {
  return lines([...shown, line``]);
}

/** For programs. */
export function printedJson(value: unknown): SafeText {
  return printed(safeJson(value, 2));
}

/**
 * One line for each channel: the deciding step. Below a channel that takes the event, the results of flow
 * control.
 */
export function printTrace(trace: readonly TraceStep[]): SafeLine[] {
  const last = new Map<string, TraceStep>();
  for (const step of trace) last.set(step.channel, step);
  if (last.size === 0) return [line`  no channel takes events of this source`];
  return [...last.values()].flatMap(({ channel, filter, pass, detail }) => {
    if (!pass) return [line`  ${colors.red("no ")} ${channel}: ${describeStep({ filter, detail })}`];
    const notes = trace.filter((step) => step.channel === channel && shapingFilters.has(step.filter));
    return [
      line`  ${colors.green("yes")} ${channel}`,
      ...notes.map((step) => line`${colors.dim(`      ${describeStep(step)}`)}`),
    ];
  });
}

const shapingFilters: ReadonlySet<string> = new Set(["throttle", "digest", "supersede", "thread"]);

function describeStep({
  filter,
  detail,
}: {
  readonly filter: string;
  readonly detail?: string | undefined;
}): SafeLine {
  return line`${filter}${detail === undefined ? "" : `: ${detail}`}`;
}
