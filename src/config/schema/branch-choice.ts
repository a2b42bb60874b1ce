// Selects the real mistakes from everything that Ajv reports. Ajv tries every branch of an `anyOf` and
// reports all that did not match; the branch for the kind of the actual value is reported, and the others are
// dropped. Branches must not be `$ref`s.

import type { Json, SchemaError } from "../../contract.ts";
import { pathOfPointer, valueAt } from "../yaml/problem.ts";

/**
 * Drops errors that only repeat another one: values of a wrong kind, other branches, `if`, and the inside of
 * `propertyNames`.
 */
export function meantErrors(errors: readonly SchemaError[], value: Json): readonly SchemaError[] {
  const dropped = new Set<SchemaError>();
  const insideNames = [
    ...new Set(
      errors.filter((error) => error.keyword === "propertyNames").map((error) => `${error.schemaPath}/`),
    ),
  ];
  const kinds = new Set(errors.map((error) => `${error.schemaPath} ${error.instancePath}`));
  for (const [index, error] of errors.entries()) {
    if (error.keyword === "if" || error.keyword === "allOf") dropped.add(error);
    // A value of the wrong kind also fails the check for allowed values.
    if (error.keyword === "enum" && hasWrongKind(kinds, error)) dropped.add(error);
    if (insideNames.some((path) => error.schemaPath.startsWith(path))) dropped.add(error);
    if (error.keyword !== "anyOf" && error.keyword !== "oneOf") continue;
    const inside = errorsInside(errors, index);
    const kept = new Set(meantBranch(error, inside, value));
    if (kept.size > 0) dropped.add(error);
    for (const inner of inside) if (!kept.has(inner)) dropped.add(inner);
  }
  return errors.filter((error) => !dropped.has(error));
}

/** `kinds`: schema and path of each error. */
function hasWrongKind(kinds: ReadonlySet<string>, { instancePath, schemaPath }: SchemaError): boolean {
  return kinds.has(`${schemaPath.replace(/[^/]*$/, "type")} ${instancePath}`);
}

/** Ajv reports the branches of a choice directly before the choice itself. */
function errorsInside(errors: readonly SchemaError[], choiceIndex: number): readonly SchemaError[] {
  const choice = errors[choiceIndex]!;
  let first = choiceIndex;
  while (first > 0 && isInside(errors[first - 1]!, choice)) first -= 1;
  return errors.slice(first, choiceIndex);
}

function isInside(inner: SchemaError, choice: SchemaError): boolean {
  return (
    inner.schemaPath.startsWith(`${choice.schemaPath}/`) &&
    (inner.instancePath === choice.instancePath || inner.instancePath.startsWith(`${choice.instancePath}/`))
  );
}

const aboutKind = ["type", "const", "enum", "not"];

/**
 * The errors of the one branch for the kind of this value; none when no branch, or several, have this kind.
 */
function meantBranch(
  choice: SchemaError,
  inside: readonly SchemaError[],
  value: Json,
): readonly SchemaError[] {
  const byBranch = new Map<string, SchemaError[]>();
  for (const inner of inside) {
    const branch = inner.schemaPath.slice(choice.schemaPath.length + 1).split("/")[0]!;
    const list = byBranch.get(branch);
    if (list === undefined) byBranch.set(branch, [inner]);
    else list.push(inner);
  }
  const ofKind = [...byBranch.values()].filter((list) =>
    list.every((inner) => inner.instancePath !== choice.instancePath || !aboutKind.includes(inner.keyword)),
  );
  // Among several mappings the one with the matching discriminator (a `const` inside) is used, else the
  // nearest.
  const discriminated = ofKind.filter((list) => list.every((inner) => inner.keyword !== "const"));
  const candidates = discriminated.length > 0 ? discriminated : ofKind;
  const found = valueAt(value, pathOfPointer(value, choice.instancePath));
  if (candidates.length > 1 && (typeof found !== "object" || found === null)) return [];
  return [...candidates].sort((a, b) => a.length - b.length)[0] ?? [];
}
