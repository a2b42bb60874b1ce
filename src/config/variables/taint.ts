// The origins of the parts of a text. A value from `${...}` keeps its origin on the way to every exit: the
// origin decides what a config may do with it, never a search for its text.

import { type Path, pathKey } from "../yaml/problem.ts";
import type { EnvironmentLayer } from "./environment.ts";

export type Origin =
  /** `linkedTo`: see LayeredVariables. */
  | {
      readonly kind: "env";
      readonly name: string;
      readonly layer: EnvironmentLayer;
      readonly linkedTo?: string;
      /** The input of a recipe, not a secret one, whose value it is in. */
      readonly input?: string;
    }
  /** `inProject`: its real path is below the folder of the config. */
  | {
      readonly kind: "file";
      readonly path: string;
      readonly realPath: string;
      readonly inProject: boolean;
      readonly input?: string;
    }
  /** An input that its recipe declares as secret. */
  | { readonly kind: "input"; readonly name: string }
  /** A secret that was typed where the schema expects one. */
  | { readonly kind: "typed" };

/** A part of a text, in UTF-16 units: from `from` up to `to`. */
export interface Taint {
  readonly from: number;
  readonly to: number;
  readonly origin: Origin;
}

/** A value in the tree, and its tainted parts; a number or a boolean is tainted as a whole. */
export interface TaintedValue {
  readonly path: Path;
  readonly taints: readonly Taint[];
}

const hidden = "•••";

export function wholeTaint(value: unknown, origin: Origin): Taint {
  return { from: 0, to: String(value).length, origin };
}

/** The same parts in a text that has `offset` units prepended. */
export function moved(taints: readonly Taint[], offset: number): Taint[] {
  return taints.map(({ from, to, origin }) => ({ from: from + offset, to: to + offset, origin }));
}

/** Disjoint parts, in order; adjacent ones are merged. */
export function merged(taints: readonly Pick<Taint, "from" | "to">[]): { from: number; to: number }[] {
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of taints.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else if (from < to) result.push({ from, to });
  }
  return result;
}

/** The text with these parts hidden. */
export function hide(text: string, taints: readonly Pick<Taint, "from" | "to">[]): string {
  return replaceParts(text, merged(taints), () => hidden);
}

export function replaceParts<P extends { readonly from: number; readonly to: number }>(
  text: string,
  parts: readonly P[],
  replacement: (part: P) => string,
): string {
  let result = "";
  let done = 0;
  for (const part of parts) {
    result += text.slice(done, part.from) + replacement(part);
    done = part.to;
  }
  return result + text.slice(done);
}

/** From a file, or from a secret input or option: it is never shown to anybody. */
export function isSecretOrigin({ kind }: Origin): boolean {
  return kind !== "env";
}

/** Everything tainted in a tree, by path. */
export class TaintedTree {
  /** Indexed by the first two steps of the path, such as a section and a name: a large config has many. */
  readonly #groups = new Map<string, Map<string, TaintedValue>>();

  add(values: readonly TaintedValue[]): void {
    for (const { path, taints } of values) {
      const earlier = this.#groupOf(path)?.get(pathKey(path))?.taints ?? [];
      if (taints.length > 0) this.set(path, [...earlier, ...taints]);
    }
  }

  set(path: Path, taints: readonly Taint[]): void {
    const group = this.#groupOf(path) ?? new Map<string, TaintedValue>();
    this.#groups.set(groupKey(path), group);
    if (taints.length === 0) group.delete(pathKey(path));
    else group.set(pathKey(path), { path, taints });
  }

  all(): readonly TaintedValue[] {
    return [...this.#groups.values()].flatMap((group) => [...group.values()]);
  }

  /** At or below a path; relative to it. */
  below(prefix: Path): readonly TaintedValue[] {
    const near = prefix.length < 2 ? this.all() : [...(this.#groupOf(prefix)?.values() ?? [])];
    return near
      .filter(({ path }) => prefix.every((step, index) => path[index] === step))
      .map(({ path, taints }) => ({ path: path.slice(prefix.length), taints }));
  }

  #groupOf(path: Path): Map<string, TaintedValue> | undefined {
    return this.#groups.get(groupKey(path));
  }
}

function groupKey(path: Path): string {
  return pathKey(path.slice(0, 2));
}
