// The console of a plan: where it is served, and what that needs consent for.

import type { ConfigValues, ConsoleValues } from "../config/values.ts";
import type { Power } from "../contract/power.ts";
import type { Json } from "../contract.ts";
import { oneLine } from "./describe-reach.ts";
import { type Bind, powerOf } from "./powers.ts";

export interface PlannedConsole extends ConsoleValues {
  /** Before all of them are allowed it is served on this machine only, as if there were no options. */
  readonly powers: readonly Power[];
}

const usual: ConsoleValues = { enabled: true, isRemote: false, readOnly: false, metrics: false };

/** An address or a name beyond this machine, and an address that came from a variable or a file. */
export function planConsole(
  { console: values = usual, outward }: Pick<ConfigValues, "console" | "outward">,
  bind: Bind,
): PlannedConsole {
  const { address, origin } = values;
  const own = outward?.console;
  if (!values.isRemote && own?.tainted !== true) return { ...values, powers: [] };
  const where = address === undefined ? "127.0.0.1" : `${address.host}:${address.port}`;
  const shown =
    own === undefined ? `${where}${origin === undefined ? "" : ` as ${origin}`}` : shownValue(own);
  const power = powerOf(bind, {
    power: "listen",
    value: oneLine(shown),
    component: "console",
    bound: [(address ?? null) as Json, origin ?? null],
  });
  return { ...values, powers: [power] };
}

function shownValue({ shown, names }: NonNullable<NonNullable<ConfigValues["outward"]>["console"]>): string {
  const written = shown.console as Json;
  const text = typeof written === "string" ? written : JSON.stringify(written);
  return `${text} with ${names.join(" and ")}`;
}
