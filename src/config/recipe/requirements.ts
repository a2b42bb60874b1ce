// What must hold before a recipe is read any further: this router is one that it works with, and it says what
// it reaches when it is not a file of the user's own project.

import type { JsonObject } from "../../contract.ts";
import { asObject } from "../../json.ts";
import { parseRange, parseVersion } from "../../semver.ts";
import { version } from "../../version.ts";
import { quoted } from "../yaml/problem.ts";
import { declaresCapabilities } from "./capabilities.ts";

interface Unmet {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Whether a reference is `./FILE`, a file below the config's folder: as trusted as the config itself. */
export function isOwnFile(written: string): boolean {
  return /^\.[\\/]/.test(written);
}

/** `isOwn`: see isOwnFile. Undefined if all requirements are met. */
export function unmetRequirement(header: JsonObject, isOwn: boolean, router = version): Unmet | undefined {
  const needed = asObject(header.requires).router;
  const range = typeof needed === "string" ? parseRange(needed) : undefined;
  const own = parseVersion(router);
  if (range !== undefined && own !== undefined && !isFromSource(router) && !range(own))
    return {
      code: "E_CONFIG_RECIPE",
      message: `the recipe ${String(header.recipe)} needs channel-router ${String(needed)}, but this is ${router}`,
      hint: "update channel-router, or use another version of the recipe",
    };
  if (isOwn || declaresCapabilities(header)) return undefined;
  return {
    code: "E_CONFIG_RECIPE",
    message: `the recipe ${String(header.recipe)} does not declare its capabilities`,
    hint: "only a recipe file in your own project, ./FILE.yaml, may omit them",
  };
}

/** Whether this program runs from source, without a version. */
function isFromSource(router: string): boolean {
  return router.endsWith("-source");
}

/** The problem of an invalid version range. */
export function rangeProblem(header: JsonObject): Unmet | undefined {
  const { router } = asObject(header.requires);
  if (typeof router !== "string" || parseRange(router) !== undefined) return undefined;
  return {
    code: "E_CONFIG_VALUE",
    message: `${quoted(router)} is not a version range`,
    hint: 'for example ">=0.1.0"',
  };
}
