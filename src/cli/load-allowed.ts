// A config for commands that show what it makes of events.

import type { ConfigLocation } from "../config/config-location.ts";
import { createLog } from "../daemon/log.ts";
import { loadPlan, type ProvenConfig } from "../daemon/start/load-plan.ts";
import { consentOf } from "../daemon/trust/trust-location.ts";

/**
 * Secrets that the user has not allowed to be shown are hidden here, too: Claude may have typed the command. `now`: the time
 * of its templates.
 */
export async function loadAllowed(
  { file, chosen }: ConfigLocation & { readonly file: string },
  now?: () => number,
): Promise<ProvenConfig & { readonly file: string }> {
  const as = { chosen, ...(now === undefined ? {} : { now }) };
  const proven = await loadPlan(file, process.env, as);
  const { loaded, plan } = proven;
  const consent = await consentOf(process.env, file, createLog({ secrets: () => loaded.secrets }));
  const hides = plan.powers.some(
    (power) => (power.power === "use" || power.power === "show") && !consent.allows(power),
  );
  return { file, ...(hides ? await loadPlan(file, process.env, { ...as, hideVariables: true }) : proven) };
}
