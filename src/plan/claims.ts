// Resources that only one component may hold: two claims for the same one are a mistake in the config, found
// before anything starts.

import type { IssueDraft } from "../config/values.ts";
import type { Claim } from "../contract.ts";
import type { PlannedSource } from "./plan.ts";

/** A path of the shared listener: handed from one source to another without a gap. */
export function isRoute(claim: Claim): boolean {
  return claim.startsWith("route:");
}

export function claimIssues(sources: readonly PlannedSource[]): IssueDraft[] {
  const holders = new Map<string, string>();
  return sources
    .filter(({ enabled }) => enabled)
    .flatMap(({ name, claims }) =>
      claims.flatMap((claim): IssueDraft[] => {
        const holder = holders.get(claim);
        holders.set(claim, holder ?? name);
        if (holder === undefined || holder === name) return [];
        const [kind, ...what] = claim.split(":");
        return [
          {
            path: ["sources", name],
            on: "key",
            code: "E_CONFIG_CLAIM",
            message: `${name} and ${holder} both want the ${kind} ${what.join(":")}`,
            hint: "give one of them another, or turn one off with enabled: false",
          },
        ];
      }),
    );
}
