// One sink of the config, proven: its options, its arguments, and that its templates only read what there is.

import type { IssueDraft, SinkValues } from "../config/values.ts";
import type { SinkType } from "../contract/sink.ts";
import type { JsonObject, JsonSchema, Surroundings } from "../contract.ts";
import { didYouMeanHint } from "../did-you-mean.ts";
import { pathsFrom } from "../templates/paths-from.ts";
import { roots as eventRoots } from "../templates/roots.ts";
import { compileOptions } from "./code-options.ts";
import type { Engine } from "./compile-channel.ts";
import { fingerprint } from "./fingerprint.ts";
import type { PlannedSink } from "./plan.ts";
import { type Bind, powerOf } from "./powers.ts";

/** The argument that the router adds. */
const eventArgument: JsonSchema = {
  type: "string",
  maxLength: 64,
  description: "The event_id of the event that this answers.",
};

interface Context {
  readonly engine: Engine;
  readonly surroundings: Surroundings;
  readonly bind: Bind;
  /** Channels that list it under `reply`. */
  readonly channels: readonly string[];
  /** Takes every mistake that is found. */
  readonly issues: IssueDraft[];
}

export function compileSink(
  name: string,
  values: SinkValues,
  type: SinkType,
  { engine, surroundings, bind, channels, issues }: Context,
): PlannedSink {
  const at = ["sinks", name];
  const { options, description, input } = values;
  for (const { path, ...issue } of type.check?.(options, surroundings) ?? [])
    issues.push({ code: "E_CONFIG_VALUE", ...issue, path: [...at, ...path] });
  const code = compileOptions(values.code, at, engine, issues);
  const usesEvent = checkTemplates(values, at, issues);
  if (usesEvent && channels.length === 0)
    issues.push({
      path: at,
      on: "key",
      code: "E_CONFIG_REFERENCE",
      message: "its templates use event, and no channel lists it",
      hint: `add  reply: ${name}  to the channels whose events it may answer`,
    });

  const schema = schemaOf(input, usesEvent);
  const powers = (type.powers?.(options, surroundings) ?? []).map(({ power, value }) =>
    powerOf(bind, { power, value, component: `sinks.${name}` }),
  );
  return {
    name,
    type,
    options,
    code,
    description,
    input: schema,
    validate: engine.schemas.compile(schema, [...at, "input"], issues),
    usesEvent,
    powers,
    fingerprint: fingerprint([values, powers.map(({ hash }) => hash)]),
  };
}

/** Every input without a default must be given. */
function schemaOf(input: JsonObject, usesEvent: boolean): JsonSchema {
  const properties: Record<string, unknown> = { ...(usesEvent ? { event_id: eventArgument } : {}), ...input };
  const required = Object.entries(properties)
    .filter(([, schema]) => !(schema !== null && typeof schema === "object" && "default" in schema))
    .map(([key]) => key);
  return {
    type: "object",
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

/** Gives whether one of them reads `event`. */
function checkTemplates({ code, input }: SinkValues, at: readonly string[], issues: IssueDraft[]): boolean {
  let usesEvent = false;
  for (const { kind, text, path } of code) {
    if (kind !== "template") continue;
    const unknown = (root: string, field: string, offset: number, known: Iterable<string>) => {
      const names = [...known];
      issues.push({
        path: [...at, ...path],
        offset,
        code: "E_CONFIG_TEMPLATE",
        message: root === "input" ? `${field} is none of its inputs` : `event has no ${field}`,
        hint:
          didYouMeanHint(field, names) ??
          (names.length === 0 ? "declare it under input:" : `there are: ${names.join(", ")}`),
      });
    };
    for (const { field, offset } of pathsFrom("input", text))
      if (field !== undefined && !Object.hasOwn(input, field))
        unknown("input", field, offset, Object.keys(input));
    for (const { field, offset } of pathsFrom("event", text)) {
      usesEvent = true;
      if (field !== undefined && !eventRoots.has(field)) unknown("event", field, offset, eventRoots);
    }
  }
  return usesEvent;
}
