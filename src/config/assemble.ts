// Builds ConfigValues from a checked tree. Values with issues are left out: of a channel only the faulty
// part, so that later rooms can check the rest and find their own issues in the same run. Maps of user names
// have no prototype: `sources.constructor` is undefined unless a source has that name.

import { dirname, resolve } from "node:path";
import type { Capabilities } from "../contract/capabilities.ts";
import type { Json, JsonObject, JsonSchema } from "../contract.ts";
import { asObject } from "../json.ts";
import { consoleValues, usualConsole } from "./console-values.ts";
import { parseListenAddress } from "./listen-address.ts";
import { type EnvironmentVariables, expandHome, leadsInto } from "./paths.ts";
import { readableInputs, type VisibleInputs } from "./recipe/instance.ts";
import { toOptions } from "./schema/camel-case.ts";
import { codeOptions } from "./schema/code-options.ts";
import type { Section, Types } from "./schema/component-options.ts";
import { coreSchema } from "./schema/core.ts";
import { classOf } from "./schema/option-class.ts";
import { propertiesOf } from "./schema/schema-tree.ts";
import type {
  BoundOptions,
  ChannelValues,
  ConfigValues,
  ConsoleValues,
  OutsideRecipe,
  PermissionsValues,
  Receipt,
  SinkValues,
  SourceValues,
  Target,
} from "./values.ts";
import {
  channelShows,
  comparedTexts,
  coreOutward,
  inputShows,
  type OriginNames,
  resultShows,
  sinkOutward,
  sourceOutward,
} from "./variables/outward-parts.ts";

export interface Assembly {
  /** Complete: every default of the core is filled in. */
  readonly root: JsonObject;
  /** Own options of the sources and sinks whose options are valid, by name. */
  readonly options: Readonly<Record<Section, ReadonlyMap<string, JsonObject>>>;
  readonly types: Types;
  readonly folder: string;
  readonly env: EnvironmentVariables;
  /** What a component of a recipe can read of the recipe's inputs. */
  inputsOf(section: "sources" | "channels", name: string): VisibleInputs | undefined;
  /** What the recipe of a component declares; undefined where nothing bounds it. */
  capabilitiesOf(section: Section, name: string): Capabilities | undefined;
  /** The recipe outside of the config's folder that a component is from. */
  outsideOf(section: Section | "channels", name: string): OutsideRecipe | undefined;
  /** Origins of the values. */
  readonly names: OriginNames;
  /** True for `["listen"]` or `["channels", "ci", "match"]` when it, or something in it, is wrong. */
  isBroken(path: readonly string[]): boolean;
}

const day = 24 * 60 * 60 * 1_000;

/** Options that are not declared as outward, and in which a secret input must be declared all the same. */
const declaredToo: Readonly<Record<Section, string>> = { sources: "path", sinks: "input" };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const sections = propertiesOf(coreSchema);
const channelSchema = entrySchema("channels");
const sourceSchema = entrySchema("sources");
const sinkSchema = entrySchema("sinks");

/** In steps: there may be thousands of sources, channels and sinks. */
export function* assemble(from: Assembly): Generator<void, ConfigValues> {
  const { root, isBroken } = from;
  const sound = (key: string): JsonObject => (isBroken([key]) ? {} : asObject(root[key]));
  const server = sound("server");
  const filled = <T>(key: string, defaults: T): T => {
    const written = Object.entries(asObject(root[key])).filter(([option]) => !isBroken([key, option]));
    return { ...defaults, ...toOptions(sections[key]!, Object.fromEntries(written)) };
  };
  const values: Mutable<ConfigValues> = {
    server: { name: textOr(server.name, "router"), instructions: textOr(server.instructions, "") },
    hosts: isBroken(["hosts"]) ? [] : ((root.hosts ?? []) as string[]),
    budget: budgetOf({ event: 500, hour: 20_000, ...sound("budget") }),
    delivery: filled("delivery", { catchUp: 20, keepMs: 7 * day, maxSizeBytes: 256 * 1024 ** 2 }),
    defaults: filled<ConfigValues["defaults"]>("defaults", { ttlMs: day, priority: "normal" }),
    sources: yield* entriesOf("sources", from, (name, source) => sourceValues(name, source, from)),
    channels: yield* entriesOf("channels", from, (name, channel) =>
      channelValues(name, soundParts(name, channel, from), from),
    ),
    sinks: yield* entriesOf("sinks", from, (name, sink) => sinkValues(name, sink, from)),
  };
  if (typeof root.listen === "string" && !isBroken(["listen"])) {
    const address = parseListenAddress(root.listen, from);
    if (!("problem" in address)) {
      values.listen = root.listen;
      values.listenAddress = address;
      if ("unix" in address) {
        values.socketInside = leadsInto(dirname(address.unix), from.folder);
      }
    }
  }
  if (root.console !== undefined) values.console = consoleOf(from);
  if (root.permissions !== undefined && !isBroken(["permissions"]))
    values.permissions = filled<PermissionsValues>("permissions", {
      relay: [],
      approvers: {},
      expireMs: 10 * 60 * 1_000,
    });
  if (root.wake !== undefined && root.wake !== "off" && !isBroken(["wake"]))
    values.wake = root.wake as unknown as NonNullable<ConfigValues["wake"]>;
  if (Array.isArray(root.catalogues) && !isBroken(["catalogues"]))
    values.catalogues = root.catalogues as string[];
  if (typeof root.public_url === "string" && !isBroken(["public_url"])) values.publicUrl = root.public_url;
  const outward = coreOutward(root, from.names);
  if (Object.keys(outward).length > 0) values.outward = outward;
  return values;
}

/** None while its options are wrong: the default would be another address than the one that was meant. */
function consoleOf(from: Assembly): ConsoleValues {
  const values = from.isBroken(["console"]) ? undefined : consoleValues(from.root.console, from);
  return values === undefined || "problem" in values ? { ...usualConsole, enabled: false } : values;
}

function* entriesOf<T>(
  key: string,
  from: Assembly,
  build: (name: string, value: JsonObject) => T | undefined,
): Generator<void, Record<string, T>> {
  const result: Record<string, T> = Object.create(null);
  for (const [name, value] of Object.entries(asObject(from.root[key]))) {
    yield;
    const built = build(name, asObject(value));
    if (built !== undefined) result[name] = built;
  }
  return result;
}

function sourceValues(name: string, source: JsonObject, from: Assembly): SourceValues | undefined {
  const type = from.types.sources.get(source.type as string);
  const options = from.options.sources.get(name);
  if (from.isBroken(["sources", name])) return undefined;
  if (type === undefined || options === undefined) return undefined;
  const values = toOptions(type.options, options);
  const code = codeOptions(type.options, options);
  const visible = from.inputsOf("sources", name);
  const inputs = visible && readableInputs(visible, code as unknown as Json);
  const { rate, expectMs } = toOptions(sourceSchema, {
    rate: source.rate ?? null,
    expect: source.expect ?? null,
  });
  return {
    type: type.type,
    enabled: source.enabled !== false,
    ...outsideRecipe("sources", name, from),
    ...(rate === null ? {} : { rate: rate as unknown as { max: number; perMs: number } }),
    ...(typeof expectMs === "number" ? { expectMs } : {}),
    options: values,
    outward: sourceOutward({ name, schema: type.options, options, values, code, inputs }, from.names),
    ...(inputs === undefined ? {} : { inputs: inputs.values }),
    ...(code.length === 0 ? {} : { code }),
    ...boundOf("sources", name, options, type.options, from),
  };
}

/** Its capabilities, and the options in which a secret input, or one from a variable or a file, leaves the router. */
function boundOf(
  section: Section,
  name: string,
  written: JsonObject,
  schema: JsonSchema,
  { capabilitiesOf, names }: Assembly,
): { readonly bound?: BoundOptions } {
  const capabilities = capabilitiesOf(section, name);
  if (capabilities === undefined) return {};
  const carried = names.tainted
    .below([section, name])
    // The arguments of a sink are common to all types; their defaults are sent. A path checks its callers.
    .filter(({ path }) => path[0] === declaredToo[section] || classOf(schema, path) !== "inert")
    .flatMap(({ path, taints }) =>
      taints.flatMap(({ origin }) => {
        if (origin.kind === "input") return [{ input: origin.name, path }];
        const input = origin.kind === "typed" ? undefined : origin.input;
        return input === undefined ? [] : [{ input, path, isVariable: true as const }];
      }),
    );
  return { bound: { ...capabilities, carried, written } };
}

function sinkValues(name: string, sink: JsonObject, from: Assembly): SinkValues | undefined {
  const type = from.types.sinks.get(sink.type as string);
  const options = from.options.sinks.get(name);
  if (type === undefined || options === undefined || from.isBroken(["sinks", name])) return undefined;
  const result = typeof sink.result === "string" ? { result: sink.result } : {};
  const shows = result.result === undefined ? undefined : resultShows(name, result.result, from.names);
  const own = codeOptions(type.options, options);
  const values = toOptions(type.options, options);
  const component = { name, schema: type.options, options, values, code: own, inputs: undefined };
  return {
    type: type.type,
    ...outsideRecipe("sinks", name, from),
    description: sink.description as string,
    input: asObject(sink.input),
    options: values,
    ...sinkOutward(component, asObject(sink.input), from.names),
    ...(shows === undefined ? {} : { shows }),
    code: [...own, ...codeOptions(sinkSchema, result)],
    ...boundOf("sinks", name, options, type.options, from),
  };
}

/** In maps of user-chosen names only the wrong entries are removed; any other part is removed as a whole. */
const mapsOfNames: ReadonlySet<string> = new Set(["meta", "vars"]);
const listsOfNames: ReadonlySet<string> = new Set(["reply"]);

function soundParts(name: string, channel: JsonObject, { isBroken }: Assembly): JsonObject {
  const sound: JsonObject = Object.create(null);
  for (const [key, part] of Object.entries(channel)) {
    const at = ["channels", name, key];
    if (!isBroken(at)) sound[key] = part;
    else if (Array.isArray(part) && listsOfNames.has(key)) {
      sound[key] = part.filter((item, index) => typeof item === "string" && !isBroken([...at, `${index}`]));
    } else if (mapsOfNames.has(key)) {
      sound[key] = Object.fromEntries(
        Object.entries(asObject(part)).filter(
          ([entry, value]) => typeof value === "string" && !isBroken([...at, entry]),
        ),
      );
    }
  }
  return sound;
}

function channelValues(name: string, channel: JsonObject, assembly: Assembly): ChannelValues {
  const { from, vars, meta, changed, receipt, to, reply, budget, quiet, ...rest } = toOptions(
    channelSchema,
    channel,
  ) as Record<string, never>;
  const visible = assembly.inputsOf("channels", name);
  const inputs = visible && readableInputs(visible, channel);
  const shows = channelShows(name, channel, inputs, assembly.names);
  const inputVariables = inputShows(inputs, assembly.names);
  return {
    ...(rest as unknown as Pick<ChannelValues, "continue">),
    ...outsideRecipe("channels", name, assembly),
    ...(inputs === undefined ? {} : { inputs: inputs.values }),
    ...(shows === undefined ? {} : { shows }),
    ...(inputVariables === undefined ? {} : { inputVariables }),
    ...comparedTexts(name, channel, assembly.names),
    from: from === undefined ? [name] : typeof from === "string" ? [from] : from,
    vars: bareMap(vars),
    ...(meta === undefined ? {} : { meta: bareMap(meta) }),
    ...(changed === undefined ? {} : { changed: typeof changed === "string" ? { value: changed } : changed }),
    ...(budget === undefined ? {} : { budget: budgetOf(budget) }),
    ...(quiet === undefined ? {} : { quiet: Array.isArray(quiet) ? quiet : [quiet] }),
    ...(reply === undefined ? {} : { reply: typeof reply === "string" ? [reply] : reply }),
    ...receiptOf(receipt),
    to: targetOf(to, assembly),
  };
}

function outsideRecipe(
  section: Section | "channels",
  name: string,
  { outsideOf }: Assembly,
): { readonly outsideRecipe?: OutsideRecipe } {
  const recipe = outsideOf(section, name);
  return recipe === undefined ? {} : { outsideRecipe: recipe };
}

/** `hour: none` is the same as no `hour`. */
function budgetOf<B extends { readonly event?: number }>({
  hour,
  ...rest
}: B & { readonly hour?: Json }): Hourly<B> {
  return { ...rest, ...(typeof hour === "number" ? { hour } : {}) } as Hourly<B>;
}

type Hourly<B> = Omit<B, "hour"> & { readonly hour?: number };

function bareMap(map: JsonObject | undefined): Record<string, string> {
  return Object.assign(Object.create(null), map);
}

function entrySchema(key: string): JsonSchema {
  return propertiesOf(coreSchema)[key]!.additionalProperties as JsonSchema;
}

function textOr(value: Json | undefined, fallback: string): string {
  return typeof value === "string" ? value : fallback;
}

const usual: Receipt = { ackWithinMs: 10 * 60_000, attempts: 3 };

/** `none` and an absent value are the same. */
export function receiptOf(written: Json | undefined): { readonly receipt?: Receipt } {
  if (written === undefined || written === null || written === "none") return {};
  return { receipt: typeof written === "object" ? { ...usual, ...written } : usual };
}

/** `~/x` and `./x` become absolute; a pattern that begins with `**` matches anywhere and stays. */
export function targetOf(
  written: Json | undefined,
  from: { readonly folder: string; readonly env: EnvironmentVariables },
): Target {
  const target = (written ?? "one") as Target;
  if (typeof target === "string" || !("project" in target) || target.project.startsWith("**")) return target;
  return { project: resolve(from.folder, expandHome(target.project, from.env)) };
}
