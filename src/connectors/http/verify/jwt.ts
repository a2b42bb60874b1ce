// Senders that authenticate with a JSON Web Token (RFC 7519). The algorithm is pinned by the preset or the
// config, and the token must name the same: `none` is rejected, and a public key is never used as a shared
// secret. A token that contains the hash of the body signs the body; any other proves only the sender and
// identifies no delivery.

import { createHash, createHmac, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import { isObject, readJson } from "../../../json.ts";
import type { JwtAlgorithm, PublicKeyAlgorithm } from "./algorithms.ts";
import { decodeText, fits, readPublicKey } from "./public-key.ts";
import { hmacKey, type SignatureContext, type SignatureScheme } from "./signature.ts";
import { type Check, headerOf, type Inbound, type Proof } from "./verifier.ts";

export interface JwtScheme {
  readonly algorithm: JwtAlgorithm;
  /** The header that holds the token, in lower case, and its prefix. */
  readonly header: string;
  readonly prefix: string;
  /** `iss` must be one of these. */
  readonly issuers?: readonly string[];
  /** What each token must say, whatever the config expects beside it. */
  readonly claims?: Readonly<Record<string, string>>;
  /** The claim that holds the SHA-256 of the body in hex. */
  readonly bodyClaim?: string;
  /** How a shared secret is encoded. Default: its text is the key. */
  readonly secret?: SignatureScheme["secret"];
  /** `iat` must be present and within the tolerance. */
  readonly isTimed?: boolean;
}

/** The audience of a token, and further required claims. */
interface JwtExpectations {
  readonly audience?: string | undefined;
  readonly claims?: Readonly<Record<string, string>> | undefined;
}

interface Token {
  /** The signed text: header and claims as sent. */
  readonly input: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signature: Buffer;
}

const maxLength = 16_384;
/** Allowed clock skew. */
const leewayMs = 60_000;
const keyKinds: Readonly<Record<Exclude<JwtAlgorithm, "HS256">, PublicKeyAlgorithm>> = {
  RS256: "rsa-sha256",
  ES256: "ecdsa-sha256",
  EdDSA: "ed25519",
};

/** The kind of public key that an algorithm needs; undefined for a shared secret. */
export function jwtKeyKind(algorithm: JwtAlgorithm): PublicKeyAlgorithm | undefined {
  return algorithm === "HS256" ? undefined : keyKinds[algorithm];
}

/** The unverified token of a request: to find out which key it needs. */
function tokenOf(scheme: JwtScheme, { headers }: Inbound): Token | undefined {
  const text = headerOf(headers, scheme.header);
  if (text === undefined || text.length > maxLength) return undefined;
  const { prefix } = scheme;
  if (text.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase()) return undefined;
  const parts = text.slice(prefix.length).trim().split(".");
  const [head = "", body = "", signed = ""] = parts;
  if (parts.length !== 3) return undefined;
  const header = objectIn(head);
  const claims = objectIn(body);
  const signature = decodeText(signed, "base64url");
  if (header === undefined || claims === undefined || signature === undefined) return undefined;
  // Critical extensions: none is supported. A nested or unencoded payload is another format.
  if (header.alg !== scheme.algorithm || "crit" in header || "b64" in header || "zip" in header)
    return undefined;
  return { input: `${head}.${body}`, header, claims, signature };
}

function objectIn(part: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = decodeText(part, "base64url");
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = readJson(bytes.toString());
    return isObject(value) ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined; // Not JSON: not a token.
  }
}

/** `secrets`: shared ones for HS256, else public keys, as the config has them. */
export function jwtCheck(
  scheme: JwtScheme,
  secrets: readonly string[],
  context: SignatureContext,
  expected: JwtExpectations,
): Check {
  const { algorithm } = scheme;
  const own =
    algorithm === "HS256" ? [] : secrets.flatMap((text) => readPublicKey(text, keyKinds[algorithm]) ?? []);

  function signerOf(token: Token, inbound: Inbound): string | undefined {
    if (algorithm === "HS256") {
      return secrets.find((secret) => {
        const digest = createHmac("sha256", hmacKey(scheme.secret ?? "text", secret))
          .update(token.input)
          .digest();
        return token.signature.length === digest.length && timingSafeEqual(token.signature, digest);
      });
    }
    const keys = [...own, ...(context.keysFor?.(inbound) ?? [])];
    return keys.some((key) => isSigned(algorithm, key, token)) ? "" : undefined;
  }

  return (inbound): Proof | undefined => {
    const token = tokenOf(scheme, inbound);
    const secret = token === undefined ? undefined : signerOf(token, inbound);
    if (token === undefined || secret === undefined) return undefined;
    if (!isCurrent(token.claims, scheme, context) || !isExpected(token.claims, scheme, expected))
      return undefined;
    if (scheme.bodyClaim === undefined) return { secret };
    if (!isHashOf(token.claims[scheme.bodyClaim], inbound.body)) return undefined;
    const signed = createHash("sha256").update(token.input).update(inbound.body).digest("base64url");
    return { secret, signed };
  };
}

function isSigned(algorithm: Exclude<JwtAlgorithm, "HS256">, key: KeyObject, token: Token): boolean {
  if (!fits(key, keyKinds[algorithm])) return false;
  try {
    const data = Buffer.from(token.input);
    return algorithm === "EdDSA"
      ? verify(null, data, key, token.signature)
      : verify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, token.signature);
  } catch {
    return false; // A signature that cannot be one of this key.
  }
}

function isCurrent(
  claims: Token["claims"],
  { isTimed, bodyClaim }: JwtScheme,
  context: SignatureContext,
): boolean {
  const nowMs = context.clock.now();
  const times = ["exp", "nbf", "iat"].map((name) => claims[name]);
  if (times.some((time) => time !== undefined && (typeof time !== "number" || !Number.isFinite(time))))
    return false;
  const [exp, nbf, iat] = times as (number | undefined)[];
  if (exp !== undefined && nowMs > exp * 1_000 + leewayMs) return false;
  if (nbf !== undefined && nowMs < nbf * 1_000 - leewayMs) return false;
  if (iat !== undefined && nowMs < iat * 1_000 - context.toleranceMs) return false;
  // A token that covers no body and never expires would be a password in transit.
  if (exp === undefined && bodyClaim === undefined && isTimed !== true) return false;
  if (isTimed !== true) return true;
  return iat !== undefined && Math.abs(nowMs - iat * 1_000) <= context.toleranceMs;
}

function isExpected(
  claims: Token["claims"],
  { issuers, claims: own = {} }: JwtScheme,
  { audience, claims: wanted = {} }: JwtExpectations,
): boolean {
  if (issuers !== undefined && !issuers.includes(claims.iss as string)) return false;
  if (audience !== undefined && ![claims.aud].flat().includes(audience)) return false;
  return Object.entries({ ...wanted, ...own }).every(
    ([name, value]) => Object.hasOwn(claims, name) && textOf(claims[name]) === value,
  );
}

/** A list or an object has no text that a config could name. */
function textOf(claim: unknown): string | undefined {
  return ["string", "number", "boolean"].includes(typeof claim) ? String(claim) : undefined;
}

function isHashOf(claim: unknown, body: Buffer): boolean {
  if (typeof claim !== "string") return false;
  const given = Buffer.from(claim.toLowerCase());
  const expected = Buffer.from(createHash("sha256").update(body).digest("hex"));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The key that the token of a request names; undefined when the request has no valid token. */
export function keyIdOf(
  scheme: JwtScheme,
  inbound: Inbound,
): { readonly id: string | undefined } | undefined {
  const token = tokenOf(scheme, inbound);
  if (token === undefined) return undefined;
  return { id: typeof token.header.kid === "string" ? token.header.kid : undefined };
}
