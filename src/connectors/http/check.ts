// What the option schema cannot say: which scheme needs which options, what can be signed, and whether an unverified
// source could be reached from other machines. Pure; the place of each problem is told in the words of the YAML.

import { compileRanges } from "../../addresses.ts";
import type { OptionIssue, Surroundings } from "../../contract.ts";
import { checkChallenge } from "./check-challenge.ts";
import { trustOf } from "./event.ts";
import type { HttpOptions } from "./options.ts";
import { pathIssue } from "./path.ts";
import { discordKeyPattern } from "./verify/discord.ts";
import { presets } from "./verify/presets.ts";
import { hmacScheme, isPreset, isTimed, secretsOf, type VerifyOptions } from "./verify/scheme.ts";
import { partsOf, type SignatureScheme } from "./verify/signature.ts";

type Key = Exclude<keyof VerifyOptions, "scheme">;

const yamlKeys: Readonly<Record<Key, string>> = {
  secret: "secret",
  verifyToken: "verify_token",
  username: "username",
  header: "header",
  query: "query",
  algorithm: "algorithm",
  encoding: "encoding",
  prefix: "prefix",
  key: "key",
  signed: "signed",
  timestamp: "timestamp",
  deliveryId: "delivery_id",
  deliveryMemoryMs: "delivery_memory",
};

/** What the generic schemes take; the first list must be there. */
const generic: Readonly<Record<string, { readonly needs: readonly Key[]; readonly takes: readonly Key[] }>> =
  {
    hmac: {
      needs: ["header", "secret"],
      takes: [
        "algorithm",
        "encoding",
        "prefix",
        "key",
        "signed",
        "timestamp",
        "deliveryId",
        "deliveryMemoryMs",
      ],
    },
    bearer: { needs: ["secret"], takes: ["deliveryId", "deliveryMemoryMs"] },
    basic: { needs: ["username", "secret"], takes: ["deliveryId", "deliveryMemoryMs"] },
    token: { needs: ["secret"], takes: ["header", "query", "prefix", "deliveryId", "deliveryMemoryMs"] },
    none: { needs: [], takes: [] },
  };

const examples: Readonly<Partial<Record<Key, string>>> = {
  secret: 'secret: "${WEBHOOK_SECRET}"',
  header: "header: x-signature",
  username: "username: hooks",
  verifyToken: 'verify_token: "${VERIFY_TOKEN}"',
};

export function checkOptions(options: HttpOptions, surroundings: Surroundings): OptionIssue[] {
  const path = pathIssue(options.path);
  return [
    ...(path === undefined ? [] : [path]),
    ...(options.verify === undefined ? [] : checkVerify(options.verify, surroundings)),
    ...checkRespond(options),
    ...checkChallenge(options),
    ...checkMaxBody(options),
    ...checkProxies(options),
    ...checkExposure(options, surroundings),
  ];
}

function checkExposure(options: HttpOptions, { loopback }: Surroundings): OptionIssue[] {
  if (loopback || trustOf(options) === "verified") return [];
  return [
    {
      path: options.verify === undefined ? [] : ["verify", "scheme"],
      code: "E_CONFIG_EXPOSED",
      message: "is not verified, and listen is beyond this machine: anybody could send events to Claude",
      hint: 'add  verify: { scheme: bearer, secret: "${WEBHOOK_SECRET}" }  or the sender\'s own scheme, or listen on 127.0.0.1',
    },
  ];
}

const longestWaitMs = 60 * 60 * 1_000;

function checkRespond({ respond }: HttpOptions): OptionIssue[] {
  if (respond?.waitMs === undefined) return [];
  const issues: OptionIssue[] = (["status", "body", "contentType"] as const)
    .filter((key) => respond[key] !== undefined)
    .map((key) => ({
      path: ["respond", key === "contentType" ? "content_type" : key],
      message: "has no use beside wait: the answer is Claude's reply",
      hint: "remove one of the two",
    }));
  if (respond.waitMs < 1_000 || respond.waitMs > longestWaitMs) {
    issues.push({
      path: ["respond", "wait"],
      message: "must be from 1s to 1h",
      hint: "for example wait: 30s",
    });
  }
  return issues;
}

/** A body is held in memory whole, as sent and inflated. */
const largestBodyBytes = 64 * 1024 * 1024;

function checkMaxBody({ maxBodyBytes }: HttpOptions): OptionIssue[] {
  if (maxBodyBytes === undefined) return [];
  if (maxBodyBytes >= 1 && maxBodyBytes <= largestBodyBytes) return [];
  return [{ path: ["max_body"], message: "must be from 1B to 64MiB", hint: "for example max_body: 5MiB" }];
}

function checkProxies({ proxies }: HttpOptions): OptionIssue[] {
  return (proxies ?? []).flatMap((range, index) =>
    "malformed" in compileRanges([range])
      ? [
          {
            path: ["proxies", index],
            message: "is not an address or a range of addresses",
            hint: "for example 127.0.0.1 or 10.0.0.0/8",
          },
        ]
      : [],
  );
}

function checkVerify(verify: VerifyOptions, surroundings: Surroundings): OptionIssue[] {
  const { needs, takes } = generic[verify.scheme] ?? presetKeys(verify);
  const given = (Object.keys(yamlKeys) as Key[]).filter((key) => verify[key] !== undefined);
  const missing = needs.filter((key) => verify[key] === undefined);
  const foreign = given.filter((key) => !needs.includes(key) && !takes.includes(key));
  return [
    ...missing.map((key) =>
      issue([], `scheme ${verify.scheme} needs ${yamlKeys[key]}`, `add  ${examples[key] ?? yamlKeys[key]}`),
    ),
    ...foreign.map((key) =>
      issue(
        [yamlKeys[key]],
        `scheme ${verify.scheme} has no use for ${yamlKeys[key]}`,
        useOf(verify.scheme, needs, takes),
      ),
    ),
    ...checkMemory(verify),
    ...checkSecrets(verify),
    ...checkNames(verify),
    ...(verify.scheme === "hmac" ? checkHmac(verify, surroundings) : []),
    ...(verify.scheme === "token" ? checkToken(verify) : []),
    ...(signsUrl(verify.scheme)
      ? checkPublicUrl(`the scheme ${verify.scheme}`, ["scheme"], surroundings)
      : []),
  ];
}

function presetKeys({ scheme, timestamp }: VerifyOptions): { needs: readonly Key[]; takes: readonly Key[] } {
  const onlyTolerance = Object.keys(timestamp ?? {}).every((key) => key === "toleranceMs");
  return {
    needs: ["secret", ...(asksToken(scheme) ? (["verifyToken"] as const) : [])],
    takes: [...(hasTime(scheme) && onlyTolerance ? (["timestamp"] as const) : []), "deliveryMemoryMs"],
  };
}

/** Does the sender of the preset repeat a verify token in its first call? */
function asksToken(name: string): boolean {
  return isPreset(name) && presets[name].challenge?.tokenFrom !== undefined;
}

/** Is the URL that the sender called a part of what it signs? */
function signsUrl(name: string): boolean {
  if (!isPreset(name)) return false;
  const { scheme } = presets[name];
  return (
    typeof scheme === "object" &&
    ("form" in scheme || ("signed" in scheme && scheme.signed.includes("{url}")))
  );
}

/** Does the preset carry the time of sending, so that a tolerance means something? */
function hasTime(name: string): boolean {
  return isPreset(name) && isTimed(presets[name]);
}

function useOf(scheme: string, needs: readonly Key[], takes: readonly Key[]): string {
  const names = [...needs, ...takes].map((key) => yamlKeys[key]);
  if (names.length === 0) return `remove it: ${scheme} takes nothing else`;
  const tolerance = !takes.includes("timestamp") && hasTime(scheme) ? " and timestamp.tolerance" : "";
  return `remove it, or use scheme: hmac to spell a signature out; ${scheme} takes ${names.join(", ")}${tolerance}`;
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
    const place = typeof verify.secret === "string" ? ["secret"] : ["secret", index];
    const problem = secretProblem(verify.scheme, secret);
    return problem === undefined ? [] : [issue(place, ...problem)];
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

function checkNames(verify: VerifyOptions): OptionIssue[] {
  const headers: [(string | number)[], string | undefined][] = [
    [["header"], verify.header],
    [["timestamp", "header"], verify.timestamp?.header],
    [["delivery_id"], verify.deliveryId],
  ];
  const issues = headers
    .filter(([, name]) => name !== undefined && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    .map(([place]) =>
      issue(place, "is no header name", "write it as the sender does, for instance x-signature"),
    );
  if (verify.scheme === "basic" && verify.username?.includes(":") === true) {
    issues.push(
      issue(["username"], 'may not have a ":"', "basic puts the colon between user name and secret"),
    );
  }
  return issues;
}

function checkToken({ header, query }: VerifyOptions): OptionIssue[] {
  if (header === undefined && query === undefined) {
    return [issue([], "scheme token needs header or query", "add  header: x-token")];
  }
  if (header === undefined || query === undefined) return [];
  return [issue(["query"], "scheme token takes header or query, not both", "remove one of them")];
}

const partNames = ["{body}", "{timestamp}", "{id}", "{url}"];

function checkHmac(verify: VerifyOptions, surroundings: Surroundings): OptionIssue[] {
  const scheme: SignatureScheme = hmacScheme(verify);
  const used = partsOf(scheme.signed).filter((part) => part.startsWith("{"));
  const issues = used
    .filter((part) => !partNames.includes(part))
    .map(() => issue(["signed"], "has an unknown part in braces", `the parts are ${partNames.join(" ")}`));
  if (!used.includes("{body}")) {
    issues.push(
      issue(
        ["signed"],
        "leaves the body out, so that it could be exchanged",
        'for instance  signed: "{timestamp}.{body}"',
      ),
    );
  }
  const timed = used.includes("{timestamp}");
  if (timed && verify.timestamp?.header === undefined && verify.key === undefined) {
    issues.push(
      issue(
        ["signed"],
        "has {timestamp}, but nothing says where it stands",
        "add  timestamp: { header: x-timestamp }",
      ),
    );
  }
  if (!timed && verify.timestamp !== undefined) {
    issues.push(
      issue(
        ["timestamp"],
        "is not signed, so that anybody could change it",
        'add it:  signed: "{timestamp}.{body}"',
      ),
    );
  }
  if (verify.timestamp?.key !== undefined && verify.key === undefined) {
    issues.push(issue(["timestamp", "key"], "is for a header of the form t=...,v1=...", "add  key: v1"));
  }
  if (used.includes("{id}") && verify.deliveryId === undefined) {
    issues.push(
      issue(["signed"], "has {id}, but nothing says where it stands", "add  delivery_id: x-delivery"),
    );
  }
  if (!used.includes("{id}") && verify.deliveryId !== undefined) {
    issues.push(
      issue(
        ["delivery_id"],
        "is not signed, so that anybody could change it",
        'remove it: what is signed is known again by itself; or add it:  signed: "{id}.{body}"',
      ),
    );
  }
  if (used.includes("{url}")) issues.push(...checkPublicUrl("{url}", ["signed"], surroundings));
  return issues;
}

function checkPublicUrl(what: string, place: string[], { publicUrl }: Surroundings): OptionIssue[] {
  if (publicUrl !== undefined) return [];
  return [
    issue(
      place,
      `${what} needs to know the URL that the sender calls`,
      "add at the top level  public_url: https://your.host",
    ),
  ];
}

function issue(place: readonly (string | number)[], message: string, hint: string): OptionIssue {
  return { path: ["verify", ...place], code: "E_CONFIG_VERIFY", message, hint };
}
