// From the `verify` block of a source to the thing that verifies. Expects options that passed check.ts.

import type { Clock } from "../../../contract.ts";
import type { HttpOptions } from "../options.generated.ts";
import { discordCheck } from "./discord.ts";
import { type PresetName, presetNames } from "./preset-names.ts";
import { type Preset, presets, standardWebhooks } from "./presets.ts";
import { basicCheck, bearerCheck, headerTokenCheck, queryTokenCheck } from "./shared-secret.ts";
import {
  defaultToleranceMs,
  type SignatureContext,
  type SignatureScheme,
  signatureCheck,
} from "./signature.ts";
import { twilioCheck } from "./twilio.ts";
import { type Check, fieldOf, headerOf, type Verifier, type VerifyTraits } from "./verifier.ts";

export type VerifyOptions = NonNullable<HttpOptions["verify"]>;

/** A longer id is no id: nobody sends such, and each is remembered for a day. */
const maxDeliveryIdLength = 256;

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
    toleranceMs: options.timestamp?.toleranceMs ?? defaultToleranceMs,
    publicUrl: publicUrl?.replace(/\/$/, ""),
  };
  const check = isPreset(options.scheme)
    ? presetCheck(presets[options.scheme].scheme, secrets, context)
    : genericCheck(options, secrets, context);
  return { ...traits, check };
}

/** All but the check itself: needs no secret to be right. Undefined when the source verifies nothing. */
export function describeVerify(options: VerifyOptions | undefined): VerifyTraits | undefined {
  if (options === undefined || options.scheme === "none") return undefined;
  return isPreset(options.scheme) ? presetTraits(presets[options.scheme]) : genericTraits(options);
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

function presetTraits(preset: Preset): VerifyTraits {
  const { scheme, delivery, handshake, sentAtField } = preset;
  return {
    credentials: { headers: [...credentialHeaders(scheme), ...(preset.secretHeaders ?? [])], query: [] },
    ...(preset.formField === undefined ? {} : { formField: preset.formField }),
    deliveryId(headers, data) {
      const named = delivery?.headers?.find((name) => headerOf(headers, name) !== undefined);
      if (named !== undefined) return usableId(headerOf(headers, named));
      return delivery?.field === undefined ? undefined : usableId(fieldOf(data, delivery.field));
    },
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

function presetCheck(scheme: Preset["scheme"], secrets: readonly string[], context: SignatureContext): Check {
  if (scheme === "discord") return discordCheck(secrets, context);
  if (scheme === "twilio") return twilioCheck(secrets, context.publicUrl ?? "");
  if (scheme === "gitlab") return gitlabCheck(secrets, context);
  if ("token" in scheme) return headerTokenCheck(scheme.token, "", secrets);
  return signatureCheck(scheme, secrets, context);
}

/**
 * GitLab has a plain secret token, and since 18.x a signing token that always begins with `whsec_` and signs by Standard
 * Webhooks (gitlab.com merge request 230944). Each secret is checked in its own way only, so a signing token is never
 * accepted in the clear.
 */
function gitlabCheck(secrets: readonly string[], context: SignatureContext): Check {
  const signing = secrets.filter((secret) => secret.startsWith("whsec_"));
  const plain = secrets.filter((secret) => !secret.startsWith("whsec_"));
  const bySignature = signatureCheck(standardWebhooks, signing, context);
  const byToken = headerTokenCheck("x-gitlab-token", "", plain);
  return (inbound) => bySignature(inbound) ?? byToken(inbound);
}

function credentialHeaders(scheme: Preset["scheme"]): readonly string[] {
  if (scheme === "discord") return ["x-signature-ed25519"];
  if (scheme === "twilio") return ["x-twilio-signature"];
  if (scheme === "gitlab") return ["x-gitlab-token", "webhook-signature"];
  if ("token" in scheme) return [scheme.token];
  return scheme.headers.map(({ signature }) => signature);
}

function genericTraits({ scheme, header, query, deliveryId }: VerifyOptions): VerifyTraits {
  const idHeader = deliveryId?.toLowerCase();
  const readsHeader = header !== undefined && (scheme === "hmac" || scheme === "token");
  return {
    credentials: {
      headers: readsHeader ? [header.toLowerCase()] : [],
      query: query === undefined ? [] : [query],
    },
    ...(scheme === "bearer" ? { challenge: "Bearer" } : {}),
    ...(scheme === "basic" ? { challenge: 'Basic realm="channel-router"' } : {}),
    deliveryId: (headers) => (idHeader === undefined ? undefined : usableId(headerOf(headers, idHeader))),
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
