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

/** A file below the config's folder, written as `./FILE`: the user's own, like the config itself. */
export function isOwnFile(written: string): boolean {
  return /^\.[\\/]/.test(written);
}

/** `isOwn`: see isOwnFile. Undefined when everything is met. */
export function unmetRequirement(header: JsonObject, isOwn: boolean, router = version): Unmet | undefined {
  const needed = asObject(header.requires).router;
  const range = typeof needed === "string" ? parseRange(needed) : undefined;
  const own = parseVersion(router);
  if (range !== undefined && own !== undefined && !isUnbuilt(router) && !range(own))
    return {
      code: "E_CONFIG_RECIPE",
      message: `the recipe ${String(header.recipe)} needs channel-router ${String(needed)}, and this is ${router}`,
      hint: "update channel-router, or use another version of the recipe",
    };
  if (isOwn || declaresCapabilities(header)) return undefined;
  return {
    code: "E_CONFIG_RECIPE",
    message: `the recipe ${String(header.recipe)} does not declare its capabilities`,
    hint: "only a recipe of your own project, written as ./FILE.yaml, may leave them out",
  };
}

/** Run from its sources, which have no version. */
function isUnbuilt(router: string): boolean {
  return router.endsWith("-source");
}

/** The problem of a range that cannot be read. */
export function rangeProblem(header: JsonObject): Unmet | undefined {
  const { router } = asObject(header.requires);
  if (typeof router !== "string" || parseRange(router) !== undefined) return undefined;
  return {
    code: "E_CONFIG_VALUE",
    message: `${quoted(router)} is not a range of versions`,
    hint: 'for example ">=0.1.0"',
  };
}
