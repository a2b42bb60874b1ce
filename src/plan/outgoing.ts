// Prepares one call of a sink without sending it. Pure: the router sends the result, and the tests in a
// config inspect it with `maskedOutgoing`.

import type { Outgoing, SinkCall, SinkRoots } from "../contract/sink.ts";
import type { JsonObject, RouterEvent, View } from "../contract.ts";
import { computeVars } from "./admission.ts";
import type { Plan, PlannedChannel, PlannedSink } from "./plan.ts";
import { viewOf } from "./view.ts";

export interface CallFacts {
  /** Unique; the same for every attempt. */
  readonly id: string;
  readonly timeMs: number;
  /** Checked, with defaults. */
  readonly input: JsonObject;
  /** See `answeredView`. */
  readonly event?: View;
  readonly folders: SinkCall["folders"];
}

export function rootsOf({ input, event, timeMs }: CallFacts): SinkRoots {
  return { input, ...(event === undefined ? {} : { event }), time: new Date(timeMs).toISOString() };
}

/** Throws a RouterError for values that must not be sent, or cannot be rendered. */
export function outgoingOf({ type, options, code }: PlannedSink, facts: CallFacts): Outgoing {
  return type.prepare(options, { id: facts.id, roots: rootsOf(facts), code, folders: facts.folders });
}

/** The same for display: every secret of the config is hidden. */
export function maskedOutgoing(
  sink: PlannedSink,
  facts: CallFacts,
  maskAll: (value: unknown) => unknown,
): Outgoing {
  return maskAll(outgoingOf(sink, facts)) as Outgoing;
}

/**
 * The channel through which a sink may answer an event of these channels; undefined when none of them lists
 * it.
 */
export function channelFor(
  { channels }: Pick<Plan, "channels">,
  sink: string,
  took: readonly string[],
): PlannedChannel | undefined {
  return channels.find(({ name, sinks }) => sinks.includes(sink) && took.includes(name));
}

/** The root `event` of a sink's templates. */
export function answeredView(channel: PlannedChannel, event: RouterEvent): View {
  const view = viewOf(event);
  view.inputs = channel.inputs;
  computeVars(channel, view);
  return view;
}
