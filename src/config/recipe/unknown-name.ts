// Messages for a name that a recipe does not have.

import { didYouMeanHint, listNames } from "../../did-you-mean.ts";
import { quoted } from "../yaml/problem.ts";
import type { Section } from "./instance.ts";

const nouns: Readonly<Record<Section, string>> = { sources: "source", channels: "channel", sinks: "sink" };

export function unknownName(section: Section, name: string, known: readonly string[]) {
  const noun = nouns[section];
  return {
    message: `the recipe has no ${noun} ${quoted(name)}`,
    hint:
      didYouMeanHint(name, known) ??
      (known.length === 0 ? `it has no ${noun}s` : `its ${noun}s: ${listNames(known)}`),
  };
}
