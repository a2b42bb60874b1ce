// The syntax tree of @marcbachmann/cel-js as far as this room uses it: the parts that the library's types
// omit, and a walk over it. Written against version 8; test/filters/cel-safety.test.ts fails when a newer one
// differs.

export interface CelNode {
  readonly op: string;
  readonly args: unknown;
  readonly start: number;
  readonly end: number;
  /** `alternate`: the expansion of a macro such as `all`. */
  readonly meta: { readonly alternate?: CelNode; readonly check?: CelOperator["check"] };
  clone(op: CelOperator, args: unknown): CelNode;
  setMeta(key: string, value: unknown): CelNode;
}

/** How the library dispatches on a node; `run` and `check` do the same for any node. */
export interface CelOperator {
  readonly name: string;
  check(
    checker: { check(node: CelNode, context: unknown): unknown; getType(name: string): unknown },
    node: CelNode,
    context: unknown,
  ): unknown;
  evaluate(
    runner: { run(node: CelNode, context: unknown): unknown },
    node: CelNode,
    context: unknown,
  ): unknown;
}

/** A macro that loops, after expansion. */
export interface Loop {
  iterable: CelNode;
  readonly iterVarName: string;
  /** Called before each iteration; false ends the loop. */
  condition?: (soFar: unknown) => boolean;
}

/** A call of a function or method. The arrays are the tree's own: writing to them changes the expression. */
export interface Call {
  readonly node: CelNode;
  readonly name: string;
  readonly receiver: CelNode | undefined;
  readonly args: readonly CelNode[];
  readonly loop: Loop | undefined;
  rename(name: string): void;
}

export interface Visitor {
  /** A name that no surrounding macro has bound. */
  name?(name: string, node: CelNode): void;
  /** `inside`: the macro whose arguments contain this call. */
  call?(call: Call, inside: string | undefined): void;
  /** A list or a map literal without elements. */
  empty?(node: CelNode): void;
  /** An operator such as `==`. */
  operator?(node: CelNode): void;
}

export function walk(root: CelNode, visitor: Visitor): void {
  visit(root, visitor, [], undefined);
}

function visit(node: CelNode, visitor: Visitor, bound: readonly string[], inside: string | undefined): void {
  if (node.op === "value") return;
  if (node.op === "id") {
    const name = node.args as string;
    if (!bound.includes(name)) visitor.name?.(name, node);
    return;
  }
  if ((node.op === "list" || node.op === "map") && (node.args as readonly unknown[]).length === 0)
    visitor.empty?.(node);
  if (node.op !== "call" && node.op !== "rcall") {
    visitor.operator?.(node);
    for (const child of childrenOf(node.args)) visit(child, visitor, bound, inside);
    return;
  }
  const call = asCall(node);
  visitor.call?.(call, inside);
  if (call.receiver !== undefined) visit(call.receiver, visitor, bound, inside);
  const loop = call.loop;
  if (loop === undefined) {
    for (const argument of call.args) visit(argument, visitor, bound, inside);
    return;
  }
  const within = [...bound, loop.iterVarName];
  for (const argument of call.args) visit(argument, visitor, within, call.name);
}

function asCall(node: CelNode): Call {
  const parts = node.args as [string, CelNode, CelNode[]] | [string, CelNode[]];
  const expanded = node.meta.alternate;
  return {
    node,
    name: parts[0],
    receiver: parts.length === 3 ? parts[1] : undefined,
    args: parts.length === 3 ? parts[2] : parts[1],
    loop: expanded?.op === "comprehension" ? (expanded.args as Loop) : undefined,
    rename(name) {
      parts[0] = name;
    },
  };
}

function* childrenOf(value: unknown): Generator<CelNode> {
  if (Array.isArray(value)) for (const item of value) yield* childrenOf(item);
  else if (isNode(value)) yield value;
}

function isNode(value: unknown): value is CelNode {
  return typeof value === "object" && value !== null && "op" in value && "meta" in value;
}

export type CelLibrary = typeof import("@marcbachmann/cel-js");

export type CelEnvironment = InstanceType<CelLibrary["Environment"]>;
