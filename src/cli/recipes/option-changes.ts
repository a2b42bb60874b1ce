// Compares the files of two versions of a recipe option by option, with input values inserted. A change to whose
// events are accepted, or to the use of a secret, counts as new reach, because no test of the recipe would show it.

import type { Json, JsonObject } from "../../contract.ts";
import { asObject, isObject } from "../../json.ts";

export interface OptionChange {
  readonly path: readonly string[];
  /** Undefined if the option is new. */
  readonly before: Json | undefined;
  /** Undefined if the option was removed. */
  readonly after: Json | undefined;
}

/** Parts of the file that are compared elsewhere. */
const described = new Set("recipe version inputs capabilities tests".split(" "));

/**
 * Replaces each `${inputs.NAME}` in the file with the given value, else the default. A secret, or an input
 * without a value, stays a reference; `renames` gives it its new name.
 */
export function filledRecipe(
  recipe: JsonObject,
  values: JsonObject,
  renames: ReadonlyMap<string, string> = new Map(),
): JsonObject {
  const declared = asObject(recipe.inputs);
  const inputValue = (name: string): Json | undefined => {
    const input = asObject(Object.hasOwn(declared, name) ? declared[name] : undefined);
    if (isSecret(input)) return undefined;
    return Object.hasOwn(values, name) ? values[name] : input.default;
  };
  const written = (name: string) => `\${inputs.${renames.get(name) ?? name}}`;
  const fill = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(fill);
    if (isObject(value))
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one)]));
    if (typeof value !== "string") return value;
    const whole = /^\$\{inputs\.(\w+)\}$/.exec(value)?.[1];
    if (whole !== undefined) return inputValue(whole) ?? written(whole);
    return value.replace(/\$\{inputs\.(\w+)\}/g, (_, name: string) => {
      const own = inputValue(name);
      return own === undefined ? written(name) : typeof own === "string" ? own : JSON.stringify(own);
    });
  };
  return Object.fromEntries(
    Object.entries(recipe)
      .filter(([key]) => !described.has(key))
      .map(([key, value]) => [key, fill(value)]),
  );
}

function isSecret({ type, secret }: JsonObject): boolean {
  return type === "secret" || secret === true;
}

/** Every option that differs. */
export function optionChanges(
  before: Json | undefined,
  after: Json | undefined,
  path: readonly string[] = [],
): OptionChange[] {
  if (canonical(before) === canonical(after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ path, before, after }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
    optionChanges(own(before, key), own(after, key), [...path, key]),
  );
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** As text that does not depend on the order of keys, which has no meaning here. */
function canonical(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "";
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(",")}}`;
}

/** The options of a source that decide whose events it accepts and how callers are answered: nothing else asks about them. */
const callerOptions = new Set(
  "type enabled verify access trust webhook proxies ca own services methods respond auth_server relay".split(
    " ",
  ),
);
/** The options of a channel that decide which sessions get its events, and with which tools Claude can answer. */
const sessionOptions = new Set(["to", "wake", "reply"]);

/** The new reach in a change, as words that follow "now also"; undefined if there is none. */
export function reachOfChange(change: OptionChange, secrets: ReadonlySet<string>): string | undefined {
  const { path, before, after } = change;
  const [section, name, option] = path;
  if (section === "setup") return undefined;
  if (section === "sources" && option === undefined) {
    if (after === undefined) return undefined;
    return before === undefined
      ? `accepts events from the new source ${name}`
      : `accepts events differently: ${changeSentence(change)}`;
  }
  if (section === "sources" && callerOptions.has(option as string))
    return `accepts events of other senders: ${changeSentence(change)}`;
  if (section === "channels" && sessionOptions.has(option as string))
    return `sends its events or answers elsewhere: ${changeSentence(change)}`;
  const usesSecret = [before, after].some((one) =>
    [...JSON.stringify(one ?? null).matchAll(/\$\{inputs\.(\w+)\}/g)].some(([, input = ""]) =>
      secrets.has(input),
    ),
  );
  return usesSecret ? `uses a secret differently: ${changeSentence(change)}` : undefined;
}

/** The names of the secret inputs. */
export function secretInputs(recipe: JsonObject): string[] {
  return Object.entries(asObject(recipe.inputs)).flatMap(([name, input]) =>
    isSecret(asObject(input)) ? [name] : [],
  );
}

export function changeSentence({ path, before, after }: OptionChange): string {
  const at = path.join(".");
  if (before === undefined) return `${at} is new: ${shown(after)}`;
  if (after === undefined) return `${at} is removed (was ${shown(before)})`;
  return shown(before) === shown(after)
    ? `${at} is changed`
    : `${at} is ${shown(after)} instead of ${shown(before)}`;
}

const maxShown = 120;

function shown(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? "";
  return text.length <= maxShown ? text : `${text.slice(0, maxShown)}...`;
}
