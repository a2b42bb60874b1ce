// Checks a signature whose scheme is data: an HMAC with a shared secret, or a signature by a private key. One
// comparison per key and per signature in the header, each HMAC in constant time over texts of equal length;
// the raw body is hashed.

import { createHash, createHmac, type KeyObject, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../../contract.ts";
import { readDate } from "../../../dates.ts";
import type { HmacAlgorithm, PublicKeyAlgorithm } from "./algorithms.ts";
import { dataOf, signedTextAt } from "./fields.ts";
import {
  decodeText,
  isPublicKeyAlgorithm,
  isSignedBy,
  readPublicKey,
  type TextEncoding,
} from "./public-key.ts";
import { feed, partsOf, type SignedValues, signedValues } from "./signed-text.ts";
import { type Check, headerOf, type Inbound, type Proof } from "./verifier.ts";

export interface SignatureScheme {
  readonly algorithm: HmacAlgorithm | PublicKeyAlgorithm;
  readonly encoding: TextEncoding;
  /** The first family with a valid signature applies, also for time and id. */
  readonly headers: readonly HeaderFamily[];
  /** The signature is in this field of the payload instead of a header. */
  readonly field?: string;
  /** The time is in this field of the payload instead of a header. */
  readonly timestampField?: string;
  /** The prefix of each signature: `sha256=`, `v1=`, `v1,`. */
  readonly prefix: string;
  /** Separates several signatures in one header; absent means that there is only one. */
  readonly separator?: "," | ";" | " ";
  /** The time is in the signature's own header, under this key. */
  readonly timestampKey?: string;
  /** The signed text, see `signed-text.ts`. */
  readonly signed: string;
  /** How a secret becomes a key: its text, or the decoded text (base64 after an optional `whsec_`). */
  readonly secret: "text" | TextEncoding;
}

/** Headers that belong together, in lower case. */
export interface HeaderFamily {
  readonly signature: string;
  readonly timestamp?: string;
  readonly id?: string;
}

export const defaultToleranceMs = 300_000;

/** More signatures than this in one header are a denial-of-service attempt, not a rotation. */
const maxSignatures = 16;

export interface SignatureContext {
  readonly clock: Pick<Clock, "now">;
  readonly toleranceMs: number;
  /** Without a trailing slash. Needed where {url} is signed. */
  readonly publicUrl?: string | undefined;
  readonly audience?: string | undefined;
  /** The keys that were fetched for this request, where the sender publishes them. */
  keysFor?(inbound: Inbound): readonly KeyObject[];
}

/** Which of the secrets or keys made one of these signatures. */
type FindSigner = (
  given: readonly string[],
  texts: readonly (string | Buffer)[],
  inbound: Inbound,
) => string | undefined;

/** `secrets`: shared ones, or public keys, as the config has them. */
export function signatureCheck(
  scheme: SignatureScheme,
  secrets: readonly string[],
  context: SignatureContext,
): Check {
  const find = isPublicKeyAlgorithm(scheme.algorithm)
    ? findKey(scheme, scheme.algorithm, secrets, context)
    : findSecret(scheme, scheme.algorithm, secrets);
  const parts = partsOf(scheme.signed);
  const timed = parts.includes("{timestamp}") || scheme.timestampField !== undefined;
  const identified = parts.includes("{id}");
  const { publicUrl = "", audience = "" } = context;

  function checkFamily(family: HeaderFamily, inbound: Inbound): Proof | undefined {
    const header =
      scheme.field === undefined
        ? headerOf(inbound.headers, family.signature)
        : signedTextAt(dataOf(inbound), scheme.field);
    if (header === undefined) return undefined;
    const entries = scheme.separator === undefined ? [header.trim()] : split(header, scheme.separator);
    const timestamp = timed ? timestampOf(scheme, family.timestamp, entries, inbound) : "";
    if (timestamp === undefined) return undefined;
    if (timed && !isFresh(timestamp, context)) return undefined;
    const id = identified && family.id !== undefined ? headerOf(inbound.headers, family.id) : "";
    if (id === undefined || (identified && id === "")) return undefined;

    const given = signaturesOf(scheme, entries);
    if (given.length === 0) return undefined;
    const values: SignedValues = { inbound, timestamp, id, publicUrl, audience };
    const texts = signedValues(parts, values);
    const secret = texts === undefined ? undefined : find(given, texts, inbound);
    if (texts === undefined || secret === undefined) return undefined;
    const signed = feed(createHash("sha256"), texts).digest("base64url");
    return { secret, signed, ...(identified ? { id } : {}) };
  }

  return (inbound) => {
    // A sender may use both names; additions by others prove nothing and do no harm.
    for (const family of scheme.headers) {
      const proof = checkFamily(family, inbound);
      if (proof !== undefined) return proof;
    }
    return undefined;
  };
}

function findSecret(
  scheme: SignatureScheme,
  algorithm: HmacAlgorithm,
  secrets: readonly string[],
): FindSigner {
  const keys = secrets.map((secret) => ({ secret, key: hmacKey(scheme.secret, secret) }));
  return (given, texts) => {
    const written = given.map((text) => Buffer.from(asEncoded(scheme.encoding, text), "latin1"));
    return keys.find(({ key }) => {
      const digest = feed(createHmac(algorithm, key), texts).digest(scheme.encoding);
      const expected = Buffer.from(asEncoded(scheme.encoding, digest));
      return written.some((text) => text.length === expected.length && timingSafeEqual(text, expected));
    })?.secret;
  };
}

/** In one spelling: lower-case hex, base64 without padding. */
function asEncoded(encoding: TextEncoding, text: string): string {
  return encoding === "hex" ? text.toLowerCase() : text.replace(/={1,2}$/, "");
}

function findKey(
  scheme: SignatureScheme,
  algorithm: PublicKeyAlgorithm,
  publicKeys: readonly string[],
  context: SignatureContext,
): FindSigner {
  const own = publicKeys.flatMap((text) => {
    const key = readPublicKey(text, algorithm);
    return key === undefined ? [] : [key];
  });
  return (given, texts, inbound) => {
    const data = Buffer.concat(texts.map((text) => (typeof text === "string" ? Buffer.from(text) : text)));
    const signatures = given.flatMap((text) => decodeText(text, scheme.encoding) ?? []);
    const keys = [...own, ...(context.keysFor?.(inbound) ?? [])];
    const isRight = keys.some((key) => signatures.some((one) => isSignedBy(key, algorithm, data, one)));
    // A public key is not a credential: it signs nothing.
    return isRight ? "" : undefined;
  };
}

/** The signature that a sender would put in the header, prefix included: for samples to send. */
export function signBody(scheme: SignatureScheme, secret: string, body: Buffer): string {
  const hmac = createHmac(scheme.algorithm, hmacKey(scheme.secret, secret));
  return scheme.prefix + hmac.update(body).digest(scheme.encoding);
}

/** The key of an HMAC. */
export function hmacKey(kind: SignatureScheme["secret"], secret: string): string | Buffer {
  if (kind === "text") return secret;
  return Buffer.from(kind === "base64" ? secret.replace(/^whsec_/, "") : secret, kind);
}

function split(header: string, separator: string): string[] {
  return header.split(separator, maxSignatures * 2).map((entry) => entry.trim());
}

function signaturesOf(scheme: SignatureScheme, entries: readonly string[]): string[] {
  return entries
    .filter((entry) => entry.startsWith(scheme.prefix))
    .slice(0, maxSignatures)
    .map((entry) => entry.slice(scheme.prefix.length));
}

function timestampOf(
  scheme: SignatureScheme,
  header: string | undefined,
  entries: readonly string[],
  inbound: Inbound,
): string | undefined {
  if (scheme.timestampField !== undefined) return signedTextAt(dataOf(inbound), scheme.timestampField);
  if (header !== undefined) return headerOf(inbound.headers, header);
  const prefix = `${scheme.timestampKey}=`;
  const found = entries.filter((entry) => entry.startsWith(prefix));
  return found.length === 1 ? found[0]?.slice(prefix.length) : undefined;
}

/**
 * Within the tolerance of now, before or after: a clock that runs ahead must not make old requests valid for
 * ever.
 */
export function isFresh(
  timestamp: string,
  context: Pick<SignatureContext, "clock" | "toleranceMs">,
): boolean {
  const sentMs = timeOf(timestamp);
  return sentMs !== undefined && Math.abs(context.clock.now() - sentMs) <= context.toleranceMs;
}

/** Seconds (up to 11 digits), perhaps with decimals, milliseconds, RFC 3339, or the date of HTTP. */
function timeOf(text: string): number | undefined {
  if (/^\d{1,16}$/.test(text)) return text.length <= 11 ? Number(text) * 1_000 : Number(text);
  if (/^\d{1,11}\.\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const isNamed = /^\d{4}-\d\d-\d\d[T ][\d:.]{5,20}(?:Z|[+-]\d\d:?\d\d)$/.test(text) || httpDate.test(text);
  return isNamed ? readDate(text) : undefined;
}

const httpDate = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
