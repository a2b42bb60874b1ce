// One use of a recipe in a config: which file, what it is given, what is changed in it, and how its names become the config's.

import type { Json, JsonObject } from "../../contract.ts";
import type { Path } from "../problem.ts";
import type { InputScope } from "../substitute.ts";
import type { Place, YamlFile } from "../yaml-file.ts";
import type { Inputs } from "./inputs.ts";
import { isFromOver, mappingOf } from "./merge.ts";

export const sections = ["sources", "channels", "sinks"] as const;
export type Section = (typeof sections)[number];

export function isSection(key: Path[number] | undefined): key is Section {
  return (sections as readonly unknown[]).includes(key);
}

export interface Instance {
  /** Under `use:`; empty for a recipe that is looked at by itself. */
  readonly name: string;
  /** The recipe. */
  readonly yaml: YamlFile;
  /** The file that uses it; the recipe itself when it is looked at by itself. */
  readonly user: YamlFile;
  readonly inputs: Inputs;
  readonly override: JsonObject;
}

export function prefixed({ name }: Pick<Instance, "name">, local: string): string {
  return name === "" ? local : `${name}_${local}`;
}

/** What a `${inputs.NAME}` of the recipe may name. */
export function scopeOf({ inputs }: Instance): InputScope {
  return { get: (name) => inputs.get(name)?.value, names: () => [...inputs.keys()] };
}

/** What events, templates and expressions see. */
export function visibleInputs({ inputs }: Instance): JsonObject {
  const seen: JsonObject = Object.create(null);
  for (const [name, { value, secret }] of inputs) if (!secret) seen[name] = value;
  return seen;
}

/** Where something of the recipe stands: in its file, or in the `override:` of the file that uses it. */
export function placeIn(instance: Instance, section: Section, local: string, rest: Path): Place {
  const { yaml, user, name, override } = instance;
  const below = entryOf(yaml.tree.root, section, local);
  const over = entryOf(override, section, local);
  return isFromOver(below, over, rest)
    ? { yaml: user, path: ["use", name, "override", section, local, ...rest] }
    : { yaml, path: [section, local, ...rest] };
}

/** Where its `recipe:` stands; undefined for a recipe that is looked at by itself. */
export function useOf({ name, user }: Instance): Place | undefined {
  return name === "" ? undefined : { yaml: user, path: ["use", name, "recipe"] };
}

function entryOf(root: JsonObject, section: Section, name: string): Json | undefined {
  const entries = mappingOf(root[section]);
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}
