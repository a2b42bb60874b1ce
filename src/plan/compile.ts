// From values to a Plan: every reference, expression, pattern and template is proven here. All mistakes are collected; the
// plan holds only what has none. Pure: what compiling needs was loaded before.

import type { ConfigValues, IssueDraft } from "../config/values.ts";
import type { JsonObject, SourceType } from "../contract.ts";
import { type ChannelIndex, indexChannels } from "../filters/channel-index.ts";
import type { CompiledMatch } from "../filters/match.ts";
import { createAdmit } from "./admission.ts";
import { claimIssues } from "./claims.ts";
import { type CompiledChannel, compileChannel, type Engine } from "./compile-channel.ts";
import { defaultChannels } from "./default-channels.ts";
import type { Plan, PlannedSource } from "./plan.ts";
import { powersFor, powersOf } from "./powers.ts";

export interface Compilation {
  readonly plan: Plan;
  readonly issues: readonly IssueDraft[];
}

export function compilePlan(
  values: ConfigValues,
  types: ReadonlyMap<string, SourceType<never>>,
  engine: Engine,
  /** Hides the secrets of the config in what is sent and shown. */
  mask: (text: string) => string = (text) => text,
): Compilation {
  const issues: IssueDraft[] = [];
  const surroundings = {
    loopback: values.listenAddress?.loopback ?? true,
    hosts: values.hosts,
    ...(values.publicUrl === undefined ? {} : { publicUrl: values.publicUrl }),
  };

  const answering = new Map(
    Object.entries(values.sources).map(([name, { type, options }]) => [
      name,
      typeOf(types, type)?.answers?.(options) === true,
    ]),
  );

  const written = Object.entries(values.channels);
  const compiled = [...written, ...defaultChannels(values, types)].map(([name, channel]) =>
    compileChannel(name, channel, {
      engine,
      budget: values.budget.event,
      defaults: values.defaults,
      answering,
      mask,
      issues,
    }),
  );

  const powers = powersOf(values);
  const sources = Object.entries(values.sources).flatMap(([name, source]): PlannedSource[] => {
    const type = typeOf(types, source.type);
    if (type === undefined) return [];
    for (const { path, ...issue } of type.check?.(source.options, surroundings) ?? []) {
      issues.push({ code: "E_CONFIG_VALUE", ...issue, path: ["sources", name, ...path] });
    }
    const fed = compiled.filter(({ channel }) => channel.from.includes(name));
    return [
      {
        name,
        type,
        options: source.options,
        enabled: source.enabled,
        powers: powersFor(type.claims?.(source.options) ?? [], powers),
        rate: source.rate,
        sample: fed.find(({ sample }) => sample !== undefined)?.sample,
        admit: createAdmit(
          fed.map(({ channel }) => channel),
          candidatesOf(fed),
          mask,
        ),
      },
    ];
  });

  issues.push(...claimIssues(sources));
  return {
    plan: { sources, channels: compiled.map(({ channel }) => channel), powers },
    issues,
  };
}

function typeOf(
  types: ReadonlyMap<string, SourceType<never>>,
  type: string,
): SourceType<JsonObject> | undefined {
  return types.get(type) as SourceType<JsonObject> | undefined;
}

function candidatesOf(channels: readonly CompiledChannel[]): ChannelIndex["candidates"] {
  const matches: (CompiledMatch | undefined)[] = channels.map(({ match }) => match);
  const index = indexChannels(matches);
  return (view) => index.candidates(view);
}
