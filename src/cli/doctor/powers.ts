// Whether something of the config waits for consent. The running router knows what its environment trusts;
// without one, ours counts.

import { powerAnswers } from "../../daemon/commands/power-answers.ts";
import { consentOf } from "../../daemon/trust/trust-location.ts";
import { answered, type CheckInput, type Finding } from "./check.ts";

const silentLog = { info: () => {}, warn: () => {}, error: () => {} };

export async function checkPowers({
  config: { proven },
  status,
  env,
}: Pick<CheckInput, "config" | "status" | "env">): Promise<Finding | undefined> {
  if (proven === undefined || proven.plan.powers.length === 0) return undefined;
  const powers =
    answered(status)?.powers ??
    powerAnswers(proven.plan.powers, await consentOf(env, proven.loaded.file, silentLog));
  const list = (wanted: boolean) =>
    powers.filter(({ trusted }) => trusted === wanted).map(({ power, value }) => `${power} ${value}`);
  const waits = list(false);
  const trusted = list(true);
  return waits.length === 0
    ? {
        name: "powers",
        state: "ok",
        detail: trusted.length === 0 ? "nothing needs consent" : `trusted: ${trusted.join(", ")}`,
      }
    : {
        name: "powers",
        state: "warn",
        detail: `${waits.join(", ")} waits for consent, and so does every source that needs it`,
        todo: "channel-router trust",
      };
}
