// Finds the secrets of a config: what `${file:}` brought in, and what stands at options whose schema says so, whether or
// not those options are valid: the frame of a mistake must not show the secret beside it.

import type { Json, JsonObject, JsonSchema } from "../contract.ts";
import { didYouMean } from "../did-you-mean.ts";
import type { Locator } from "./locate.ts";
import { holdsLiteral, isSecretKey, type Mask, masksByKeyName } from "./mask.ts";
import { type Path, pathKey } from "./problem.ts";
import { branches, childSchemas, propertiesOf } from "./schema-walk.ts";
import { ownOptions, type SourceTypes, sourceEntries, typeOf } from "./source-options.ts";
import type { Resolved } from "./variables.ts";

export interface Secrets {
  /** Never to be shown anywhere. */
  readonly texts: readonly string[];
  readonly has: (path: Path) => boolean;
  /** Where secrets were typed into the file itself. */
  readonly masks: readonly Mask[];
}

export function findSecrets(
  root: JsonObject,
  types: SourceTypes,
  resolved: readonly Resolved[],
  locator: Locator,
): Secrets {
  const byPath = new Map(resolved.map((one) => [pathKey(one.path), one]));
  const texts = new Set<string>();
  const paths = new Set<string>();
  const masks: Mask[] = [];
  for (const { replacements } of resolved) {
    for (const { value, fromFile } of replacements) if (fromFile) texts.add(value);
  }
  for (const [name, source] of sourceEntries(root)) {
    const path = ["sources", name];
    const type = typeOf(source, types);
    const node = locator.nodeAt(path);
    // Without a schema the names of the keys have to do.
    if (type === undefined && node !== undefined) masks.push(...masksByKeyName(node));
    if (type === undefined) continue;
    // What was typed there in clear is for the names of the keys to judge: most headers are no secret.
    if (node !== undefined) masks.push(...masksByKeyName(node));
    for (const secret of secretTexts(type.options, ownOptions(source), path)) {
      const variable = byPath.get(pathKey(secret.path));
      for (const { value } of variable?.replacements ?? []) texts.add(value);
      if (!secret.whole) {
        if (isSecretKey(String(secret.path.at(-1)))) texts.add(secret.text);
        continue;
      }
      paths.add(pathKey(secret.path));
      texts.add(secret.text);
      const range = locator.rangeOf(secret.path);
      if (range && holdsLiteral(variable?.original ?? secret.text)) masks.push(range);
    }
  }
  texts.delete("");
  return { texts: [...texts], has: (path) => paths.has(pathKey(path)), masks };
}

interface SecretText {
  readonly path: Path;
  readonly text: string;
  /** False where only what a variable brought in is secret, as in a header: `"x-secret": "variables"`. */
  readonly whole: boolean;
}

/** Every text at or below an `x-secret` option, with its path under `prefix`; a near miss of such an option counts. */
function secretTexts(schema: JsonSchema, options: JsonObject, prefix: Path): SecretText[] {
  const found: SecretText[] = [];
  collect([schema], options, prefix, undefined);
  return found;

  function collect(
    schemas: readonly JsonSchema[],
    value: Json,
    path: Path,
    inside: SecretText["whole"] | undefined,
  ): void {
    const here = schemas.flatMap((one) => branches(one, schema));
    const said = here.map((one) => one["x-secret"]).find((one) => one !== undefined);
    const whole = inside ?? (said === undefined ? undefined : said === true);
    if (value === null) return;
    if (typeof value !== "object") {
      // A number is a secret that somebody forgot to quote.
      if (whole !== undefined) found.push({ path, text: String(value), whole });
      return;
    }
    const entries: [string | number, Json][] = Array.isArray(value)
      ? [...value.entries()]
      : Object.entries(value);
    for (const [key, inner] of entries) {
      collect(children(schemas, here, key), inner, [...path, key], whole);
    }
  }

  function children(schemas: readonly JsonSchema[], here: readonly JsonSchema[], key: string | number) {
    const direct = schemas.flatMap((one) => childSchemas(one, key, schema));
    if (direct.length > 0 || typeof key === "number") return direct;
    const meant = didYouMean(
      key,
      here.flatMap((one) => Object.keys(propertiesOf(one))),
    );
    return meant === undefined ? [] : schemas.flatMap((one) => childSchemas(one, meant, schema));
  }
}
