// `consent` and `agree`: what the config asks for, and the user's answer to exactly what was displayed.

import type { Power } from "../../contract/power.ts";
import type { Args } from "../../control/arguments.ts";
import { readFlag } from "../../control/arguments.ts";
import { askedPowers } from "../../daemon/commands/power-answers.ts";
import type { DaemonState } from "../../daemon/state.ts";
import { describedPower } from "../../daemon/trust/consent-question.ts";
import { ConnectorError, UsageError } from "../../errors.ts";
import { line } from "../../text.ts";
import { ConsoleFailure } from "../failure.ts";
import type { ConsentAnswer } from "../protocol.ts";
import type { OwnCommands } from "./own-commands.ts";
import { stateOf } from "./running.ts";

export const consentCommands: OwnCommands = {
  async consent(_args, { host }) {
    const state = stateOf(host);
    await state.look();
    return consentAnswer(state);
  },

  async agree(args, { host, browser }) {
    const state = stateOf(host);
    await state.look();
    const consent = state.trust.consent();
    const all = askedPowers(state)?.powers ?? [];
    const asked = idsOf(args).map((id) => all.find(({ hash }) => hash === id));
    // An edit between the page and the click makes other powers: nothing of it counts then.
    if (consent === undefined || asked.some((power) => power === undefined))
      throw new ConsoleFailure(409, "changed", "the config asks for something else now: look again");
    const powers = asked as Power[];
    const allow = readFlag(args, "allow");
    await consent.remember(powers, allow ? "trusted" : "declined").catch((error: Error) => {
      throw new ConnectorError("E_CONTROL", `the answer cannot be stored: ${error.message}`);
    });
    const shown = powers.map((power) => describedPower(power)).join("; ");
    host.log.info(line`the user at browser ${browser} ${allow ? "allowed" : "declined"}: ${shown}`);
    return consentAnswer(state);
  },
};

function idsOf({ ids }: Args): string[] {
  if (Array.isArray(ids) && ids.length > 0 && ids.length <= 500 && ids.every((id) => typeof id === "string"))
    return ids as string[];
  throw new UsageError("E_USAGE", "ids must be a list of 1 to 500 ids of powers");
}

function consentAnswer(state: DaemonState): ConsentAnswer {
  const asked = askedPowers(state);
  const consent = state.trust.consent();
  const { file } = state.found();
  return {
    ...(file === undefined ? {} : { file }),
    powers: (asked?.powers ?? []).map((power) => ({
      id: power.hash,
      kind: power.power,
      component: power.component,
      text: describedPower(power),
      state: consent?.allows(power) ? "trusted" : consent?.declined(power) ? "declined" : "waiting",
    })),
    contents: asked?.contents ?? [],
  };
}
