// The secrets of a config: values from files and secret inputs, and the values of options that the schema
// marks as secret, whether or not those options are valid: the frame of a mistake must not show the secret
// next to it. Their texts are a safety net for logs and echoes; consent depends on their origin (taint.ts).

import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import { didYouMean } from "../../did-you-mean.ts";
import type { Expansion } from "../recipe/expand.ts";
import {
  type ComponentType,
  componentEntries,
  ownOptions,
  type Section,
  type Types,
  typeOf,
} from "../schema/component-options.ts";
import { type SchemaNode, schemaTree } from "../schema/schema-tree.ts";
import type { YamlFile } from "../yaml/file.ts";
import { type Path, pathKey } from "../yaml/problem.ts";
import { holdsLiteral, isSecretKey, type Mask, masksByKeyName } from "./mask.ts";
import type { Replacement } from "./substitute.ts";
import { isSecretOrigin, type TaintedValue, wholeTaint } from "./taint.ts";
import type { ResolvedVariable } from "./variables.ts";

export interface Secrets {
  /** Hidden wherever they occur. */
  readonly texts: readonly string[];
  /** The whole values of secret options, whatever their origin. */
  readonly typed: readonly TaintedValue[];
  readonly has: (path: Path) => boolean;
  /** Where secrets were typed into a file. */
  masksIn(yaml: YamlFile): readonly Mask[];
}

/** A shorter value of a variable occurs in many unrelated texts. */
const minVariableLength = 8;

/** In steps: there may be thousands of sources and sinks. */
export function* findSecrets(
  { root, pathOf, instances }: Expansion,
  types: Types,
  resolved: readonly ResolvedVariable[],
): Generator<void, Secrets> {
  const byPath = new Map(resolved.map((one) => [pathKey(one.path), one]));
  const texts = new Set<string>();
  const paths = new Set<string>();
  const masks = new Map<YamlFile, Mask[]>();
  const hide = (yaml: YamlFile, ...more: readonly Mask[]) => {
    const hidden = masks.get(yaml);
    if (hidden === undefined) masks.set(yaml, [...more]);
    else for (const mask of more) hidden.push(mask);
  };
  /** The text in the file, unless it only refers to a secret. */
  const hideAt = (yaml: YamlFile, path: Path, text = writtenAt(yaml, path)) => {
    const range = yaml.locator.rangeOf(path);
    if (range && text !== undefined && holdsLiteral(text)) hide(yaml, range);
  };
  const typed: TaintedValue[] = [];
  const add = ({ value, taints, placeholder }: Replacement, isWanted: (text: string) => boolean) => {
    if (placeholder === true) return;
    for (const { from, to, origin } of taints) {
      const text = value.slice(from, to);
      if (isSecretOrigin(origin) || isWanted(text)) texts.add(text);
    }
  };
  for (const { replacements } of resolved) for (const one of replacements) add(one, () => false);
  for (const { section, name, component, type } of components(root, types)) {
    yield;
    const path = [section, name];
    const place = pathOf(path);
    const node = place.yaml.locator.nodeAt(place.path);
    // For a plain typed value the name of the key decides: most headers are not secret.
    if (node !== undefined) hide(place.yaml, ...masksByKeyName(node));
    if (type === undefined) continue;
    for (const secret of secretTexts(type.options, ownOptions(component, section), path)) {
      const variable = byPath.get(pathKey(secret.path));
      const { yaml, path: inFile, instance } = pathOf(secret.path);
      const isPlaceholder = variable?.replacements.some(({ placeholder }) => placeholder === true) ?? false;
      for (const one of variable?.replacements ?? []) {
        const given = instance?.inputs.get(one.input ?? "")?.given;
        add(one, (text) => text.length >= minVariableLength && !isHost(text, secret.text));
        // A value that a config typed for a non-secret input did not come from a variable.
        const isSecret = secret.whole || one.taints.length > 0;
        if (isSecret && given !== undefined && instance !== undefined) hideAt(instance.user, given);
      }
      if (!secret.whole) {
        const isLiteral = !secret.text.includes("{{");
        if (isLiteral && !isPlaceholder && isSecretKey(String(secret.path.at(-1)))) texts.add(secret.text);
        continue;
      }
      paths.add(pathKey(secret.path));
      typed.push({ path: secret.path, taints: [wholeTaint(secret.text, { kind: "typed" })] });
      if (!isPlaceholder) texts.add(secret.text);
      hideAt(yaml, inFile, variable?.original ?? secret.text);
    }
  }
  for (const { inputs, user, yaml } of instances) {
    for (const [name, { value, secret, given, placeholder }] of inputs) {
      if (!secret || placeholder) continue;
      if (given === undefined) hideAt(yaml, ["inputs", name, "default"]);
      else hideAt(user, given);
      for (const text of [value].flat()) texts.add(String(text));
    }
  }
  texts.delete("");
  return {
    texts: [...texts],
    typed,
    has: (path) => paths.has(pathKey(path)),
    masksIn: (yaml) => masks.get(yaml) ?? [],
  };
}

function writtenAt({ parsed, locator }: YamlFile, path: Path): string | undefined {
  const range = locator.rangeOf(path);
  return range && parsed.text.slice(...range).replace(/^["']|["']$/g, "");
}

function components(root: JsonObject, types: Types) {
  const of = (section: Section, known: ReadonlyMap<string, ComponentType>) =>
    componentEntries(root, section).map(([name, component]) => ({
      section,
      name,
      component,
      type: typeOf(component, known),
    }));
  return [...of("sources", types.sources), ...of("sinks", types.sinks)];
}

/** The host of a URL is not a secret: it occurs in many texts, where hiding it would only confuse. */
function isHost(value: string, url: string): boolean {
  const [, scheme = "", host = ""] = /^([a-z]+:\/\/)(?:[^/?#@]*@)?([^/?#@]+)/i.exec(url) ?? [];
  const named = value.replace(/\/$/, "");
  return host !== "" && (host.includes(named) || `${scheme}${host}` === named);
}

interface SecretText {
  readonly path: Path;
  readonly text: string;
  /** False where only a value from a variable is secret, as in a header: `"x-secret": "variables"`. */
  readonly whole: boolean;
}

/**
 * Every text at or below an `x-secret` option, with its path under `prefix`; includes near misses of such an
 * option.
 */
function secretTexts(schema: JsonSchema, options: JsonObject, prefix: Path): SecretText[] {
  const found: SecretText[] = [];
  collect(schemaTree(schema), options, prefix, undefined);
  return found;

  function collect(node: SchemaNode, value: Json, path: Path, inside: SecretText["whole"] | undefined): void {
    const whole = inside ?? (node.secret === undefined ? undefined : node.secret === true);
    if (value === null) return;
    if (typeof value !== "object") {
      // A number is a secret that the user forgot to quote.
      if (whole !== undefined) found.push({ path, text: String(value), whole });
      return;
    }
    const entries: [string | number, Json][] = Array.isArray(value)
      ? [...value.entries()]
      : Object.entries(value);
    for (const [key, inner] of entries) collect(childOf(node, key), inner, [...path, key], whole);
  }
}

function childOf(node: SchemaNode, key: string | number): SchemaNode {
  const child = node.child(key);
  if (child.schemas.length > 0 || typeof key === "number") return child;
  const meant = didYouMean(key, node.keys);
  return meant === undefined ? child : node.child(meant);
}
