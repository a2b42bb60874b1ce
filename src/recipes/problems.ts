// The error for a shared recipe that is refused.

import { ConnectorError } from "../errors.ts";

/** For forbidden content of a repository or package: a link, a large file, an invalid path. */
export function unsafeRecipe(reason: string): ConnectorError {
  return new ConnectorError("E_RECIPE_UNSAFE", `the shared recipe is refused: ${reason}`, {
    hint: "report it to its author; a shared recipe consists of small files without links",
  });
}
