// `compare`: the stored events of some time through an edited text of the config, beside what the journal recorded.

import { maskAll } from "../../host/secret-mask.ts";
import { readStoredEvents } from "../../journal/stored-events.ts";
import { renderBlock } from "../../templates/budget.ts";
import type { CompareAnswer } from "../protocol.ts";
import { compareEvents, type DeliveredText } from "./compare-events.ts";
import { readTrial } from "./trial.ts";
import type { TryContext } from "./try-config.ts";

export interface CompareContext extends TryContext {
  /** The folder of the journal, which is only read. */
  readonly journal: string;
  readonly signal?: AbortSignal;
}

/** Differences of each kind that a page is sent. */
const kept = 200;
const withinMs = 30_000;

export async function compareConfig(
  text: string,
  sinceMs: number,
  context: CompareContext,
): Promise<CompareAnswer> {
  const { proven, issues, mask, clock } = await readTrial(text, context.active, context.env);
  const nothing = { compared: 0, newly: [], no_longer: [], changed: [], tokens: { before: 0, after: 0 } };
  if (issues.length > 0) return { ...nothing, left_out: 0, issues };
  const nowMs = context.now();
  const found = await compareEvents(readStoredEvents(context.journal, { untilMs: nowMs }), {
    after: { plan: proven.plan, clock },
    sinceMs,
    keep: kept,
    withinMs,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  const { newly, noLonger, changed, channels } = found;
  const server = proven.loaded.values.server.name;
  const blockOf = ({ meta, content }: DeliveredText) => renderBlock(meta, content, server);
  const sum = (when: "before" | "after") => channels.reduce((all, one) => all + one[when].tokens, 0);
  const shown = newly.first.length + noLonger.first.length + changed.first.length;
  const answer = {
    compared: found.compared,
    newly: newly.first.map(({ eventId, channel, text: sent }) => ({
      event_id: eventId,
      channel,
      block: blockOf(sent),
    })),
    no_longer: noLonger.first.map(({ eventId, channel, text: sent, reason }) => ({
      event_id: eventId,
      channel,
      block: blockOf(sent),
      reason,
    })),
    changed: changed.first.map(({ eventId, channel, before, after, parts }) => ({
      event_id: eventId,
      channel,
      before: blockOf(before),
      after: blockOf(after),
      parts,
    })),
    counts: { newly: newly.count, no_longer: noLonger.count, changed: changed.count },
    tokens: { before: sum("before"), after: sum("after") },
    channels,
    left_out: newly.count + noLonger.count + changed.count - shown,
    ...(found.stopped === undefined ? {} : { stopped: found.stopped }),
  };
  return maskAll(answer, mask) as unknown as CompareAnswer;
}
