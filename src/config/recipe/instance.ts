// One use of a recipe in a config: its file, its inputs, its overrides, and how its names map to the
// config's.

import type { Capabilities } from "../../contract/capabilities.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { didYouMeanHint, listNames } from "../../did-you-mean.ts";
import { asObject } from "../../json.ts";
import type { InputScope } from "../variables/substitute.ts";
import { hide, isSecretOrigin, type Origin, type TaintedValue, wholeTaint } from "../variables/taint.ts";
import type { FilePath, YamlFile } from "../yaml/file.ts";
import { type Path, pathKey, quoted } from "../yaml/problem.ts";
import type { Inputs } from "./inputs.ts";
import { isFromOver } from "./merge.ts";

export const sections = ["sources", "channels", "sinks"] as const;
export type Section = (typeof sections)[number];

export function isSection(key: Path[number] | undefined): key is Section {
  return (sections as readonly unknown[]).includes(key);
}

export interface Instance {
  /** Under `use:`; empty for a recipe that is loaded by itself. */
  readonly name: string;
  /** The recipe. */
  readonly yaml: YamlFile;
  /** The file that uses it; the recipe itself when it is loaded by itself. */
  readonly user: YamlFile;
  readonly inputs: Inputs;
  readonly override: JsonObject;
  /** Absent if the recipe declares none, which only a file of the user's own project may do. */
  readonly capabilities?: Capabilities;
}

export function prefixed({ name }: Pick<Instance, "name">, local: string): string {
  return name === "" ? local : `${name}_${local}`;
}

/** The setup steps of each use, with the values of its inputs. */
export function setupsOf(instances: readonly Instance[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    instances.flatMap(({ name, yaml, inputs }) => {
      const { setup } = yaml.tree.root;
      return name === "" || typeof setup !== "string" ? [] : [[name, withValues(setup, inputs)]];
    }),
  );
}

function withValues(setup: string, inputs: Inputs): string {
  return setup.replace(/\$\{inputs\.(\w+)\}/g, (whole, name: string) => {
    const input = inputs.get(name);
    if (input === undefined) return whole;
    if (input.secret || input.tainted.length > 0) return `THE_${name.toUpperCase()}`;
    return typeof input.value === "string" ? input.value : JSON.stringify(input.value);
  });
}

/** The names that `${inputs.NAME}` may use in the recipe. */
export function scopeOf({ inputs }: Instance): InputScope {
  return {
    get: (name) => inputs.get(name)?.value,
    taints: (name) => inputs.get(name)?.tainted ?? [],
    names: () => [...inputs.keys()],
  };
}

export interface VisibleInputs {
  readonly values: JsonObject;
  /** Those that contain a variable. */
  readonly variables: Readonly<Record<string, readonly Origin[]>>;
}

/** Inputs visible to events, templates and expressions: no secret input, and no value from a file. */
export function visibleInputs({ inputs }: Instance): VisibleInputs {
  const values: JsonObject = Object.create(null);
  const variables: Record<string, readonly Origin[]> = Object.create(null);
  for (const [name, { value, secret, tainted }] of inputs) {
    if (secret) continue;
    values[name] = withoutSecrets(value, tainted);
    const origins = tainted.flatMap(({ taints }) => taints.map(({ origin }) => origin));
    const shown = origins.filter((origin) => !isSecretOrigin(origin));
    if (shown.length > 0) variables[name] = shown;
  }
  return { values, variables };
}

/**
 * The same for a component with these texts: one that does not mention `inputs` gets none with a variable,
 * because a template can print everything that it can see.
 */
export function readableInputs({ values, variables }: VisibleInputs, texts: Json): VisibleInputs {
  if (Object.keys(variables).length === 0 || /\binputs\b/.test(JSON.stringify(texts)))
    return { values, variables };
  const plain: JsonObject = Object.create(null);
  for (const [name, value] of Object.entries(values))
    if (!Object.hasOwn(variables, name)) plain[name] = value;
  return { values: plain, variables: {} };
}

function withoutSecrets(value: Json, tainted: readonly TaintedValue[], path: Path = []): Json {
  if (Array.isArray(value))
    return value.map((item, index) => withoutSecrets(item, tainted, [...path, index]));
  const secret = tainted
    .filter((one) => pathKey(one.path) === pathKey(path))
    .flatMap(({ taints }) => taints.filter(({ origin }) => isSecretOrigin(origin)));
  return secret.length === 0
    ? value
    : hide(String(value), typeof value === "string" ? secret : [wholeTaint(value, { kind: "typed" })]);
}

/** The location of a part of the recipe: in its file, or in the `override:` of the file that uses it. */
export function pathIn(instance: Instance, section: Section, local: string, rest: Path): FilePath {
  const { yaml, user, name, override } = instance;
  const below = entryOf(yaml.tree.root, section, local);
  const over = entryOf(override, section, local);
  return isFromOver(below, over, rest)
    ? { yaml: user, path: ["use", name, "override", section, local, ...rest] }
    : { yaml, path: [section, local, ...rest] };
}

/** The location of its `recipe:`; undefined for a recipe that is loaded by itself. */
export function useOf({ name, user }: Instance): FilePath | undefined {
  return name === "" ? undefined : { yaml: user, path: ["use", name, "recipe"] };
}

function entryOf(root: JsonObject, section: Section, name: string): Json | undefined {
  const entries = asObject(root[section]);
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}

export function unknownName(section: Section, name: string, known: readonly string[]) {
  const noun = nouns[section];
  return {
    message: `the recipe has no ${noun} ${quoted(name)}`,
    hint:
      didYouMeanHint(name, known) ??
      (known.length === 0 ? `it has no ${noun}s` : `its ${noun}s: ${listNames(known)}`),
  };
}

export const nouns: Readonly<Record<Section, string>> = {
  sources: "source",
  channels: "channel",
  sinks: "sink",
};
