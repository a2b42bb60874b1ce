// Describes what a new version of a recipe changes: in its inputs and capabilities, its filters and other
// options, and in what both versions do with the events of their tests.

import type { Json, JsonObject } from "../../contract.ts";
import { readConfig } from "../../daemon/start/load-plan.ts";
import { asObject } from "../../json.ts";
import { type Behavior, behaviorsOf, type SampleCase } from "../../testing/behavior.ts";
import type { TestCase } from "../../testing/test-case.ts";
import type { CommandContext } from "../context.ts";
import { type RecipeDetails, readDetails } from "./details.ts";
import { capabilityLines } from "./inspect.ts";
import { conditionChanges } from "./match-changes.ts";
import {
  changeSentence,
  filledRecipe,
  type OptionChange,
  optionChanges,
  reachOfChange,
  secretInputs,
} from "./option-changes.ts";

export interface RecipeDifference {
  readonly from: string;
  readonly to: string;
  /** Sentences. */
  readonly changes: readonly string[];
  /** Including changes to whose events are accepted, to the use of secrets, and to input types. */
  readonly capabilities: { readonly added: readonly string[]; readonly removed: readonly string[] };
  readonly inputs: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    /** `refs -> branches` */
    readonly renamed: readonly string[];
  };
  /** The median of the tested events that both versions deliver; null if there are none. */
  readonly tokens: { readonly before: number | null; readonly after: number | null };
}

interface RecipeView {
  readonly file: string;
  readonly details: RecipeDetails;
  readonly tests: readonly TestCase[];
  /** The file as written. */
  readonly written: JsonObject;
  /** By channel, with the values of the inputs. */
  readonly matches: Readonly<Record<string, Json | undefined>>;
}

/** `values`: the inputs of this use, except those from variables. */
export async function compareRecipes(
  [oldFile, newFile]: readonly [string, string],
  values: JsonObject,
  context: Pick<CommandContext, "env" | "cwd">,
): Promise<RecipeDifference> {
  const before = await viewOf(oldFile, values, context);
  const renames = renamesOf(before, await readHeader(newFile, context));
  const renamed = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [renames.get(name) ?? name, value]),
  );
  const after = await viewOf(newFile, renamed, context);
  const [could, can] = [capabilityLines(before.details, values), capabilityLines(after.details, renamed)];
  const cases = casesOf(before, after);
  const [then, now] = [
    await behaviorsOf(oldFile, cases, context.env),
    await behaviorsOf(newFile, cases, context.env),
  ];
  const inputs = inputDifference(before, after, renames);
  const options = optionChanges(
    filledRecipe(before.written, values, renames),
    filledRecipe(after.written, renamed),
  );
  const secrets = new Set([
    ...secretInputs(before.written).map((name) => renames.get(name) ?? name),
    ...secretInputs(after.written),
  ]);
  const matches = matchChanges(before, after);
  const reached = [
    ...without(can, could),
    ...inputTypeChanges(before, after, renames),
    ...options.flatMap((change) => reachOfChange(change, secrets) ?? []),
  ];
  return {
    from: before.details.version,
    to: after.details.version,
    changes: [
      ...behaviorChanges(cases, then, now),
      ...matches.map(({ sentence }) => sentence),
      ...partChanges(before, after),
      ...otherChanges(options, new Set(matches.map(({ channel }) => channel)), secrets),
      ...orderChanges(before, after),
      ...inputChanges(before, after, inputs, renames),
    ],
    capabilities: { added: reached, removed: without(could, can) },
    inputs,
    tokens: tokensOf(then, now),
  };
}

/** Removes inputs from variables: a comparison must not read their values. */
export function withoutVariables(values: JsonObject): JsonObject {
  const hasVariable = (value: Json) => JSON.stringify(value).includes("${");
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !hasVariable(value)));
}

async function viewOf(
  file: string,
  values: JsonObject,
  context: Pick<CommandContext, "env" | "cwd">,
): Promise<RecipeView> {
  const details = await readDetails(file, context);
  const known = new Set(details.inputs.map(({ name }) => name));
  const given = Object.fromEntries(Object.entries(values).filter(([name]) => known.has(name)));
  const loaded = await readConfig(file, context.env, {
    recipe: { given, at: ["inputs"] },
    placeholders: true,
  });
  const channels = Object.entries(loaded.values.channels);
  return {
    file,
    details,
    tests: loaded.tests as unknown as readonly TestCase[],
    written: loaded.recipe ?? {},
    matches: Object.fromEntries(channels.map(([name, { match }]) => [name, match])),
  };
}

/** The tests of the new version, then those that only the old one has. */
function casesOf(before: RecipeView, after: RecipeView): SampleCase[] {
  const names = new Set(after.tests.map(({ name }) => name));
  const isPlayable = ({ send }: TestCase) => send !== undefined;
  return [
    ...after.tests.map((test) => ({ file: after.file, test })),
    ...before.tests.filter(({ name }) => !names.has(name)).map((test) => ({ file: before.file, test })),
  ].filter(({ test }) => isPlayable(test));
}

function behaviorChanges(
  cases: readonly SampleCase[],
  then: readonly (Behavior | undefined)[],
  now: readonly (Behavior | undefined)[],
): string[] {
  const changes: string[] = [];
  let [changed, compared] = [0, 0];
  for (const [index, { test }] of cases.entries()) {
    const [before, after] = [then[index], now[index]];
    if (before === undefined || after === undefined) continue;
    if (before.length < after.length) changes.push(`now also delivers: ${test.name}`);
    else if (before.length > after.length) changes.push(`no longer delivers: ${test.name}`);
    else if (channelsOf(before) !== channelsOf(after))
      changes.push(`delivers to ${channelsOf(after)} instead of ${channelsOf(before)}: ${test.name}`);
    else if (before.length > 0) {
      compared += 1;
      if (before.some(({ content }, at) => content !== after[at]?.content)) changed += 1;
    }
  }
  return changed === 0
    ? changes
    : [...changes, `changes the text of ${changed} of ${compared} tested events`];
}

function channelsOf(behavior: Behavior): string {
  return [...new Set(behavior.map(({ channel }) => channel))].join(", ");
}

function tokensOf(
  then: readonly (Behavior | undefined)[],
  now: readonly (Behavior | undefined)[],
): RecipeDifference["tokens"] {
  const both = then.flatMap((before, index) => {
    const after = now[index];
    return before === undefined || after === undefined || before.length === 0 || after.length === 0
      ? []
      : [{ before, after }];
  });
  return {
    before: median(both.flatMap(({ before }) => before.map(({ tokens }) => tokens))),
    after: median(both.flatMap(({ after }) => after.map(({ tokens }) => tokens))),
  };
}

function median(numbers: readonly number[]): number | null {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/** Which values the filters of a channel accept in only one of the versions. */
function matchChanges(
  before: RecipeView,
  after: RecipeView,
): { readonly channel: string; readonly sentence: string }[] {
  return Object.keys(after.matches).flatMap((channel) =>
    Object.hasOwn(before.matches, channel)
      ? conditionChanges(channel, before.matches[channel], after.matches[channel]).map((sentence) => ({
          channel,
          sentence,
        }))
      : [],
  );
}

function partChanges(before: RecipeView, after: RecipeView): string[] {
  const parts = [
    ["source", before.details.sources.map(({ name }) => name), after.details.sources.map(({ name }) => name)],
    ["channel", before.details.channels, after.details.channels],
    ["tool for Claude", before.details.sinks, after.details.sinks],
  ] as const;
  return parts.flatMap(([noun, then, now]) => [
    ...without(now, then).map((name) => `adds the ${noun} ${name}`),
    ...without(then, now).map((name) => `removes the ${noun} ${name}`),
  ]);
}

/** One sentence for each changed option that is not described elsewhere. */
function otherChanges(
  options: readonly OptionChange[],
  matched: ReadonlySet<string>,
  secrets: ReadonlySet<string>,
): string[] {
  const isPart = ({ path, before, after }: OptionChange) =>
    path.length === 2 &&
    ["sources", "channels", "sinks"].includes(path[0] as string) &&
    (before === undefined || after === undefined);
  const isMatch = ({ path: [section, name, option], before, after }: OptionChange) =>
    section === "channels" &&
    option === "match" &&
    matched.has(name as string) &&
    !Array.isArray(before) &&
    !Array.isArray(after);
  return options
    .filter((change) => !isPart(change) && !isMatch(change) && reachOfChange(change, secrets) === undefined)
    .map(changeSentence);
}

/** The order of channels matters: the first that matches takes the event. */
function orderChanges(before: RecipeView, after: RecipeView): string[] {
  const order = ({ details }: RecipeView, { details: other }: RecipeView) =>
    details.channels.filter((name) => other.channels.includes(name)).join(", ");
  const [then, now] = [order(before, after), order(after, before)];
  return then === now ? [] : [`the channels are in the order ${now} instead of ${then}`];
}

/** A type change can widen what happens with a value: a secret that becomes a string can be shown in an event. */
function inputTypeChanges(
  { details }: RecipeView,
  after: RecipeView,
  renames: ReadonlyMap<string, string>,
): string[] {
  return details.inputs.flatMap(({ name, type }) => {
    const input = inputNamed(after, renames.get(name) ?? name);
    return input === undefined || input.type === type
      ? []
      : [`takes the input ${input.name} as ${input.type} instead of ${type}`];
  });
}

function inputNamed({ details }: RecipeView, name: string) {
  return details.inputs.find((input) => input.name === name);
}

async function readHeader(file: string, { env }: Pick<CommandContext, "env">): Promise<JsonObject> {
  const as = { recipe: { given: {}, at: ["inputs"] }, placeholders: true };
  return (await readConfig(file, env, as)).recipe ?? {};
}

/** Old name -> new name of the inputs that the new version renames. */
function renamesOf({ details }: RecipeView, header: JsonObject): ReadonlyMap<string, string> {
  const then = new Set(details.inputs.map(({ name }) => name));
  const declared = asObject(header.inputs);
  return new Map(
    Object.entries(declared).flatMap(([name, input]) =>
      [asObject(input).deprecated ?? []]
        .flat()
        .map(String)
        .filter((old) => then.has(old) && !Object.hasOwn(declared, old))
        .map((old) => [old, name] as const),
    ),
  );
}

function inputDifference(
  before: RecipeView,
  after: RecipeView,
  renames: ReadonlyMap<string, string>,
): RecipeDifference["inputs"] {
  const names = ({ details }: RecipeView) => details.inputs.map(({ name }) => name);
  const [then, now] = [names(before), names(after)];
  return {
    added: without(now, [...then, ...renames.values()]),
    removed: without(then, [...now, ...renames.keys()]),
    renamed: [...renames].map(([old, name]) => `${old} -> ${name}`),
  };
}

function inputChanges(
  before: RecipeView,
  after: RecipeView,
  { added, removed, renamed }: RecipeDifference["inputs"],
  renames: ReadonlyMap<string, string>,
): string[] {
  const of = inputNamed;
  const defaults = after.details.inputs.flatMap(({ name, default: now }) => {
    const then = of(before, name)?.default;
    if (of(before, name) === undefined || JSON.stringify(then) === JSON.stringify(now)) return [];
    if (now === undefined) return [`the input ${name} no longer has a default`];
    return [
      `the default of ${name} is ${JSON.stringify(now)}${then === undefined ? "" : ` instead of ${JSON.stringify(then)}`}`,
    ];
  });
  return [
    ...added.map((name) =>
      of(after, name)?.default === undefined
        ? `requires the new input ${name}`
        : `adds the optional input ${name}`,
    ),
    ...removed.map((name) => `no longer has the input ${name}`),
    ...renamed.map((one) => `renames an input: ${one}`),
    ...defaults,
    ...limitChanges(before, after, renames),
  ];
}

/** Changes to the allowed values and texts; type and default are described elsewhere. */
function limitChanges(before: RecipeView, after: RecipeView, renames: ReadonlyMap<string, string>): string[] {
  const apart = ["type", "secret", "default", "deprecated"];
  const limitsOf = (input: Json | undefined) =>
    Object.fromEntries(Object.entries(asObject(input)).filter(([key]) => !apart.includes(key)));
  const [then, now] = [asObject(before.written.inputs), asObject(after.written.inputs)];
  return Object.keys(then).flatMap((old) => {
    const name = renames.get(old) ?? old;
    if (!Object.hasOwn(now, name)) return [];
    return optionChanges(limitsOf(then[old]), limitsOf(now[name]), ["inputs", name]).map(changeSentence);
  });
}

function without(all: readonly string[], known: readonly string[]): string[] {
  return all.filter((one) => !known.includes(one));
}
