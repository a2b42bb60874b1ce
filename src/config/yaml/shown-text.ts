// The texts of a config that Claude reads. In instructions, descriptions and tool arguments every part from a
// variable, a file or a secret is hidden: in the tree itself, before anything else sees it. In events only
// secrets are hidden this way; a variable there waits for consent.

import type { Json, JsonObject } from "../../contract.ts";
import { coreSchema } from "../schema/core.ts";
import { classOf } from "../schema/option-class.ts";
import { defaultAt } from "../schema/sink-input.ts";
import type { IssueDraft } from "../values.ts";
import { hide, isSecretOrigin, type Origin, type TaintedTree, wholeTaint } from "../variables/taint.ts";
import type { Path } from "./problem.ts";

interface Settled {
  /** Paths where Claude reads `•••`. */
  readonly notes: readonly IssueDraft[];
  readonly issues: readonly IssueDraft[];
}

/**
 * Changes `root`, and removes from `tainted` what is hidden now. `all`: variables in events are hidden too.
 */
export function hideShownText(root: JsonObject, tainted: TaintedTree, all: boolean): Settled {
  const notes: IssueDraft[] = [];
  const issues: IssueDraft[] = [];
  for (const { path, taints } of tainted.all()) {
    const shows = whoReads(path);
    if (shows === undefined) continue;
    if (path[0] === "server" && path[1] === "name") {
      issues.push({ path, code: "E_CONFIG_VARIABLE", ...nameIsShown });
      continue;
    }
    const isHidden = (origin: Origin) => all || shows === "described" || isSecretOrigin(origin);
    const hidden = taints.filter(({ origin }) => isHidden(origin));
    if (hidden.length === 0) continue;
    notes.push({ path, code: "N_HIDDEN", message: `Claude reads ••• here instead of ${wordsFor(hidden)}` });
    change(root, path, (value) => hide(String(value), typeof value === "string" ? hidden : [whole(value)]));
    // The new positions of the others do not matter: their text is shown.
    const others = taints.filter(({ origin }) => !isHidden(origin));
    tainted.set(
      path,
      others.map(({ origin }) => ({ from: 0, to: 0, origin })),
    );
  }
  return { notes, issues };
}

const nameIsShown = {
  message: "the name of the server is shown to Claude and cannot come from a variable or a file",
  hint: "write the name itself",
};

/** `described`: without any event. `shown`: in an event, or in the result of a tool. */
function whoReads(path: Path): "described" | "shown" | undefined {
  const [section, , key] = path;
  if (section === "sinks" && key === "input" && defaultAt(path.slice(3)) !== undefined) return undefined;
  const found = classOf(coreSchema, path);
  return found === "described" || found === "shown" ? found : undefined;
}

function wordsFor(hidden: readonly { readonly origin: Origin }[]): string {
  const [first] = hidden.map(({ origin }) => origin);
  if (first?.kind === "env") return `\${${first.name}}`;
  return first?.kind === "file" ? "the content of the file" : "the secret";
}

function whole(value: Json) {
  return wholeTaint(value, { kind: "typed" });
}

function change(root: JsonObject, path: Path, to: (value: Json) => Json): void {
  let holder: Record<string | number, Json> = root;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string | number, Json>;
  const last = path.at(-1) as string | number;
  holder[last] = to(holder[last] as Json);
}
