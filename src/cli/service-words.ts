// What an owner says of its config and of its own end.

import type { ConfigPlace } from "../config/places.ts";
import type { Log } from "../contract.ts";
import { describePower } from "../plan/powers.ts";
import type { Consent } from "../runtime/consent.ts";
import type { ProvenConfig } from "./load-plan.ts";
import type { Verdict } from "./reloader.ts";

/** Of a reload that comes too late. */
export const leaving: Verdict = {
  timeMs: 0,
  ok: false,
  text: "not reloaded: this router is ending",
  problems: [],
  notes: [],
};

/** What a person has not allowed yet; what needs it is not started. */
export function waitingPowers({ plan }: ProvenConfig, { allows }: Consent): string[] {
  return plan.powers
    .filter((power) => !allows(power))
    .map((power) => `waits for your consent: to ${describePower(power)}; type channel-router trust`);
}

/** Each with its place in the file. */
export function framed(config: ProvenConfig | undefined): string[] {
  return config === undefined ? [] : config.issues.map((issue) => config.loaded.frame(issue));
}

export function tellProblems(config: ProvenConfig | undefined, found: ConfigPlace, log: Log): void {
  if (config === undefined) {
    log.warn(`no config file found; looked for ${found.tried.join(", ")}`);
    return;
  }
  for (const problem of framed(config)) log.error(problem);
}
