// Makes a parsed expression safe to run on untrusted data, or rejects it: only roots, no nested loops,
// bounded loops, `matches` on RE2, `duration` on short texts. The library's own limits bound the text of an
// expression; cel/meter.ts counts the cost of an evaluation.

import type { Root } from "../../contract.ts";
import { ExpressionError } from "../../errors.ts";
import { notInCel, notSupported } from "../../not-supported.ts";
import type { Regex } from "../regex.ts";
import { isRoot, suggestPath } from "../roots.ts";
import { safeNames } from "./environment.ts";
import { refuseLargeIntegers } from "./large-integers.ts";
import type { CelMeter } from "./meter.ts";
import { type Call, type CelNode, type CelOperator, type Loop, walk } from "./tree.ts";
import { useZonedForm } from "./zones.ts";

/** Longest list or map that a macro iterates over. */
export const maxLoopLength = 10_000;

export interface GuardedExpression {
  readonly roots: ReadonlySet<Root>;
  /** Must be called before each evaluation. */
  begin(): void;
}

const typeNames = new Set([
  "string",
  "bool",
  "int",
  "uint",
  "double",
  "map",
  "list",
  "bytes",
  "null_type",
  "type",
]);

/** Changes the tree in place. Throws an ExpressionError whose offset is in `text`. */
export function guard(
  text: string,
  tree: CelNode,
  { preparePattern, meter }: { preparePattern: (pattern: string) => Regex; meter: CelMeter },
): GuardedExpression {
  const patterns: Regex[] = [];
  const used = new Set<Root>();
  walk(tree, {
    name(name, node) {
      if (isRoot(name)) used.add(name);
      else if (!typeNames.has(name)) throw unknownName(text, name, node);
    },
    empty: letHoldAnything,
    operator: (node) => refuseLargeIntegers(text, node),
    call(call, inside) {
      const other = notSupported(notInCel, call.name);
      if (other !== undefined)
        throw new ExpressionError("E_CONFIG_CEL", `${call.name}() is not supported here`, {
          offset: call.receiver === undefined ? call.node.start : text.indexOf(call.name, call.receiver.end),
          hint: other.instead,
        });
      if (call.loop !== undefined) {
        if (inside !== undefined) throw nested(text, call, inside);
        boundLoop(call.loop, call.name, meter);
      } else if (call.name === "matches") {
        patterns.push(prepareConstant(call, preparePattern));
        call.rename(safeNames.matches);
      } else if (call.name === "duration" && call.receiver === undefined) {
        call.rename(safeNames.duration);
      } else if (call.name === "json" && call.receiver !== undefined) {
        call.rename(safeNames.json);
      } else useZonedForm(call);
    },
  });
  return {
    roots: used,
    begin() {
      for (const pattern of patterns) pattern.begin();
    },
  };
}

/**
 * The library gives the elements of an empty literal an unknown type, and cannot choose some operators for
 * it.
 */
function letHoldAnything(node: CelNode): void {
  const check = node.meta.check;
  const type = node.op === "list" ? "list<dyn>" : "map<dyn, dyn>";
  node.setMeta("check", (...given: Parameters<CelOperator["check"]>) => {
    check?.(...given);
    return given[0].getType(type);
  });
}

function unknownName(text: string, name: string, node: CelNode): ExpressionError {
  const before = text.slice(0, node.start);
  const after = text.slice(node.end);
  const hyphenated = /(?<head>[\w.]+)\.(?<segment>[\w-]+-)$/.exec(before)?.groups;
  const rest = /^[\w.[\]"'-]*/.exec(after)?.[0] ?? "";
  const other = notSupported(notInCel, name);
  if (other !== undefined)
    return new ExpressionError("E_CONFIG_CEL", `"${name}" of CEL is not supported here`, {
      offset: node.start,
      hint: other.instead,
    });
  let hint = `did you mean ${suggestPath(name, rest)}?`;
  if (name === "cel") {
    hint = "cel.bind is not available: compute the value by name under `vars`";
  } else if (hyphenated !== undefined) {
    const key = `${hyphenated.segment}${name}${/^[\w-]*/.exec(after)?.[0] ?? ""}`;
    hint = `a key with hyphens is written ${hyphenated.head}["${key}"]`;
  } else if (name === "and" || name === "or" || name === "not") {
    hint = `use ${name === "and" ? "&&" : name === "or" ? "||" : "!"}`;
  }
  return new ExpressionError("E_CONFIG_CEL", `unknown name "${name}"`, { offset: node.start, hint });
}

function nested(text: string, call: Call, inside: string): ExpressionError {
  const offset = call.receiver === undefined ? call.node.start : text.indexOf(call.name, call.receiver.end);
  return new ExpressionError("E_CONFIG_CEL", `${call.name}() is inside ${inside}(): macros do not nest`, {
    offset,
    hint: "compute one of the two by name under `vars`, or chain them: list.filter(x, ...).exists(y, ...)",
  });
}

/** A pattern from an event could take any time, and would be compiled for each event. */
function prepareConstant(call: Call, preparePattern: (pattern: string) => Regex): Regex {
  const pattern = call.args[call.receiver === undefined ? 1 : 0];
  if (pattern?.op !== "value" || typeof pattern.args !== "string") {
    throw new ExpressionError("E_CONFIG_CEL", "matches() needs a pattern that is written in the config", {
      offset: pattern?.start ?? call.node.start,
      hint: 'write the pattern as text, for instance matches("^v[0-9]+")',
    });
  }
  try {
    return preparePattern(pattern.args);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new ExpressionError(error.code, error.message, {
      offset: pattern.start,
      hint: error.hint,
      cause: error,
    });
  }
}

function boundLoop(loop: Loop, name: string, meter: CelMeter): void {
  const bounded: CelOperator = {
    name: "bounded",
    check: (checker, node, context) => checker.check(node.args as CelNode, context),
    evaluate(runner, node, context) {
      const items = runner.run(node.args as CelNode, context);
      const length = lengthOf(items);
      if (length > maxLoopLength) {
        throw new ExpressionError(
          "E_CEL_RUN",
          `${name}() on ${length} elements, at most ${maxLoopLength} are allowed`,
        );
      }
      return items;
    },
  };
  loop.iterable = loop.iterable.clone(bounded, loop.iterable).setMeta("async", false);

  const goOn = loop.condition;
  loop.condition = (soFar) => {
    // A quantifier continues after an error in one of its iterations.
    meter.check();
    return goOn === undefined || goOn(soFar);
  };
}

function lengthOf(items: unknown): number {
  if (Array.isArray(items)) return items.length;
  return typeof items === "object" && items !== null ? Object.keys(items).length : 0;
}
