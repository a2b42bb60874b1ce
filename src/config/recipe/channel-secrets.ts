// Checks secret inputs in the channels of a recipe. Claude never sees them; a comparison with an event verifies that
// its sender knows the secret, and therefore needs the destination `verify`.

import { asObject } from "../../json.ts";
import type { IssueDraft } from "../values.ts";
import type { TaintedTree } from "../variables/taint.ts";
import type { Expansion } from "./expand.ts";

/** Every secret input in a channel whose capabilities do not allow it to verify callers. */
export function channelSecrets({ root, pathOf }: Expansion, tainted: TaintedTree): IssueDraft[] {
  return Object.keys(asObject(root.channels)).flatMap((name) => {
    const capabilities = pathOf(["channels", name]).instance?.capabilities;
    if (capabilities === undefined) return [];
    const { recipe, secrets } = capabilities;
    const allowed = (input: string) => Object.hasOwn(secrets, input) && secrets[input]?.includes("verify");
    return tainted.below(["channels", name]).flatMap(({ path, taints }) =>
      taints.flatMap(({ origin }): IssueDraft[] => {
        if (origin.kind !== "input" || (path[0] === "match" && allowed(origin.name))) return [];
        return [
          {
            path: ["channels", name, ...path],
            code: "E_CONFIG_CAPABILITY",
            message: `the recipe ${recipe} may not use the secret input ${origin.name} here: it may only check callers, in match`,
            hint: `to allow it, write  ${origin.name}: [verify]  under secrets in the capabilities`,
          },
        ];
      }),
    );
  });
}
