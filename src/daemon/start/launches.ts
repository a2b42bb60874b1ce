// What the commands of a config would run, read from disk before the plan is made: the plan itself reads
// nothing.

import { dirname } from "node:path";
import type { LoadedConfig } from "../../config/values.ts";
import type { Launch, Reach } from "../../contract/power.ts";
import type { JsonObject } from "../../contract.ts";
import { readLaunch } from "../../host/launch.ts";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";

interface Launches {
  /** By component: `sources.ci`. */
  readonly byComponent: ReadonlyMap<string, Launch>;
  /** The scripts that they name: editing one changes the config. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

type Reaching = {
  reaches?(options: JsonObject, folders: { folder: string; home: string }): readonly Reach[];
};

export async function readLaunches(
  { file, values, types, sinkTypes }: LoadedConfig,
  { home, path, project }: { readonly home: string; readonly path: string; readonly project: string },
): Promise<Launches> {
  const folders = { folder: dirname(file), home };
  const byComponent = new Map<string, Launch>();
  const components = [
    ...Object.entries(values.sources).map(([name, one]) => [`sources.${name}`, one, types] as const),
    ...Object.entries(values.sinks).map(([name, one]) => [`sinks.${name}`, one, sinkTypes] as const),
  ];
  for (const [component, { type, options }, known] of components) {
    const reaching = known.get(type) as Reaching | undefined;
    const reaches = reaching?.reaches?.(options, folders) ?? [];
    const [launch, ...others] = reaches.flatMap((reach) =>
      reach.to === "program" ? [readLaunch(reach, { project, path })] : [],
    );
    if (launch === undefined) continue;
    const further = others.map(({ name, program }) => ({ name, program }));
    byComponent.set(component, further.length === 0 ? launch : { ...launch, others: further });
    await yieldToEventLoop();
  }
  const scripts = [...byComponent.values()].flatMap((launch) => launch.scripts);
  return { byComponent, files: scripts };
}
