// The plan of a config file that was found, not chosen: everything in it waits until the user consents to use
// the file at all, and its instructions for Claude are a separate power, so that a later edit of them asks
// again.

import type { FoundFile } from "../config/config-location.ts";
import type { Power } from "../contract/power.ts";
import { oneLine } from "./describe-reach.ts";
import type { FoundPlan, Plan } from "./plan.ts";
import { type Bind, powerOf } from "./powers.ts";

/**
 * Also bound to the folder: relative paths and `.env` begin there, so that a link elsewhere to an allowed
 * file is a different power.
 */
export function usePower(bind: Bind, { path, folder }: FoundFile): Power {
  return powerOf(bind, { power: "use", value: path, component: "use", bound: folder });
}

/** `instructions`: the text of the config for Claude. */
export function planOfFound(plan: Plan, bind: Bind, file: FoundFile, instructions: string | undefined): Plan {
  const use = usePower(bind, file);
  const found: FoundPlan =
    instructions === undefined || instructions.trim() === ""
      ? { use }
      : {
          use,
          instruct: powerOf(bind, {
            power: "instruct",
            value: oneLine(instructions),
            component: "server.instructions",
            bound: instructions,
          }),
        };
  const waiting = <T extends { readonly powers: readonly Power[] }>(one: T): T => ({
    ...one,
    powers: [use, ...one.powers],
  });
  return {
    ...plan,
    found,
    sources: plan.sources.map(waiting),
    sinks: plan.sinks.map(waiting),
    listen: waiting(plan.listen),
    ...(plan.permissions === undefined ? {} : { permissions: waiting(plan.permissions) }),
    powers: [use, ...(found.instruct === undefined ? [] : [found.instruct]), ...plan.powers],
  };
}
