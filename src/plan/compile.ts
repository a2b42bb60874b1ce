// From values to a Plan: every reference, expression, pattern and template is proven here. All mistakes are collected; the
// plan holds only what has none. Pure: what compiling needs was loaded before.

import type { ConfigValues, IssueDraft } from "../config/values.ts";
import type { AccessOptions } from "../contract/chat.ts";
import type { SinkType } from "../contract/sink.ts";
import type { JsonObject, SourceType, Surroundings } from "../contract.ts";
import { type ChannelIndex, indexChannels } from "../filters/channel-index.ts";
import type { CompiledMatch } from "../filters/match.ts";
import { createAdmit } from "./admission.ts";
import { claimIssues, isRoute } from "./claims.ts";
import { compileOptions } from "./code-options.ts";
import { type CompiledChannel, compileChannel, type Engine } from "./compile-channel.ts";
import { compileSink } from "./compile-sink.ts";
import { withDefaultChannels } from "./default-channels.ts";
import { fingerprint } from "./fingerprint.ts";
import { planPermissions } from "./permissions.ts";
import { checkAccessIds } from "./person-ids.ts";
import type { Plan, PlannedSource } from "./plan.ts";
import { type Bind, listenPowers, type Power, peoplePowers, powerOf, powersFor } from "./powers.ts";
import { createUnwanted } from "./unwanted.ts";

export interface Compilation {
  readonly plan: Plan;
  readonly issues: readonly IssueDraft[];
}

/** What lies around the config. */
export interface Around extends Pick<Surroundings, "folder" | "home" | "holdsSecret"> {
  /** Makes the hashes of powers. Default: a hash without a key, for tests. */
  readonly bind: Bind;
  /** Hides the secrets of the config in what is sent and shown. */
  mask(text: string): string;
  /** The sink types that the config uses. */
  readonly sinkTypes: ReadonlyMap<string, SinkType<never>>;
}

/** How many channels are compiled in one step. */
const stepSize = 100;

export function compilePlan(...input: Parameters<typeof compileInSteps>): Compilation {
  const steps = compileInSteps(...input);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The same, in steps of some milliseconds each: whoever compiles while events come in does other things between them. */
export function* compileInSteps(
  values: ConfigValues,
  types: ReadonlyMap<string, SourceType<never>>,
  engine: Engine,
  around: Partial<Around> = {},
): Generator<void, Compilation> {
  const issues: IssueDraft[] = [];
  const { mask = (text: string) => text, folder = "/", home = "/", holdsSecret = () => false } = around;
  const { bind = fingerprint } = around;
  const listen = {
    loopback: values.listenAddress?.loopback ?? true,
    hosts: values.hosts,
    ...(values.publicUrl === undefined ? {} : { publicUrl: values.publicUrl }),
  };
  const surroundings = { ...listen, folder, home, holdsSecret };

  const answering = new Map(
    Object.entries(values.sources).map(([name, { type, options }]) => [
      name,
      typeOf(types, type)?.answers?.(options) === true,
    ]),
  );

  const context = {
    engine,
    budget: values.budget.event,
    defaults: values.defaults,
    answering,
    mask,
    issues,
  };
  const compiled: CompiledChannel[] = [];
  for (const [name, channel] of withDefaultChannels(values, types)) {
    compiled.push(compileChannel(name, channel, context));
    if (compiled.length % stepSize === 0) yield;
  }

  const ofListener = listenPowers(values, bind);
  const sources = Object.entries(values.sources).flatMap(([name, source]): PlannedSource[] => {
    const type = typeOf(types, source.type);
    if (type === undefined) return [];
    for (const { path, ...issue } of type.check?.(source.options, surroundings) ?? []) {
      issues.push({ code: "E_CONFIG_VALUE", ...issue, path: ["sources", name, ...path] });
    }
    const access = source.options.access as unknown as AccessOptions;
    if (type.chat !== undefined) issues.push(...checkAccessIds(name, source.type, type.chat, access));
    const claims = type.claims?.(source.options) ?? [];
    const needed = [
      ...powersFor(claims, ofListener),
      ...[
        ...(type.chat === undefined ? [] : peoplePowers(access)),
        ...(type.powers?.(source.options, surroundings) ?? []),
      ].map(({ power, value }) => powerOf(bind, { power, value, component: `sources.${name}` })),
    ];
    const code = compileOptions(source.code ?? [], ["sources", name], engine, issues, source.inputs);
    const fed = compiled.filter(({ channel }) => channel.from.includes(name));
    const unwanted = createUnwanted(
      name,
      source.type,
      fed.map(({ match }) => match),
    );
    return [
      {
        name,
        type,
        options: source.options,
        code,
        keeps: fingerprint([
          source.type,
          type.keeps === undefined ? source.options : type.keeps(source.options),
        ]),
        enabled: source.enabled,
        powers: needed,
        fingerprint: fingerprint([
          source.type,
          source.options,
          claims.some(isRoute) ? listen : null,
          needed.map(({ hash }) => hash),
          source.code === undefined ? null : (source.inputs ?? null),
        ]),
        claims,
        rate: source.rate,
        expectMs: source.expectMs,
        sample: fed.find(({ sample }) => sample !== undefined)?.sample,
        admit: createAdmit(
          fed.map(({ channel }) => channel),
          candidatesOf(fed),
          mask,
          type.content,
        ),
        ...unwanted,
      },
    ];
  });

  const sinks = Object.entries(values.sinks).flatMap(([name, sink]) => {
    const type = around.sinkTypes?.get(sink.type) as SinkType | undefined;
    if (type === undefined) return [];
    const listing = Object.entries(values.channels).flatMap(([channel, { reply }]) =>
      Array.isArray(reply) && reply.includes(name) ? [channel] : [],
    );
    return [compileSink(name, sink, type, { engine, surroundings, bind, channels: listing, issues })];
  });

  issues.push(...claimIssues(sources));
  const permissions =
    values.permissions === undefined
      ? undefined
      : planPermissions(values.permissions, values.sources, (type) => typeOf(types, type), { bind, issues });
  return {
    plan: {
      sources,
      channels: compiled.map(({ channel }) => channel),
      sinks,
      powers: uniquePowers([
        ...ofListener,
        ...sources.filter(({ enabled }) => enabled).flatMap((source) => source.powers),
        ...(permissions?.powers ?? []),
        ...sinks.flatMap((sink) => sink.powers),
      ]),
      ...(values.budget.hour === undefined ? {} : { hour: values.budget.hour }),
      ...(permissions === undefined ? {} : { permissions }),
      listen: {
        ...listen,
        powers: ofListener,
        ...(values.listenAddress === undefined ? {} : { address: values.listenAddress }),
      },
    },
    issues,
  };
}

function uniquePowers(powers: readonly Power[]): Power[] {
  return [...new Map(powers.map((power) => [power.hash, power])).values()];
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
