// Fields of a payload that a scheme reads before the sender is verified: a signature, a token, the signed
// text. Bodies are parsed once, as for the event, within the same bounds.

import type { Json } from "../../../contract.ts";
import { Refusal } from "../../../http/answer.ts";
import { formOf } from "../../../intake/form.ts";
import { parseBody } from "../parse-body.ts";
import type { Inbound } from "./verifier.ts";

const parsed = new WeakMap<Buffer, { readonly data: Json | undefined }>();

/** Undefined when the body is not what its type says. */
export function dataOf({ body, headers, reading }: Inbound): Json | undefined {
  const known = parsed.get(body);
  if (known !== undefined) return known.data;
  const payload = parseBody(body, headers["content-type"], reading);
  const data = payload instanceof Refusal ? undefined : payload.data;
  parsed.set(body, { data });
  return data;
}

/** The raw field of a form, before anything in it is parsed. Undefined when it is missing or repeated. */
export function formText({ body }: Inbound, name: string): string | undefined {
  const values = formOf(body.toString())?.getAll(name) ?? [];
  return values.length === 1 ? values[0] : undefined;
}

/** The values at a path whose parts may be a number, or `*` for every item of a list. */
export function valuesAt(data: Json | undefined, path: string): Json[] {
  let values: Json[] = data === undefined ? [] : [data];
  for (const key of path.split(".")) {
    values = values.flatMap((value) => {
      if (typeof value !== "object" || value === null) return [];
      if (Array.isArray(value)) {
        if (key === "*") return value;
        const item = /^\d{1,6}$/.test(key) ? value[Number(key)] : undefined;
        return item === undefined ? [] : [item];
      }
      const own = Object.hasOwn(value, key) ? value[key] : undefined;
      return own === undefined ? [] : [own];
    });
  }
  return values;
}

/**
 * The text at a path for what is signed. A list under `*` has one item, so that nothing unsigned is beside it; a field that is absent
 * or null is signed as nothing. Undefined for a list or an object, which would be signed as nothing too.
 */
export function signedTextAt(data: Json | undefined, path: string): string | undefined {
  let value = data;
  for (const key of path.split(".")) {
    if (value === undefined || value === null) return "";
    if (typeof value !== "object") return undefined;
    if (!Array.isArray(value)) value = Object.hasOwn(value, key) ? value[key] : undefined;
    else if (key === "*" && value.length !== 1) return undefined;
    else value = key === "*" ? value[0] : /^\d{1,6}$/.test(key) ? value[Number(key)] : undefined;
  }
  return value === undefined || value === null ? "" : asText(value);
}

/** The one value at a path as text; undefined when there is none, or it is a list or an object. */
export function textAt(data: Json | undefined, path: string): string | undefined {
  const values = valuesAt(data, path);
  return values.length === 1 ? asText(values[0] as Json) : undefined;
}

export function asText(value: Json): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}
