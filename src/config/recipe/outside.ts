// Recipes outside the config's folder. They are read before the user consents, so none of their text is shown: a
// config could name any file of the user. Their components wait for consent.

import type { Issue } from "../../contract.ts";
import type { OutsideRecipe } from "../values.ts";
import type { Instance } from "./instance.ts";
import type { RecipeUse } from "./recipe-use.ts";

export function outsideRecipes(uses: readonly RecipeUse[]) {
  const byUse = new Map(uses.filter(({ from }) => from === "outside").map((use) => [use.name, use]));
  const files = new Set([...byUse.values()].map(({ file }) => file));
  return {
    ofComponent(instance: Instance | undefined): OutsideRecipe | undefined {
      const use = instance && byUse.get(instance.name);
      return use && { use: use.name, path: use.realPath ?? use.file };
    },
    isInside: ({ file }: Issue) => !files.has(file),
    /** Removes all text of such a file. */
    shown: (issue: Issue): Issue => (files.has(issue.file) ? hidden(issue) : issue),
    /** Reduces the problems of such a file to one. */
    once(issues: readonly Issue[]): Issue[] {
      const reported = new Set<string>();
      return issues.filter(({ file }) => {
        if (!files.has(file)) return true;
        const isNew = !reported.has(file);
        reported.add(file);
        return isNew;
      });
    },
  };
}

function hidden({ code, file, cause }: Issue): Issue {
  return {
    file,
    line: 1,
    column: 1,
    path: "",
    code,
    message: "the recipe has a problem, which is not shown because the file is outside the config's folder",
    hint: `channel-router check ${file}`,
    ...(cause === undefined ? {} : { cause }),
  };
}
