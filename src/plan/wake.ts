// Whether sessions that do not show channels learn that events wait, and how. It is a power: it makes Claude work without
// anybody at the terminal.

import type { ConfigValues } from "../config/values.ts";
import type { Power } from "../contract/power.ts";
import { type WakeWay, wakeWays } from "../contract/wake.ts";
import { type Bind, powerOf } from "./powers.ts";

export interface PlannedWake {
  /** The first of them that a session offers is taken. */
  readonly ways: readonly WakeWay[];
  /** No session is woken before it is allowed. */
  readonly power: Power;
}

/** Undefined: no session is woken. */
export function planWake(written: ConfigValues["wake"], bind: Bind): PlannedWake | undefined {
  if (written === undefined) return undefined;
  const ways = written === "auto" ? wakeWays : written;
  return { ways, power: powerOf(bind, { power: "wake", value: ways.join(", "), component: "wake" }) };
}
