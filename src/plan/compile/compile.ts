// From values to a Plan: every reference, expression, pattern and template is proven here. All mistakes are collected; the
// plan holds only what has none. Pure: what compiling needs was loaded before.

import type { ConfigValues, IssueDraft, PermissionsValues } from "../../config/values.ts";
import type { Launch, Power } from "../../contract/power.ts";
import type { SinkType } from "../../contract/sink.ts";
import type { JsonObject, SourceType, Surroundings } from "../../contract.ts";
import { claimIssues } from "../claims.ts";
import { fingerprint } from "../fingerprint.ts";
import { planPermissions } from "../permissions.ts";
import type { Plan, PlannedSource } from "../plan.ts";
import { type Bind, listenPowers } from "../powers.ts";
import { proven } from "../proven.ts";
import { type CompiledChannel, compileChannel, type Engine } from "./channel.ts";
import { withDefaultChannels } from "./default-channels.ts";
import { compileSink } from "./sink.ts";
import { compileSource } from "./source.ts";

export interface Compilation {
  readonly plan: Plan;
  readonly issues: readonly IssueDraft[];
}

/** What lies around the config. */
export interface Around extends Pick<Surroundings, "folder" | "home"> {
  /** Makes the hashes of powers. Default: a hash without a key, for tests. */
  readonly bind: Bind;
  /** What the commands of components would run, by component. */
  readonly launches: ReadonlyMap<string, Launch>;
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
  const { mask = (text: string) => text, folder = "/", home = "/" } = around;
  const { bind = fingerprint, launches = new Map() } = around;
  const ofListen = {
    loopback: values.listenAddress?.loopback ?? true,
    hosts: values.hosts,
    ...(values.publicUrl === undefined ? {} : { publicUrl: values.publicUrl }),
  };
  const listen = { ...ofListen, powers: listenPowers(values, bind) };
  const surroundings = { ...ofListen, folder, home };

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
    bind,
    mask,
    issues,
  };
  const compiled: CompiledChannel[] = [];
  for (const [name, channel] of withDefaultChannels(values, types)) {
    const path = ["channels", name];
    const one = proven({ path, code: "E_CONFIG_VALUE", issues }, () =>
      compileChannel(name, channel, context),
    );
    if (one !== undefined) compiled.push(one);
    if (compiled.length % stepSize === 0) yield;
  }

  const sources = Object.entries(values.sources).flatMap(([name, source]): PlannedSource[] => {
    const type = typeOf(types, source.type);
    if (type === undefined) return [];
    const fed = compiled.filter(({ channel }) => channel.from.includes(name));
    const path = ["sources", name];
    const around = { ...context, surroundings, listen, launches, fed };
    const at = { path, code: "E_CONFIG_VALUE", issues } as const;
    return proven(at, () => [compileSource(name, source, type, around)]) ?? [];
  });

  const sinks = Object.entries(values.sinks).flatMap(([name, sink]) => {
    const type = around.sinkTypes?.get(sink.type) as SinkType | undefined;
    if (type === undefined) return [];
    const channels = Object.entries(values.channels).filter(
      ([, { reply }]) => Array.isArray(reply) && reply.includes(name),
    );
    const context = { engine, surroundings, bind, launches, channels, issues };
    const path = ["sinks", name];
    return (
      proven({ path, code: "E_CONFIG_VALUE", issues }, () => compileSink(name, sink, type, context)) ?? []
    );
  });

  issues.push(...claimIssues(sources));
  const permissions =
    values.permissions === undefined
      ? undefined
      : proven({ path: ["permissions"], code: "E_CONFIG_VALUE", issues }, () =>
          planPermissions(
            values.permissions as PermissionsValues,
            values.sources,
            (type) => typeOf(types, type),
            {
              bind,
              outward: values.outward?.permissions,
              issues,
              surroundings,
            },
          ),
        );
  return {
    plan: {
      sources,
      channels: compiled.map(({ channel }) => channel),
      sinks,
      powers: uniquePowers([
        ...listen.powers,
        ...sources.filter(({ enabled }) => enabled).flatMap((source) => source.powers),
        ...(permissions?.powers ?? []),
        ...(permissions?.files ?? []).map(({ power }) => power),
        ...sinks.flatMap((sink) => sink.powers),
      ]),
      ...(values.budget.hour === undefined ? {} : { hour: values.budget.hour }),
      ...(permissions === undefined ? {} : { permissions }),
      listen: {
        ...listen,
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
