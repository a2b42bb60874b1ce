// What can be written at the cursor: keys and values from the schema of the config, and the names of its sources and channels. The path of
// the cursor comes from the indentation of the lines above it, which also works while the YAML is half written.

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import type { ConfigAnswer } from "../../protocol.ts";

type Schema = { readonly [key: string]: unknown };

export function configCompletion(
  config: Pick<ConfigAnswer, "schema" | "channels" | "sources">,
): (context: CompletionContext) => CompletionResult | null {
  return ({ state, pos, explicit }) => {
    const { doc } = state;
    const line = doc.lineAt(pos);
    const before = line.text.slice(0, pos - line.from);
    if (/(^|\s)#/.test(before)) return null;
    const lines = Array.from({ length: line.number - 1 }, (_, index) => doc.line(index + 1).text);
    const value = /^\s*(?:- )?([\w.-]+):\s+(\S*)$/.exec(before);
    if (value !== null) {
      const [, key = "", typed = ""] = value;
      const path = [...pathAbove(lines, indentOf(line.text)), key];
      const options = valuesAt(config, path);
      return options.length === 0 ? null : { from: pos - typed.length, options, validFor: /^[\w.-]*$/ };
    }
    const key = /^\s*(?:- )?([\w-]*)$/.exec(before);
    if (key === null || (!explicit && key[1] === "")) return null;
    const typed = key[1] ?? "";
    const path = pathAbove(lines, indentOf(before));
    const options = keysAt(config, path, lines, indentOf(before));
    return options.length === 0 ? null : { from: pos - typed.length, options, validFor: /^[\w-]*$/ };
  };
}

/** Of the key in a line: that of what follows `- `. */
function indentOf(line: string): number {
  return (/^\s*(?:- )*/.exec(line)?.[0] ?? "").length;
}

/** The keys under which a line with this indentation is. */
export function pathAbove(lines: readonly string[], indent: number): string[] {
  const path: string[] = [];
  let open = indent;
  for (const line of lines.toReversed()) {
    const found = /^(\s*(?:- )*)([\w.-]+|"[^"]*"):(?:\s|$)/.exec(line);
    if (found === null || (found[1] ?? "").length >= open) continue;
    open = (found[1] ?? "").length;
    path.unshift((found[2] ?? "").replaceAll('"', ""));
    if (open === 0) break;
  }
  return path;
}

/** Every schema that applies, with references and alternatives followed. */
function schemasAt(
  { schema }: Pick<ConfigAnswer, "schema">,
  path: readonly string[],
  type?: string,
): Schema[] {
  let all = unfolded([schema as Schema], schema as Schema, undefined);
  for (const [index, key] of path.entries()) {
    const next = all.flatMap((one) => below(one, key));
    all = unfolded(next, schema as Schema, index === 1 ? type : undefined);
  }
  return all;
}

function below(schema: Schema, key: string): Schema[] {
  const { properties, additionalProperties, items } = schema as {
    properties?: Record<string, Schema>;
    additionalProperties?: Schema | boolean;
    items?: Schema;
  };
  const own = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
  if (own !== undefined) return [own];
  if (typeof additionalProperties === "object") return [additionalProperties];
  return items === undefined ? [] : unfolded([items], items, undefined).flatMap((one) => below(one, key));
}

function unfolded(schemas: readonly Schema[], root: Schema, type: string | undefined): Schema[] {
  const found: Schema[] = [];
  const visit = (schema: Schema, depth: number) => {
    if (depth > 8 || typeof schema !== "object" || schema === null) return;
    found.push(schema);
    const { $ref, anyOf, oneOf, allOf } = schema as { $ref?: string } & Record<
      "anyOf" | "oneOf" | "allOf",
      Schema[]
    >;
    const name = /^#\/\$defs\/([\w-]+)$/.exec($ref ?? "")?.[1];
    const target = name === undefined ? undefined : (root.$defs as Record<string, Schema>)?.[name];
    if (target !== undefined) visit(target, depth + 1);
    for (const one of [...(anyOf ?? []), ...(oneOf ?? []), ...(allOf ?? [])]) visit(one, depth + 1);
    // `type: http` decides which options there are.
    const condition = schema.if as { properties?: { type?: { const?: string } } } | undefined;
    if (condition?.properties?.type?.const === type && type !== undefined)
      visit(schema.then as Schema, depth + 1);
  };
  for (const schema of schemas) visit(schema, 0);
  return found;
}

function keysAt(
  config: Pick<ConfigAnswer, "schema" | "sources">,
  path: readonly string[],
  lines: readonly string[],
  indent: number,
): Completion[] {
  const type = path[0] === "sources" || path[0] === "sinks" ? typeAbove(lines, indent) : undefined;
  const options = new Map<string, Completion>();
  for (const { properties } of schemasAt(config, path, type) as { properties?: Record<string, Schema> }[])
    for (const [key, schema] of Object.entries(properties ?? {}))
      if (!options.has(key))
        options.set(key, { label: key, apply: `${key}: `, type: "property", ...infoOf(schema) });
  return [...options.values()];
}

/** The `type:` that is written beside the key, as far as it is above it. */
function typeAbove(lines: readonly string[], indent: number): string | undefined {
  for (const line of lines.toReversed()) {
    if (line.trim() === "") continue;
    const found = indentOf(line);
    if (found < indent && !/^\s*\w+:\s*$/.test(line)) return undefined;
    const type = /^\s*type:\s*(\w+)/.exec(line)?.[1];
    if (type !== undefined) return type;
    if (found === 0) return undefined;
  }
  return undefined;
}

function valuesAt(
  config: Pick<ConfigAnswer, "schema" | "channels" | "sources">,
  path: readonly string[],
): Completion[] {
  const key = path.at(-1);
  const names =
    key === "from" || key === "source" ? config.sources : key === "channel" ? config.channels : [];
  const options = new Map<string, Completion>(names.map((name) => [name, { label: name, type: "variable" }]));
  for (const schema of schemasAt(config, path)) {
    const values = [
      ...((schema.enum as unknown[] | undefined) ?? []),
      ...("const" in schema ? [schema.const] : []),
      ...(schema.type === "boolean" ? [true, false] : []),
      ...((schema.examples as unknown[] | undefined) ?? []),
    ];
    for (const value of values)
      if (typeof value !== "object") options.set(String(value), { label: String(value), type: "constant" });
  }
  return [...options.values()];
}

function infoOf({ description }: Schema): { readonly info?: string } {
  return typeof description === "string" ? { info: description } : {};
}
