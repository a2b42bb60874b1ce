// The names inside a recipe: those in `from` and `reply` of its channels, and the inputs that its expressions
// and templates read. A recipe knows only its own names; an override may also use the config's.

import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import { asObject } from "../../json.ts";
import type { IssueDraft } from "../values.ts";
import { unknownInput } from "../variables/substitute.ts";
import type { Path } from "../yaml/problem.ts";
import type { Expansion } from "./expand.ts";
import { type Instance, prefixed, sections, unknownName } from "./instance.ts";

const references = { from: "sources", reply: "sinks" } as const;

/** Prefixes every name that a channel of a recipe refers to. Returns the unresolved ones. */
export function prefixReferences({ root, pathOf }: Expansion): IssueDraft[] {
  const drafts: IssueDraft[] = [];
  for (const [name, channel] of Object.entries(asObject(root.channels))) {
    const { instance } = pathOf(["channels", name]);
    if (instance === undefined) continue;
    for (const [key, section] of Object.entries(references)) {
      const path = ["channels", name, key];
      const value = asObject(channel)[key];
      if (value === undefined) continue;
      const local = Object.keys(asObject(instance.yaml.tree.root[section]));
      const isOwn = pathOf(path).yaml === instance.yaml;
      const rename = (one: Json, at: Path): Json => {
        if (typeof one !== "string" || one === "") return one;
        if (local.includes(one)) return prefixed(instance, one);
        if (isOwn) drafts.push({ path: at, code: "E_CONFIG_REFERENCE", ...unknownName(section, one, local) });
        return one;
      };
      asObject(channel)[key] = Array.isArray(value)
        ? value.map((one, index) => rename(one, [...path, index]))
        : rename(value, path);
    }
  }
  return drafts;
}

const reading = /(?<![\w.$])inputs\.([A-Za-z_]\w*)/g;

/**
 * Every unavailable input that an expression or a template reads. `schemasFor` defines how the text at a path
 * is read.
 */
export function inputDrafts(
  { root, pathOf }: Expansion,
  schemasFor: (path: Path) => readonly JsonSchema[],
): IssueDraft[] {
  const drafts: IssueDraft[] = [];
  const walk = (value: Json, path: Path): void => {
    if (typeof value === "string") {
      if (value.includes("inputs.")) drafts.push(...readingsIn(value, path, pathOf(path).instance));
    } else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value))
        walk(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  };
  const readingsIn = (text: string, path: Path, instance: Instance | undefined): IssueDraft[] => {
    const schemas = schemasFor(path);
    const isTemplate = schemas.some((schema) => schema["x-template"] !== undefined);
    if (!isTemplate && !schemas.some((schema) => schema["x-cel"] === true)) return [];
    const spans = isTemplate ? [...text.matchAll(/\{\{(?:(?!\{\{)[\s\S])*?\}\}/g)] : [{ 0: text, index: 0 }];
    return spans.flatMap((span) =>
      [...span[0].matchAll(reading)].flatMap((found): IssueDraft[] => {
        const words = wordsFor(found[1] as string, instance);
        const code = isTemplate ? "E_CONFIG_TEMPLATE" : "E_CONFIG_CEL";
        return words === undefined ? [] : [{ path, offset: span.index + found.index, code, ...words }];
      }),
    );
  };
  for (const section of sections) walk((root[section] ?? null) as JsonObject, [section]);
  return drafts;
}

function wordsFor(name: string, instance: Instance | undefined) {
  if (instance === undefined) {
    return {
      message: "only recipes have inputs",
      hint: "use the event, such as data.x, or vars",
    };
  }
  const input = instance.inputs.get(name);
  if (input === undefined) return unknownInput(name, [...instance.inputs.keys()]);
  if (!input.secret) return undefined;
  return {
    message: `the input ${name} is secret and not available to events, templates and expressions`,
    hint: `write \${inputs.${name}} where an option needs it`,
  };
}
