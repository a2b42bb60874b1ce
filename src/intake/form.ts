// The fields of a form that came from outside, within a bound, in the charset that its sender declares.

import { isUtf8 } from "node:buffer";
import { decodeExactly, encodingOf } from "../charset.ts";

/** Senders of forms send a hundred at most; a MiB holds half a million, which take long to gather and to sort. */
export const maxFormFields = 10_000;

/** Undefined for more fields than anybody sends. */
export function formOf(text: string): URLSearchParams | undefined {
  let count = 1;
  for (let at = text.indexOf("&"); at !== -1; at = text.indexOf("&", at + 1))
    if (++count > maxFormFields) return undefined;
  return new URLSearchParams(text);
}

/**
 * The fields as `formOf` gives them, unless bytes in them are not UTF-8 and the form declares another charset: by its content-type, else in
 * a field `_charset_` as browsers add it (https://html.spec.whatwg.org/#attr-fe-name-charset), or `charset` as PayPal does.
 */
export function formIn(fields: URLSearchParams, body: Buffer, charset: string | undefined): URLSearchParams {
  const label = charset ?? fields.get("_charset_") ?? fields.get("charset") ?? "";
  const encoding = encodingOf(label);
  if (encoding === undefined || encoding === "utf-8" || encoding.startsWith("utf-16")) return fields;
  const pairs = body
    .toString("latin1")
    .split("&")
    .filter((pair) => pair !== "");
  const bytes = pairs.map((pair) => {
    const end = pair.indexOf("=");
    return end === -1
      ? [unescapedBytes(pair), Buffer.alloc(0)]
      : [unescapedBytes(pair.slice(0, end)), unescapedBytes(pair.slice(end + 1))];
  });
  if (bytes.flat().every(isUtf8)) return fields;
  const read = (one: Buffer | undefined = Buffer.alloc(0)) => decodeExactly(one, encoding) ?? one.toString();
  return new URLSearchParams(bytes.map(([name, value]): [string, string] => [read(name), read(value)]));
}

function unescapedBytes(text: string): Buffer {
  const plain = text
    .replaceAll("+", " ")
    .replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return Buffer.from(plain, "latin1");
}
