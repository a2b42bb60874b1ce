// The table of docs/senders.md, computed: what a preset says, and by which tests it is held.

import { readFileSync } from "node:fs";
import type { Preset } from "../../../src/connectors/http/verify/preset.ts";
import { type PresetName, presetNames } from "../../../src/connectors/http/verify/preset-names.ts";
import { presets } from "../../../src/connectors/http/verify/presets.ts";
import { hasPublicKey, isTimed, schemesIn } from "../../../src/connectors/http/verify/scheme.ts";
import type { SignatureScheme } from "../../../src/connectors/http/verify/signature.ts";
import { defaultToleranceMs } from "../../../src/connectors/http/verify/signature.ts";

const columns = [
  ...["sender", "scheme", "what is signed", "replay protection", "delivery id", "`max_body`", "first call"],
  "checked with",
] as const;

/** The calls that a handshake answers: they are code, so they are named here. */
const handshakes: Partial<Record<PresetName, string>> = {
  bitbucket: "`diagnostics:ping`",
  buildkite: "`ping`",
  discord: "`PING` of both kinds",
  github: "`ping`",
  intercom: "`ping`",
  xero: "intent to receive",
  zoom: "`endpoint.url_validation`",
};

const algorithmNames: Readonly<Record<string, string>> = {
  sha1: "HMAC-SHA1",
  sha256: "HMAC-SHA256",
  sha384: "HMAC-SHA384",
  sha512: "HMAC-SHA512",
  ed25519: "Ed25519",
  "ecdsa-sha256": "ECDSA-SHA256",
  "rsa-sha1": "RSA-SHA1",
  "rsa-sha256": "RSA-SHA256",
};

const code = (text: string) => `\`${text}\``;

function placeOf({ field, headers, timestampKey }: SignatureScheme): string {
  if (field !== undefined) return `${code(field.replaceAll("*.", ""))} of the body`;
  const names = headers.map(({ signature }) => code(signature)).join(" or ");
  return timestampKey === undefined ? names : `${names} (with its time, ${code(timestampKey)})`;
}

function schemeOf(name: PresetName, preset: Preset): string {
  const { scheme, keys } = preset;
  const needs = [
    ...(keys === undefined && hasPublicKey(scheme) ? ["`public_key`"] : []),
    ...(preset.needsAudience ? ["`audience`"] : []),
    ...(preset.needsClaims ?? []).map((name) => `\`claims.${name}\``),
    ...(preset.challenge?.tokenFrom === undefined ? [] : ["`verify_token`"]),
    ...(JSON.stringify(scheme).includes("{url}") || (typeof scheme === "object" && "form" in scheme)
      ? ["`public_url`"]
      : []),
  ];
  const published = keys === undefined ? "" : "; the sender publishes its key";
  return `${proofOf(name, scheme)}${published}${needs.length === 0 ? "" : `; needs ${needs.join(", ")}`}`;
}

function proofOf(name: PresetName, scheme: Preset["scheme"]): string {
  if (scheme === "gitlab")
    return "the secret itself in `x-gitlab-token`; a signing token (`whsec_...`): as `standard_webhooks`";
  if (scheme === "discord") return "Ed25519 in `x-signature-ed25519`; `secret` is the public key";
  if (scheme === "sns") return "RSA-SHA1 or RSA-SHA256 in `Signature` of the body";
  if ("token" in scheme) return `the secret itself in ${code(scheme.token)}`;
  if ("tokenField" in scheme) return `the secret itself in ${code(scheme.tokenField)} of the body`;
  if ("form" in scheme)
    return `HMAC-SHA1${scheme.settings === undefined ? "" : ", or HMAC-SHA256 for a SharedKey,"} in ${code(scheme.form)}`;
  if ("jwt" in scheme) return `a JWT (${scheme.jwt.algorithm}) in ${code(scheme.jwt.header)}`;
  const [first] = schemesIn(scheme);
  if (first === undefined) throw new Error(`${name} has no scheme`);
  const kinds = schemesIn(scheme).map(({ algorithm }) => algorithmNames[algorithm] ?? algorithm);
  return `${kinds.join(", ")} in ${placeOf(first)}`;
}

const pieceNames: readonly (readonly [RegExp, string])[] = [
  [/\{timestamp\}/, "time"],
  [/\{id\}/, "id"],
  [/\{header:paypal-transmission-id\}/, "id"],
  [/\{audience\}/, "audience"],
  [/\{body_crc32\}/, "CRC-32 of the body"],
  [/\{url\}/, "URL"],
  [/\{form:payload\}/, "the form's `payload`"],
  [/\{body\}/, "body"],
];

/** In words, in the order in which they are signed. */
function signedOf({ scheme, sentAtField }: Preset): string {
  if (scheme === "gitlab") return "nothing; id, time, body with a signing token";
  if (scheme === "discord") return "time, body";
  if (scheme === "sns") return "the notification's fields";
  if ("token" in scheme || "tokenField" in scheme) return "nothing";
  if ("form" in scheme) return "URL, the form's fields";
  if ("jwt" in scheme) {
    const { bodyClaim, isTimed: isJwtTimed } = scheme.jwt;
    return [
      "the token",
      ...(bodyClaim === undefined ? ["not the body"] : ["the body's hash"]),
      ...(isJwtTimed === true ? ["time"] : []),
    ].join(", ");
  }
  const { signed } = schemesIn(scheme)[0] as SignatureScheme;
  const fields = [...signed.matchAll(/\{field:([^}]+)\}/g)].map(([, path]) =>
    code(path?.split(".").at(-1) ?? ""),
  );
  const pieces = pieceNames
    .map(([pattern, name]) => [signed.search(pattern), name] as const)
    .filter(([at]) => at >= 0)
    .sort(([a], [b]) => a - b)
    .map(([, name]) => name);
  if (sentAtField !== undefined) return `body, with the time in ${code(sentAtField)}`;
  return fields.length > 0 ? `of the body only ${fields.join(", ")}` : pieces.join(", ");
}

const isSigned = ({ scheme }: Preset) =>
  typeof scheme === "string" ||
  "form" in scheme ||
  schemesIn(scheme).length > 0 ||
  ("jwt" in scheme && scheme.jwt.bodyClaim !== undefined);

function replayOf(preset: Preset): string {
  const tolerance = preset.toleranceMs ?? defaultToleranceMs;
  const minutes = tolerance / 60_000;
  const fresh = `signed time, ±${minutes < 60 ? `${minutes}m` : `${minutes / 60}h`}`;
  if (preset.scheme === "gitlab") return `the id; ${fresh} with a signing token`;
  if (isTimed(preset)) return fresh;
  if (isSigned(preset)) return "what is signed counts once in 24h";
  return preset.delivery === undefined ? "none" : "the id only, which is not signed";
}

function idOf(preset: Preset): string {
  const { scheme, delivery, sentAtField } = preset;
  if (scheme === "gitlab") return "`idempotency-key`; `webhook-id` with a signing token";
  const ids = [...new Set(schemesIn(scheme).flatMap(({ headers }) => headers.flatMap(({ id }) => id ?? [])))];
  if (ids.length > 0) return ids.map(code).join(" or ");
  if (delivery !== undefined && "field" in delivery) return `${code(delivery.field)} in the body`;
  if (sentAtField !== undefined) return "the body without its time";
  if (isSigned(preset)) return "what is signed";
  return delivery === undefined ? "" : code(delivery.header);
}

function firstCallOf(name: PresetName, { challenge, handshake, confirmsSubscription }: Preset): string {
  if (confirmsSubscription === true) return "`SubscriptionConfirmation` (signed)";
  if ((handshake !== undefined) !== (handshakes[name] !== undefined))
    throw new Error(`${name}: name its handshake here, or no longer`);
  if (challenge === undefined) return handshakes[name] ?? "";
  const [where, ...path] = challenge.from.split(".");
  const kind = where === "headers" ? "header" : where === "query" ? "query" : "body";
  return `${code(path.join("."))} (${kind}${challenge.signed ? ", signed" : ""})`;
}

/** Which presets the tests in these blocks name: a sender's own code, or values that it published. */
function namedIn(blocks: readonly (readonly [file: string, title: string])[]): Set<string> {
  const found = blocks.flatMap(([file, title]) => {
    const source = readFileSync(new URL(file, import.meta.url), "utf8");
    const begin = source.indexOf(`describe("${title}"`);
    const end = source.indexOf("\n});\n", begin);
    if (begin < 0 || end < 0) throw new Error(`${file} has no block "${title}"`);
    return [...source.slice(begin, end).matchAll(/"(\w+)"/g)].map(([, word]) => word as string);
  });
  return new Set(found.filter((word) => (presetNames as readonly string[]).includes(word)));
}

export function sendersTable(): string[] {
  const libraries = namedIn([["./verify.test.ts", "the senders' own signers"]]);
  const vectors = namedIn([
    ["./verify.test.ts", "published examples"],
    ["./keys.test.ts", "published vectors"],
  ]);
  const rows = presetNames.map((name) => {
    const preset: Preset = presets[name];
    const held = [
      ...(libraries.has(name) ? ["library"] : []),
      ...(vectors.has(name) ? ["published vector"] : []),
    ];
    return [
      code(name),
      schemeOf(name, preset),
      signedOf(preset),
      replayOf(preset),
      idOf(preset),
      `${(preset.maxBodyBytes ?? 1024 * 1024) / 1024 / 1024}MiB`,
      firstCallOf(name, preset),
      held.length === 0 ? "documentation only" : held.join(", "),
    ];
  });
  return [columns, columns.map(() => "---"), ...rows].map((cells) =>
    `| ${cells.join(" | ")} |`.replaceAll("|  |", "| |"),
  );
}
