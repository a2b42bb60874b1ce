// Where the answers about a config are stored, and who reads them.

import { systemClock } from "../../clock.ts";
import { foundFile } from "../../config/config-location.ts";
import { realPath, trustFile } from "../../config/paths.ts";
import type { Log } from "../../contract.ts";
import { type Consent, openConsent } from "./consent.ts";
import type { TrustLocation } from "./trust-file.ts";

export function trustLocation(env: NodeJS.ProcessEnv, configFile: string): TrustLocation {
  return { file: trustFile(env, configFile), config: realPath(configFile) };
}

/** With the environment's own setting. */
export function consentOf(
  env: NodeJS.ProcessEnv,
  configFile: string,
  log: Log,
  as: { readonly migrates?: boolean } = {},
): Promise<Consent> {
  return openConsent({
    ...as,
    location: trustLocation(env, configFile),
    all: trustsAll(env),
    clock: systemClock,
    log,
  });
}

/**
 * For a discovered file: one initialize result may be cached for a file and for a link to it, which are
 * agreed to separately.
 */
export function consentDigest(file: string, answers: string): string {
  return `${foundFile(file).folder}:${answers}`;
}

/**
 * Only the environment of this process: a `.env` file is an edit. Below a Claude process the variable is
 * removed.
 */
export function trustsAll(env: NodeJS.ProcessEnv): boolean {
  return env.CHANNEL_ROUTER_TRUST === "all";
}
