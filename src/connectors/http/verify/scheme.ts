// Builds the verifier from the `verify` block of a source. Expects options that passed check.ts.

import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { HttpClient } from "../../../contract/host.ts";
import type { Clock, Json } from "../../../contract.ts";
import { isObject } from "../../../json.ts";
import { isSafeBody } from "./challenge.ts";
import { createConcealer } from "./conceal.ts";
import { discordCheck } from "./discord.ts";
import { textAt } from "./fields.ts";
import { formCheck } from "./form-signature.ts";
import {
  genericCheck,
  genericTraits,
  jwtScheme,
  publicKeysOf,
  secretsOf,
  type VerifyOptions,
} from "./generic.ts";
import { jwtCheck, keyIdOf } from "./jwt.ts";
import { type Preset, standardWebhooks } from "./preset.ts";
import { type PresetName, presetNames } from "./preset-names.ts";
import { presets } from "./presets.ts";
import { isPublicKeyAlgorithm } from "./public-key.ts";
import { createKeyStore, type KeySource, keyHosts } from "./remote-keys.ts";
import { fieldTokenCheck, headerTokenCheck } from "./shared-secret.ts";
import {
  defaultToleranceMs,
  type SignatureContext,
  type SignatureScheme,
  signatureCheck,
} from "./signature.ts";
import { snsCheck } from "./sns.ts";
import { createSubscription } from "./subscription.ts";
import {
  type Check,
  fieldOf,
  headerOf,
  type Inbound,
  type Proof,
  type Verifier,
  type VerifyTraits,
} from "./verifier.ts";

/** A longer id is ignored: real senders do not send such, and each is remembered for a long time. */
const maxDeliveryIdLength = 256;

export const defaultMemoryMs = 24 * 60 * 60 * 1_000;

/** For senders that publish their keys. */
interface Outside {
  readonly http: Pick<HttpClient, "request">;
  /** Cancels the fetches. */
  readonly signal: AbortSignal;
}

/** Undefined when the source verifies nothing. */
export function createVerifier(
  options: VerifyOptions | undefined,
  clock: Pick<Clock, "now">,
  publicUrl: string | undefined,
  outside?: Outside,
): Verifier | undefined {
  const traits = describeVerify(options);
  if (options === undefined || traits === undefined) return undefined;
  const secrets = secretsOf(options);
  const keys = outside === undefined ? undefined : keyStoreOf(options, clock, outside);
  const context: SignatureContext = {
    clock,
    toleranceMs: toleranceOf(options),
    publicUrl: publicUrl?.replace(/\/$/, ""),
    audience: options.audience,
    ...(keys === undefined ? {} : { keysFor: keys.keysFor }),
  };
  const preset = isPreset(options.scheme) ? presets[options.scheme] : undefined;
  const checkOne =
    preset === undefined
      ? genericCheck(options, secrets, context)
      : presetCheck(preset.scheme, options, context);
  const givesDigests = preset?.challenge?.digest !== undefined;
  const check: Check = (inbound) => {
    const proof = givesDigests && !isSafeBody(inbound.body) ? undefined : checkOne(inbound);
    if (proof !== undefined) keys?.verified(inbound);
    return proof;
  };
  const concealer = createConcealer(credentialsOf(options));
  const fields = signatureFields(options);
  return {
    ...traits,
    check,
    readsBody: readsBody(options),
    ...(keys === undefined ? {} : { prepare: keys.prepare }),
    ...(outside === undefined ? {} : subscriptionOf(options, clock, outside)),
    concealer: (headers, data) =>
      concealer([
        ...traits.credentials.headers.flatMap((name) => headerOf(headers, name) ?? []),
        ...fields.flatMap((path) => textAt(data, path) ?? []),
      ]),
  };
}

function keyStoreOf(options: VerifyOptions, clock: Pick<Clock, "now">, outside: Outside) {
  const source = keySourceOf(options);
  if (source === undefined) return undefined;
  const scheme = isPreset(options.scheme) ? presets[options.scheme].scheme : { jwt: jwtScheme(options) };
  const jwt = typeof scheme === "object" && "jwt" in scheme ? scheme.jwt : undefined;
  return createKeyStore({
    ...{ source, audience: options.audience, clock, ...outside },
    ...(jwt === undefined ? {} : { keyIdOf: (inbound: Inbound) => keyIdOf(jwt, inbound) }),
  });
}

function subscriptionOf(options: VerifyOptions, clock: Pick<Clock, "now">, outside: Outside) {
  const { audience } = options;
  const source = keySourceOf(options);
  if (!confirmsSubscription(options) || source === undefined || audience === undefined) return {};
  return createSubscription({ audience, hosts: keyHosts(source, audience), clock, ...outside });
}

/** Does a source with these options change something at the host that it fetches keys from? */
export function confirmsSubscription(options: VerifyOptions | undefined): boolean {
  return (
    options !== undefined && isPreset(options.scheme) && presets[options.scheme].confirmsSubscription === true
  );
}

/** Where the sender publishes its keys, if it does. */
export function keySourceOf({ scheme, jwks }: VerifyOptions): KeySource | undefined {
  if (isPreset(scheme)) return presets[scheme].keys;
  return jwks === undefined ? undefined : { url: jwks, kind: "jwks" };
}

/** The URLs from which a source with these options fetches keys. */
export function keyAddresses(options: VerifyOptions | undefined): string[] {
  const source = options === undefined ? undefined : keySourceOf(options);
  if (source === undefined) return [];
  if (source.hosts === undefined) return source.url === undefined ? [] : [source.url];
  return keyHosts(source, options?.audience).map((host) => `https://${host}`);
}

/** The texts that prove a sender, or with which it signs. */
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

/** Where signatures are in the payload. */
function signatureFields({ scheme, field }: VerifyOptions): string[] {
  if (!isPreset(scheme)) return field === undefined ? [] : [field];
  if (scheme === "sns") return ["Signature"];
  return schemesIn(presets[scheme].scheme).flatMap((one) => one.field ?? []);
}

/** Is the body covered by the check? */
function readsBody({ scheme, field, bodyClaim }: VerifyOptions): boolean {
  if (!isPreset(scheme)) {
    if (scheme === "jwt") return bodyClaim !== undefined;
    return scheme === "hmac" || scheme === "signature" || field !== undefined;
  }
  const preset = presets[scheme].scheme;
  if (typeof preset === "string") return true;
  return "jwt" in preset ? preset.jwt.bodyClaim !== undefined : !("token" in preset);
}

/** Everything but the check itself: works without the secret. Undefined when the source verifies nothing. */
export function describeVerify(options: VerifyOptions | undefined): VerifyTraits | undefined {
  if (options === undefined || options.scheme === "none") return undefined;
  return isPreset(options.scheme)
    ? presetTraits(presets[options.scheme], options)
    : genericTraits(options, memoryOf, usableId);
}

/** The allowed age of a request. */
export function toleranceOf({ timestamp, scheme }: VerifyOptions): number {
  const usual = isPreset(scheme) ? presets[scheme].toleranceMs : undefined;
  return timestamp?.toleranceMs ?? usual ?? defaultToleranceMs;
}

/** How much later a request that was fresh on arrival may be looked up: it may be queued. */
const lateMs = 60_000;

/** A timestamped request is fresh from one tolerance before its time until one after it. */
function memoryOf(isTimed: boolean, options: VerifyOptions): Pick<VerifyTraits, "memoryMs" | "proofMs"> {
  const memoryMs = options.deliveryMemoryMs ?? defaultMemoryMs;
  return { memoryMs, proofMs: isTimed ? 2 * toleranceOf(options) + lateMs : memoryMs };
}

export function isPreset(scheme: string): scheme is PresetName {
  return (presetNames as readonly string[]).includes(scheme);
}

function presetTraits(preset: Preset, options: VerifyOptions): VerifyTraits {
  const { scheme, handshake, sentAtField } = preset;
  return {
    credentials: { headers: [...credentialHeaders(scheme), ...(preset.secretHeaders ?? [])], query: [] },
    ...(preset.formField === undefined ? {} : { formField: preset.formField }),
    ...signedForm(scheme),
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

function signedForm(scheme: Preset["scheme"]): Pick<VerifyTraits, "signsForm"> {
  if (typeof scheme === "object" && "form" in scheme) return { signsForm: "by type" };
  return schemesIn(scheme).some(({ signed }) => signed.includes("{form:")) ? { signsForm: "always" } : {};
}

/** Is the time of sending a part of what is signed? */
export function isTimed({ scheme, sentAtField }: Preset): boolean {
  if (sentAtField !== undefined || ["discord", "gitlab", "sns"].includes(scheme as string)) return true;
  if (typeof scheme === "string") return false;
  if ("jwt" in scheme) return scheme.jwt.isTimed === true;
  return schemesIn(scheme).some(
    ({ signed, timestampField }) => signed.includes("{timestamp}") || timestampField !== undefined,
  );
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

/** Hash of the signed text that stays the same when the delivery is sent again. */
function withoutField(data: Json, field: string): string | undefined {
  if (!isObject(data)) return undefined;
  const { [field]: _, ...rest } = data;
  return createHash("sha256").update(JSON.stringify(rest)).digest("base64url");
}

function familiesOf(scheme: Preset["scheme"]): SignatureScheme["headers"] {
  if (scheme === "gitlab") return gitlabSigning.headers;
  return schemesIn(scheme).flatMap(({ headers }) => headers);
}

/** The signatures that are data. */
export function schemesIn(scheme: Preset["scheme"]): readonly SignatureScheme[] {
  if (typeof scheme === "string") return [];
  if ("anyOf" in scheme) return scheme.anyOf;
  return "signed" in scheme ? [scheme] : [];
}

/** Does the sender use a public key instead of a shared secret? */
export function hasPublicKey(scheme: Preset["scheme"]): boolean {
  if (typeof scheme === "object" && "jwt" in scheme) return scheme.jwt.algorithm !== "HS256";
  return schemesIn(scheme).some(({ algorithm }) => isPublicKeyAlgorithm(algorithm));
}

function presetCheck(scheme: Preset["scheme"], options: VerifyOptions, context: SignatureContext): Check {
  const secrets = hasPublicKey(scheme) ? publicKeysOf(options) : secretsOf(options);
  if (scheme === "discord") return discordCheck(secrets, context);
  if (scheme === "gitlab") return gitlabCheck(secrets, context);
  if (scheme === "sns") return snsCheck(context);
  if ("token" in scheme) return headerTokenCheck(scheme.token, "", secrets);
  if ("tokenField" in scheme) return fieldTokenCheck(scheme.tokenField, secrets);
  if ("form" in scheme) return formCheck(scheme, secrets, context.publicUrl ?? "");
  if ("jwt" in scheme) return jwtCheck(scheme.jwt, secrets, context, options);
  const checks = schemesIn(scheme).map((one) => signatureCheck(one, secrets, context));
  return (inbound) => firstProof(checks, inbound);
}

function firstProof(checks: readonly Check[], inbound: Inbound): Proof | undefined {
  for (const check of checks) {
    const proof = check(inbound);
    if (proof !== undefined) return proof;
  }
  return undefined;
}

/** By own properties only. */
const gitlabSigning: SignatureScheme = { ...standardWebhooks, headers: standardWebhooks.headers.slice(0, 1) };

/**
 * GitLab has a plain secret token, and since 18.x a signing token that always begins with `whsec_` and signs
 * by Standard Webhooks (gitlab.com merge request 230944). Each secret is checked in its own way only, so a
 * signing token is never accepted in the clear.
 */
function gitlabCheck(secrets: readonly string[], context: SignatureContext): Check {
  const signing = secrets.filter((secret) => secret.startsWith("whsec_"));
  const plain = secrets.filter((secret) => !secret.startsWith("whsec_"));
  const bySignature = signatureCheck(gitlabSigning, signing, context);
  const byToken = headerTokenCheck("x-gitlab-token", "", plain);
  return (inbound) => bySignature(inbound) ?? byToken(inbound);
}

function credentialHeaders(scheme: Preset["scheme"]): readonly string[] {
  if (scheme === "sns") return [];
  if (scheme === "discord") return ["x-signature-ed25519"];
  const signatures = familiesOf(scheme).map(({ signature }) => signature);
  if (scheme === "gitlab") return ["x-gitlab-token", ...signatures];
  if ("form" in scheme) return [scheme.form];
  if ("jwt" in scheme) return [scheme.jwt.header];
  return "token" in scheme ? [scheme.token] : signatures.filter((name) => name !== "");
}

function usableId(id: string | undefined): string | undefined {
  return id === undefined || id === "" || id.length > maxDeliveryIdLength ? undefined : id;
}
