// Compiles one sink of the config: its options, its arguments, and the check that its templates only read
// existing values.

import type { ChannelValues, IssueDraft, SinkValues } from "../../config/values.ts";
import type { Outward } from "../../config/variables/outward.ts";
import type { Launch } from "../../contract/power.ts";
import type { SinkType } from "../../contract/sink.ts";
import type { JsonObject, JsonSchema, Surroundings } from "../../contract.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { roots as eventRoots } from "../../templates/dialect.ts";
import { pathsFrom } from "../../templates/paths-from.ts";
import { type PlannedBound, planBound } from "../bound.ts";
import { componentPowers, fingerprint, plainOutward } from "../component-powers.ts";
import type { PlannedSink } from "../plan.ts";
import { type Bind, outsidePowers, showPower } from "../powers.ts";
import { boundIssues } from "./bound-issues.ts";
import type { Engine } from "./channel.ts";
import { compileOptions } from "./code-options.ts";

/** The argument that the router adds. */
const eventArgument: JsonSchema = {
  type: "string",
  maxLength: 64,
  description: "The event_id of the event that this answers.",
};

interface Context {
  readonly engine: Engine;
  readonly surroundings: Omit<Surroundings, "isTainted">;
  readonly bind: Bind;
  readonly launches: ReadonlyMap<string, Launch>;
  /** Channels that list it under `reply`. */
  readonly channels: readonly (readonly [name: string, values: ChannelValues])[];
  /** Receives every mistake. */
  readonly issues: IssueDraft[];
}

export function compileSink(
  name: string,
  values: SinkValues,
  type: SinkType,
  { engine, bind, launches, channels, issues, ...context }: Context,
): PlannedSink {
  const at = ["sinks", name];
  const { options, description, input } = values;
  const outward = values.outward ?? plainOutward(options);
  const surroundings = { ...context.surroundings, isTainted: outward.isTainted };
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
  const component = `sinks.${name}`;
  const launch = launches.get(component);
  const outside = outsidePowers(bind, values.outsideRecipe);
  const powers = [
    ...outside,
    ...componentPowers({
      component,
      bind,
      outward: usesEvent ? withVariables(outward, channels) : outward,
      options,
      reaches: (read) => type.reaches(read, surroundings),
      launch,
      folder: surroundings.folder,
      around: [values.type],
    }),
    ...(values.shows === undefined ? [] : [showPower(bind, values.shows, component)]),
  ];
  let bound: PlannedBound | undefined;
  if (values.bound !== undefined) {
    const reaches = type.reaches(options, surroundings);
    const shown = type.reaches(outward.shown, surroundings);
    const { folder, home } = surroundings;
    const ofOptions = { reaches, shown, claims: [], folder, home };
    issues.push(...boundIssues({ at, bound: values.bound, ...ofOptions }));
    bound = planBound(values.bound, reaches, [], surroundings);
  }
  return {
    name,
    type,
    options,
    code,
    description,
    input: values.shownInput === undefined ? schema : schemaOf(values.shownInput, usesEvent, schema),
    defaults: defaultsOf(input),
    validate: engine.schemas.compile(schema, [...at, "input"], issues),
    usesEvent,
    powers,
    ...(outside[0] === undefined ? {} : { described: outside[0] }),
    ...(launch === undefined ? {} : { launch }),
    ...(bound === undefined ? {} : { bound }),
    fingerprint: fingerprint([values, powers.map(({ hash }) => hash)]),
  };
}

/** Variables in the recipe inputs of an event are sent by the sink too. */
function withVariables(outward: Outward, channels: Context["channels"]): Outward {
  const brought = channels.flatMap(([, { inputVariables }]) => inputVariables ?? []);
  if (brought.length === 0) return outward;
  return {
    ...outward,
    bound: [outward.bound, brought.map(({ bound }) => bound)],
    names: [...new Set([...outward.names, ...brought.flatMap(({ names }) => names)])],
    tainted: true,
  };
}

/** Every input without a default is required. `like`: the schema that lists the required ones. */
function schemaOf(input: JsonObject, usesEvent: boolean, like?: JsonSchema): JsonSchema {
  const properties: Record<string, unknown> = { ...(usesEvent ? { event_id: eventArgument } : {}), ...input };
  const required = like === undefined ? withoutDefault(properties) : ((like.required as string[]) ?? []);
  return {
    type: "object",
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

function defaultsOf(input: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(input).flatMap(([name, schema]) =>
      schema !== null && typeof schema === "object" && !Array.isArray(schema) && schema.default !== undefined
        ? [[name, schema.default]]
        : [],
    ),
  );
}

function withoutDefault(properties: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(properties)
    .filter(([, schema]) => !(schema !== null && typeof schema === "object" && "default" in schema))
    .map(([key]) => key);
}

/** Returns whether one of them reads `event`. */
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
        message: root === "input" ? `${field} is not one of its inputs` : `event has no ${field}`,
        hint:
          didYouMeanHint(field, names) ??
          (names.length === 0 ? "declare it under input:" : `available: ${names.join(", ")}`),
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
