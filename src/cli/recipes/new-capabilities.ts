// New capabilities of a recipe that is pinned at another version: `--yes` alone does not allow them, and only
// the user at a terminal can.

import { UsageError } from "../../errors.ts";
import { line } from "../../text.ts";
import type { CommandContext, Person } from "../context.ts";

export interface CapabilityOptions {
  readonly yes?: boolean;
  readonly allowCapabilities?: boolean;
}

/** Throws a UsageError for `--allow-capabilities` below a Claude process. */
export function requireAllowedHere(
  { allowCapabilities }: CapabilityOptions,
  { underClaude }: Pick<CommandContext, "underClaude">,
): void {
  if (allowCapabilities && underClaude !== undefined)
    throw new UsageError(
      "E_CONSENT_INTERACTIVE",
      `only the user at a terminal can allow new capabilities, and ${underClaude.sign}`,
      { hint: "type the command in a terminal of your own" },
    );
}

/** Why `--yes` is not enough; undefined when it is. */
export function capabilityRefusal(
  added: readonly string[],
  { yes, allowCapabilities }: CapabilityOptions,
): string | undefined {
  if (!yes || added.length === 0 || allowCapabilities === true) return undefined;
  return `it may do more than before (${added.join("; ")}), which --yes does not allow: add --allow-capabilities, or answer at a terminal`;
}

/** Asks when there is something to allow. */
export async function declinesCapabilities(
  added: readonly string[],
  person: Person,
  { allowCapabilities }: CapabilityOptions,
): Promise<boolean> {
  if (added.length === 0 || allowCapabilities === true) return false;
  return !isYes(await person.ask(line`It may do more than before (${added.join("; ")}). Allow that? [y/N] `));
}

export function isYes(answer: string): boolean {
  return /^\s*y(es)?\s*$/i.test(answer);
}
