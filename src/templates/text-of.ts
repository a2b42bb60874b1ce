// How a template writes any value: missing and null are empty, text is itself, lists and objects are compact
// JSON. Never "[object Object]", and no method of the value is ever called.

/** A JSON value, or undefined for a missing one. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}
