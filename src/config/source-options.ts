// The options of each source: its type is looked up and loaded, its own schema checks what stands beside the common
// keys. Only types that the config uses are loaded.

import type { Json, JsonObject, SourceType, SourceTypeEntry } from "../contract.ts";
import { didYouMeanHint } from "../did-you-mean.ts";
import { explainErrors } from "./explain.ts";
import { type Path, quoted } from "./problem.ts";
import type { IssueDraft } from "./values.ts";

/** Keys of every source, checked by the core schema. */
const commonKeys = ["type", "enabled", "rate", "expect"];

export type SourceTypes = ReadonlyMap<string, SourceType<never>>;

/** The declared sources that are mappings. */
export function sourceEntries(root: JsonObject): [string, JsonObject][] {
  const { sources } = root;
  if (!isObject(sources)) return [];
  return Object.entries(sources).filter((entry): entry is [string, JsonObject] => isObject(entry[1]));
}

/** Rejects only when a connector's own code cannot be loaded, which is a bug. */
export async function loadTypes(
  root: JsonObject,
  registry: readonly SourceTypeEntry[],
): Promise<SourceTypes> {
  const used = new Set(sourceEntries(root).map(([, source]) => source.type));
  const entries = registry.filter(({ type }) => used.has(type));
  return new Map(await Promise.all(entries.map(async (entry) => [entry.type, await entry.load()] as const)));
}

/** The type of one source; undefined when it is unknown. */
export function typeOf(source: JsonObject, types: SourceTypes): SourceType<never> | undefined {
  return typeof source.type === "string" ? types.get(source.type) : undefined;
}

export function ownOptions(source: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(source).filter(([key]) => !commonKeys.includes(key)));
}

/** Checks every source's own options. Accepted ones, defaults filled in, are in `options` by the source's name. */
export function checkSources(
  root: JsonObject,
  types: SourceTypes,
  registry: readonly SourceTypeEntry[],
  typed: (path: Path) => string | undefined,
): { readonly drafts: IssueDraft[]; readonly options: ReadonlyMap<string, JsonObject> } {
  const drafts: IssueDraft[] = [];
  const options = new Map<string, JsonObject>();
  for (const [name, source] of sourceEntries(root)) {
    const type = typeOf(source, types);
    if (type === undefined) {
      if (typeof source.type === "string") drafts.push(unknownType(name, source.type, registry, typed));
      continue;
    }
    const own = ownOptions(source);
    if (type.validate(own)) options.set(name, own);
    else {
      drafts.push(
        ...explainErrors(type.validate.errors ?? [], {
          schema: type.options,
          value: own,
          prefix: ["sources", name],
          furtherKeys: commonKeys,
          typed,
        }),
      );
    }
  }
  return { drafts, options };
}

function unknownType(
  name: string,
  type: string,
  registry: readonly SourceTypeEntry[],
  typed: (path: Path) => string | undefined,
): IssueDraft {
  const path = ["sources", name, "type"];
  const known = registry.map((entry) => entry.type);
  return {
    path,
    code: "E_CONFIG_VALUE",
    message:
      typed(path) === undefined ? "no source type has this name" : `no source type is called ${quoted(type)}`,
    hint: didYouMeanHint(type, known) ?? `types: ${known.join(", ")}`,
  };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
