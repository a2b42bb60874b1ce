// What a command needs of a daemon, which `dev` does not have.

import type { DaemonState, RunningParts } from "../../daemon/state.ts";
import { waitsForUse } from "../../daemon/state.ts";
import { ConnectorError, configConsentRequired } from "../../errors.ts";
import { ConsoleFailure } from "../failure.ts";
import type { ConsoleHost } from "../host.ts";

export function stateOf({ state }: ConsoleHost): DaemonState {
  if (state === undefined) throw notInDev();
  return state;
}

export function notInDev(): ConsoleFailure {
  return new ConsoleFailure(
    403,
    "limited",
    "dev keeps no journal and has no sessions",
    "channel-router up runs a router that has them",
  );
}

/** Rejects while no config is active. */
export function runningOf(host: ConsoleHost): RunningParts {
  const state = stateOf(host);
  const running = state.running();
  if (running !== undefined) return running;
  if (waitsForUse(state)) throw configConsentRequired();
  throw new ConnectorError("E_CONTROL", "the running router has no valid config", {
    hint: "channel-router check shows what is wrong with it",
  });
}
