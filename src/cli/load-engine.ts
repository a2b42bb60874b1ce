// Loads what this config needs to be compiled, and nothing else: Handlebars, CEL and RE2 only where they are used.

import type { ConfigValues } from "../config/values.ts";
import type { SourceType } from "../contract.ts";
import { loadEngines } from "../filters/engines.ts";
import type { Engine } from "../plan/compile-channel.ts";
import { defaultChannels } from "../plan/default-channels.ts";
import { createTemplateCompiler } from "../templates/compile.ts";

/** Kept for the life of the process, so that a config loaded again compiles only what is new in it. */
const templates = createTemplateCompiler();

export async function loadEngine(
  values: ConfigValues,
  types: ReadonlyMap<string, SourceType<never>>,
): Promise<Engine> {
  const channels = [
    ...Object.values(values.channels),
    ...defaultChannels(values, types).map(([, channel]) => channel),
  ];
  const engines = await loadEngines({
    matches: channels.flatMap(({ match }) => (match === undefined ? [] : [match])),
    expressions: channels.flatMap(({ when, vars, changed }) => [
      ...(when === undefined ? [] : [when]),
      ...Object.values(vars),
      ...(changed === undefined ? [] : [changed.value]),
    ]),
  });
  await templates.prepare(
    channels.flatMap(({ content, meta, dedupe, changed }) => [
      ...(content === undefined ? [] : [content]),
      ...Object.values(meta),
      ...(dedupe === undefined ? [] : [dedupe.key]),
      ...(changed?.by === undefined ? [] : [changed.by]),
    ]),
  );
  return { ...engines, templates };
}
