// Which shared folders of `permissions.files` are open now.

import type { Power } from "../../contract/power.ts";
import { linksOut } from "../../host/named-links.ts";
import type { SharedFiles } from "../../plan/shared-files.ts";

/**
 * Those that the user consented to. A folder of the project (`project`: of the config) that a link leads out of it
 * is not open: its author can put a link there at any time, and it would open any other folder. What is in it
 * is asked about.
 */
export function openFolders(
  shared: readonly SharedFiles[],
  { project, allows }: { readonly project: string; allows(power: Power): boolean },
): SharedFiles[] {
  return shared.filter(({ base, power }) => allows(power) && linksOut([base], project).length === 0);
}
