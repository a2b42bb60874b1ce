// How the value of an option is used, according to its schema: `x-inert`, `x-credential` and `x-shown`.
// Closed by default: an unmarked option leaves this machine.

import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import type { Path } from "../yaml/problem.ts";
import { branches, childSchemas, propertiesOf } from "./walk.ts";

/**
 * `inert`: is sent nowhere. `outward`: reaches a host, a program, a file or another user. `credential`: the
 * same, and is nothing but a proof of identity, such as a token. `shown`: Claude reads it in an event, or in
 * the result of a tool. `described`: Claude reads it without any event, in instructions and descriptions.
 */
export type OptionClass = "inert" | "outward" | "credential" | "shown" | "described";

/** Strictest first: where branches of a schema differ, the strictest applies. */
const marks: readonly (readonly [OptionClass, (schema: JsonSchema) => boolean])[] = [
  ["outward", (schema) => schema["x-inert"] === false],
  ["described", (schema) => schema["x-shown"] === "always"],
  ["shown", (schema) => schema["x-shown"] === "event"],
  ["credential", (schema) => schema["x-credential"] === true],
  ["inert", (schema) => schema["x-inert"] === true],
];

/** The mark of the option itself, including its branches; undefined without a mark. */
export function markedClass(schemas: readonly JsonSchema[], root: JsonSchema): OptionClass | undefined {
  const all = schemas.flatMap((one) => branches(one, root));
  return marks.find(([, isMarked]) => all.some(isMarked))?.[0];
}

interface Position {
  readonly schemas: readonly JsonSchema[];
  readonly class: OptionClass;
}

/** A mark applies to the items and the free keys below it, but not to a declared option: that has its own. */
function step({ schemas, class: above }: Position, key: string | number, root: JsonSchema): Position {
  const children = schemas.flatMap((one) => childSchemas(one, key, root));
  const isDeclared = schemas
    .flatMap((one) => branches(one, root))
    .some((one) => one["x-deep"] !== true && Object.hasOwn(propertiesOf(one), key));
  return { schemas: children, class: markedClass(children, root) ?? (isDeclared ? "outward" : above) };
}

function start(root: JsonSchema): Position {
  return { schemas: [root], class: markedClass([root], root) ?? "outward" };
}

export function classOf(root: JsonSchema, path: Path): OptionClass {
  return path.reduce((position, key) => step(position, key, root), start(root)).class;
}

interface Leaf {
  readonly path: Path;
  readonly class: OptionClass;
  readonly value: Json;
}

/**
 * Everything in `options` that is not inert, keys of mappings in alphabetical order; `leaf` maps each value.
 */
export function withoutInert(root: JsonSchema, options: JsonObject, leaf: (leaf: Leaf) => Json): JsonObject {
  return (collect(options, [], start(root)) ?? {}) as JsonObject;

  function collect(value: Json, path: Path, position: Position): Json | undefined {
    if (Array.isArray(value)) {
      const items = value.map((item, index) => collect(item, [...path, index], step(position, index, root)));
      if (items.every((item) => item === undefined) && position.class === "inert") return undefined;
      return items.map((item) => item ?? null);
    }
    if (typeof value !== "object" || value === null)
      return position.class === "inert" ? undefined : leaf({ path, class: position.class, value });
    const kept: JsonObject = Object.create(null);
    for (const key of Object.keys(value).sort()) {
      const inner = collect(value[key] as Json, [...path, key], step(position, key, root));
      if (inner !== undefined) kept[key] = inner;
    }
    return Object.keys(kept).length === 0 && position.class === "inert" ? undefined : kept;
  }
}
