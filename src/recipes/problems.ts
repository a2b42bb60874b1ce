// Why a shared recipe is not taken.

import { ConnectorError } from "../errors.ts";

/** What a repository or a package contains is refused: a link, a size, a path. */
export function unsafeRecipe(reason: string): ConnectorError {
  return new ConnectorError("E_RECIPE_UNSAFE", `the shared recipe is refused: ${reason}`, {
    hint: "report it to its author; a shared recipe is small files without links",
  });
}
