// The interface of a template function. Each has a fixed number of values, so that a wrong call is found when
// the config is loaded; each is total: a value of the wrong kind gives sensible text (`textOf`), never an exception.

/** A JSON value, or undefined for a missing one. */
export type Value = unknown;

export interface TemplateFunction {
  /** Sample usage, shown when a call is wrong. */
  readonly usage: string;
  /** How many values it takes. */
  readonly takes: readonly [least: number, most: number];
  /** Names of its `name=value` options. */
  readonly options?: readonly string[];
  /** The fault of a literal value, by its index; undefined without one. */
  checkValue?(index: number, value: string): string | undefined;
  /** The fault of a literal option; undefined without one. */
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

/** An integer between the bounds; `fallback` when it is missing or invalid. */
export function wholeOf(value: Value, fallback: number, least: number, most: number): number {
  const number = numberOf(value);
  return number === undefined ? fallback : Math.min(most, Math.max(least, Math.trunc(number)));
}

/** A JSON value, or undefined for a missing one. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}
