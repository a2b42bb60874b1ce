// Checks signatures of a private key with the sender's public key: Ed25519, ECDSA over P-256, RSA. The
// algorithm is chosen by the config or the preset, never by the request, and a key of another kind is
// rejected.

import { createPublicKey, type KeyObject, verify, X509Certificate } from "node:crypto";
import { type PublicKeyAlgorithm, publicKeyAlgorithms } from "./algorithms.ts";

export function isPublicKeyAlgorithm(name: string): name is PublicKeyAlgorithm {
  return (publicKeyAlgorithms as readonly string[]).includes(name);
}

const leastRsaBits = 1024;

/**
 * A PEM (key or certificate), a JWK, the base64 or hex of a DER, or of the 32 bytes of an Ed25519 key.
 * Undefined when the text is none of these, or is a key of another kind.
 */
export function readPublicKey(text: string, algorithm: PublicKeyAlgorithm): KeyObject | undefined {
  try {
    const key = keyOf(text.trim(), algorithm);
    return key !== undefined && fits(key, algorithm) ? key : undefined;
  } catch {
    return undefined; // OpenSSL cannot read it: not a key.
  }
}

/** Is it a key for signatures of this algorithm? */
export function fits(key: KeyObject, algorithm: PublicKeyAlgorithm): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (key.type !== "public") return false;
  if (algorithm === "ed25519") return type === "ed25519";
  if (algorithm === "ecdsa-sha256") return type === "ec" && details?.namedCurve === "prime256v1";
  return type === "rsa" && (details?.modulusLength ?? 0) >= leastRsaBits;
}

function keyOf(text: string, algorithm: PublicKeyAlgorithm): KeyObject | undefined {
  if (text.startsWith("{")) return createPublicKey({ key: JSON.parse(text), format: "jwk" });
  if (text.includes("PRIVATE KEY")) return undefined;
  if (text.includes("BEGIN CERTIFICATE")) return new X509Certificate(text).publicKey;
  if (text.includes("-----BEGIN")) return createPublicKey(text.replaceAll("\\n", "\n"));
  const bytes = /^[0-9a-f]{64}$/i.test(text)
    ? Buffer.from(text, "hex")
    : decodeText(text.replaceAll(/\s/g, ""), "base64");
  if (bytes === undefined) return undefined;
  if (bytes.length === 32 && algorithm === "ed25519") {
    return createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") },
      format: "jwk",
    });
  }
  return createPublicKey({ key: bytes, format: "der", type: "spki" });
}

export function isSignedBy(
  key: KeyObject,
  algorithm: PublicKeyAlgorithm,
  data: Buffer,
  signature: Buffer,
): boolean {
  try {
    if (algorithm === "ed25519") return verify(null, data, key, signature);
    return verify(algorithm === "rsa-sha1" ? "sha1" : "sha256", data, key, signature);
  } catch {
    return false; // A signature that cannot be one of this key.
  }
}

export type TextEncoding = "hex" | "base64" | "base64url";

const patterns: Readonly<Record<TextEncoding, RegExp>> = {
  hex: /^(?:[0-9a-f]{2})+$/i,
  base64: /^[A-Za-z0-9+/]+={0,2}$/,
  base64url: /^[A-Za-z0-9_-]+={0,2}$/,
};

/** Undefined for invalid encoding: Node's own decoder skips invalid characters. */
export function decodeText(text: string, encoding: TextEncoding): Buffer | undefined {
  return patterns[encoding].test(text) ? Buffer.from(text, encoding) : undefined;
}
