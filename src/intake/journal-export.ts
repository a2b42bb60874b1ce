// Lines of `journalctl --output=json`. A field that is not plain UTF-8 text, for example a coloured MESSAGE,
// is a list of its bytes there (systemd.io/JOURNAL_EXPORT_FORMATS, "Journal JSON Format").

import type { Json } from "../contract.ts";
import { isObject } from "../json.ts";

/**
 * The value with such fields as text, when it is a journal entry; else unchanged. Changes the value in place.
 */
export function withTextOfBytes(value: Json): Json {
  if (!isObject(value)) return value;
  const names = Object.keys(value);
  if (!names.some((name) => name === "MESSAGE" || /^__?[A-Z]/.test(name))) return value;
  for (const name of names) {
    const field = value[name] as Json;
    if (/^[A-Z_][A-Z0-9_]*$/.test(name) && isBytes(field)) value[name] = Buffer.from(field).toString("utf8");
  }
  return value;
}

function isBytes(value: Json): value is number[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((byte) => typeof byte === "number" && Number.isInteger(byte) && byte >= 0 && byte <= 255)
  );
}
