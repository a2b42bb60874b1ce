// What a component sends outside, for consent: all of it is bound, and shown with its secrets hidden.

import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import { toOptions } from "../schema/camel-case.ts";
import { classOf, withoutInert } from "../schema/option-class.ts";
import type { OptionClass } from "../schema/schema-tree.ts";
import { type Path, pathKey, valueAt } from "../yaml/problem.ts";
import { hide, isSecretOrigin, type Origin, replaceParts, type Taint, type TaintedValue } from "./taint.ts";

export interface Outward {
  /** Every option that is not inert, with its real value and the origins of its parts. */
  readonly bound: Json;
  /** The options, with every part from a variable, a file or a secret hidden. */
  readonly shown: JsonObject;
  /** The origins of those parts: `${TOKEN}`, `~/token`. Empty for typed values. */
  readonly names: readonly string[];
  /** True when such a part is in an option that is not inert. */
  readonly tainted: boolean;
  /** Whether this option, at the path or below it, has such a part. */
  isTainted(path: Path): boolean;
  /** The origins of such parts, at the path or below it. */
  namesAt(path: Path): readonly string[];
  /** The external texts in this option, at the path itself. */
  cameIn(path: Path): readonly string[];
  /** Secrets, and variables in inert options: a component's description of itself must not contain them. */
  readonly texts: readonly string[];
}

export interface OutwardInput {
  readonly schema: JsonSchema;
  /** As written, defaults filled in. */
  readonly options: JsonObject;
  /** The same as the code reads them. */
  readonly values: JsonObject;
  /** Paths inside the options. */
  readonly tainted: readonly TaintedValue[];
  /** The display name of an origin. */
  nameOf(origin: Origin): string | undefined;
}

export function outwardOf({ schema, options, values, tainted, nameOf }: OutwardInput): Outward {
  const byPath = new Map(tainted.map((one) => [pathKey(one.path), one]));
  const outside = tainted.filter(({ path }) => classOf(schema, path) !== "inert");
  const bound = withoutInert(schema, options, (leaf) => {
    const taints = byPath.get(pathKey(leaf.path))?.taints;
    return taints === undefined ? leaf.value : boundValue(leaf.value, leaf.class, taints);
  });
  return {
    bound,
    shown: tainted.length === 0 ? values : toOptions(schema, mapLeaves(options, shownValue)),
    names: namesOf(
      outside.flatMap(({ taints }) => taints.map(({ origin }) => origin)),
      nameOf,
    ),
    tainted: outside.length > 0,
    isTainted: (path) => tainted.some((one) => isWithinPath(one.path, path)),
    namesAt: (path) =>
      namesOf(
        tainted
          .filter((one) => isWithinPath(one.path, path))
          .flatMap(({ taints }) => taints.map(({ origin }) => origin)),
        nameOf,
      ),
    cameIn(path) {
      const value = valueAt(options, path);
      const taints = byPath.get(pathKey(path))?.taints ?? [];
      return typeof value === "string" ? taints.map(({ from, to }) => value.slice(from, to)) : [];
    },
    texts: textsOf(options, tainted, schema),
  };

  function shownValue(value: Json, path: Path): Json {
    const taints = byPath.get(pathKey(path))?.taints;
    if (taints === undefined) return value;
    return typeof value === "string" ? hide(value, taints) : hide(String(value), [whole(value)]);
  }
}

function isWithinPath(path: Path, above: Path): boolean {
  return above.every((key, index) => path[index] === key);
}

export function namesOf(origins: readonly Origin[], nameOf: OutwardInput["nameOf"]): string[] {
  return [...new Set(origins.flatMap((origin) => nameOf(origin) ?? []))];
}

/**
 * The value and the origins of its parts. A credential from outside the project is bound only by its origin:
 * the token there may be replaced without a new question. Values from the project are bound by their text,
 * because anyone who edits the project could change them.
 */
export function boundValue(value: Json, optionClass: OptionClass, taints: readonly Taint[]): Json {
  const origins = taints.map(({ from, to, origin }) => [from, to, storedOrigin(origin)] as Json);
  if (optionClass !== "credential" || typeof value !== "string") return { value, origins };
  const kept = taints.filter(({ origin }) => isKeptElsewhere(origin)).toSorted((a, b) => a.from - b.from);
  let done = 0;
  const parts = kept.flatMap(({ from, to, origin }) => {
    if (from < done) return [];
    done = to;
    return [{ from, to, origin }];
  });
  const pieces = parts.map(({ origin }) => storedOrigin(origin));
  // A text cannot forge this: pieces are counted, and the text between them is a separate list.
  const literal = replaceParts(value, parts, () => "\0").split("\0");
  if (literal.length !== pieces.length + 1) return { value, origins };
  return { literal, pieces };
}

function isKeptElsewhere(origin: Origin): boolean {
  if (origin.kind === "env") return origin.layer === "process" || origin.layer === "state";
  return origin.kind === "file" && !origin.inProject;
}

function storedOrigin(origin: Origin): Json {
  switch (origin.kind) {
    case "env":
      return ["env", origin.layer, origin.name, ...(origin.linkedTo === undefined ? [] : [origin.linkedTo])];
    case "file":
      return ["file", origin.realPath];
    case "input":
      return ["input", origin.name];
    case "typed":
      return ["typed"];
  }
}

function whole(value: Json): Pick<Taint, "from" | "to"> {
  return { from: 0, to: String(value).length };
}

function mapLeaves<T extends Json>(value: T, leaf: (value: Json, path: Path) => Json, path: Path = []): T {
  if (Array.isArray(value)) return value.map((item, index) => mapLeaves(item, leaf, [...path, index])) as T;
  if (typeof value !== "object" || value === null) return leaf(value, path) as T;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, mapLeaves(inner as Json, leaf, [...path, key])]),
  ) as T;
}

/** A shorter value of a variable occurs in many unrelated texts. */
const minVariableLength = 8;
const minSecretLength = 4;

function textsOf(options: JsonObject, tainted: readonly TaintedValue[], schema: JsonSchema): string[] {
  const texts = tainted.flatMap(({ path, taints }) => {
    const value = valueAt(options, path);
    if (typeof value !== "string") return [];
    const isInert = classOf(schema, path) === "inert";
    return taints.flatMap(({ from, to, origin }) => {
      const least = isSecretOrigin(origin) ? minSecretLength : isInert ? minVariableLength : Infinity;
      return to - from < least ? [] : [value.slice(from, to)];
    });
  });
  return [...new Set(texts)];
}

export const coreKeys = ["listen", "public_url", "console", "permissions"] as const;

export type CoreOutward = Readonly<Partial<Record<(typeof coreKeys)[number], Outward>>>;
