// Checks an HMAC signature whose scheme is data. One comparison per secret and per signature in the header, each in
// constant time over texts of equal length; the body is hashed as it came.

import { createHash, createHmac, type Hash, type Hmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../../contract.ts";
import { type Check, headerOf, type Inbound, type Proof } from "./verifier.ts";

export interface SignatureScheme {
  readonly algorithm: "sha1" | "sha256" | "sha384" | "sha512";
  readonly encoding: "hex" | "base64";
  /** The first family whose signature is right is the one that counts, for time and id too. */
  readonly headers: readonly HeaderFamily[];
  /** Stands before each signature: `sha256=`, `v1=`, `v1,`. */
  readonly prefix: string;
  /** Between several signatures in one header; absent means that there is only one. */
  readonly separator?: "," | ";" | " ";
  /** The time stands in the signature's own header, under this key. */
  readonly timestampKey?: string;
  /** What is signed, with the parts {body} {timestamp} {id} {url}. */
  readonly signed: string;
  /** How a secret becomes a key: its text, or base64 after an optional `whsec_`. */
  readonly secret: "text" | "base64";
}

/** Headers that belong together, in lower case. */
export interface HeaderFamily {
  readonly signature: string;
  readonly timestamp?: string;
  readonly id?: string;
}

export const defaultToleranceMs = 300_000;

/** More signatures than this in one header are an attack on our time, not a rotation. */
const maxSignatures = 16;

export interface SignatureContext {
  readonly clock: Pick<Clock, "now">;
  readonly toleranceMs: number;
  /** Without a trailing slash. Needed where {url} is signed. */
  readonly publicUrl?: string | undefined;
}

export function signatureCheck(
  scheme: SignatureScheme,
  secrets: readonly string[],
  context: SignatureContext,
): Check {
  const keys = secrets.map((secret) => ({ secret, key: keyOf(scheme.secret, secret) }));
  const parts = partsOf(scheme.signed);
  const timed = parts.includes("{timestamp}");
  const identified = parts.includes("{id}");

  function checkFamily(family: HeaderFamily, inbound: Inbound): Proof | undefined {
    const header = headerOf(inbound.headers, family.signature);
    if (header === undefined) return undefined;
    const entries = scheme.separator === undefined ? [header.trim()] : split(header, scheme.separator);
    const timestamp = timed ? timestampOf(scheme, family.timestamp, entries, inbound) : "";
    if (timestamp === undefined) return undefined;
    if (timed && !isFresh(timestamp, context)) return undefined;
    const id = identified && family.id !== undefined ? headerOf(inbound.headers, family.id) : "";
    if (id === undefined || (identified && id === "")) return undefined;

    const given = signaturesOf(scheme, entries);
    if (given.length === 0) return undefined;
    const values: Values = {
      timestamp,
      id,
      url: `${context.publicUrl ?? ""}${inbound.target}`,
      body: inbound.body,
    };
    const secret = keys.find(({ key }) => {
      const expected = Buffer.from(digest(scheme, key, parts, values));
      return given.some((text) => text.length === expected.length && timingSafeEqual(text, expected));
    })?.secret;
    if (secret === undefined) return undefined;
    const signed = feed(createHash("sha256"), parts, values).digest("base64url");
    return { secret, signed, ...(identified ? { id } : {}) };
  }

  return (inbound) => {
    // A sender may use both names; what somebody put in beside them proves nothing and harms nothing.
    for (const family of scheme.headers) {
      const proof = checkFamily(family, inbound);
      if (proof !== undefined) return proof;
    }
    return undefined;
  };
}

/** The signature that a sender would put in the header, prefix included: for samples that a person can send. */
export function signBody(scheme: SignatureScheme, secret: string, body: Buffer): string {
  const values: Values = { timestamp: "", id: "", url: "", body };
  return scheme.prefix + digest(scheme, keyOf(scheme.secret, secret), partsOf(scheme.signed), values);
}

interface Values {
  readonly timestamp: string;
  readonly id: string;
  readonly url: string;
  readonly body: Buffer;
}

function digest(
  scheme: SignatureScheme,
  key: string | Buffer,
  parts: readonly string[],
  values: Values,
): string {
  return feed(createHmac(scheme.algorithm, key), parts, values).digest(scheme.encoding);
}

/** The text that is signed. */
function feed<H extends Hash | Hmac>(hash: H, parts: readonly string[], values: Values): H {
  for (const part of parts) {
    if (part === "{body}") hash.update(values.body);
    else if (part === "{timestamp}") hash.update(values.timestamp);
    else if (part === "{id}") hash.update(values.id);
    else if (part === "{url}") hash.update(values.url);
    else hash.update(part);
  }
  return hash;
}

/** `v0:{timestamp}:{body}` as its literal texts and its parts, in order. */
export function partsOf(signed: string): string[] {
  return signed.split(/(\{[a-z]*\})/).filter((part) => part !== "");
}

function keyOf(kind: SignatureScheme["secret"], secret: string): string | Buffer {
  return kind === "text" ? secret : Buffer.from(secret.replace(/^whsec_/, ""), "base64");
}

function split(header: string, separator: string): string[] {
  return header.split(separator, maxSignatures * 2).map((entry) => entry.trim());
}

function signaturesOf(scheme: SignatureScheme, entries: readonly string[]): Buffer[] {
  const found: Buffer[] = [];
  for (const entry of entries) {
    if (found.length === maxSignatures || !entry.startsWith(scheme.prefix)) continue;
    const text = entry.slice(scheme.prefix.length);
    // Some senders write hex in capitals; base64 has only one spelling that counts.
    found.push(Buffer.from(scheme.encoding === "hex" ? text.toLowerCase() : text, "latin1"));
  }
  return found;
}

function timestampOf(
  scheme: SignatureScheme,
  header: string | undefined,
  entries: readonly string[],
  inbound: Inbound,
): string | undefined {
  if (header !== undefined) return headerOf(inbound.headers, header);
  const prefix = `${scheme.timestampKey}=`;
  const found = entries.filter((entry) => entry.startsWith(prefix));
  return found.length === 1 ? found[0]?.slice(prefix.length) : undefined;
}

/** Within the tolerance of now, before or after: a clock that runs ahead must not make old requests eternal. */
export function isFresh(timestamp: string, context: SignatureContext): boolean {
  const sentMs = timeOf(timestamp);
  return sentMs !== undefined && Math.abs(context.clock.now() - sentMs) <= context.toleranceMs;
}

/** Seconds (up to 11 digits), milliseconds, or RFC 3339. */
function timeOf(text: string): number | undefined {
  if (/^\d{1,16}$/.test(text)) return text.length <= 11 ? Number(text) * 1_000 : Number(text);
  if (!/^\d{4}-\d\d-\d\dT[\d:.]{5,20}(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
