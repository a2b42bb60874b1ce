// The generic schemes of `verify`, from their options. Expects options that passed check.ts.

import type { HttpOptions } from "../options.ts";
import { type HmacAlgorithm, type JwtAlgorithm, jwtAlgorithms } from "./algorithms.ts";
import { type JwtScheme, jwtCheck } from "./jwt.ts";
import { isPublicKeyAlgorithm } from "./public-key.ts";
import {
  basicCheck,
  bearerCheck,
  fieldTokenCheck,
  headerTokenCheck,
  queryTokenCheck,
} from "./shared-secret.ts";
import { type SignatureContext, type SignatureScheme, signatureCheck } from "./signature.ts";
import { partsOf } from "./signed-text.ts";
import { type Check, headerOf, type VerifyTraits } from "./verifier.ts";

export type VerifyOptions = NonNullable<HttpOptions["verify"]>;

/** The scheme that the options of `hmac` and `signature` define. */
export function signatureScheme(options: VerifyOptions): SignatureScheme {
  const { timestamp, key, algorithm, field } = options;
  const isHmac = options.scheme === "hmac";
  return {
    algorithm: isHmac
      ? ((algorithm ?? "sha256") as HmacAlgorithm)
      : isPublicKeyAlgorithm(algorithm ?? "")
        ? (algorithm as SignatureScheme["algorithm"])
        : "ed25519",
    encoding: options.encoding ?? (isHmac ? "hex" : "base64"),
    headers: [
      {
        signature: (options.header ?? "").toLowerCase(),
        ...(timestamp?.header === undefined ? {} : { timestamp: timestamp.header.toLowerCase() }),
        ...(options.deliveryId === undefined ? {} : { id: options.deliveryId.toLowerCase() }),
      },
    ],
    ...(field === undefined ? {} : { field }),
    ...(timestamp?.field === undefined ? {} : { timestampField: timestamp.field }),
    prefix: key === undefined ? (options.prefix ?? "") : `${key}=${options.prefix ?? ""}`,
    ...(key === undefined ? {} : { separator: ",", timestampKey: timestamp?.key ?? "t" }),
    signed: options.signed ?? "{body}",
    secret: options.secretEncoding ?? "text",
  };
}

/**
 * The scheme that the options of `jwt` define. A shared secret and a public key never apply to the same
 * algorithm.
 */
export function jwtScheme(options: VerifyOptions): JwtScheme {
  const { algorithm, header, prefix, issuer, bodyClaim } = options;
  const usual: JwtAlgorithm = options.secret === undefined ? "RS256" : "HS256";
  const isNamed = (jwtAlgorithms as readonly string[]).includes(algorithm ?? "");
  return {
    algorithm: isNamed ? (algorithm as JwtAlgorithm) : usual,
    header: (header ?? "authorization").toLowerCase(),
    prefix: prefix ?? (header === undefined ? "Bearer " : ""),
    ...(issuer === undefined ? {} : { issuers: [issuer] }),
    ...(bodyClaim === undefined ? {} : { bodyClaim }),
    ...(options.secretEncoding === undefined ? {} : { secret: options.secretEncoding }),
    ...(options.timestamp === undefined ? {} : { isTimed: true }),
  };
}

type MemoryOf = (isTimed: boolean, options: VerifyOptions) => Pick<VerifyTraits, "memoryMs" | "proofMs">;

export function genericTraits(
  options: VerifyOptions,
  memoryOf: MemoryOf,
  usableId: (id: string | undefined) => string | undefined,
): VerifyTraits {
  const { scheme, header, query, deliveryId } = options;
  const idHeader = deliveryId?.toLowerCase();
  return {
    credentials: { headers: credentialHeaders(scheme, header), query: query === undefined ? [] : [query] },
    ...memoryOf(isTimed(options), options),
    ...(scheme === "bearer" ? { challenge: "Bearer" } : {}),
    ...(scheme === "basic" ? { challenge: 'Basic realm="channel-router"' } : {}),
    deliveryId(headers, _data, proof) {
      if (proof?.signed !== undefined) return usableId(proof.id);
      return idHeader === undefined ? undefined : usableId(headerOf(headers, idHeader));
    },
  };
}

function credentialHeaders(scheme: VerifyOptions["scheme"], header: string | undefined): string[] {
  if (scheme === "jwt") return [(header ?? "authorization").toLowerCase()];
  const isRead = ["hmac", "signature", "token"].includes(scheme);
  return header === undefined || !isRead ? [] : [header.toLowerCase()];
}

function isTimed(options: VerifyOptions): boolean {
  const { scheme, timestamp } = options;
  if (scheme === "jwt") return timestamp !== undefined;
  if (scheme !== "hmac" && scheme !== "signature") return false;
  return timestamp?.field !== undefined || partsOf(signatureScheme(options).signed).includes("{timestamp}");
}

export function genericCheck(
  options: VerifyOptions,
  secrets: readonly string[],
  context: SignatureContext,
): Check {
  const { scheme, header, field, query, prefix = "" } = options;
  const publicKeys = publicKeysOf(options);
  switch (scheme) {
    case "bearer":
      return bearerCheck(secrets);
    case "basic":
      return basicCheck(options.username ?? "", secrets);
    case "token":
      if (header !== undefined) return headerTokenCheck(header.toLowerCase(), prefix, secrets);
      return field === undefined ? queryTokenCheck(query ?? "", secrets) : fieldTokenCheck(field, secrets);
    case "jwt": {
      const jwt = jwtScheme(options);
      return jwtCheck(jwt, jwt.algorithm === "HS256" ? secrets : publicKeys, context, options);
    }
    case "signature":
      return signatureCheck(signatureScheme(options), publicKeys, context);
    default:
      return signatureCheck(signatureScheme(options), secrets, context);
  }
}

export function publicKeysOf({ publicKey }: VerifyOptions): readonly string[] {
  return listOf(publicKey);
}

export function secretsOf({ secret }: VerifyOptions): readonly string[] {
  return listOf(secret);
}

function listOf(option: string | readonly string[] | undefined): readonly string[] {
  if (option === undefined) return [];
  return typeof option === "string" ? [option] : option;
}
