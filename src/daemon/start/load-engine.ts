// Loads what this config needs to be compiled, and nothing else: Handlebars, CEL and RE2 only where they are
// used.

import type { ConfigValues, SinkValues } from "../../config/values.ts";
import type { SourceType } from "../../contract.ts";
import { loadEngines } from "../../filters/engines.ts";
import type { RegexCompiler } from "../../filters/regex.ts";
import type { Engine } from "../../plan/compile/channel.ts";
import { markOf } from "../../plan/compile/code-options.ts";
import { withDefaultChannels } from "../../plan/compile/default-channels.ts";
import type { SchemaCompiler } from "../../plan/compile/schema-compiler.ts";
import { noSchemas } from "../../plan/compile/schema-compiler.ts";
import { createTemplateCompiler, type TemplateCompiler } from "../../templates/compile.ts";
import { type DialectMark, dialectOf } from "../../templates/dialect.ts";

/** Kept for the life of the process, so that a reload compiles only what is new. */
const sharedTemplates = createTemplateCompiler();
const dialects = new Map<string, TemplateCompiler>();

function dialect(mark: DialectMark): TemplateCompiler {
  const key = JSON.stringify(mark);
  const known = dialects.get(key) ?? createTemplateCompiler({ dialect: dialectOf(mark) });
  dialects.set(key, known);
  return known;
}

export async function loadEngine(
  values: ConfigValues,
  types: ReadonlyMap<string, SourceType<never>>,
  now?: () => number,
): Promise<Engine> {
  const templates = now === undefined ? sharedTemplates : createTemplateCompiler({ now });
  const channels = withDefaultChannels(values, types).map(([, channel]) => channel);
  const sinks = Object.values(values.sinks);
  const code = [...Object.values(values.sources), ...sinks].flatMap((component) => component.code ?? []);
  const engines = await loadEngines({
    patterns: code.some(({ kind }) => kind === "regex") || sinks.some(hasPattern),
    matches: channels.flatMap(({ match }) => (match === undefined ? [] : [match])),
    expressions: channels
      .flatMap(({ when, vars, changed }) => [
        ...(when === undefined ? [] : [when]),
        ...Object.values(vars),
        ...(changed === undefined ? [] : [changed.value]),
      ])
      .concat(code.flatMap(({ kind, text }) => (kind === "cel" ? [text] : []))),
  });
  for (const { kind, mark, text } of code)
    if (kind === "template") await dialect(markOf(mark)).prepare([text]);
  await templates.prepare(
    channels.flatMap(({ content, meta, dedupe, changed, throttle, digest, supersede, thread }) => [
      ...(content === undefined ? [] : [content]),
      ...Object.values(meta ?? {}),
      ...(dedupe === undefined ? [] : [dedupe.key]),
      ...[changed?.by, throttle?.by, digest?.by, digest?.content, supersede, thread].filter(
        (text) => text !== undefined,
      ),
    ]),
  );
  return { ...engines, templates, dialect, schemas: await schemasFor(sinks, engines.regex) };
}

/** Whether any declared argument has a pattern. */
function hasPattern({ input }: SinkValues): boolean {
  return JSON.stringify(input).includes('"pattern"');
}

async function schemasFor(sinks: readonly SinkValues[], regex: RegexCompiler): Promise<SchemaCompiler> {
  if (sinks.length === 0) return noSchemas;
  const { createSchemaCompiler } = await import("../../plan/compile/input-schema.ts");
  return createSchemaCompiler(regex);
}
