// What a template function is. Each has a fixed number of values, so that a wrong call is found when the config is
// loaded; each is total: a value of the wrong kind gives sensible text, never an exception.

/** A JSON value, or undefined for what the event lacks. */
export type Value = unknown;

export interface TemplateFunction {
  /** As one would type it; shown when a call is wrong. */
  readonly usage: string;
  /** How many values it takes. */
  readonly takes: readonly [least: number, most: number];
  /** Names of its `name=value` options. */
  readonly options?: readonly string[];
  /** What is wrong with a value that is written as a literal, by its index; undefined when nothing is. */
  checkValue?(index: number, value: string): string | undefined;
  /** What is wrong with an option that is written as a literal; undefined when nothing is. */
  checkOption?(name: string, value: string): string | undefined;
  /** It looks at a list or mapping as such, and not at what that holds. */
  readonly shallow?: true;
  /** How much longer it takes than to copy what it is given. Default: 1. */
  readonly weight?: number;
  call(values: readonly Value[], options: Readonly<Record<string, Value>>): Value;
}

export type TemplateFunctions = Readonly<Record<string, TemplateFunction>>;

/** A number, or text that is one; undefined otherwise. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** A whole number between the bounds; `fallback` when it is missing or none. */
export function wholeOf(value: Value, fallback: number, least: number, most: number): number {
  const number = numberOf(value);
  return number === undefined ? fallback : Math.min(most, Math.max(least, Math.trunc(number)));
}
