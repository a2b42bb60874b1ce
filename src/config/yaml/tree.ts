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
import { isLargeNumber, isObject } from "../../json.ts";
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
  return new TreeReader(document, text, lines).read();
}

/** Whether the number has other digits than the file. */
function isRounded({ source = "" }: Scalar, value: number): boolean {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return false;
  const plain = source.replace(/^\+/, "");
  return /^-?\d/.test(plain) && !/^-?0[ox]/i.test(plain) ? isLargeNumber(fullDecimal(plain)) : true;
}

/** `1.e20` and `1e20` are both numbers of YAML, and JSON has only the second form. */
function fullDecimal(source: string): string {
  return source.replace(/\.(?=$|[eE])/, "");
}

class TreeReader {
  readonly #document: ParsedDocument;
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #problems: Problem[] = [];
  readonly #variables: Variable[] = [];
  readonly #aliases = new Map<Alias, Node>();
  readonly #anchors = new Map<string, Node>();
  #aliasedNodes = 0;
  #exploded = false;
  /** Once one size limit was reported, further ones are not. */
  #isCut = false;
  /** The alias in the file itself, not one inside the target of another. */
  #outermost: { readonly alias: Alias; readonly path: Path } | undefined;

  constructor(document: ParsedDocument, text: string, lines: LineCounter) {
    this.#document = document;
    this.#text = text;
    this.#lines = lines;
  }

  read(): Tree {
    const root = this.#convert(this.#document.contents, [], false, () => {});
    if (!isObject(root)) {
      this.#problems.push({
        at: this.#document.contents?.range[0] ?? 0,
        path: [],
        code: "E_CONFIG_TYPE",
        message: `the file must be a mapping of keys, found ${kindOf(root)}`,
        hint: 'begin with "sources:"',
      });
      return { root: {}, problems: this.#problems, variables: [], aliases: this.#aliases };
    }
    return { root, problems: this.#problems, variables: this.#variables, aliases: this.#aliases };
  }

  #complain(node: Node, path: Path, problem: Omit<Problem, "at" | "path">) {
    if (this.#problems.length < maxProblems || problem.code === "E_CONFIG_ALIAS")
      this.#problems.push({ at: node.range?.[0] ?? 0, path, ...problem });
  }

  #convert(node: Node | null, path: Path, inAlias: boolean, assign: (value: Json) => void): Json {
    if (node === null) return null;
    if (inAlias && ++this.#aliasedNodes > maxAliasedNodes) return null;
    if (isAlias(node)) return this.#expand(node, path, inAlias, assign);
    if (node.tag !== undefined && !/^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/.test(node.tag)) {
      this.#complain(node, path, {
        code: "E_CONFIG_SYNTAX",
        message: '"!" begins a YAML tag, and tags are not supported here',
        hint: "quote the value",
      });
    }
    const value = isScalar(node)
      ? this.#scalar(node, path, assign)
      : isSeq(node)
        ? this.#list(node as YAMLSeq<Node>, path, inAlias)
        : this.#mapping(node, path, inAlias);
    if (!inAlias && "anchor" in node && node.anchor) this.#anchors.set(node.anchor, node);
    return value;
  }

  #expand(alias: Alias, path: Path, inAlias: boolean, assign: (value: Json) => void): Json {
    if (!inAlias) this.#outermost = { alias, path };
    const target = this.#aliases.get(alias) ?? this.#anchors.get(alias.source);
    if (target === undefined) {
      this.#complain(alias, path, {
        code: "E_CONFIG_SYNTAX",
        message: `no anchor &${alias.source.slice(0, 40)} precedes this alias`,
        hint: "quote the value if a star is meant",
      });
      return null;
    }
    this.#aliases.set(alias, target);
    const value = path.length > maxPathLength ? null : this.#convert(target, path, true, assign);
    if (!this.#exploded && (this.#aliasedNodes > maxAliasedNodes || path.length > maxPathLength)) {
      this.#exploded = true;
      const place = this.#outermost ?? { alias, path };
      this.#complain(place.alias, place.path, {
        code: "E_CONFIG_ALIAS",
        message: `aliases expand to more than ${maxAliasedNodes} values`,
        hint: "write the values out",
      });
    }
    return value;
  }

  #scalar(node: Scalar, path: Path, assign: (value: Json) => void): Json {
    const { value } = node;
    if (typeof value === "string" && value.length > maxText) {
      this.#tooLarge(node, path, `is a text of ${value.length} characters, and at most ${maxText} are read`);
      return "";
    }
    if (typeof value === "string") {
      if (value.includes("${")) this.#variables.push({ path, text: value, assign });
      return value;
    }
    if (typeof value === "number" && !Number.isFinite(value)) {
      this.#complain(node, path, {
        code: "E_CONFIG_TYPE",
        message: "must be a finite number",
        hint: "quote it if text is meant",
      });
      return null;
    }
    if (typeof value === "number" && isRounded(node, value)) {
      this.#complain(node, path, {
        code: "E_CONFIG_VALUE",
        message: "is a number too large to be exact",
        hint: "put it in quotes: such a number of an event is a text too",
      });
      return String(node.source ?? value);
    }
    return value as Json;
  }

  #isTooLong(node: Node, count: number, path: Path): boolean {
    if (count <= maxEntries) return false;
    this.#tooLarge(node, path, `has ${count} entries, and at most ${maxEntries} are read`);
    return true;
  }

  #tooLarge(node: Node, path: Path, message: string): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#problems.push({ at: node.range?.[0] ?? 0, path, code: "E_CONFIG_SIZE", message });
  }

  #list(node: YAMLSeq<Node>, path: Path, inAlias: boolean): Json[] {
    const result: Json[] = [];
    const { items } = node;
    if (this.#isTooLong(node, items.length, path)) return result;
    for (const [index, item] of items.entries()) {
      result[index] = this.#convert(item, [...path, index], inAlias, (value) => {
        result[index] = value;
      });
    }
    return result;
  }

  #mapping(node: Node, path: Path, inAlias: boolean): Json {
    if (!isMap<Node, Node | null>(node)) return null;
    const start = node.range?.[0] ?? 0;
    if (this.#text.startsWith("{{", start)) {
      const unquoted = unquotedAt(start, this.#text, this.#lines);
      const words = unquoted?.words ?? { message: 'an unquoted "{{" breaks the YAML here', hint: "quote it" };
      this.#problems.push({ at: unquoted?.at ?? start, path, code: "E_CONFIG_SYNTAX", ...words });
      return "";
    }
    const result: JsonObject = {};
    if (this.#isTooLong(node, node.items.length, path)) return result;
    for (const pair of node.items) {
      const key = this.#keyOf(pair.key, path, result);
      if (key === undefined) continue;
      result[key] = null;
      result[key] = this.#convert(pair.value, [...path, key], inAlias, (value) => {
        result[key] = value;
      });
    }
    return result;
  }

  #keyOf(key: Node, path: Path, siblings: JsonObject): string | undefined {
    if (!isScalar(key)) {
      this.#complain(key, path, {
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
      this.#complain(key, here, {
        code: "E_CONFIG_TYPE",
        message: `a key must be text, found ${kindOf(key.value)}`,
        hint,
      });
      if (name === "") return undefined;
    }
    if (name === "__proto__") {
      this.#complain(key, here, {
        code: "E_CONFIG_UNKNOWN_KEY",
        message: 'no key may be called "__proto__"',
      });
      return undefined;
    }
    if (name === "<<") {
      this.#complain(key, here, {
        code: "E_CONFIG_SYNTAX",
        message: "YAML merge keys (<<) are not supported here",
        hint: "write the keys out, or give the whole value an alias",
      });
      return undefined;
    }
    if (Object.hasOwn(siblings, name)) {
      this.#complain(key, here, {
        code: "E_CONFIG_DUPLICATE_KEY",
        message: `duplicate key ${quoted(name)} in one mapping`,
        hint: "keep one of the two",
      });
      return undefined;
    }
    if (name.includes("${")) {
      this.#complain(key, here, {
        code: "E_CONFIG_VARIABLE",
        message: "a key cannot contain ${...}",
        hint: "only values are replaced",
      });
    }
    return name;
  }
}
