// Powers as commands and `--json` show them.

import type { Power } from "../../plan/powers.ts";
import type { DaemonState } from "../state.ts";
import type { Consent } from "../trust/consent.ts";
import { describeContents } from "../trust/consent-question.ts";

export interface PowerAnswer {
  /** Its kind: `listen`. */
  readonly power: string;
  /** What exactly: for `listen`, the address. */
  readonly value: string;
  /** The place in the config that asks for it. */
  readonly component: string;
  /** Of a command whose program has no absolute path: which file that is; null when there is none. */
  readonly program?: string | null;
  /** False: it waits for a person, and so does what needs it. */
  readonly trusted: boolean;
}

export function powerAnswers(powers: readonly Power[], { allows }: Pick<Consent, "allows">): PowerAnswer[] {
  return powers.map((one) => {
    const { power, value, component, program } = one;
    const found = program === undefined ? {} : { program };
    return { power, value, component, ...found, trusted: allows(one) };
  });
}

/** Of the running config, else of the one last read, which may wait as a whole. */
export function daemonPowers({ running, config, trust }: PowersOfService): PowerAnswer[] {
  const consent = trust.consent();
  const { plan } = running()?.config ?? config() ?? {};
  return plan === undefined || consent === undefined ? [] : powerAnswers(plan.powers, consent);
}

/** For the user's answer: what the router itself found, with its own PATH, variables and home. Undefined while it has no good config. */
export interface AskedPowers {
  readonly powers: readonly Power[];
  /** What comes with a file that was found, a line each. */
  readonly contents: readonly string[];
}

export function askedPowers({
  running,
  config,
}: Pick<PowersOfService, "running" | "config">): AskedPowers | null {
  const last = config();
  const proven = last !== undefined && last.issues.length === 0 ? last : running()?.config;
  return proven === undefined
    ? null
    : { powers: proven.plan.powers, contents: describeContents(proven.plan) };
}

type PowersOfService = Pick<DaemonState, "running" | "config" | "trust">;
