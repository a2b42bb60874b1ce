// Powers as commands and `--json` show them.

import { realPath, trustFile } from "../config/places.ts";
import type { Log } from "../contract.ts";
import { describePower, type Power } from "../plan/powers.ts";
import { systemClock } from "../runtime/clock.ts";
import { type Consent, openConsent } from "../runtime/consent.ts";
import type { TrustPlace } from "../runtime/trust-file.ts";
import { cut, line, lines, type SafeText, shownLine } from "../text.ts";

export interface PowerAnswer {
  /** Its kind: `listen`. */
  readonly power: string;
  /** What exactly: for `listen`, the address. */
  readonly value: string;
  /** The place in the config that asks for it. */
  readonly component: string;
  /** False: it waits for a person, and so does what needs it. */
  readonly trusted: boolean;
}

/** What a form and a screen can show. */
const maxListed = 20;
const maxLineLength = 300;

export function powerAnswers(powers: readonly Power[], { allows }: Pick<Consent, "allows">): PowerAnswer[] {
  return powers.map((one) => {
    const { power, value, component } = one;
    return { power, value, component, trusted: allows(one) };
  });
}

export function trustPlace(env: NodeJS.ProcessEnv, configFile: string): TrustPlace {
  return { file: trustFile(env, configFile), config: realPath(configFile) };
}

/** With the environment's own word. */
export function consentOf(env: NodeJS.ProcessEnv, configFile: string, log: Log): Promise<Consent> {
  return openConsent({
    place: trustPlace(env, configFile),
    // The environment of this very process only: what a `.env` file says is an edit, not a person.
    all: env.CHANNEL_ROUTER_TRUST === "all",
    clock: systemClock,
    log,
  });
}

/** One line each, for a question. A longer list is cut, and the cut says how many are missing. */
export function listPowers(powers: readonly Power[]): SafeText {
  const listed = powers
    .slice(0, maxListed)
    .map((power) => cut(line`  ${shownLine(describePower(power))}`, maxLineLength));
  const left = powers.length - listed.length;
  return lines([
    ...listed,
    ...(left === 0 ? [] : [line`  and ${left} more: channel-router trust --list shows all`]),
  ]);
}
