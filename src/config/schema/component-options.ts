// The options of each source and sink: loads the connector type, whose schema checks everything besides the
// common keys. Only types that the config uses are loaded.

import type { SinkType } from "../../contract/sink.ts";
import type { JsonObject, SourceType } from "../../contract.ts";
import { isObject } from "../../json.ts";
import { inSlices } from "../../yield-to-event-loop.ts";
import type { IssueDraft } from "../values.ts";
import { type Path, quoted } from "../yaml/problem.ts";
import { explainEach } from "./explain.ts";
import { meantType } from "./synonyms.ts";

/** The sections of a config whose entries have a `type`. */
export type Section = "sources" | "sinks";

/** Keys of every source and of every sink, checked by the core schema. */
const commonKeys: Readonly<Record<Section, readonly string[]>> = {
  sources: ["type", "enabled", "rate", "expect"],
  sinks: ["type", "description", "input", "result"],
};
const nouns: Readonly<Record<Section, string>> = { sources: "source", sinks: "sink" };

/** The required properties of a source or sink type. */
export type ComponentType = Pick<SourceType<never> | SinkType<never>, "type" | "options" | "validate">;

interface Entry<T> {
  readonly type: string;
  load(): Promise<T>;
}

/** The types that a config uses, by `type`. */
export interface Types {
  readonly sources: ReadonlyMap<string, SourceType<never>>;
  readonly sinks: ReadonlyMap<string, SinkType<never>>;
}

export interface Registries {
  readonly sources: readonly Entry<SourceType<never>>[];
  readonly sinks: readonly Entry<SinkType<never>>[];
}

/** The declared ones that are mappings. */
export function componentEntries(root: JsonObject, section: Section): [string, JsonObject][] {
  const declared = root[section];
  if (!isObject(declared)) return [];
  return Object.entries(declared).filter((entry): entry is [string, JsonObject] => isObject(entry[1]));
}

/** Rejects only when a connector's own code cannot be loaded, which is a bug. */
export async function loadTypes(root: JsonObject, { sources, sinks }: Registries): Promise<Types> {
  return {
    sources: await loadUsed(root, "sources", sources),
    sinks: await loadUsed(root, "sinks", sinks),
  };
}

async function loadUsed<T>(
  root: JsonObject,
  section: Section,
  registry: readonly Entry<T>[],
): Promise<ReadonlyMap<string, T>> {
  const used = new Set(componentEntries(root, section).map(([, component]) => component.type));
  const entries = registry.filter(({ type }) => used.has(type));
  return new Map(await Promise.all(entries.map(async (entry) => [entry.type, await entry.load()] as const)));
}

/** The type of one component; undefined when it is unknown. */
export function typeOf<T>(component: JsonObject, types: ReadonlyMap<string, T>): T | undefined {
  return typeof component.type === "string" ? types.get(component.type) : undefined;
}

export function ownOptions(component: JsonObject, section: Section): JsonObject {
  return Object.fromEntries(Object.entries(component).filter(([key]) => !commonKeys[section].includes(key)));
}

/**
 * Checks the own options of every component. Valid ones, with defaults, are in `options` by component name.
 */
export async function checkComponents(
  root: JsonObject,
  section: Section,
  types: ReadonlyMap<string, ComponentType>,
  registry: readonly { readonly type: string }[],
  typed: (path: Path) => string | undefined,
): Promise<{ readonly drafts: IssueDraft[]; readonly options: ReadonlyMap<string, JsonObject> }> {
  const options = new Map<string, JsonObject>();
  const drafts = (await inSlices(check())).flat();
  return { drafts, options };

  function* check(): Generator<IssueDraft[]> {
    for (const [name, component] of componentEntries(root, section)) {
      const type = typeOf(component, types);
      const own = ownOptions(component, section);
      if (type === undefined) {
        if (typeof component.type === "string")
          yield [unknownType(section, name, component.type, registry, typed)];
      } else if (type.validate(own)) {
        options.set(name, own);
        yield [];
      } else {
        yield* explainEach(type.validate.errors ?? [], {
          schema: type.options,
          value: own,
          prefix: [section, name],
          furtherKeys: commonKeys[section],
          typed,
        });
      }
    }
  }
}

function unknownType(
  section: Section,
  name: string,
  type: string,
  registry: readonly { readonly type: string }[],
  typed: (path: Path) => string | undefined,
): IssueDraft {
  const path = [section, name, "type"];
  const known = registry.map((entry) => entry.type);
  const noun = nouns[section];
  const meant = meantType(type, known);
  return {
    path,
    code: "E_CONFIG_VALUE",
    message:
      typed(path) === undefined ? `no ${noun} type has this name` : `unknown ${noun} type ${quoted(type)}`,
    hint: meant === undefined ? `types: ${known.join(", ")}` : `did you mean "${meant}"?`,
  };
}
