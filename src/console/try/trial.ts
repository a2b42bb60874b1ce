// An edited text of the config as a plan, without effects: it is not saved, no source is started, no command runs and no connection is
// opened. A user who edits it learns no more than the active config reads: other files and variables have placeholders, and what the user
// has not agreed to show is hidden.

import type { ReadScope } from "../../config/load.ts";
import { maxFileBytes } from "../../config/read.ts";
import type { LoadedConfig } from "../../config/values.ts";
import { sha256Of } from "../../config/yaml/bounded-file.ts";
import { loadPlan, type ProvenConfig } from "../../daemon/start/load-plan.ts";
import type { Consent } from "../../daemon/trust/consent.ts";
import { UsageError } from "../../errors.ts";
import type { Mask } from "../../host/secret-mask.ts";
import type { TryIssue } from "../protocol.ts";
import { locateIssue } from "./issue-range.ts";

/** The config in use, as the commands of Try see it. */
export interface ActiveConfig {
  readonly loaded: LoadedConfig;
  /** The user named the file, or it is their own. */
  readonly chosen: boolean;
  readonly consent: Pick<Consent, "allows"> | undefined;
  /** Hides the secrets of this config and of earlier ones. */
  mask(text: string): string;
}

export interface TriedConfig {
  readonly proven: ProvenConfig;
  readonly issues: readonly TryIssue[];
  /** Hides what must not be shown, of the active config and of the edited one. */
  readonly mask: Mask;
  /** The time that templates see. */
  readonly clock: { nowMs: number };
}

/** Rejects with a UsageError when the text is larger than a config may be. */
export async function readTrial(
  text: string,
  { loaded, chosen, consent, mask }: ActiveConfig,
  env: NodeJS.ProcessEnv,
): Promise<TriedConfig> {
  if (Buffer.byteLength(text) > maxFileBytes)
    throw new UsageError("E_USAGE", `the config is larger than ${maxFileBytes / 1024} KiB`);
  const clock = { nowMs: 0 };
  const as = {
    chosen,
    now: () => clock.nowMs,
    only: scopeOf(loaded),
    kept: new Map([[loaded.file, { text, sha256: sha256Of(text) }]]),
  };
  const first = await loadPlan(loaded.file, env, as);
  const isHidden = first.plan.powers.some(
    (power) => (power.power === "use" || power.power === "show") && consent?.allows(power) !== true,
  );
  const proven = isHidden ? await loadPlan(loaded.file, env, { ...as, hideVariables: true }) : first;
  const hide: Mask = (shown) => mask(proven.mask(shown));
  const issues = proven.issues.map((issue) => {
    const frame = hide(proven.loaded.frame(issue));
    const range = locateIssue(issue, text, loaded.file);
    const message = hide(range.message);
    return { ...range, message, frame, ...(issue.hint === undefined ? {} : { hint: hide(issue.hint) }) };
  });
  return { proven, issues, mask: hide, clock };
}

function scopeOf({ environment, files, uses }: LoadedConfig): ReadScope {
  return {
    variables: new Set(environment),
    files: new Set(files.map(({ path }) => path)),
    recipes: new Set(uses.map(({ reference }) => reference)),
  };
}
