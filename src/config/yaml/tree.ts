// Converts YAML nodes to plain values, in one walk: checks keys, expands aliases within a limit, and lists
// every scalar that contains `${`, because only later rooms know how it is used. Never evaluates anything.

import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Scalar,
  type YAMLSeq,
} from "yaml";
import type { Json, JsonObject } from "../../contract.ts";
import { kindOf, type ParsedDocument, type Path, type Problem, quoted } from "./problem.ts";
import { unquotedAt } from "./syntax.ts";

/** Values that aliases may add, over the whole file: enough for sharing, too little for a bomb. */
const maxAliasedNodes = 10_000;
/** Limit for a list or a mapping. Some checks take quadratic time; no config needs as many. */
export const maxEntries = 2_000;
/** Limit for one text, in UTF-16 units. */
const maxText = 65_536;
/** Far more than are shown. */
const maxProblems = 1_000;
/**
 * An alias inside an aliased value inside an aliased value: deeper than any config, shallower than the stack.
 */
const maxPathLength = 100;

export interface Variable {
  readonly path: Path;
  readonly text: string;
  /** Sets the resolved value. */
  assign(value: Json): void;
}

export interface Tree {
  readonly root: JsonObject;
  readonly problems: readonly Problem[];
  readonly variables: readonly Variable[];
  /** The target of each alias. */
  readonly aliases: ReadonlyMap<Alias, Node>;
}

export function emptyTree(): Tree {
  return { root: {}, problems: [], variables: [], aliases: new Map() };
}

export function readTree(document: ParsedDocument, text: string, lines: LineCounter): Tree {
  const problems: Problem[] = [];
  const variables: Variable[] = [];
  const aliases = new Map<Alias, Node>();
  const anchors = new Map<string, Node>();
  let aliasedNodes = 0;
  let exploded = false;
  /** Once one size limit was reported, further ones are not. */
  let isCut = false;
  /** The alias in the file itself, not one inside the target of another. */
  let outermost: { readonly alias: Alias; readonly path: Path } | undefined;

  const complain = (node: Node, path: Path, problem: Omit<Problem, "at" | "path">) => {
    if (problems.length < maxProblems || problem.code === "E_CONFIG_ALIAS")
      problems.push({ at: node.range?.[0] ?? 0, path, ...problem });
  };

  function convert(node: Node | null, path: Path, inAlias: boolean, assign: (value: Json) => void): Json {
    if (node === null) return null;
    if (inAlias && ++aliasedNodes > maxAliasedNodes) return null;
    if (isAlias(node)) return expand(node, path, inAlias, assign);
    if (node.tag !== undefined && !/^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/.test(node.tag)) {
      complain(node, path, {
        code: "E_CONFIG_SYNTAX",
        message: '"!" begins a YAML tag, and tags are not supported here',
        hint: "quote the value",
      });
    }
    const value = isScalar(node)
      ? scalar(node, path, assign)
      : isSeq(node)
        ? list(node as YAMLSeq<Node>, path, inAlias)
        : mapping(node, path, inAlias);
    if (!inAlias && "anchor" in node && node.anchor) anchors.set(node.anchor, node);
    return value;
  }

  function expand(alias: Alias, path: Path, inAlias: boolean, assign: (value: Json) => void): Json {
    if (!inAlias) outermost = { alias, path };
    const target = aliases.get(alias) ?? anchors.get(alias.source);
    if (target === undefined) {
      complain(alias, path, {
        code: "E_CONFIG_SYNTAX",
        message: `no anchor &${alias.source.slice(0, 40)} precedes this alias`,
        hint: "quote the value if a star is meant",
      });
      return null;
    }
    aliases.set(alias, target);
    const value = path.length > maxPathLength ? null : convert(target, path, true, assign);
    if (!exploded && (aliasedNodes > maxAliasedNodes || path.length > maxPathLength)) {
      exploded = true;
      const place = outermost ?? { alias, path };
      complain(place.alias, place.path, {
        code: "E_CONFIG_ALIAS",
        message: `aliases expand to more than ${maxAliasedNodes} values`,
        hint: "write the values out",
      });
    }
    return value;
  }

  function scalar(node: Scalar, path: Path, assign: (value: Json) => void): Json {
    const { value } = node;
    if (typeof value === "string" && value.length > maxText) {
      tooLarge(node, path, `is a text of ${value.length} characters, and at most ${maxText} are read`);
      return "";
    }
    if (typeof value === "string") {
      if (value.includes("${")) variables.push({ path, text: value, assign });
      return value;
    }
    if (typeof value === "number" && !Number.isFinite(value)) {
      complain(node, path, {
        code: "E_CONFIG_TYPE",
        message: "must be a finite number",
        hint: "quote it if text is meant",
      });
      return null;
    }
    return value as Json;
  }

  function isTooLong(node: Node, count: number, path: Path): boolean {
    if (count <= maxEntries) return false;
    tooLarge(node, path, `has ${count} entries, and at most ${maxEntries} are read`);
    return true;
  }

  function tooLarge(node: Node, path: Path, message: string): void {
    if (isCut) return;
    isCut = true;
    problems.push({ at: node.range?.[0] ?? 0, path, code: "E_CONFIG_SIZE", message });
  }

  function list(node: YAMLSeq<Node>, path: Path, inAlias: boolean): Json[] {
    const result: Json[] = [];
    const { items } = node;
    if (isTooLong(node, items.length, path)) return result;
    for (const [index, item] of items.entries()) {
      result[index] = convert(item, [...path, index], inAlias, (value) => {
        result[index] = value;
      });
    }
    return result;
  }

  function mapping(node: Node, path: Path, inAlias: boolean): Json {
    if (!isMap<Node, Node | null>(node)) return null;
    const start = node.range?.[0] ?? 0;
    if (text.startsWith("{{", start)) {
      const unquoted = unquotedAt(start, text, lines);
      const words = unquoted?.words ?? { message: 'an unquoted "{{" breaks the YAML here', hint: "quote it" };
      problems.push({ at: unquoted?.at ?? start, path, code: "E_CONFIG_SYNTAX", ...words });
      return "";
    }
    const result: JsonObject = {};
    if (isTooLong(node, node.items.length, path)) return result;
    for (const pair of node.items) {
      const key = keyOf(pair.key, path, result);
      if (key === undefined) continue;
      result[key] = null;
      result[key] = convert(pair.value, [...path, key], inAlias, (value) => {
        result[key] = value;
      });
    }
    return result;
  }

  function keyOf(key: Node, path: Path, siblings: JsonObject): string | undefined {
    if (!isScalar(key)) {
      complain(key, path, {
        code: "E_CONFIG_SYNTAX",
        message: isAlias(key)
          ? "a key cannot be an alias"
          : `a key must be text, found ${kindOf(isSeq(key) ? [] : {})}`,
        hint: "quote the value if its brackets are meant as text",
      });
      return undefined;
    }
    const name = typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
    const here = [...path, name];
    if (typeof key.value !== "string") {
      const hint = name === "" ? undefined : `quote it: ${quoted(name)}`;
      complain(key, here, {
        code: "E_CONFIG_TYPE",
        message: `a key must be text, found ${kindOf(key.value)}`,
        hint,
      });
      if (name === "") return undefined;
    }
    if (name === "__proto__") {
      complain(key, here, { code: "E_CONFIG_UNKNOWN_KEY", message: 'no key may be called "__proto__"' });
      return undefined;
    }
    if (name === "<<") {
      complain(key, here, {
        code: "E_CONFIG_SYNTAX",
        message: "YAML merge keys (<<) are not supported here",
        hint: "write the keys out, or give the whole value an alias",
      });
      return undefined;
    }
    if (Object.hasOwn(siblings, name)) {
      complain(key, here, {
        code: "E_CONFIG_DUPLICATE_KEY",
        message: `duplicate key ${quoted(name)} in one mapping`,
        hint: "keep one of the two",
      });
      return undefined;
    }
    if (name.includes("${")) {
      complain(key, here, {
        code: "E_CONFIG_VARIABLE",
        message: "a key cannot contain ${...}",
        hint: "only values are replaced",
      });
    }
    return name;
  }

  const root = convert(document.contents, [], false, () => {});
  if (typeof root !== "object" || root === null || Array.isArray(root)) {
    problems.push({
      at: document.contents?.range[0] ?? 0,
      path: [],
      code: "E_CONFIG_TYPE",
      message: `the file must be a mapping of keys, found ${kindOf(root)}`,
      hint: 'begin with "sources:"',
    });
    return { root: {}, problems, variables: [], aliases };
  }
  return { root, problems, variables, aliases };
}
