// Can a path in a template lead anywhere? At the top it must begin with a root of the event; inside `each`
// and `with` it begins with a field of the element, which only the event knows. A field may have the name of
// a function.
/// <reference types="handlebars" />

import { didYouMean } from "../did-you-mean.ts";

export interface Scope {
  /** The allowed first segments of a top-level path. */
  readonly roots: ReadonlySet<string>;
  /** How many `each` and `with` surround it. */
  readonly level: number;
  /** How many of them are `each`. */
  readonly loops: number;
  /** Names given with `as |name|`. */
  readonly names: ReadonlySet<string>;
}

type Fail = (node: { readonly loc: hbs.AST.SourceLocation }, message: string, hint?: string) => never;

const loopNames = ["index", "key", "first", "last"];

export function checkPath(path: hbs.AST.PathExpression, scope: Scope, fail: Fail): void {
  const [first, ...rest] = path.parts;
  for (const part of path.parts) {
    if (part === "*") {
      const list = path.original.slice(0, path.original.indexOf("*")).replace(/[./]$/, "");
      fail(path, "[*] works in match only", `write {{#each ${list}}}...{{/each}}`);
    }
    if (/^["']/.test(part)) fail(path, "a key in brackets has no quotes", "for instance data.[my key]");
  }
  if (path.data) {
    checkLoopName(path, scope, fail);
    return;
  }

  const level = scope.level - path.depth;
  if (level < 0) fail(path, "../ leads beyond the top", "inside each and with it leads one step out");
  const own = path.depth === 0 && /^(?:\.|this\b)/.test(path.original);
  if (path.depth === 0 && !own && first !== undefined && scope.names.has(first)) return;
  if (level === 0 && first !== undefined && !scope.roots.has(first)) {
    const steps = "../".repeat(path.depth);
    fail(path, `${first} is not a root of the event`, rootHint(scope.roots, steps, first, rest));
  }
  // Without this, a bare field named like a function would be a call of it.
  if (path.depth === 0 && !own && path.parts.length === 1 && scope.level > 0)
    path.original = `this.${path.original}`;
}

function checkLoopName(path: hbs.AST.PathExpression, scope: Scope, fail: Fail): void {
  const [first = "", ...rest] = path.parts;
  if (first === "root") {
    const root = rest[0];
    if (root !== undefined && !scope.roots.has(root)) {
      fail(path, `${root} is not a root of the event`, rootHint(scope.roots, "@root.", root, rest.slice(1)));
    }
    return;
  }
  if (!loopNames.includes(first)) {
    const near = didYouMean(first, [...loopNames, "root"]);
    fail(
      path,
      `unknown variable @${first}`,
      near ? `did you mean @${near}?` : "the variables are @index, @key, @first, @last and @root",
    );
  }
  if (scope.loops === 0) fail(path, `@${first} has a value only inside {{#each}}`);
}

function rootHint(
  roots: ReadonlySet<string>,
  before: string,
  first: string,
  rest: readonly string[],
): string {
  if (first === "event" && rest[0] !== undefined && roots.has(rest[0])) {
    return `did you mean ${before}${rest.join(".")}?`;
  }
  const near = didYouMean(first, roots);
  return `did you mean ${before}${[...(near === undefined ? (roots.has("data") ? ["data", first] : [[...roots][0] as string]) : [near]), ...rest].join(".")}?`;
}
