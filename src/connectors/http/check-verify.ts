// Which scheme needs which options of `verify`, and the format of secrets, keys and names. Pure; no value is
// quoted, because a variable may have brought it in.

import type { OptionIssue, Surroundings } from "../../contract.ts";
import { checkPublicUrl, checkSigned, issue } from "./check-signed.ts";
import { hmacAlgorithms, jwtAlgorithms, publicKeyAlgorithms } from "./verify/algorithms.ts";
import { discordKeyPattern } from "./verify/discord.ts";
import { jwtScheme, publicKeysOf, secretsOf, signatureScheme, type VerifyOptions } from "./verify/generic.ts";
import { jwtKeyKind } from "./verify/jwt.ts";
import type { Preset } from "./verify/preset.ts";
import { presets } from "./verify/presets.ts";
import { decodeText, isPublicKeyAlgorithm, readPublicKey } from "./verify/public-key.ts";
import { topicPattern } from "./verify/remote-keys.ts";
import { hasPublicKey, isPreset, isTimed, schemesIn } from "./verify/scheme.ts";

type Key = Exclude<keyof VerifyOptions, "scheme">;

const yamlKeys: Readonly<Record<Key, string>> = {
  secret: "secret",
  verifyToken: "verify_token",
  username: "username",
  header: "header",
  query: "query",
  secretEncoding: "secret_encoding",
  publicKey: "public_key",
  jwks: "jwks",
  audience: "audience",
  issuer: "issuer",
  claims: "claims",
  bodyClaim: "body_claim",
  field: "field",
  algorithm: "algorithm",
  encoding: "encoding",
  prefix: "prefix",
  key: "key",
  signed: "signed",
  timestamp: "timestamp",
  deliveryId: "delivery_id",
  deliveryMemoryMs: "delivery_memory",
};

const ids = ["deliveryId", "deliveryMemoryMs"] as const;
const signing = ["algorithm", "encoding", "prefix", "key", "signed", "timestamp", ...ids] as const;
const claims = ["audience", "issuer", "claims", "bodyClaim"] as const;

interface Needs {
  readonly needs: readonly Key[];
  readonly takes: readonly Key[];
}

/** What the generic schemes require and accept. */
const generic: Readonly<Record<string, (verify: VerifyOptions) => Needs>> = {
  hmac: (verify) => ({
    needs: [...carrierOf(verify), "secret"],
    takes: [...signing, "field", "secretEncoding"],
  }),
  signature: (verify) => ({ needs: [...carrierOf(verify), "publicKey"], takes: [...signing, "field"] }),
  jwt: ({ algorithm, secret, jwks, publicKey }) => ({
    needs: [
      isShared(algorithm, secret)
        ? "secret"
        : jwks !== undefined && publicKey === undefined
          ? "jwks"
          : "publicKey",
    ],
    takes: ["header", "prefix", "algorithm", "secretEncoding", "timestamp", ...claims, ...ids],
  }),
  bearer: () => ({ needs: ["secret"], takes: ids }),
  basic: () => ({ needs: ["username", "secret"], takes: ids }),
  token: () => ({ needs: ["secret"], takes: ["header", "query", "field", "prefix", ...ids] }),
  none: () => ({ needs: [], takes: [] }),
};

/** A signature is in a header, or in a field of the payload. */
const carrierOf = ({ field }: VerifyOptions): Key[] => (field === undefined ? ["header"] : []);

const isShared = (algorithm: VerifyOptions["algorithm"], secret: VerifyOptions["secret"]): boolean =>
  algorithm === undefined ? secret !== undefined : algorithm === "HS256";

const examples: Readonly<Partial<Record<Key, string>>> = {
  secret: 'secret: "${WEBHOOK_SECRET}"',
  header: "header: x-signature",
  publicKey: 'public_key: "${SENDER_PUBLIC_KEY}"',
  audience: "audience: https://your.host/hook",
  username: "username: hooks",
  verifyToken: 'verify_token: "${VERIFY_TOKEN}"',
};

export function checkVerify(verify: VerifyOptions, surroundings: Surroundings): OptionIssue[] {
  const { scheme } = verify;
  const { needs, takes } = generic[scheme]?.(verify) ?? presetKeys(verify);
  const given = (Object.keys(yamlKeys) as Key[]).filter((key) => verify[key] !== undefined);
  const missing = needs.filter((key) => verify[key] === undefined);
  const foreign = given.filter((key) => !needs.includes(key) && !takes.includes(key));
  return [
    ...missing.map((key) =>
      issue([], `scheme ${scheme} needs ${yamlKeys[key]}`, `add  ${examples[key] ?? yamlKeys[key]}`),
    ),
    ...foreign.map((key) =>
      issue([yamlKeys[key]], `scheme ${scheme} does not use ${yamlKeys[key]}`, useOf(scheme, needs, takes)),
    ),
    ...checkMemory(verify),
    ...checkSecrets(verify),
    ...checkKeys(verify),
    ...checkJwks(verify),
    ...checkAudience(verify),
    ...checkClaims(verify),
    ...checkNames(verify),
    ...(isSpelledOut(scheme) ? [...checkAlgorithm(verify), ...checkSigned(verify, surroundings)] : []),
    ...(scheme === "jwt" ? [...checkAlgorithm(verify), ...checkTime(verify)] : []),
    ...(scheme === "token" ? checkToken(verify) : []),
    ...(signsUrl(scheme) ? checkPublicUrl(`the scheme ${scheme}`, ["scheme"], surroundings) : []),
  ];
}

const isSpelledOut = (scheme: string): boolean => scheme === "hmac" || scheme === "signature";

function presetKeys({ scheme, timestamp }: VerifyOptions): Needs {
  const preset = isPreset(scheme) ? presets[scheme] : undefined;
  const onlyTolerance = Object.keys(timestamp ?? {}).every((key) => key === "toleranceMs");
  const isJwt = typeof preset?.scheme === "object" && "jwt" in preset.scheme;
  return {
    needs: [
      ...(preset === undefined || preset.keys !== undefined || preset.challenge?.isSecret === true
        ? []
        : [credentialOf(preset)]),
      ...(preset?.needsAudience === true ? (["audience"] as const) : []),
      ...(preset?.challenge?.tokenFrom === undefined ? [] : (["verifyToken"] as const)),
    ],
    takes: [
      ...(hasTime(scheme) && onlyTolerance ? (["timestamp"] as const) : []),
      ...(isJwt ? (["audience", "claims"] as const) : []),
      ...(preset?.challenge?.isSecret === true ? [credentialOf(preset)] : []),
      "deliveryMemoryMs",
    ],
  };
}

const credentialOf = ({ scheme }: Preset): Key => (hasPublicKey(scheme) ? "publicKey" : "secret");

/** Is the URL that the sender called part of the signed text? */
function signsUrl(name: string): boolean {
  if (!isPreset(name)) return false;
  const { scheme } = presets[name];
  return (
    (typeof scheme === "object" && "form" in scheme) ||
    schemesIn(scheme).some(({ signed }) => signed.includes("{url}"))
  );
}

/** Does the preset include the time of sending, so that a tolerance has an effect? */
function hasTime(name: string): boolean {
  return isPreset(name) && isTimed(presets[name]);
}

function useOf(scheme: string, needs: readonly Key[], takes: readonly Key[]): string {
  const names = [...needs, ...takes].map((key) => yamlKeys[key]);
  if (names.length === 0) return `remove it: ${scheme} accepts no other options`;
  const tolerance = !takes.includes("timestamp") && hasTime(scheme) ? " and timestamp.tolerance" : "";
  return `remove it, or use scheme: hmac to define a signature; ${scheme} accepts ${names.join(", ")}${tolerance}`;
}

const memoryBoundsMs = [10_000, 30 * 24 * 60 * 60 * 1_000] as const;

function checkMemory({ deliveryMemoryMs }: VerifyOptions): OptionIssue[] {
  const [least, most] = memoryBoundsMs;
  if (deliveryMemoryMs === undefined || (deliveryMemoryMs >= least && deliveryMemoryMs <= most)) return [];
  return [issue(["delivery_memory"], "must be from 10s to 30d", "for example  delivery_memory: 1h")];
}

function checkSecrets(verify: VerifyOptions): OptionIssue[] {
  if (verify.secret === undefined) return [];
  const secrets = secretsOf(verify);
  if (secrets.length === 0) return [issue(["secret"], "is an empty list", `add  ${examples.secret}`)];
  return secrets.flatMap((secret, index) => {
    const path = typeof verify.secret === "string" ? ["secret"] : ["secret", index];
    const problem = secretProblem(verify.scheme, secret) ?? encodingProblem(verify, secret);
    return problem === undefined ? [] : [issue(path, ...problem)];
  });
}

function secretProblem(scheme: string, secret: string): [message: string, hint: string] | undefined {
  if (secret.trim() === "") {
    return [
      "is empty, so that anybody could sign",
      "set the environment variable that it names, or write a secret",
    ];
  }
  if (scheme === "discord" && !discordKeyPattern.test(secret)) {
    return [
      "is not the 64 hex digits of a public key",
      'copy "Public Key" from the application\'s General Information page',
    ];
  }
  const base64 =
    scheme === "standard_webhooks" ||
    scheme === "svix" ||
    (scheme === "gitlab" && secret.startsWith("whsec_"));
  if (base64 && !/^(whsec_)?[A-Za-z0-9+/]{4,}={0,2}$/.test(secret)) {
    return ["is not base64", "copy the signing secret as it is shown; it begins with whsec_"];
  }
  return undefined;
}

/** Invalid encoding would silently truncate the secret. */
function encodingProblem(verify: VerifyOptions, secret: string): [message: string, hint: string] | undefined {
  const preset = isPreset(verify.scheme) ? schemesIn(presets[verify.scheme].scheme)[0]?.secret : undefined;
  const encoding = verify.secretEncoding ?? (preset === "base64" ? undefined : preset);
  if (encoding === undefined || encoding === "text" || decodeText(secret, encoding) !== undefined)
    return undefined;
  return [`is not ${encoding}`, "copy the key as the sender shows it"];
}

const algorithmsOf: Readonly<Record<string, readonly string[]>> = {
  hmac: hmacAlgorithms,
  signature: publicKeyAlgorithms,
  jwt: jwtAlgorithms,
};

function checkAlgorithm({ scheme, algorithm }: VerifyOptions): OptionIssue[] {
  const known = algorithmsOf[scheme] ?? [];
  if (algorithm === undefined || known.includes(algorithm)) return [];
  return [issue(["algorithm"], `is not one for scheme ${scheme}`, `the algorithms are ${known.join(", ")}`)];
}

function checkTime({ timestamp }: VerifyOptions): OptionIssue[] {
  return (["header", "field", "key"] as const)
    .filter((key) => timestamp?.[key] !== undefined)
    .map((key) => issue(["timestamp", key], "has no effect here: the time is the claim iat", "remove it"));
}

/** Can each public key be read, and is it valid for the algorithm? */
function checkKeys(verify: VerifyOptions): OptionIssue[] {
  if (verify.publicKey === undefined) return [];
  const keys = publicKeysOf(verify);
  const hint = "copy it as the sender shows it: PEM, JWK, base64 or hex";
  if (keys.length === 0) return [issue(["public_key"], "is an empty list", hint)];
  const kind = keyKindOf(verify);
  if (kind === undefined) return [];
  return keys.flatMap((text, index) => {
    if (readPublicKey(text, kind) !== undefined) return [];
    const path = typeof verify.publicKey === "string" ? ["public_key"] : ["public_key", index];
    return [issue(path, `is not a public key for ${kind}`, hint)];
  });
}

/** Keys from a plain connection could be anybody's. */
function checkJwks({ jwks }: VerifyOptions): OptionIssue[] {
  if (jwks === undefined) return [];
  const url = URL.canParse(jwks) ? new URL(jwks) : undefined;
  const isLocal = url !== undefined && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLocal);
  if (isSafe && url?.username === "" && url.password === "") return [];
  return [
    issue(["jwks"], "is not an https URL", "for example  jwks: https://sender.example/.well-known/jwks.json"),
  ];
}

function checkAudience({ scheme, audience }: VerifyOptions): OptionIssue[] {
  if (scheme !== "sns" || audience === undefined) return [];
  if (topicPattern.test(audience)) return [];
  const hint = "for example  audience: arn:aws:sns:eu-west-1:123456789012:alarms";
  return [issue(["audience"], "is not the ARN of a topic", hint)];
}

/** Keys that sign for everybody prove nothing of the sender: what they sign must name it. */
function checkClaims({ scheme, claims: given = {}, jwks, audience }: VerifyOptions): OptionIssue[] {
  const needed = isPreset(scheme) ? (presets[scheme].needsClaims ?? []) : [];
  const missing = needed.filter((name) => !given[name]?.trim());
  if (missing.length > 0) {
    const hint = `name the account that sends:  claims: { ${missing.map((name) => `${name}: "..."`).join(", ")} }`;
    return [
      issue(
        ["claims"],
        `scheme ${scheme} needs ${missing.join(", ")}: anybody gets such a token for your audience`,
        hint,
      ),
    ];
  }
  if (jwks === undefined || audience !== undefined || Object.keys(given).length > 0) return [];
  const hint = 'for example  audience: https://your.host/hook, or  claims: { sub: "..." }';
  return [issue(["jwks"], "needs audience or claims: its keys also sign tokens that are for others", hint)];
}

function keyKindOf(verify: VerifyOptions) {
  if (verify.scheme === "jwt") return jwtKeyKind(jwtScheme(verify).algorithm);
  if (verify.scheme === "signature") {
    const { algorithm } = signatureScheme(verify);
    return isPublicKeyAlgorithm(algorithm) ? algorithm : undefined;
  }
  if (!isPreset(verify.scheme)) return undefined;
  const { scheme } = presets[verify.scheme];
  if (typeof scheme === "object" && "jwt" in scheme) return jwtKeyKind(scheme.jwt.algorithm);
  return schemesIn(scheme)
    .map(({ algorithm }) => algorithm)
    .find(isPublicKeyAlgorithm);
}

function checkNames(verify: VerifyOptions): OptionIssue[] {
  const headers: [(string | number)[], string | undefined][] = [
    [["header"], verify.header],
    [["timestamp", "header"], verify.timestamp?.header],
    [["delivery_id"], verify.deliveryId],
  ];
  const issues = headers
    .filter(([, name]) => name !== undefined && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    .map(([path]) =>
      issue(path, "is not a header name", "write it as the sender does, for instance x-signature"),
    );
  if (verify.scheme === "basic" && verify.username?.includes(":") === true) {
    issues.push(
      issue(["username"], 'may not have a ":"', "basic puts the colon between user name and secret"),
    );
  }
  return issues;
}

function checkToken({ header, query, field }: VerifyOptions): OptionIssue[] {
  const given = (["header", "query", "field"] as const).filter(
    (key) => ({ header, query, field })[key] !== undefined,
  );
  if (given.length === 0)
    return [issue([], "scheme token needs header or query", "add  header: x-token, or field: token")];
  if (given.length === 1) return [];
  const last = given.at(-1) ?? "field";
  return [issue([last], `scheme token takes ${given[0]} or ${last}, not both`, "remove one of them")];
}
