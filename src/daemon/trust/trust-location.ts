// Where it is kept what the user agreed to for a config, and who reads it.

import { foundFile, realPath, trustFile } from "../../config/paths.ts";
import type { Log } from "../../contract.ts";
import { systemClock } from "../../host/clock.ts";
import { type Consent, openConsent } from "./consent.ts";
import type { TrustLocation } from "./trust-file.ts";

export function trustLocation(env: NodeJS.ProcessEnv, configFile: string): TrustLocation {
  return { file: trustFile(env, configFile), config: realPath(configFile) };
}

/** With the environment's own word. */
export function consentOf(
  env: NodeJS.ProcessEnv,
  configFile: string,
  log: Log,
  as: { readonly migrates?: boolean } = {},
): Promise<Consent> {
  return openConsent({
    ...as,
    place: trustLocation(env, configFile),
    all: trustsAll(env),
    clock: systemClock,
    log,
  });
}

/** Of a found file: one greeting may be kept for a file and for a link to it, which are agreed to each for itself. */
export function consentDigest(file: string, answers: string): string {
  return `${foundFile(file).folder}:${answers}`;
}

/** The environment of this very process only: what a `.env` file says is an edit. Below a Claude process it does not get here. */
export function trustsAll(env: NodeJS.ProcessEnv): boolean {
  return env.CHANNEL_ROUTER_TRUST === "all";
}
