// The text that a sender signs, written as literal texts and parts: `v0:{timestamp}:{body}`,
// `{id}|{header:x-a}|{body_crc32}`.

import { createHash, type Hash, type Hmac } from "node:crypto";
import { crc32 } from "node:zlib";
import { dataOf, formText, signedTextAt } from "./fields.ts";
import { headerOf, type Inbound } from "./verifier.ts";

/** The values of the parts for one request. */
export interface SignedValues {
  readonly inbound: Inbound;
  readonly timestamp: string;
  readonly id: string;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** The audience, where it is part of the signed text. */
  readonly audience: string;
}

export const partNames = [
  ...["{body}", "{timestamp}", "{id}", "{url}", "{method}", "{path}", "{body_sha256}"],
  ...["{header:NAME}", "{field:PATH}"],
];

/** Its literal texts and its parts, in order. */
export function partsOf(signed: string): string[] {
  return signed.split(/(\{[^{}]*\})/).filter((part) => part !== "");
}

/** Is it one of the parts that a config may name? */
export function isKnownPart(part: string): boolean {
  return partNames.includes(part) || /^\{(?:header:[!#$%&'*+.^_`|~0-9A-Za-z-]+|field:[^\s{}]+)\}$/.test(part);
}

/** Does it cover the body, whole or by its hash? */
export function coversBody(signed: string): boolean {
  return /\{body(?:_sha256)?\}/.test(signed);
}

/** The values of the parts, in order; undefined when a header that is signed is missing, or a field is not text. */
export function signedValues(
  parts: readonly string[],
  values: SignedValues,
): (string | Buffer)[] | undefined {
  const texts: (string | Buffer)[] = [];
  for (const part of parts) {
    const text = partValue(part, values);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return texts;
}

function partValue(part: string, values: SignedValues): string | Buffer | undefined {
  const { inbound, timestamp, id, publicUrl, audience } = values;
  switch (part) {
    case "{body}":
      return inbound.body;
    case "{timestamp}":
      return timestamp;
    case "{id}":
      return id;
    case "{url}":
      return `${publicUrl}${inbound.target}`;
    case "{method}":
      return inbound.method;
    case "{path}":
      return inbound.target.split("?", 1)[0] as string;
    case "{body_sha256}":
      return createHash("sha256").update(inbound.body).digest("hex");
    case "{body_crc32}":
      return String(crc32(inbound.body));
    case "{audience}":
      return audience;
  }
  if (!part.startsWith("{")) return part;
  const name = part.slice(part.indexOf(":") + 1, -1);
  if (part.startsWith("{header:")) return headerOf(inbound.headers, name.toLowerCase());
  if (part.startsWith("{form:")) return formText(inbound, name);
  return part.startsWith("{field:") ? signedTextAt(dataOf(inbound), name) : part;
}

export function feed<H extends Hash | Hmac>(hash: H, texts: readonly (string | Buffer)[]): H {
  for (const text of texts) hash.update(text);
  return hash;
}
