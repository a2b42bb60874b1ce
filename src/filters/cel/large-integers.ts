// An integer of an event beyond 2^53 - 1 keeps its digits and is a text. Compared with a number as large it would never be equal, without
// any error, so such a comparison is refused when it is compiled.

import { ExpressionError } from "../../errors.ts";
import type { CelNode } from "./tree.ts";

const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">=", "in"]);

/** Throws an ExpressionError for a comparison of a path in `data` with an integer that no number of an event can be. */
export function refuseLargeIntegers(text: string, node: CelNode): void {
  if (!comparisons.has(node.op)) return;
  const [left, right] = node.args as [CelNode, CelNode];
  const large = isPath(left) ? largeIn(right) : isPath(right) ? largeIn(left) : undefined;
  if (large === undefined) return;
  const path = isPath(left) ? left : right;
  const written = text.slice(large.start, large.end);
  const isEquality = ["==", "!=", "in"].includes(node.op);
  throw new ExpressionError(
    "E_CONFIG_CEL",
    `an integer beyond ${Number.MAX_SAFE_INTEGER} is a text in an event, and never compares with ${written}`,
    {
      offset: large.start,
      hint: isEquality
        ? `write it in quotes: "${written}"`
        : `write int(${text.slice(path.start, path.end)}) to compare it as a number`,
    },
  );
}

/** Something of the payload as it came: `data.a["b"][0]`. */
function isPath(node: CelNode): boolean {
  if (node.op === "id") return node.args === "data";
  return (node.op === "." || node.op === "[]") && isPath((node.args as [CelNode])[0]);
}

function largeIn(node: CelNode): CelNode | undefined {
  if (node.op === "list")
    return (node.args as readonly CelNode[]).find((item) => largeIn(item) !== undefined);
  if (node.op === "-_") return largeIn(node.args as CelNode) === undefined ? undefined : node;
  // A literal with the suffix `u` is an object of the library.
  const value = node.op === "value" ? (node.args as { valueOf(): unknown } | null)?.valueOf() : undefined;
  return typeof value === "bigint" && value > BigInt(Number.MAX_SAFE_INTEGER) ? node : undefined;
}
