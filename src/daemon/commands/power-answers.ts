// Powers as commands and `--json` show them.

import type { Power } from "../../contract/power.ts";
import type { AskedPowers } from "../../control/protocol.ts";
import type { PowerReport } from "../../session/tools/status.ts";
import type { DaemonState } from "../state.ts";
import type { Consent } from "../trust/consent.ts";
import { describeContents } from "../trust/consent-question.ts";

export function powerAnswers(powers: readonly Power[], { allows }: Pick<Consent, "allows">): PowerReport[] {
  return powers.map((one) => {
    const { power, value, component, program } = one;
    const found = program === undefined ? {} : { program };
    return { power, value, component, ...found, trusted: allows(one) };
  });
}

/** Of the running config, else of the one that was read last, which may wait as a whole. */
export function daemonPowers({ running, config, trust }: PowersOfService): PowerReport[] {
  const consent = trust.consent();
  const { plan } = running()?.config ?? config() ?? {};
  return plan === undefined || consent === undefined ? [] : powerAnswers(plan.powers, consent);
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
