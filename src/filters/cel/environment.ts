// The CEL environment beyond the library's own: the roots, arithmetic between integers and the doubles of
// JSON, `prose`, and safe versions of the two functions that can be made to hang. Only a guarded expression
// (cel/guard.ts) may be evaluated in it: the library's `matches` and `duration` stay registered and are made
// unreachable there.

import { ExpressionError } from "../../errors.ts";
import { findJson, hasTooManyValues, TooManyValues } from "../../json.ts";
import { proseOf } from "../prose.ts";
import type { Regex, RegexCompiler } from "../regex.ts";
import { rootKind, roots } from "../roots.ts";
import type { CelEnvironment, CelLibrary } from "./tree.ts";
import { registerZonedForms } from "./zones.ts";

/** The names under which the safe versions are registered; guarded expressions call these. */
export const safeNames = {
  matches: "matches_re2",
  duration: "duration_bounded",
  json: "json_exact",
} as const;

const maxDurationLength = 64;

export interface CelSetup {
  readonly environment: CelEnvironment;
  /** Compiles a pattern of `matches` once. Throws as RegexCompiler does. */
  prepare(pattern: string): Regex;
}

export function createEnvironment(library: CelLibrary, compileRegex: RegexCompiler): CelSetup {
  const environment = new library.Environment({
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 2_000, maxDepth: 64 },
  });
  for (const root of roots) environment.registerVariable(root, rootKind(root) === "text" ? "string" : "dyn");
  registerArithmetic(environment);
  registerNumberArguments(environment);
  const patterns = createPatterns(compileRegex);
  registerSafeForms(environment, library, patterns.of);
  registerFromJson(environment);
  registerConversions(environment);
  registerZonedForms(environment);
  environment.registerFunction("prose(string): string", proseOf, { async: false });
  return { environment, prepare: patterns.prepare };
}

type Numeric = number | bigint;

const arithmetic: Record<string, (a: Numeric, b: Numeric) => number> = {
  "+": (a, b) => Number(a) + Number(b),
  "-": (a, b) => Number(a) - Number(b),
  "*": (a, b) => Number(a) * Number(b),
  "/": (a, b) => Number(a) / Number(b),
  "%": remainder,
};

function remainder(a: Numeric, b: Numeric): number {
  if (Number(b) === 0) throw new ExpressionError("E_CEL_RUN", "modulo by zero");
  return Number(a) % Number(b);
}

/** JSON has doubles only, literals such as `1` are integers: CEL itself refuses to mix them. */
function registerArithmetic(environment: CelEnvironment): void {
  for (const [operator, handler] of Object.entries(arithmetic)) {
    environment.registerOperator(`int ${operator} double: double`, handler);
    environment.registerOperator(`double ${operator} int: double`, handler);
  }
  environment.registerOperator("double % double: double", remainder);
}

/**
 * Functions with integer arguments accept the numbers of an event too: the library's own integer version does
 * the work.
 */
function registerNumberArguments(environment: CelEnvironment): void {
  const forms: readonly [name: string, before: readonly string[], whole: number, returns: string][] = [
    ["substring", [], 1, "string"],
    ["substring", [], 2, "string"],
    ["indexOf", ["string"], 1, "int"],
    ["lastIndexOf", ["string"], 1, "int"],
    ["split", ["string"], 1, "list<string>"],
  ];
  for (const [name, before, whole, returns] of forms) {
    const count = before.length + whole;
    const names = Array.from({ length: count }, (_, i) => `a${i}`);
    const asIntegers = names.map((argument, i) => (i < before.length ? argument : `int(${argument})`));
    const delegate = newDelegate(environment, `s.${name}(${asIntegers.join(", ")})`, ["s", ...names]);
    for (const types of mixtures(whole)) {
      const signature = `string.${name}(${[...before, ...types].join(", ")}): ${returns}`;
      environment.registerFunction(signature, delegate, { async: false });
    }
  }
  const timestamp = newDelegate(environment, "timestamp(int(s))", ["s"]);
  environment.registerFunction("timestamp(double): google.protobuf.Timestamp", timestamp, { async: false });
}

/** Every combination of int and double for `count` arguments that includes a double. */
function mixtures(count: number): string[][] {
  return count === 1
    ? [["double"]]
    : [
        ["double", "double"],
        ["double", "int"],
        ["int", "double"],
      ];
}

function newDelegate(
  environment: CelEnvironment,
  text: string,
  names: readonly string[],
): (...values: unknown[]) => unknown {
  // A clone freezes its parent, so delegates are parsed in a separate environment.
  const own = new (environment.constructor as CelLibrary["Environment"])();
  for (const name of names) own.registerVariable(name, "dyn");
  const program = own.parse(text);
  return (...values) => program(Object.fromEntries(names.map((name, i) => [name, values[i]])));
}

function registerSafeForms(
  environment: CelEnvironment,
  library: CelLibrary,
  patternOf: (pattern: string) => Regex,
): void {
  for (const signature of [`string.${safeNames.matches}(string)`, `${safeNames.matches}(string, string)`])
    environment.registerFunction(
      `${signature}: bool`,
      (text: string, pattern: string) => patternOf(pattern).test(text),
      { async: false },
    );
  const parsed = newDelegate(environment, "duration(s)", ["s"]);
  environment.registerFunction(
    `${safeNames.duration}(string): google.protobuf.Duration`,
    (text: string) => {
      if (text.length > maxDurationLength) {
        throw new library.EvaluationError(`duration() of a text of ${text.length} characters`);
      }
      return parsed(text);
    },
    { async: false },
  );
}

/** The conversions of CEL's specification that the library omits. */
function registerConversions(environment: CelEnvironment): void {
  const time = "google.protobuf.Timestamp";
  const length = "google.protobuf.Duration";
  const same = <T>(value: T): T => value;
  const forms: Readonly<Record<string, (value: never) => unknown>> = {
    [`string(${time}): string`]: (at: Date) => at.toISOString().replace(/\.?0*Z$/, "Z"),
    [`string(${length}): string`]: String,
    [`int(${time}): int`]: (at: Date) => BigInt(Math.floor(at.getTime() / 1_000)),
    "int(uint): int": (value: unknown) => BigInt(String(value)),
    [`timestamp(${time}): ${time}`]: same,
    [`${safeNames.duration}(${length}): ${length}`]: same,
  };
  for (const [signature, convert] of Object.entries(forms))
    environment.registerFunction(signature, convert as (value: unknown) => unknown, { async: false });
}

/** JSON inside a text of an event, as SNS sends it in `Message`, with the exact digits of its numbers. */
function registerFromJson(environment: CelEnvironment): void {
  const read = (name: string) => (text: string) => {
    const value = findJson(text);
    if (value !== undefined) return value;
    const what = hasTooManyValues(text) ? new TooManyValues().message : "the text is not JSON";
    throw new ExpressionError("E_CEL_RUN", `${name}(): ${what}`);
  };
  const fromText = read("fromJson");
  const fromBytes = read("json");
  environment.registerFunction("fromJson(string): dyn", fromText, { async: false });
  environment.registerFunction(
    `bytes.${safeNames.json}(): dyn`,
    (bytes: Uint8Array) => fromBytes(Buffer.from(bytes).toString()),
    { async: false },
  );
}

function createPatterns(compileRegex: RegexCompiler) {
  const patterns = new Map<string, Regex>();
  return {
    prepare(pattern: string): Regex {
      const regex = patterns.get(pattern) ?? compileRegex(pattern);
      patterns.set(pattern, regex);
      return regex;
    },
    of(pattern: string): Regex {
      const regex = patterns.get(pattern);
      if (regex === undefined) throw new Error("a pattern of matches() was not prepared");
      return regex;
    },
  };
}
