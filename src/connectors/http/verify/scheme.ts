// From the `verify` block of a source to the thing that verifies. Expects options that passed check.ts.

import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Clock, Json } from "../../../contract.ts";
import type { HttpOptions } from "../options.ts";
import { createConcealer } from "./conceal.ts";
import { discordCheck } from "./discord.ts";
import { type PresetName, presetNames } from "./preset-names.ts";
import { type Preset, presets, standardWebhooks } from "./presets.ts";
import { basicCheck, bearerCheck, headerTokenCheck, queryTokenCheck } from "./shared-secret.ts";
import {
  defaultToleranceMs,
  partsOf,
  type SignatureContext,
  type SignatureScheme,
  signatureCheck,
} from "./signature.ts";
import { formCheck } from "./twilio.ts";
import { type Check, fieldOf, headerOf, type Proof, type Verifier, type VerifyTraits } from "./verifier.ts";

export type VerifyOptions = NonNullable<HttpOptions["verify"]>;

/** A longer id is no id: nobody sends such, and each is remembered for long. */
const maxDeliveryIdLength = 256;

export const defaultMemoryMs = 24 * 60 * 60 * 1_000;

/** Undefined when the source verifies nothing. */
export function createVerifier(
  options: VerifyOptions | undefined,
  clock: Pick<Clock, "now">,
  publicUrl: string | undefined,
): Verifier | undefined {
  const traits = describeVerify(options);
  if (options === undefined || traits === undefined) return undefined;
  const secrets = secretsOf(options);
  const context: SignatureContext = {
    clock,
    toleranceMs: toleranceOf(options),
    publicUrl: publicUrl?.replace(/\/$/, ""),
  };
  const check = isPreset(options.scheme)
    ? presetCheck(presets[options.scheme].scheme, secrets, context)
    : genericCheck(options, secrets, context);
  const concealer = createConcealer(credentialsOf(options));
  return {
    ...traits,
    check,
    readsBody: signsBody(options.scheme),
    concealer: (headers) =>
      concealer(traits.credentials.headers.flatMap((name) => headerOf(headers, name) ?? [])),
  };
}

/** The texts that a sender may prove itself with, or that it signs with. */
function credentialsOf(options: VerifyOptions): string[] {
  // Discord's is a public key.
  if (options.scheme === "discord") return [];
  const { scheme, username } = options;
  const verifyToken = options.verifyToken === undefined ? [] : [options.verifyToken];
  return secretsOf(options).flatMap((secret) => [
    ...verifyToken,
    secret,
    ...(scheme === "basic" ? [`${username ?? ""}:${secret}`] : []),
    ...(secret.startsWith("whsec_") ? [secret.slice("whsec_".length)] : []),
  ]);
}

function signsBody(scheme: VerifyOptions["scheme"]): boolean {
  if (!isPreset(scheme)) return scheme === "hmac";
  const preset = presets[scheme].scheme;
  return typeof preset === "string" || !("token" in preset);
}

/** All but the check itself: needs no secret to be right. Undefined when the source verifies nothing. */
export function describeVerify(options: VerifyOptions | undefined): VerifyTraits | undefined {
  if (options === undefined || options.scheme === "none") return undefined;
  return isPreset(options.scheme) ? presetTraits(presets[options.scheme], options) : genericTraits(options);
}

function toleranceOf({ timestamp }: VerifyOptions): number {
  return timestamp?.toleranceMs ?? defaultToleranceMs;
}

/** How much later a request that was fresh when it came may be looked up: it may have to wait for its turn. */
const lateMs = 60_000;

/** What has a time is fresh from one tolerance before it until one after it. */
function memoryOf(isTimed: boolean, options: VerifyOptions): Pick<VerifyTraits, "memoryMs" | "proofMs"> {
  const memoryMs = options.deliveryMemoryMs ?? defaultMemoryMs;
  return { memoryMs, proofMs: isTimed ? 2 * toleranceOf(options) + lateMs : memoryMs };
}

export function isPreset(scheme: string): scheme is PresetName {
  return (presetNames as readonly string[]).includes(scheme);
}

export function secretsOf(options: VerifyOptions): readonly string[] {
  if (options.secret === undefined) return [];
  return typeof options.secret === "string" ? [options.secret] : options.secret;
}

/** The scheme that the generic `hmac` options spell out. */
export function hmacScheme(options: VerifyOptions): SignatureScheme {
  const { timestamp, key } = options;
  return {
    algorithm: options.algorithm ?? "sha256",
    encoding: options.encoding ?? "hex",
    headers: [
      {
        signature: (options.header ?? "").toLowerCase(),
        ...(timestamp?.header === undefined ? {} : { timestamp: timestamp.header.toLowerCase() }),
        ...(options.deliveryId === undefined ? {} : { id: options.deliveryId.toLowerCase() }),
      },
    ],
    prefix: key === undefined ? (options.prefix ?? "") : `${key}=${options.prefix ?? ""}`,
    ...(key === undefined ? {} : { separator: ",", timestampKey: timestamp?.key ?? "t" }),
    signed: options.signed ?? "{body}",
    secret: "text",
  };
}

function presetTraits(preset: Preset, options: VerifyOptions): VerifyTraits {
  const { scheme, handshake, sentAtField } = preset;
  return {
    credentials: { headers: [...credentialHeaders(scheme), ...(preset.secretHeaders ?? [])], query: [] },
    ...(preset.formField === undefined ? {} : { formField: preset.formField }),
    ...memoryOf(isTimed(preset), options),
    deliveryId: (headers, data, proof) => usableId(presetDeliveryId(preset, headers, data, proof)),
    ...(handshake === undefined ? {} : { handshake }),
    ...(sentAtField === undefined
      ? {}
      : {
          sentAtMs(data) {
            const value = Number(fieldOf(data, sentAtField));
            return Number.isFinite(value) ? value : undefined;
          },
        }),
  };
}

/** Is the time of sending a part of what is signed? */
export function isTimed({ scheme, sentAtField }: Preset): boolean {
  if (sentAtField !== undefined || scheme === "discord" || scheme === "gitlab") return true;
  return typeof scheme === "object" && "signed" in scheme && scheme.signed.includes("{timestamp}");
}

function presetDeliveryId(
  { scheme, delivery, sentAtField }: Preset,
  headers: IncomingHttpHeaders,
  data: Json,
  proof: Proof | undefined,
): string | undefined {
  if (proof?.id !== undefined) return proof.id;
  if (delivery !== undefined && "field" in delivery) return fieldOf(data, delivery.field);
  if (proof?.signed !== undefined)
    return sentAtField === undefined ? undefined : withoutField(data, sentAtField);
  if (proof === undefined) {
    const signedId = familiesOf(scheme).find(
      ({ id }) => id !== undefined && headerOf(headers, id) !== undefined,
    )?.id;
    if (signedId !== undefined) return headerOf(headers, signedId);
  }
  return delivery === undefined ? undefined : headerOf(headers, delivery.header);
}

/** What is signed and stays the same when the delivery is sent again, as a hash. */
function withoutField(data: Json, field: string): string | undefined {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return undefined;
  const { [field]: _, ...rest } = data;
  return createHash("sha256").update(JSON.stringify(rest)).digest("base64url");
}

function familiesOf(scheme: Preset["scheme"]): SignatureScheme["headers"] {
  if (scheme === "gitlab") return gitlabSigning.headers;
  return typeof scheme === "object" && "signed" in scheme ? scheme.headers : [];
}

function presetCheck(scheme: Preset["scheme"], secrets: readonly string[], context: SignatureContext): Check {
  if (scheme === "discord") return discordCheck(secrets, context);
  if (scheme === "gitlab") return gitlabCheck(secrets, context);
  if ("token" in scheme) return headerTokenCheck(scheme.token, "", secrets);
  if ("form" in scheme) return formCheck(scheme, secrets, context.publicUrl ?? "");
  return signatureCheck(scheme, secrets, context);
}

/** By its own names only. */
const gitlabSigning: SignatureScheme = { ...standardWebhooks, headers: standardWebhooks.headers.slice(0, 1) };

/**
 * GitLab has a plain secret token, and since 18.x a signing token that always begins with `whsec_` and signs by Standard
 * Webhooks (gitlab.com merge request 230944). Each secret is checked in its own way only, so a signing token is never
 * accepted in the clear.
 */
function gitlabCheck(secrets: readonly string[], context: SignatureContext): Check {
  const signing = secrets.filter((secret) => secret.startsWith("whsec_"));
  const plain = secrets.filter((secret) => !secret.startsWith("whsec_"));
  const bySignature = signatureCheck(gitlabSigning, signing, context);
  const byToken = headerTokenCheck("x-gitlab-token", "", plain);
  return (inbound) => bySignature(inbound) ?? byToken(inbound);
}

function credentialHeaders(scheme: Preset["scheme"]): readonly string[] {
  if (scheme === "discord") return ["x-signature-ed25519"];
  const signatures = familiesOf(scheme).map(({ signature }) => signature);
  if (scheme === "gitlab") return ["x-gitlab-token", ...signatures];
  if ("form" in scheme) return [scheme.form];
  return "token" in scheme ? [scheme.token] : signatures;
}

function genericTraits(options: VerifyOptions): VerifyTraits {
  const { scheme, header, query, deliveryId } = options;
  const idHeader = deliveryId?.toLowerCase();
  const readsHeader = header !== undefined && (scheme === "hmac" || scheme === "token");
  const isTimedHmac = scheme === "hmac" && partsOf(hmacScheme(options).signed).includes("{timestamp}");
  return {
    credentials: {
      headers: readsHeader ? [header.toLowerCase()] : [],
      query: query === undefined ? [] : [query],
    },
    ...memoryOf(isTimedHmac, options),
    ...(scheme === "bearer" ? { challenge: "Bearer" } : {}),
    ...(scheme === "basic" ? { challenge: 'Basic realm="channel-router"' } : {}),
    deliveryId(headers, _data, proof) {
      if (proof?.signed !== undefined) return usableId(proof.id);
      return idHeader === undefined ? undefined : usableId(headerOf(headers, idHeader));
    },
  };
}

function genericCheck(options: VerifyOptions, secrets: readonly string[], context: SignatureContext): Check {
  switch (options.scheme) {
    case "bearer":
      return bearerCheck(secrets);
    case "basic":
      return basicCheck(options.username ?? "", secrets);
    case "token":
      return options.header === undefined
        ? queryTokenCheck(options.query ?? "", secrets)
        : headerTokenCheck(options.header.toLowerCase(), options.prefix ?? "", secrets);
    default:
      return signatureCheck(hmacScheme(options), secrets, context);
  }
}

function usableId(id: string | undefined): string | undefined {
  return id === undefined || id === "" || id.length > maxDeliveryIdLength ? undefined : id;
}
