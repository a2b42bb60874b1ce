// Powers as commands and `--json` show them.

import type { Power } from "../plan/powers.ts";
import type { Consent } from "../runtime/consent.ts";
import type { ServiceState } from "./service-state.ts";

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

export function powerAnswers(powers: readonly Power[], { allows }: Pick<Consent, "allows">): PowerAnswer[] {
  return powers.map((one) => {
    const { power, value, component } = one;
    return { power, value, component, trusted: allows(one) };
  });
}

/** Of the running config, else of the one last read, which may wait as a whole. */
export function servicePowers({ running, config, trust }: PowersOfService): PowerAnswer[] {
  const consent = trust.consent();
  const { plan } = running()?.config ?? config() ?? {};
  return plan === undefined || consent === undefined ? [] : powerAnswers(plan.powers, consent);
}

type PowersOfService = Pick<ServiceState, "running" | "config" | "trust">;
