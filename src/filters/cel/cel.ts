// CEL expressions: compiled and type-checked at load, evaluated on events. The library is imported only here,
// when a config has an expression. An expression sees the roots of a View and nothing else.

import type { Json, Root, View } from "../../contract.ts";
import { ExpressionError } from "../../errors.ts";
import type { RegexCompiler } from "../regex.ts";
import { createEnvironment } from "./environment.ts";
import { guard } from "./guard.ts";
import { loadError, runError } from "./messages.ts";
import { createCelMeter, meterTree } from "./meter.ts";
import { toJson } from "./result.ts";
import type { CelNode } from "./tree.ts";

export interface CelProgram {
  /** As written. */
  readonly text: string;
  /** The roots that the expression uses. */
  readonly roots: ReadonlySet<Root>;
  /**
   * A condition returns a boolean. Throws an ExpressionError (E_CEL_RUN) when the expression does not fit
   * this event: a missing key, an operation that its types do not support, a list that is too long, more
   * steps or memory than allowed.
   */
  evaluate(view: View): Json;
}

export interface CelCompiler {
  /**
   * `condition`: must return true or false; `value`: any JSON value. Throws an ExpressionError (E_CONFIG_CEL,
   * E_CONFIG_REGEX) with the offset in the text.
   */
  compile(text: string, options: { readonly purpose: "condition" | "value" }): CelProgram;
}

/** Whether the expression may need RE2. */
export function celNeedsRegex(text: string): boolean {
  return /\bmatches\b/.test(text);
}

export async function loadCel(compileRegex: RegexCompiler): Promise<CelCompiler> {
  const library = await import("@marcbachmann/cel-js");
  const { environment, prepare } = createEnvironment(library, compileRegex);
  const meter = createCelMeter();
  const functionNames = new Set(environment.getDefinitions().functions.map((declared) => declared.name));

  return {
    compile(text, { purpose }) {
      refuseSubstitution(text);
      try {
        const parsed = environment.parse(text);
        const tree = parsed.ast as unknown as CelNode;
        const guarded = guard(text, tree, { preparePattern: prepare, meter });
        const checked = parsed.check();
        if (!checked.valid) throw checked.error ?? new Error("the CEL library gave no reason");
        if (purpose === "condition") expectBoolean(checked.type);
        const steps = meterTree(tree, meter);
        return {
          text,
          roots: guarded.roots,
          evaluate(view) {
            guarded.begin();
            let result: Json;
            try {
              meter.begin(steps);
              const value = parsed(contextOf(view));
              meter.check();
              result = toJson(value, meter);
            } catch (error) {
              throw runError(error);
            }
            if (purpose === "condition" && typeof result !== "boolean") {
              throw new ExpressionError("E_CEL_RUN", `gave ${nameOfType(result)}, not true or false`);
            }
            return result;
          },
        };
      } catch (error) {
        throw loadError(text, error, functionNames);
      }
    },
  };
}

function refuseSubstitution(text: string): void {
  const offset = text.indexOf("${");
  if (offset < 0) return;
  const name = /^\$\{inputs\.(\w+)\}/.exec(text.slice(offset))?.[1];
  throw new ExpressionError("E_CONFIG_CEL", "${...} is not substituted in CEL", {
    offset,
    hint: `use inputs.${name ?? "NAME"}, without the braces and the $`,
  });
}

function expectBoolean(type: string | undefined): void {
  if (type === "bool" || type === "dyn") return;
  throw new ExpressionError(
    "E_CONFIG_CEL",
    `gives a value of type ${type}, a condition gives true or false`,
    {
      offset: 0,
      hint: type === "int" || type === "double" ? "compare it, for instance with > 0" : undefined,
    },
  );
}

/**
 * Absent roots are null, so that `has(sender.id)` is false and `method == "POST"` does not fail without a
 * request.
 */
function contextOf(view: View) {
  return {
    data: view.data,
    text: view.text,
    headers: view.headers ?? null,
    query: view.query ?? null,
    params: view.params ?? null,
    path: view.path ?? null,
    method: view.method ?? null,
    remote: view.remote ?? null,
    sender: view.sender ?? null,
    id: view.id,
    source: view.source,
    connector: view.connector,
    time: view.time,
    inputs: view.inputs,
    vars: view.vars,
  };
}

function nameOfType(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
