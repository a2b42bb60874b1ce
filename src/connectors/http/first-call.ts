// The challenge of a source: from `respond.challenge`, else from its preset.

import type { HttpOptions } from "./options.ts";
import {
  type Challenge,
  type Challenger,
  comesByOptions,
  createChallenger,
  usualTarget,
} from "./verify/challenge.ts";
import { secretsOf } from "./verify/generic.ts";
import { presets } from "./verify/presets.ts";
import { isPreset } from "./verify/scheme.ts";

type ChallengeOptions = Pick<HttpOptions, "respond" | "verify">;

/** Undefined when the source answers no first call of this kind. */
export function challengeOf({ respond, verify }: ChallengeOptions): Challenge | undefined {
  const written = respond?.challenge;
  if (written === undefined)
    return verify !== undefined && isPreset(verify.scheme) ? presets[verify.scheme].challenge : undefined;
  const { from, when, tokenFrom, to, signed } = typeof written === "string" ? { from: written } : written;
  return {
    from,
    ...(when === undefined ? {} : { when }),
    ...(tokenFrom === undefined ? {} : { tokenFrom }),
    to: to ?? usualTarget(from),
    signed: signed ?? (from.startsWith("data.") && verify !== undefined && verify.scheme !== "none"),
  };
}

/** Does the source take its secret from the first call? */
export function learnsSecret(options: ChallengeOptions): boolean {
  return options.verify?.secret === undefined && challengeOf(options)?.isSecret === true;
}

export function challengerOf(options: ChallengeOptions): Challenger | undefined {
  const challenge = challengeOf(options);
  const secrets = options.verify === undefined ? [] : secretsOf(options.verify);
  return challenge === undefined ? undefined : createChallenger(challenge, tokensOf(options), secrets);
}

function tokensOf({ respond, verify }: ChallengeOptions): string[] {
  const written = respond?.challenge;
  const own = typeof written === "object" ? written.token : undefined;
  return [own, verify?.verifyToken].filter((token) => token !== undefined && token !== "") as string[];
}

/** The methods that the path accepts: a challenge in the head of a request may come by GET, or by OPTIONS. */
export function routedMethods(options: Pick<HttpOptions, "methods" | "respond" | "verify">): string[] {
  const challenge = challengeOf(options);
  const from = challenge?.from ?? "data.";
  const asking = comesByOptions(from) ? ["OPTIONS"] : from.startsWith("data.") ? [] : ["GET"];
  return [...new Set<string>([...options.methods, ...asking])];
}
