// The cost of one evaluation of an expression, counted in steps and in bytes rather than in time, so that the
// same event gives the same answer on every machine. A step is about a tenth of a microsecond: one operation,
// one element, or a stretch of a text. Counts everything that an event can make large; written against
// version 8 of the library, like cel/tree.ts.

import { ExpressionError } from "../../errors.ts";
import type { CelNode } from "./tree.ts";

export interface CelMeter {
  /** Must be called before each evaluation; `steps` are those of the expression itself. */
  begin(steps: number): void;
  /** Throws an ExpressionError (E_CEL_RUN) above the limit. */
  step(count: number): void;
  /** The same for memory that the expression uses. */
  take(bytes: number): void;
  /** Counts a value of the event that is traversed, and stops above the limit. */
  walk(value: unknown): void;
  /** Rethrows an error since `begin`: `||`, `&&` and the quantifiers continue after an error. */
  check(): void;
}

export const maxSteps = 1_000_000;
export const maxBytes = 16 * 1024 * 1024;
/**
 * A search, a copy or a comparison of a text costs a step per this many characters; other passes cost more.
 */
const perStep = { search: 512, pass: 32, characters: 8 } as const;
const stepsOfZone = 2_000;
const stepsOfKey = 8;

export function createCelMeter(): CelMeter {
  let steps = 0;
  let bytes = 0;
  let failure: ExpressionError | undefined;

  function fail(message: string): never {
    failure ??= new ExpressionError("E_CEL_RUN", message);
    throw failure;
  }

  const meter: CelMeter = {
    begin(own) {
      steps = 0;
      bytes = 0;
      failure = undefined;
      meter.step(own);
    },
    step(count) {
      steps += count;
      if (steps > maxSteps) fail(`takes more than ${maxSteps.toLocaleString("en-US")} steps on this event`);
    },
    take(count) {
      bytes += count;
      if (bytes > maxBytes) fail(`makes more than ${maxBytes / 1024 / 1024} MiB of this event`);
    },
    check() {
      if (failure !== undefined) throw failure;
    },
    walk(value) {
      if (typeof value === "string") meter.step(1 + value.length / perStep.search);
      else if (Array.isArray(value)) {
        meter.step(1 + value.length);
        for (const item of value) if (typeof item === "object" || typeof item === "string") meter.walk(item);
      } else if (typeof value === "object" && value !== null) {
        meter.step(1 + stepsOfKey * lengthOf(value));
        for (const item of Object.values(value))
          if (typeof item === "object" || typeof item === "string") meter.walk(item);
      } else meter.step(1);
    },
  };
  return meter;
}

/** The used part of the library's evaluator. */
interface Runner {
  run(node: CelNode, context: unknown): unknown;
}
type Evaluate = (runner: Runner, node: CelNode, context: unknown) => unknown;

/** The data that the library's checker stores in the nodes of operators and calls. */
interface CheckedNode extends CelNode {
  evaluate: Evaluate;
  readonly left: CelNode;
  readonly right: CelNode;
  readonly receiverWithArgs?: readonly CelNode[];
  readonly handle: (...given: unknown[]) => unknown;
}

/** Instruments a checked tree. The result: the number of its steps without loops. */
export function meterTree(root: CelNode, meter: CelMeter): number {
  let count = 0;
  const visit = (node: CelNode): void => {
    count += 1;
    const { alternate, macro } = node.meta as { alternate?: CelNode; macro?: unknown };
    if (alternate !== undefined) visit(alternate);
    if (alternate !== undefined || macro !== undefined) return;
    const metered = meteredEvaluation(node, meter);
    if (metered !== undefined) (node as CheckedNode).evaluate = metered;
    if (node.op === "comprehension") {
      const loop = node.args as { iterable: CelNode; init: CelNode; step: CelNode; condition?: unknown };
      visit(loop.iterable);
      visit(loop.init);
      const before = count;
      visit(loop.step);
      countRounds(loop.step as CheckedNode, count - before, meter);
      count = before;
    } else for (const child of nodesIn(node.args)) visit(child);
  };
  visit(root);
  return count;
}

function* nodesIn(value: unknown): Generator<CelNode> {
  if (Array.isArray(value)) for (const item of value) yield* nodesIn(item);
  else if (typeof value === "object" && value !== null && "op" in value && "meta" in value)
    yield value as CelNode;
}

/** The node's own one, which is known only now: macros and constants have another. */
function evaluationOf(node: CelNode): Evaluate {
  const { alternate, evaluate } = node.meta as { alternate?: CelNode; evaluate: Evaluate };
  return alternate === undefined ? evaluate : (runner, _node, context) => runner.run(alternate, context);
}

function countRounds(step: CheckedNode, steps: number, meter: CelMeter): void {
  const round = Object.hasOwn(step, "evaluate") ? step.evaluate : evaluationOf(step);
  step.evaluate = (runner, node, context) => {
    meter.step(steps);
    return round(runner, node, context);
  };
}

function meteredEvaluation(node: CelNode, meter: CelMeter): Evaluate | undefined {
  switch (node.op) {
    case "+":
    case "==":
    case "!=":
    case "in":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return (runner, one, context) => {
        const { left, right, handle } = one as CheckedNode;
        const values = [runner.run(left, context), runner.run(right, context)] as const;
        countOperation(node.op, values, meter);
        return handle(...values, one, runner);
      };
    case "call":
    case "rcall":
      return (runner, one, context) => {
        const { receiverWithArgs, handle, args } = one as CheckedNode;
        const given = receiverWithArgs ?? ((args as unknown[])[1] as CelNode[]);
        const values = new Array<unknown>(given.length);
        // The library's own order: it decides which of two errors is reported.
        for (let index = given.length - 1; index >= 0; index--)
          values[index] = runner.run(given[index] as CelNode, context);
        countCall((args as unknown[])[0] as string, values, meter);
        const result =
          receiverWithArgs === undefined ? handle(values, one, runner) : handle(values, runner, one);
        countResult(result, meter);
        return result;
      };
    case "list":
    case "map": {
      const evaluate = evaluationOf(node);
      return (runner, one, context) => {
        const result = evaluate(runner, one, context);
        meter.take(8 * lengthOf(one.args));
        return result;
      };
    }
    default:
      return undefined;
  }
}

function countOperation(operator: string, [left, right]: readonly [unknown, unknown], meter: CelMeter): void {
  countType(left, meter);
  countType(right, meter);
  if (operator === "+") {
    const length = lengthOf(left) + lengthOf(right);
    const isText = typeof left === "string";
    meter.step(isText ? length / perStep.search : length);
    meter.take(isText ? length : 8 * length);
  } else if (operator === "in") {
    if (!Array.isArray(right)) return;
    if (typeof left === "object") meter.walk(right);
    else meter.step(right.length);
  } else if (typeof left === "string" || typeof right === "string") {
    const shorter = Math.min(lengthOf(left), lengthOf(right));
    const isDecided = operator.endsWith("=") && lengthOf(left) !== lengthOf(right);
    meter.step(isDecided && !/[<>]/.test(operator) ? 1 : 1 + shorter / perStep.search);
  } else if (typeof left === "object" && lengthOf(left) === lengthOf(right)) {
    // Both are traversed in parallel, but only when they have equally many members.
    meter.walk(left);
  } else meter.step(1);
}

/**
 * To determine the type of a value, the library looks at its first member, and at that of an object only
 * after listing all keys.
 */
function countType(value: unknown, meter: CelMeter): void {
  let inner = value;
  for (let depth = 0; typeof inner === "object" && inner !== null && depth < 100; depth++) {
    if (Array.isArray(inner)) inner = inner[0];
    else {
      meter.step(stepsOfKey * lengthOf(inner));
      inner = keysOf(inner).first;
    }
  }
}

/** Native code scans the whole text of each of these, and some of them slowly. */
function countCall(name: string, values: readonly unknown[], meter: CelMeter): void {
  for (const value of values) countType(value, meter);
  const [first, second] = values;
  switch (name) {
    case "contains":
    case "indexOf":
    case "lastIndexOf":
    case "split":
      // Searching a long text in a long one can scan both for each position.
      meter.step((lengthOf(first) * (2 + lengthOf(second))) / perStep.search);
      break;
    case "size":
      if (typeof first === "string") meter.step(first.length / perStep.characters);
      break;
    case "join": {
      const list = Array.isArray(first) ? first : [];
      meter.step(list.length);
      let length = list.length * lengthOf(second);
      for (const item of list) length += lengthOf(item);
      meter.take(length);
      break;
    }
    case "json_exact":
    case "fromJson":
      // The result takes more memory than the text, most with many small members.
      meter.step(lengthOf(first));
      meter.take(8 * lengthOf(first));
      break;
    default:
      for (const value of values)
        if (typeof value === "string" || value instanceof Uint8Array) meter.step(value.length / perStep.pass);
      // A time zone is looked up each time.
      if (values.length === 2 && name.startsWith("get")) meter.step(stepsOfZone);
  }
}

function countResult(result: unknown, meter: CelMeter): void {
  if (typeof result === "string") meter.take(result.length);
  else if (Array.isArray(result)) {
    meter.step(result.length);
    meter.take(16 * result.length);
  }
}

/** For texts, lists and objects; 1 for everything else. */
function lengthOf(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value) || value instanceof Uint8Array) return value.length;
  return typeof value === "object" && value !== null ? keysOf(value).count : 1;
}

/** Listing the keys of a large object takes longer than anything else here. The event never changes. */
const known = new WeakMap<object, { readonly count: number; readonly first: unknown }>();

function keysOf(value: object): { readonly count: number; readonly first: unknown } {
  const before = known.get(value);
  if (before !== undefined) return before;
  const keys = Object.keys(value);
  const found = { count: keys.length, first: (value as Record<string, unknown>)[keys[0] ?? ""] };
  if (keys.length > 64) known.set(value, found);
  return found;
}
