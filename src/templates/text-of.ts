// How a value becomes text, wherever a template writes one: missing and null are nothing, text is itself, lists and
// objects are compact JSON. Never "[object Object]", and never a call of anything the value carries.

/** A JSON value, or undefined for what is missing. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}
