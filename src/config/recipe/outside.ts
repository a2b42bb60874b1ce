// Recipes outside of the config's folder. They are read before the user agrees to it, so nothing of such a
// file is shown: a config could name any file of the user. Its components wait for consent to read it.

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
    /** Without a word of such a file. */
    shown: (issue: Issue): Issue => (files.has(issue.file) ? hidden(issue) : issue),
    /** One problem for each such file. */
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
    message: "the recipe has a problem, which is not shown because it is outside of the config's folder",
    hint: `channel-router check ${file}`,
    ...(cause === undefined ? {} : { cause }),
  };
}
