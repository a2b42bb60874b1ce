// Compiles values to a Plan: every reference, expression, pattern and template is checked here. All mistakes
// are collected; the plan contains only what has none. Pure: everything that compiling needs was loaded
// before.

import type { ConfigValues, IssueDraft, PermissionsValues } from "../../config/values.ts";
import type { Launch, Power } from "../../contract/power.ts";
import type { SinkType } from "../../contract/sink.ts";
import type { JsonObject, SourceType, Surroundings } from "../../contract.ts";
import { runAtOnce } from "../../yield-to-event-loop.ts";
import { claimIssues } from "../claims.ts";
import { fingerprint } from "../component-powers.ts";
import { planConsole } from "../console.ts";
import { planPermissions } from "../permissions.ts";
import type { Plan, PlannedSink, PlannedSource } from "../plan.ts";
import { type Bind, listenPowers } from "../powers.ts";
import { proven, provenInSteps } from "../proven.ts";
import { planWake } from "../wake.ts";
import { type CompiledChannel, compileChannel, type Engine } from "./channel.ts";
import { withDefaultChannels } from "./default-channels.ts";
import { compileSink } from "./sink.ts";
import { compileSource } from "./source.ts";

export interface Compilation {
  readonly plan: Plan;
  readonly issues: readonly IssueDraft[];
}

/** The environment of the config. */
export interface CompileContext extends Pick<Surroundings, "folder" | "home"> {
  /** Hashes powers. Default: a hash without a key, for tests. */
  readonly bind: Bind;
  /** The files that the commands of components would run, by component. */
  readonly launches: ReadonlyMap<string, Launch>;
  /** Hides the secrets of the config in sent and displayed texts. */
  mask(text: string): string;
  /** The sink types that the config uses. */
  readonly sinkTypes: ReadonlyMap<string, SinkType<never>>;
}

export function compilePlan(...input: Parameters<typeof compileInSteps>): Compilation {
  return runAtOnce(compileInSteps(...input));
}

/** The same, in steps of some milliseconds each, so that events can be handled in between. */
export function* compileInSteps(
  values: ConfigValues,
  types: ReadonlyMap<string, SourceType<never>>,
  engine: Engine,
  around: Partial<CompileContext> = {},
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
    const at = { path, code: "E_CONFIG_VALUE", issues } as const;
    const one = yield* provenInSteps(at, compileChannel(name, channel, context));
    if (one !== undefined) compiled.push(one);
    yield;
  }

  const fedBy = listsByName(compiled, ({ channel }) => channel.from);
  const sources: PlannedSource[] = [];
  for (const [name, source] of Object.entries(values.sources)) {
    yield;
    const type = typeOf(types, source.type);
    if (type === undefined) continue;
    const path = ["sources", name];
    const around = { ...context, surroundings, listen, launches, fed: fedBy(name) };
    const at = { path, code: "E_CONFIG_VALUE", issues } as const;
    sources.push(...(proven(at, () => [compileSource(name, source, type, around)]) ?? []));
  }

  const answeredBy = listsByName(Object.entries(values.channels), ([, { reply }]) =>
    Array.isArray(reply) ? reply : [],
  );
  const sinks: PlannedSink[] = [];
  for (const [name, sink] of Object.entries(values.sinks)) {
    yield;
    const type = around.sinkTypes?.get(sink.type) as SinkType | undefined;
    if (type === undefined) continue;
    const ofSink = { engine, surroundings, bind, launches, channels: answeredBy(name), issues };
    const at = { path: ["sinks", name], code: "E_CONFIG_VALUE", issues } as const;
    sinks.push(...(proven(at, () => [compileSink(name, sink, type, ofSink)]) ?? []));
  }

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
  const wake = planWake(values.wake, bind);
  const console = planConsole(values, bind);
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
        ...(wake === undefined ? [] : [wake.power]),
        ...console.powers,
      ]),
      console,
      ...(values.budget.hour === undefined ? {} : { hour: values.budget.hour }),
      ...(permissions === undefined ? {} : { permissions }),
      ...(wake === undefined ? {} : { wake }),
      listen: {
        ...listen,
        ...(values.listenAddress === undefined ? {} : { address: values.listenAddress }),
      },
    },
    issues,
  };
}

/** For each name, the things that list it, in their order. */
function listsByName<T>(
  things: readonly T[],
  namesOf: (thing: T) => readonly string[],
): (name: string) => readonly T[] {
  const byName = new Map<string, T[]>();
  for (const thing of things)
    for (const name of new Set(namesOf(thing))) {
      const list = byName.get(name);
      if (list === undefined) byName.set(name, [thing]);
      else list.push(thing);
    }
  return (name) => byName.get(name) ?? [];
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
