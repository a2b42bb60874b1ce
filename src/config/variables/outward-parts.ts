// The parts of a config that leave this machine: a source, a sink, the listener with the permissions; and the
// parts of a channel that Claude sees.

import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import type { VisibleInputs } from "../recipe/instance.ts";
import { coreSchema } from "../schema/core.ts";
import { classOf } from "../schema/option-class.ts";
import { boundInput, defaultAt, shownInput } from "../schema/sink-input.ts";
import type { CodeOption, ShownVariables } from "../values.ts";
import { type Path, valueAt } from "../yaml/problem.ts";
import { type CoreOutward, coreKeys, namesOf, type Outward, outwardOf } from "./outward.ts";
import type { Origin, TaintedTree, TaintedValue } from "./taint.ts";

export interface OriginNames {
  readonly tainted: TaintedTree;
  /** The display name of an origin. */
  nameOf(origin: Origin): string | undefined;
}

interface Component {
  readonly name: string;
  readonly schema: JsonSchema;
  /** Its own options as written, defaults filled in. */
  readonly options: JsonObject;
  /** The same as the code reads them. */
  readonly values: JsonObject;
  readonly code: readonly CodeOption[];
  /** The recipe inputs that its code can read. */
  readonly inputs: VisibleInputs | undefined;
}

/** Common keys of every source and sink; of these only `input` contains values that are sent. */
const common: ReadonlySet<string> = new Set(["type", "enabled", "rate", "expect", "description", "result"]);

export function sourceOutward(component: Component, names: OriginNames): Outward {
  return withInputs(ownOutward("sources", component, names), component, names);
}

export interface SinkOutward {
  readonly outward: Outward;
  readonly shownInput?: JsonObject;
}

export function sinkOutward(component: Component, input: JsonObject, names: OriginNames): SinkOutward {
  const own = ownOutward("sinks", component, names);
  const defaults = names.tainted.below(["sinks", component.name, "input"]);
  const bound: Json = {
    options: own.bound,
    input: boundInput(input),
    origins: defaults.map(({ path, taints }) => [[...path], taints as unknown as Json]),
  };
  const origins = defaults.flatMap(({ taints }) => taints.map(({ origin }) => origin));
  const outward: Outward = {
    ...own,
    bound,
    names: [...new Set([...own.names, ...namesOf(origins, names.nameOf)])],
    tainted: own.tainted || defaults.length > 0,
  };
  const hidden = defaults.flatMap(({ path }) => {
    const length = defaultAt(path);
    return length === undefined ? [] : [path.slice(0, length)];
  });
  return { outward, ...(hidden.length === 0 ? {} : { shownInput: shownInput(input, hidden) }) };
}

/** Of those top-level keys that contain a value from a variable or a file. */
export function coreOutward(root: JsonObject, { tainted, nameOf }: OriginNames): CoreOutward {
  const entries = coreKeys.flatMap((key) => {
    const values = tainted
      .below([key])
      .map(({ path, taints }): TaintedValue => ({ path: [key, ...path], taints }));
    if (values.length === 0) return [];
    const options = { [key]: root[key] ?? null };
    return [[key, outwardOf({ schema: coreSchema, options, values: {}, tainted: values, nameOf })] as const];
  });
  return Object.fromEntries(entries);
}

/** The variables that the events of a channel show; undefined when they show none. */
export function channelShows(
  name: string,
  channel: JsonObject,
  inputs: VisibleInputs | undefined,
  names: OriginNames,
): ShownVariables | undefined {
  const at = ["channels", name];
  const shown = names.tainted
    .below(at)
    .filter(({ path }) => classOf(coreSchema, [...at, ...path]) === "shown" || isOrdered(path));
  const texts = JSON.stringify(
    Object.keys(channel).flatMap((key) => (mayShow(at, key) ? [[key, channel[key]]] : [])),
  );
  const variables = readsInputs(texts) || readsAll(texts) ? (inputs?.variables ?? {}) : {};
  return showsOf(shown, variables, [texts, inputValues(variables, inputs)], names);
}

/** The values with an external part in the inert options of a channel, such as `match`. */
export function comparedTexts(
  name: string,
  channel: JsonObject,
  { tainted }: OriginNames,
): { readonly compared?: readonly string[] } {
  const at = ["channels", name];
  const texts = tainted.below(at).flatMap(({ path }) => {
    if (classOf(coreSchema, [...at, ...path]) !== "inert") return [];
    const value = valueAt(channel, path);
    return value === undefined || typeof value === "object" ? [] : [String(value)];
  });
  return texts.length === 0 ? {} : { compared: texts };
}

/** The variables that the result of a sink shows. */
export function resultShows(name: string, result: string, names: OriginNames): ShownVariables | undefined {
  const shown = names.tainted.below(["sinks", name]).filter(({ path }) => path[0] === "result");
  return showsOf(shown, {}, [result], names);
}

/** The variables in the inputs that templates and expressions of a recipe can read. */
export function inputShows(
  inputs: VisibleInputs | undefined,
  names: OriginNames,
): ShownVariables | undefined {
  const variables = inputs?.variables ?? {};
  return showsOf([], variables, inputValues(variables, inputs), names);
}

function showsOf(
  shown: readonly TaintedValue[],
  variables: VisibleInputs["variables"],
  bound: Json,
  { nameOf }: OriginNames,
): ShownVariables | undefined {
  const origins = [
    ...shown.flatMap(({ taints }) => taints.map(({ origin }) => origin)),
    ...Object.values(variables).flat(),
  ];
  if (origins.length === 0) return undefined;
  return { names: namesOf(origins, nameOf), bound: [bound, origins as unknown as Json] };
}

function ownOutward(
  section: string,
  { name, schema, options, values }: Component,
  names: OriginNames,
): Outward {
  const tainted = names.tainted
    .below([section, name])
    .filter(({ path: [key] }) => !common.has(String(key)) && !(section === "sinks" && key === "input"));
  return outwardOf({ schema, options, values, tainted, nameOf: names.nameOf });
}

/** Inputs that an expression or a template reads are part of what is sent. */
function withInputs(outward: Outward, { code, inputs }: Component, { nameOf }: OriginNames): Outward {
  if (inputs === undefined || !code.some(({ text }) => readsInputs(text))) return outward;
  const origins = Object.values(inputs.variables).flat();
  return {
    ...outward,
    bound: [outward.bound, inputs.values, origins as unknown as Json],
    names: [...new Set([...outward.names, ...namesOf(origins, nameOf)])],
    tainted: outward.tainted || origins.length > 0,
  };
}

function inputValues(variables: VisibleInputs["variables"], inputs: VisibleInputs | undefined): Json {
  return Object.fromEntries(Object.keys(variables).map((key) => [key, inputs?.values[key] ?? null]));
}

/** In an expression or a template; a false match only asks one question too many. */
export function readsInputs(text: string): boolean {
  return /\binputs\b/.test(text);
}

/** `{{json this}}`, `{{lookup @root ...}}` and the like show everything. */
function readsAll(text: string): boolean {
  return /\bthis\b|@root\b|\blookup\b|(?:\{\{|[\s({|#=])\.{1,2}(?=[\s)}|/])/.test(text);
}

function mayShow(at: Path, key: string): boolean {
  const found = classOf(coreSchema, [...at, key]);
  return found === "shown" || hasShownPart(key);
}

/** Parts of a channel of which only some options are shown. */
function hasShownPart(key: string): boolean {
  return ["digest", "throttle", "vars", "changed", "dedupe"].includes(key);
}

/** Comparing the order of a number reveals it within a few dozen events. */
function isOrdered([key, ...rest]: Path): boolean {
  return key === "match" && /^[gl]te?$/.test(String(rest.at(-1)));
}
